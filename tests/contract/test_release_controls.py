"""Commands that run a release command on each cloud, against a shell that answers as the cloud's command line does."""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from automation import Deployment
from automation.deploy.events import OnEvent
from automation.release.stack_releases import StackReleases
from components.configuration import PLATFORM_KEY
from components.validation.parse import parse
from providers import AVAILABLE, release_control
from providers.contract.cli import DeployedResource, DeployedStack
from providers.contract.release import TaskEnd, definition_name
from tests.azure.fake_shell import FakeShell
from tests.planning import production

ARN = "arn:aws:states:us-west-2:111122223333:execution:prod-gateway-release:1a"
ACCOUNT = {"get-caller-identity": ["111122223333\n"]}
RUN = "gateway-release-run-1a2b3c"
Answers = Mapping[str, Sequence[str]]


def state(*, running: bool, code: int = 0) -> str:
    """State of a container in Docker's answer."""
    return json.dumps({"Running": running, "ExitCode": code, "StartedAt": "2026-11-28T11:00:00Z"})


def execution(status: str, **fields: str) -> str:
    """Execution in the answer of Step Functions."""
    return json.dumps({"status": status, "startDate": "2026-11-28T11:00:00Z", **fields})


def gcp_task(*, succeeded: bool, code: int = 0) -> str:
    """Task in the answer of Cloud Run."""
    conditions = [{"type": "Completed", "status": "True" if succeeded else "False"}]
    return json.dumps([{"status": {"conditions": conditions, "lastAttemptResult": {"exitCode": code}}}])


def kubernetes_run(*, end: str = "", code: int = 0, reason: str = "") -> dict[str, list[str]]:
    """Answers of kubectl about a Job and its pod."""
    conditions = [{"type": end, "status": "True"}] if end else []
    owners = [{"kind": "CronJob", "name": "gateway-release"}]
    job = {"metadata": {"name": RUN, "ownerReferences": owners}, "status": {"conditions": conditions}}
    pod = {"status": {"reason": reason, "containerStatuses": [{"state": {"terminated": {"exitCode": code}}}]}}
    return {
        f"get job/{RUN}": [json.dumps(job)],
        "get jobs": [json.dumps({"items": [job]})],
        "get pods": [json.dumps({"items": [pod]})],
    }


def _known_suffix(_length: int) -> str:
    return "1a2b3c"


