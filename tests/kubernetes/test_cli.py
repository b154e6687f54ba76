"""Commands of kubectl for logs, tasks, jobs, release commands and rollouts, with a shell that answers as a cluster does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from automation.recover.search import ClusterSearcher
from providers import command_line, release_control, rollout_control
from providers.contract.cli import CliCommand, CliFailure, DataClient, DeployedResource, DeployedStack, LogQuery
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.release import TaskEnd
from providers.contract.rollout import ResourceUpdate, RevisionLost
from providers.contract.spec import Platform
from providers.kubernetes.cli import CLI
from providers.kubernetes.compute.rollout import CONTROL
from providers.kubernetes.compute.rollout_limits import rollout_refusals
from providers.kubernetes.import_ids import IMPORT_TABLE
from providers.kubernetes.jobs.release import RELEASES
from providers.kubernetes.preflight.stack_objects import list_objects
from providers.kubernetes.resource_traits import CRON_JOB, DEPLOYMENT, NAMESPACE
from tests.kubernetes.fake_kubectl import FakeKubectl
from tests.kubernetes.test_preflight import SPEC

JOBS = {"nightly": {"service": "web", "schedule": "0 3 * * *", "command": ("python", "-m", "nightly")}}
IMAGE = "ghcr.io/acme/web:1"
SPEC_WITH_JOB = Platform.model_validate({**SPEC.model_dump(exclude_unset=True), "jobs": JOBS})
RESOURCES = (
    DeployedResource(
        "prod-compute-web",
        DEPLOYMENT,
        "agents/web",
        {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": IMAGE}]}}}},
    ),
    DeployedResource("prod-jobs-web-release", CRON_JOB, "agents/web-release", {}),
)
STACK = DeployedStack("prod", SPEC_WITH_JOB, RESOURCES)
PLACE = ("kubectl", "--context=acme", "--namespace=agents")
DEPLOYED: Mapping[str, object] = {
    "spec": {
        "template": {
            "metadata": {"labels": {"app.kubernetes.io/component": "web", "app.kubernetes.io/instance": "prod"}},
            "spec": {
                "serviceAccountName": "web",
                "topologySpreadConstraints": [{"maxSkew": 1}],
                "containers": [
                    {"name": "web", "image": IMAGE, "args": ["x"], "ports": [{"name": "http"}], "readinessProbe": {}}
                ],
            },
        }
    }
}


def pod(name: str, ready: bool, state: Mapping[str, object] | None = None, reason: str = "") -> dict[str, object]:
    """Pod with one container."""
    status: dict[str, object] = {"conditions": [{"type": "Ready", "status": str(ready)}]}
    status |= {"containerStatuses": [{"state": dict(state or {"running": {}})}], "reason": reason}
    return {"metadata": {"name": name}, "status": status}


@dataclass
class FakeShell:
    """Shell that answers `kubectl get`, and records the commands."""

    pods: Sequence[Mapping[str, object]] = (pod("web-b", ready=False), pod("web-a", ready=True))
    job: Mapping[str, object] = field(default_factory=dict[str, object])
    answers: Mapping[str, object] = field(default_factory=dict[str, object])
    """Values of Prometheus by a part of the query."""
    commands: list[CliCommand] = field(default_factory=list[CliCommand])
    exists: bool = True
    status: str = "200"

    def output(self, command: CliCommand) -> str:
        self.commands.append(command)
        arguments = command.arguments
        if arguments[0] == "sh":
            return self.status
        if "--raw" in arguments:
            values = [value for part, value in self.answers.items() if part in arguments[-1]]
            return json.dumps({"data": {"result": [{"value": [1, str(each)]} for each in values]}})
        if "pods" in arguments:
            if "--output=name" in arguments:
                return "".join(f"pod/{each['metadata']['name']}\n" for each in self.pods)  # type: ignore[index]
            return json.dumps({"items": list(self.pods)})
        if "jobs" in arguments:
            return json.dumps({"items": [self.job]})
        return json.dumps(self.job if any("job/" in each for each in arguments) else DEPLOYED)

    def succeeds(self, command: CliCommand) -> bool:
        self.commands.append(command)
        return self.exists

    def stream(self, command: CliCommand) -> int:
        self.commands.append(command)
        return 3

    def sleep(self, _seconds: float) -> None:
        """Return at once."""

    @property
    def last(self) -> tuple[str, ...]:
        return self.commands[-1].arguments


def test_every_command_names_context_and_namespace() -> None:
    shell = FakeShell()
    CLI.logs(STACK, LogQuery("web"), shell)
    CLI.exec(STACK, "web", ("sh",), shell)
    CLI.run(STACK, "web", ("sh",), shell)
    CLI.open_data(STACK, DataClient.PSQL, (), shell)
    assert {command.arguments[:3] for command in shell.commands} == {PLACE}
    assert command_line("kubernetes") is CLI


def test_logs_are_those_of_every_pod_of_a_service() -> None:
    shell = FakeShell()
    assert CLI.logs(STACK, LogQuery("web", since_seconds=60, follow=True), shell) == 3
    selector = "app.kubernetes.io/name=agent-platform,app.kubernetes.io/instance=prod,app.kubernetes.io/component=web"
    assert {f"--selector={selector}", "--since=60s", "--follow", "--prefix"} <= set(shell.last)


def test_logs_of_a_job_are_those_of_its_runs() -> None:
    shell = FakeShell()
    CLI.logs(STACK, LogQuery("nightly"), shell)
    assert "--selector=agent-platform/task=nightly" in shell.last


def test_a_command_runs_in_a_ready_pod() -> None:
    shell = FakeShell()
    assert CLI.exec(STACK, "web", ("ls", "-l"), shell) == 3
    assert shell.last[3:] == ("exec", "--stdin", "web-a", "--", "ls", "-l")


def test_a_command_needs_a_ready_pod() -> None:
    with pytest.raises(CliFailure, match=r"services\.web: no pod of it is ready"):
        CLI.exec(STACK, "web", ("ls",), FakeShell(pods=(pod("web-a", ready=False),)))
    with pytest.raises(CliFailure, match="not deployed yet"):
        CLI.exec(STACK, "web", ("ls",), FakeShell(pods=()))


def test_a_task_has_the_pod_of_the_service_without_its_traffic() -> None:
    shell = FakeShell()
    assert CLI.run(STACK, "web", ("python", "-V"), shell) == 3
    (overrides,) = (each for each in shell.last if each.startswith("--overrides="))
    task = json.loads(overrides.removeprefix("--overrides="))
    (container,) = task["spec"]["containers"]
    assert container["command"] == ["python", "-V"]
    assert container["image"] == IMAGE
    assert {"args", "ports", "readinessProbe"} & set(container) == set()
    assert task["spec"]["serviceAccountName"] == "web"
    assert task["spec"]["restartPolicy"] == "Never"
    assert "topologySpreadConstraints" not in task["spec"]
    assert task["metadata"]["labels"]["app.kubernetes.io/component"] == "web.task"


def test_psql_opens_in_the_primary_and_redis_is_refused() -> None:
    shell = FakeShell()
    CLI.open_data(STACK, DataClient.PSQL, ("-c", "SELECT 1"), shell)
    assert shell.last[-4:] == ("psql", "--dbname=app", "-c", "SELECT 1")
    with pytest.raises(InvalidConfiguration, match="reached from the services of prod alone"):
        CLI.open_data(STACK, DataClient.REDIS, (), shell)


def failed_job(pod_reason: str = "", exit_code: int = 5) -> FakeShell:
    job = {"status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}}
    return FakeShell(job=job, pods=(pod("run", False, {"terminated": {"exitCode": exit_code}}, pod_reason),))


def test_a_job_is_started_from_its_cron_job_and_returns_its_exit_code() -> None:
    shell = failed_job()
    assert CLI.run_job(STACK, "nightly", shell) == 5
    created = next(each.arguments for each in shell.commands if "create" in each.arguments)
    assert created[3:5] == ("create", "job")
    assert created[-1] == "--from=cronjob/nightly"


def test_a_job_without_a_cron_job_is_not_deployed() -> None:
    with pytest.raises(CliFailure, match=r"jobs\.nightly: not deployed yet"):
        CLI.run_job(STACK, "nightly", FakeShell(exists=False))


def test_a_run_whose_image_cannot_be_pulled_fails_at_once() -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    with pytest.raises(CliFailure, match="its pod cannot start \\(no such image\\)"):
        CLI.run_job(STACK, "nightly", FakeShell(pods=(pod("run", False, waiting),)))


def test_a_release_command_is_a_job_from_its_suspended_cron_job() -> None:
    shell = FakeShell()
    assert release_control("kubernetes") is RELEASES
    run = RELEASES.start(STACK, "web", shell)
    assert run.startswith("web-release-run-")
    assert shell.last[-1] == "--from=cronjob/web-release"
    assert RELEASES.ended(STACK, "web", run, shell) is None
    assert RELEASES.ended(STACK, "web", run, failed_job()) == TaskEnd(5)
    assert RELEASES.ended(STACK, "web", run, failed_job("DeadlineExceeded")) == TaskEnd(5, timed_out=True)


def test_a_running_release_command_is_found_by_its_owner() -> None:
    owned = {"metadata": {"name": "web-release-run-1", "ownerReferences": [{"name": "web-release"}]}}
    assert RELEASES.running(STACK, "web", FakeShell(job=owned)) == "web-release-run-1"
    done = {**owned, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    assert RELEASES.running(STACK, "web", FakeShell(job=done)) is None


def test_a_new_pod_template_is_a_new_revision() -> None:
    def changes(path: str, operation: str = "update") -> bool:
        update = ResourceUpdate("prod-compute-web", DEPLOYMENT, operation, (path,))
        return CONTROL.changes_revision("prod", "web", update)

    assert rollout_control("kubernetes") is CONTROL
    assert changes("spec.template.spec.containers[0].image")
    assert not changes("spec.replicas")
    assert not changes("spec.template", "create")


def test_the_stable_revision_is_named_by_its_image() -> None:
    assert CONTROL.stable_revision(STACK, "web", FakeShell()) == IMAGE


def test_metrics_are_those_of_the_new_revision_alone() -> None:
    shell = FakeShell(answers={"5..": 2, "_bucket": 0.25, "_count": 100})
    values = CONTROL.metrics(STACK, "web", 300, shell)
    assert (values.requests, values.errors, values.latency_seconds) == (100, 2, 0.25)
    queries = [each.arguments[-1] for each in shell.commands if "--raw" in each.arguments]
    assert all("job%3D%22web-next%22" in query and "300s" in query for query in queries)
    assert all(
        query.startswith("/api/v1/namespaces/monitoring/services/http:prometheus-operated:9090/") for query in queries
    )


def test_a_new_revision_without_a_ready_pod_is_lost() -> None:
    with pytest.raises(RevisionLost, match="no pod of the new revision is ready"):
        CONTROL.metrics(STACK, "web", 300, FakeShell(pods=()))


def test_a_smoke_test_is_forwarded_into_a_ready_pod() -> None:
    shell = FakeShell(status="204")
    assert CONTROL.smoke_test(STACK, "web", "/ready", 204, shell) == ""
    assert "port-forward pod/web-a :8000" in shell.last[2]
    assert shell.last[-1] == "/ready"
    assert CONTROL.smoke_test(STACK, "web", "/ready", 200, shell) == "/ready answered 204, not 200"


def test_steps_need_metrics_of_the_service_or_haproxy() -> None:
    def reasons(entry: str, metrics: str | None) -> list[str]:
        service = SPEC.services["web"].model_copy(
            update={"rollout": SPEC.services["web"].rollout.model_copy(update={"strategy": "canary"})}
            | ({"metrics": metrics} if metrics else {})
        )
        block = SPEC.kubernetes.model_copy(update={"entry": entry}) if SPEC.kubernetes else None
        spec = SPEC.model_copy(update={"services": {"web": service}, "kubernetes": block})
        return [str(each) for each in rollout_refusals(spec, "prod")]

    assert reasons("gateway", None) == []
    assert reasons("haproxy", "none") == []
    assert "it exposes no metrics, and a Gateway counts no requests" in reasons("gateway", "none")[0]


def test_the_objects_of_a_stack_are_found_by_its_labels(tmp_path: Path) -> None:
    kubectl, own = FakeKubectl(tmp_path), {"app.kubernetes.io/part-of": "agent-platform"}
    labels = "labelSelector=app.kubernetes.io/part-of%3Dagent-platform%2Capp.kubernetes.io/instance%3Dprod"
    kubectl.answer("/api/v1/namespaces/agents", {"metadata": {"name": "agents", "labels": own}})
    kubectl.items(f"/apis/apps/v1/namespaces/agents/deployments?{labels}", {"metadata": {"name": "web"}})
    kubectl.items(
        f"/apis/networking.k8s.io/v1/namespaces/agents/networkpolicies?{labels}", {"metadata": {"name": "dns"}}
    )
    kubectl.secrets("prod-database-url-1a2b3c4d")
    answers = ClusterSearcher(lambda: list_objects(SPEC, "prod", kubectl.environment)).search()
    found = [IMPORT_TABLE.found_at(hit.address) for hit in answers.hits if hit.tagged]
    assert {(token, identity) for each in found for token, identity in each.identities.items()} == {
        (NAMESPACE, "agents"),
        (DEPLOYMENT, "agents/web"),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "agents/dns"),
        ("kubernetes:core/v1:Secret", "agents/prod-database-url-1a2b3c4d"),
    }
    assert not any("secrets" in call and "json" in call for call in kubectl.calls)


def test_a_namespace_of_others_and_a_server_that_does_not_answer_have_no_objects(tmp_path: Path) -> None:
    kubectl = FakeKubectl(tmp_path)
    assert list_objects(SPEC, "prod", kubectl.environment) == []
    kubectl.answer("/api/v1/namespaces/agents", {"metadata": {"name": "agents", "labels": {}}})
    assert list_objects(SPEC, "prod", kubectl.environment) == []
    kubectl.fail("Unable to connect to the server: EOF")
    answers = ClusterSearcher(lambda: list_objects(SPEC, "prod", kubectl.environment)).search()
    assert (answers.hits, [str(error.fix) for error in answers.errors.values()]) == (
        (),
        ["correct kubernetes.context, or log in to the cluster again"],
    )
