"""Rollouts in steps on Cloud Run: what the program declares at each position, refusals, and the commands of the driver."""

import json
import shutil
import subprocess
from collections.abc import Mapping

import pytest

from automation.plan.inventory import Inventory
from providers.contract.cli import CliFailure, DeployedResource, DeployedStack
from providers.contract.rollout import ResourceUpdate, RevisionMetrics, RolloutPosition
from providers.gcp.compute.rollout import CONTROL, SERVICE_TYPE, TOKEN
from tests.gcp.plans import adjustments, diagnostics, spec_of
from tests.gcp.test_cli import FakeShell
from tests.planning import plan, production, revealed

CANARY = {"services.gateway.rollout": {"strategy": "canary", "steps": [10, 50, 100]}}
STABLE = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "prod-gateway-00007"}
LATEST = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}
POSITIONS: Mapping[str, tuple[RolloutPosition | None, list[object]]] = {
    "no rollout": (None, [{**LATEST, "percent": 100}]),
    "begin": (
        RolloutPosition("prod-gateway-00007", 0),
        [{**STABLE, "percent": 100}, {**LATEST, "percent": 0, "tag": "next"}],
    ),
    "first step": (
        RolloutPosition("prod-gateway-00007", 10),
        [{**STABLE, "percent": 90}, {**LATEST, "percent": 10, "tag": "next"}],
    ),
    "last step": (
        RolloutPosition("prod-gateway-00007", 100),
        [{**STABLE, "percent": 0}, {**LATEST, "percent": 100, "tag": "next"}],
    ),
    "held": (RolloutPosition("prod-gateway-00007", 0, "held"), [{**STABLE, "percent": 100}]),
}
GATEWAY = DeployedResource(
    "prod-compute-gateway",
    SERVICE_TYPE,
    "gateway",
    {"latestCreatedRevision": "projects/p/revisions/prod-gateway-00008"},
)


def split(inventory: Inventory) -> object:
    """Return the split of the gateway's requests."""
    (gateway,) = [each for each in inventory.resources if each.name == "prod-compute-gateway"]
    return gateway.inputs["traffics"]


def services(inventory: Inventory) -> dict[str, object]:
    """Return the inputs of every resource without the split of the gateway."""
    inputs = {each.name: dict(each.inputs) for each in inventory.resources}
    inputs["prod-compute-gateway"].pop("traffics")
    return {name: revealed(value) for name, value in inputs.items()}


@pytest.mark.parametrize(("position", "traffic"), POSITIONS.values(), ids=POSITIONS)
def test_a_position_declares_its_split_and_nothing_else(
    position: RolloutPosition | None, traffic: list[object]
) -> None:
    steady = plan(production(CANARY, cloud="gcp"))
    moved = plan(production(CANARY, cloud="gcp"), positions={"gateway": position} if position else None)
    assert split(moved) == traffic
    assert services(moved) == services(steady)


def test_a_position_of_a_rolling_service_is_ignored() -> None:
    inventory = plan(production(cloud="gcp"), positions={"gateway": RolloutPosition("prod-gateway-00007", 10)})
    assert split(inventory) == [{**LATEST, "percent": 100}]


