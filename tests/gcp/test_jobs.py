"""Jobs on Google Cloud: the Cloud Run job, who may start it, its schedule, alarms, logs and commands."""

from typing import Any, cast

import pytest

from automation.plan.inventory import Inventory
from providers.contract.cli import DeployedResource, DeployedStack, LogQuery
from providers.gcp.base.enabled_services import enabled_services
from providers.gcp.cli import CLI
from tests.gcp.plans import spec_of
from tests.gcp.test_cli import FAILED_TASK, FakeShell
from tests.planning import JOBS, plan, production


def prod(**changes: object) -> Inventory:
    return plan(production({"jobs": {"nightly": {**JOBS["nightly"], **changes}}}, cloud="gcp"))


def template(inventory: Inventory, name: str, kind: str) -> dict[str, Any]:
    outer = cast("dict[str, Any]", inventory.one(name, kind).inputs["template"])
    return outer.get("template", outer)


def test_a_job_has_the_settings_of_its_service_with_its_own_command_timeout_and_retries() -> None:
    inventory = prod(timeout_minutes=45, retries=2)
    job = template(inventory, "prod-jobs-nightly", "cloudrunv2:Job")
    service = template(inventory, "prod-compute-gateway", "cloudrunv2:Service")
    for key in ("serviceAccount", "encryptionKey", "vpcAccess", "executionEnvironment"):
        assert job[key] == service[key]
    (container,), of_service = job["containers"], service["containers"][0]
    assert container["args"] == ["python", "-m", "report"]
    assert (container["image"], container["envs"]) == (of_service["image"], of_service["envs"])
    assert container["resources"]["limits"] == of_service["resources"]["limits"]
    assert (job["timeout"], job["maxRetries"]) == ("2700s", 2)


def test_only_the_starter_may_execute_the_job_and_it_may_nothing_else() -> None:
    inventory = prod()
    granted = [
        (each.name, each.inputs["role"])
        for each in inventory.custom
        if each.inputs.get("member") == "<serviceaccount:Account prod-jobs-starter>.member"
    ]
    assert granted == [("prod-jobs-nightly-starter", "roles/run.invoker")]


def test_cloud_scheduler_calls_the_job_with_an_access_token() -> None:
    inputs = prod(time_zone="Europe/Berlin", schedule="0 3 * * MON").one(
        "prod-jobs-nightly-schedule", "cloudscheduler:Job"
    ).inputs  # fmt: skip
    assert (inputs["schedule"], inputs["timeZone"]) == ("0 3 * * 1", "Europe/Berlin")
    target = cast("dict[str, Any]", inputs["httpTarget"])
    path = "projects/acme-agents/locations/us-central1/jobs/prod-nightly"
    assert (target["uri"], target["httpMethod"]) == (f"https://run.googleapis.com/v2/{path}:run", "POST")
    assert set(target["oauthToken"]) == {"serviceAccountEmail"}


def test_the_service_of_the_schedule_is_enabled_only_with_jobs() -> None:
    assert "cloudscheduler" in enabled_services(spec_of({"jobs": JOBS}))
    assert "cloudscheduler" not in enabled_services(spec_of())


def test_alarms_count_failed_runs_and_miss_a_success_that_came_before() -> None:
    inventory = prod()
    (failed,) = cast(
        "list[dict[str, Any]]",
        inventory.one("prod-monitoring-nightly-job-failed", "monitoring:AlertPolicy").inputs["conditions"],
    )
    assert 'resource.labels.job_name="prod-nightly"' in failed["conditionThreshold"]["filter"]
    assert 'metric.labels.result="failed"' in failed["conditionThreshold"]["filter"]
    (missed,) = cast(
        "list[dict[str, Any]]",
        inventory.one("prod-monitoring-nightly-job-missed", "monitoring:AlertPolicy").inputs["conditions"],
    )
    query = missed["conditionPrometheusQueryLanguage"]["query"]
    before, _, recent = query.partition(" unless ")
    assert f"[{2 * 25 * 3600}s]" in before and f"[{25 * 3600}s]" in recent and query.count('result="succeeded"') == 2


def test_the_log_bucket_has_the_output_and_the_starts_of_jobs() -> None:
    entries = str(prod().one("prod-monitoring-to-logs", "logging:ProjectSink").inputs["filter"])
    assert '(resource.type="cloud_run_job" AND resource.labels.job_name=("prod-nightly"))' in entries
    assert '(resource.type="cloud_scheduler_job" AND resource.labels.job_id=("prod-nightly"))' in entries


def stack() -> DeployedStack:
    job = DeployedResource("prod-jobs-nightly", "gcp:cloudrunv2/job:Job", "job", {})
    return DeployedStack("prod", spec_of({"jobs": JOBS}), (job,))


@pytest.mark.parametrize(("tasks", "code"), [(None, 0), (FAILED_TASK, 3)])
def test_a_run_by_hand_is_a_new_execution_of_the_same_job(tasks: object, code: int) -> None:
    import json

    answers = {"jobs execute": "prod-nightly-x7k2p\n", **({"tasks list": json.dumps(tasks)} if tasks else {})}
    shell = FakeShell(answers)
    assert CLI.run_job(stack(), "nightly", shell) == code
    words = [" ".join(command.arguments[:6]) for command in shell.commands]
    assert words[0] == "gcloud run jobs execute prod-nightly --async"
    assert not any("delete" in text or "create" in text for text in words)
    assert any("prod-nightly-x7k2p" in " ".join(command.arguments) for command in shell.commands[1:])


def test_logs_of_a_job_are_read_by_its_name() -> None:
    shell = FakeShell()
    CLI.logs(stack(), LogQuery("nightly"), shell)
    assert 'resource.type="cloud_run_job" AND resource.labels.job_name="prod-nightly"' in " ".join(
        shell.commands[-1].arguments
    )
