"""One-off tasks as Container Apps jobs."""

import json
from typing import Any, cast

import pytest

from providers.azure.cli import CLI
from providers.azure.tasks import job_document
from providers.contract.cli import CliFailure
from tests.azure.fake_shell import FakeShell, stack

IDENTITY = "/subscriptions/s/providers/Microsoft.ManagedIdentity/userAssignedIdentities/chat"
APP: dict[str, object] = {
    "location": "West US 3",
    "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {"principalId": "p", "clientId": "c"}}},
    "properties": {
        "environmentId": "/e",
        "workloadProfileName": "Consumption",
        "latestRevisionName": "prod-chat--1",
        "configuration": {
            "activeRevisionsMode": "Single",
            "ingress": {"targetPort": 8001},
            "secrets": [{"name": "database-url", "keyVaultUrl": "https://v/secrets/x/1", "identity": IDENTITY}],
            "registries": [{"server": "r.azurecr.io", "identity": "/pull"}],
            "identitySettings": [{"identity": "/pull", "lifecycle": "None"}],
        },
        "template": {
            "containers": [
                {
                    "name": "app",
                    "image": "r.azurecr.io/chat@sha256:1",
                    "args": ["serve"],
                    "env": [{"name": "DATABASE_URL", "secretRef": "database-url"}],
                    "resources": {"cpu": 1, "memory": "2Gi"},
                    "probes": [{"type": "Liveness"}],
                },
                {"name": "metrics", "image": "quay.io/prometheus/prometheus"},
            ],
            "scale": {"minReplicas": 3},
            "volumes": None,
        },
    },
}
ANSWERS = {
    "containerapp show": [json.dumps(APP)],
    "provisioningState": ["InProgress\n", "Succeeded\n"],
    "job start": ["task-x-1\n"],
    "properties.status": ["Running\n", "Succeeded\n"],
    "ContainerAppConsoleLogs": ["", "migrated\n"],
}


def test_a_job_has_the_apps_image_secrets_and_identities_and_the_command() -> None:
    document = job_document(APP, ["python", "manage.py", "migrate"])
    assert document["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    properties = cast("dict[str, dict[str, Any]]", document["properties"])
    (container,) = properties["template"]["containers"]
    assert container["args"] == ["python", "manage.py", "migrate"] and "probes" not in container
    assert container["env"] == [{"name": "DATABASE_URL", "secretRef": "database-url"}]
    configuration = properties["configuration"]
    assert configuration["triggerType"] == "Manual" and configuration["replicaRetryLimit"] == 0
    assert configuration["secrets"] and configuration["registries"] and configuration["identitySettings"]
    assert "ingress" not in configuration and "activeRevisionsMode" not in configuration


def test_a_task_is_created_started_awaited_shown_and_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    shell = FakeShell(dict(ANSWERS))
    assert CLI.run(stack(), "chat", ["migrate"], shell) == 0
    assert capsys.readouterr().out == "migrated\n"
    steps = ("containerapp show", "az rest --method put", "job start", "job execution show", "/query", "job delete")
    positions = [next(index for index, command in enumerate(shell.commands) if step in command) for step in steps]
    assert positions == sorted(positions)


def test_the_job_is_written_to_a_file_and_not_to_an_argument() -> None:
    shell = FakeShell(dict(ANSWERS))
    CLI.run(stack(), "chat", ["migrate"], shell)
    (put,) = shell.with_part("--method put")
    assert "--body @" in put and "keyVaultUrl" not in put and "Microsoft.App/jobs/task-" in put


def test_a_task_that_failed_returns_its_exit_code() -> None:
    event = "Container 'app' was terminated with exit code '137' and reason 'ProcessExited'\n"
    shell = FakeShell({**ANSWERS, "properties.status": ["Failed\n"], "ContainerAppSystemLogs": ["", event]})
    assert CLI.run(stack(), "chat", ["migrate"], shell) == 137
    assert len(shell.with_part("ContainerAppSystemLogs")) == 2 and "job delete" in shell.commands[-1]


def test_a_task_that_failed_without_a_known_code_returns_one(capsys: pytest.CaptureFixture[str]) -> None:
    shell = FakeShell({**ANSWERS, "properties.status": ["Failed\n"], "ContainerAppConsoleLogs": [""]})
    assert CLI.run(stack(), "chat", ["migrate"], shell) == 1
    assert capsys.readouterr().out == "no output has reached the workspace\n"
    assert shell.with_part("job delete")


def test_a_job_that_cannot_be_created_is_deleted_and_reported() -> None:
    shell = FakeShell({**ANSWERS, "provisioningState": ["Failed\n"]})
    with pytest.raises(CliFailure, match=r"could not be created \(Failed\)"):
        CLI.run(stack(), "chat", ["migrate"], shell)
    assert "job delete" in shell.commands[-1] and not shell.with_part("job start")


def test_an_interrupted_task_is_deleted() -> None:
    class Interrupted(FakeShell):
        def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

    shell = Interrupted(dict(ANSWERS))
    with pytest.raises(KeyboardInterrupt):
        CLI.run(stack(), "chat", ["migrate"], shell)
    assert "job delete" in shell.commands[-1]


def test_a_service_has_one_name_for_its_tasks() -> None:
    first, second = FakeShell(dict(ANSWERS)), FakeShell(dict(ANSWERS))
    CLI.run(stack(), "chat", ["a"], first)
    CLI.run(stack(), "worker", ["a"], second)
    assert first.with_part("job delete") != second.with_part("job delete")


def test_a_task_of_a_service_that_is_not_deployed_fails_with_a_fix() -> None:
    shell = FakeShell()
    with pytest.raises(CliFailure, match="is not deployed"):
        CLI.run(stack(resources=()), "chat", ["a"], shell)
    assert shell.commands == []


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"provisioningState": ["InProgress\n"]}, r"was not created within 600 s"),
        ({"properties.status": ["Running\n"]}, r"did not end within 16200 s"),
    ],
)
def test_a_wait_of_a_task_ends_with_a_sentence_and_the_job_is_deleted(
    answer: dict[str, list[str]], problem: str
) -> None:
    shell = FakeShell({**ANSWERS, **answer})
    with pytest.raises(CliFailure, match=problem):
        CLI.run(stack(), "chat", ["migrate"], shell)
    assert "job delete" in shell.commands[-1]