REFUSED: Mapping[str, tuple[Mapping[str, object], str]] = {
    "a worker": (
        {"services.worker.rollout": {"strategy": "canary"}},
        "services.worker.rollout.strategy: not supported on gcp: canary: Cloud Run counts no requests of a worker pool, so nothing measures its new revision. Set it to rolling.",
    ),
    "sticky sessions": (
        {
            "services.ui": {
                "app": "streamlit", "image": "ghcr.io/acme/ui@sha256:" + "5" * 64, "rollout": {"strategy": "blue_green"},
            }
        },
        "services.ui.rollout.strategy: not supported on gcp: blue_green: session affinity takes precedence over the split of requests. Set it to rolling.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cloud_run_cannot_do_is_refused(changes: Mapping[str, object], message: str) -> None:
    assert message in [str(each) for each in diagnostics(changes)]


@pytest.mark.parametrize(
    ("change", "begins"),
    [
        (ResourceUpdate("prod-compute-gateway", SERVICE_TYPE, "update", ("template.containers[0].image",)), True),
        (ResourceUpdate("prod-compute-gateway", SERVICE_TYPE, "update", ("template",)), True),
        (ResourceUpdate("prod-compute-gateway", SERVICE_TYPE, "update", ("scaling.minInstanceCount",)), False),
        (ResourceUpdate("prod-compute-gateway", SERVICE_TYPE, "update", ("labels.templates",)), False),
        (ResourceUpdate("prod-compute-gateway", SERVICE_TYPE, "create", ()), False),
        (ResourceUpdate("prod-compute-chat", SERVICE_TYPE, "update", ("template",)), False),
        (ResourceUpdate("prod-compute-gateway", "gcp:cloudrunv2/job:Job", "update", ("template",)), False),
    ],
)
def test_only_a_new_template_of_the_service_begins_a_rollout(change: ResourceUpdate, begins: bool) -> None:
    assert CONTROL.changes_revision("prod", "gateway", change) is begins


def traffic(*targets: tuple[str, int]) -> str:
    """Return the answer of `gcloud run services describe`."""
    entries = [{"revisionName": name, "percent": percent} for name, percent in targets]
    return json.dumps({"status": {"traffic": entries}})


def stack() -> DeployedStack:
    """Return production in the state, whose newest revision is the eighth."""
    return DeployedStack("prod", spec_of(CANARY), (GATEWAY,))


def test_the_stable_revision_is_the_one_that_has_all_requests_not_the_newest() -> None:
    shell = FakeShell({"services describe": traffic(("prod-gateway-00007", 100), ("prod-gateway-00008", 0))})
    assert CONTROL.stable_revision(stack(), "gateway", shell) == "prod-gateway-00007"
    (command,) = shell.commands
    assert command.arguments == (
        "gcloud", "run", "services", "describe", "prod-gateway", "--project=acme-agents", "--region=us-central1",
        "--format=json(status.traffic)",
    )  # fmt: skip


@pytest.mark.parametrize("answer", [traffic(("a", 50), ("b", 50)), traffic(), "", "null", '{"status": []}'])
def test_without_a_single_stable_revision_nothing_is_rolled_out(answer: str) -> None:
    with pytest.raises(CliFailure, match="no single revision receives all requests") as caught:
        CONTROL.stable_revision(stack(), "gateway", FakeShell({"services describe": answer}))
    command = "gcloud run services update-traffic prod-gateway --project=acme-agents --region=us-central1"
    assert f"`{command} --to-revisions=REVISION=100`" in caught.value.fix


def series(*samples: tuple[Mapping[str, str], str]) -> str:
    """Return the answer of the Prometheus API."""
    result = [{"metric": dict(labels), "value": [1.0, value]} for labels, value in samples]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})


def test_the_metrics_are_those_of_the_new_revision_alone() -> None:
    counts = series(({"response_code_class": "2xx"}, "270.4"), ({"response_code_class": "5xx"}, "30"))
    shell = FakeShell({"request_count": counts, "request_latencies": series(({}, "412.5"))})
    assert CONTROL.metrics(stack(), "gateway", 95, shell) == RevisionMetrics(300, 30, 0.4125)
    for command in shell.commands:
        query = next(each for each in command.arguments if each.startswith("query="))
        assert 'service_name="prod-gateway", revision_name="prod-gateway-00008"' in query
        assert "[95s]" in query
        assert command.stdin == TOKEN


def test_a_revision_without_requests_has_no_latency() -> None:
    shell = FakeShell({"request_count": series(), "request_latencies": series(({}, "NaN"))})
    assert CONTROL.metrics(stack(), "gateway", 95, shell) == RevisionMetrics(0, 0, None)


def test_an_answer_without_values_is_a_failure_and_not_zero_requests() -> None:
    with pytest.raises(CliFailure, match="Cloud Monitoring answers without values"):
        CONTROL.metrics(stack(), "gateway", 95, FakeShell({"request_count": "<html>"}))


@pytest.mark.long(reason="needs gcloud")
@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
def test_the_format_of_the_token_makes_a_header() -> None:
    projection = TOKEN.arguments[-1].replace("token", '"Google Cloud SDK"')
    version = subprocess.run(["gcloud", "version", projection], capture_output=True, text=True, check=True).stdout
    assert version.startswith("Authorization: Bearer ")


@pytest.mark.parametrize(("minutes", "is_reported"), [(1, True), (2, True), (3, False), (10, False)])
def test_a_bake_time_that_is_shorter_than_what_shows_a_fault_is_reported(minutes: int, *, is_reported: bool) -> None:
    found = adjustments({**CANARY, "services.gateway.rollout.bake_minutes": minutes})
    assert ("services.gateway.rollout.bake_minutes" in found) is is_reported