@pytest.fixture(autouse=True)
def known_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs on Kubernetes have one name, which is random otherwise."""
    monkeypatch.setattr("providers.kubernetes.cli_runs.secrets.token_hex", _known_suffix)


STARTED: Mapping[str, tuple[Answers, str, str]] = {
    "aws": ({"start-execution": [json.dumps({"executionArn": ARN})]}, ARN, "stateMachine:prod-gateway-release"),
    "gcp": ({"jobs execute": ["prod-gateway-release-x1\n"]}, "prod-gateway-release-x1", "execute prod-gateway-release --async"),
    "azure": ({"job start": ["prod-gateway-release-x1\n"]}, "prod-gateway-release-x1", "job start --name prod-gateway-release"),
    "docker": ({"docker": [""]}, "prod-jobs-gateway-release-1a2b3c4", "docker start prod-jobs-gateway-release-1a2b3c4"),
    "kubernetes": ({"create job": [""]}, RUN, f"create job {RUN} --from=cronjob/gateway-release"),
}  # fmt: skip
"""Answers to a start, the name of the run, and a part of the command."""
ENDS: Mapping[str, Mapping[str, tuple[Answers, TaskEnd | None]]] = {
    "aws": {
        "runs": ({"describe-execution": [execution("RUNNING")]}, None),
        "succeeded": ({"describe-execution": [execution("SUCCEEDED")]}, TaskEnd(0)),
        "failed": ({"describe-execution": [execution("FAILED", cause='{"ExitCode": 3}')]}, TaskEnd(3)),
        "late": ({"describe-execution": [execution("FAILED", error="JobTimedOut")]}, TaskEnd(124, timed_out=True)),
    },
    "gcp": {
        "runs": ({"executions describe": ["\n"]}, None),
        "succeeded": ({"executions describe": ["2026\n"], "tasks list": [gcp_task(succeeded=True)]}, TaskEnd(0)),
        "failed": ({"executions describe": ["2026\n"], "tasks list": [gcp_task(succeeded=False, code=3)]}, TaskEnd(3)),
    },
    "azure": {
        "runs": ({"properties.status": ["Running\n"]}, None),
        "succeeded": ({"properties.status": ["Succeeded\n"]}, TaskEnd(0)),
        "failed": ({"properties.status": ["Failed\n"], "exit code": ["was terminated with exit code '3'\n"]}, TaskEnd(3)),
        "failed without a code": ({"properties.status": ["Failed\n"], "exit code": [""]}, TaskEnd(1)),
    },
    "docker": {
        "runs": ({"json .State": [state(running=True)]}, None),
        "succeeded": ({"json .State": [state(running=False)]}, TaskEnd(0)),
        "failed": ({"json .State": [state(running=False, code=3)]}, TaskEnd(3)),
    },
    "kubernetes": {
        "runs": (kubernetes_run(), None),
        "succeeded": (kubernetes_run(end="Complete"), TaskEnd(0)),
        "failed": (kubernetes_run(end="Failed", code=3), TaskEnd(3)),
        "late": (kubernetes_run(end="Failed", code=137, reason="DeadlineExceeded"), TaskEnd(137, timed_out=True)),
    },
}  # fmt: skip
RUNNING: Mapping[str, tuple[Answers, Answers]] = {
    "aws": ({"list-executions": [json.dumps(ARN)]}, {"list-executions": ["null\n"]}),
    "gcp": (
        {"executions list": ["prod-gateway-release-x1\n"], "executions describe": ["\n"]},
        {"executions list": ["prod-gateway-release-x1\n"], "executions describe": ["2026\n"]},
    ),
    "azure": ({"execution list": ["prod-gateway-release-x1\n"]}, {"execution list": ["\n"]}),
    "docker": ({"json .State": [state(running=True)]}, {"json .State": [state(running=False)]}),
    "kubernetes": (kubernetes_run(), kubernetes_run(end="Complete")),
}
"""Answers with a run that has not ended, and without."""
LOGS: Mapping[str, tuple[Answers, str]] = {
    "aws": ({"describe-execution": [execution("FAILED")], "logs tail": ["boom\n"]}, "--log-stream-name-prefix gateway-release/gateway-release/ --since 2026-11-28T11:00:00Z"),
    "gcp": ({"logging read": ["boom\n"]}, "prod-gateway-release-x1"),
    "azure": ({"ContainerAppConsoleLogs": ["boom\n"]}, "prod-gateway-release-x1"),
    "docker": ({"docker logs": ["boom\n"], "json .State": [state(running=False)]}, "--since=2026-11-28T10:59:55Z"),
    "kubernetes": ({"logs": ["boom\n"]}, f"logs job/{RUN}"),
}  # fmt: skip
STOPS = {
    "aws": f"stop-execution --execution-arn {ARN}",
    "gcp": "executions cancel prod-gateway-release-x1",
    "azure": "job stop --name prod-gateway-release",
    "docker": "docker stop prod-jobs-gateway-release-1a2b3c4",
    "kubernetes": f"delete job/{RUN}",
}


def stack(cloud: str, *, deployed: bool = True) -> DeployedStack:
    """Return production with its release command, as the state has it."""
    spec = parse(production({"services.gateway.release": {"command": ["migrate"]}}, cloud), "prod")
    outputs = {"name": "prod-jobs-gateway-release-1a2b3c4"}
    task = DeployedResource(definition_name("prod", "gateway"), release_control(cloud).type, "id", outputs)
    logs = DeployedResource("prod-logs", "azure-native:operationalinsights:Workspace", "w", {"customerId": "c0ffee"})
    return DeployedStack("prod", spec, (task, logs) if deployed else ())


def shell(answers: Answers) -> FakeShell:
    """Return a shell with these answers, signed in to the account of the stack."""
    return FakeShell({**ACCOUNT, **answers})


@contextmanager
def no_display(title: str) -> Generator[OnEvent]:
    """Display of an update that nobody looks at."""
    yield lambda event: None


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_run_is_started_by_the_name_of_the_task(cloud: str) -> None:
    answers, run, command = STARTED[cloud]
    used = shell(answers)
    assert release_control(cloud).start(stack(cloud), "gateway", used) == run
    assert used.with_part(command)


@pytest.mark.parametrize(
    ("cloud", "case"), [(cloud, case) for cloud, cases in ENDS.items() if cloud in AVAILABLE for case in cases]
)
def test_the_end_of_a_run_has_the_exit_code_of_the_command(cloud: str, case: str) -> None:
    answers, expected = ENDS[cloud][case]
    assert release_control(cloud).ended(stack(cloud), "gateway", STARTED[cloud][1], shell(answers)) == expected


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_run_of_a_killed_process_is_found(cloud: str) -> None:
    left, none = RUNNING[cloud]
    control = release_control(cloud)
    assert control.running(stack(cloud), "gateway", shell(left)) == STARTED[cloud][1]
    assert control.running(stack(cloud), "gateway", shell(none)) is None


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_task_that_is_not_deployed_has_no_run_and_no_command_is_executed(cloud: str, tmp_path: Path) -> None:
    platform = {PLATFORM_KEY: production(cloud=cloud)}
    (tmp_path / "Pulumi.prod.yaml").write_text(yaml.safe_dump({"config": platform}), encoding="utf-8")
    used = FakeShell({})
    releases = StackReleases(Deployment("prod", tmp_path), print, no_display, shell=used)
    vars(releases)["stack"] = stack(cloud, deployed=False)
    assert releases.running("gateway") is None
    assert used.commands == []


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_the_lines_are_those_of_the_run(cloud: str) -> None:
    answers, part = LOGS[cloud]
    used = shell(answers)
    assert release_control(cloud).log(stack(cloud), "gateway", STARTED[cloud][1], used).strip() == "boom"
    assert used.with_part(part)


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_run_is_stopped(cloud: str) -> None:
    used = shell({})
    release_control(cloud).stop(stack(cloud), "gateway", STARTED[cloud][1], used)
    assert used.with_part(STOPS[cloud])
