"""Rollouts in steps on Container Apps: what the program declares at each position, refusals, and the driver's commands."""

import json
from collections.abc import Mapping

import pytest

from automation.plan.inventory import Inventory, Value
from providers.azure.compute.rollout import APP_TYPE, CONTROL
from providers.contract.cli import CliFailure, DeployedResource, DeployedStack
from providers.contract.rollout import ResourceUpdate, RevisionMetrics, RolloutPosition
from providers.contract.spec.defaults import is_mapping
from tests.azure.fake_shell import FakeShell, stack
from tests.azure.plans import adjustments, refusals, spec_of
from tests.planning import plan, production, revealed

CANARY = {"services.gateway.rollout": {"strategy": "canary", "steps": [10, 50, 100]}}
STABLE = {"revisionName": "prod-gateway--0000007", "latestRevision": False}
LATEST = {"latestRevision": True}
POSITIONS: Mapping[str, tuple[RolloutPosition | None, str, list[object]]] = {
    "no rollout": (None, "Single", [{**LATEST, "weight": 100}]),
    "begin": (
        RolloutPosition("prod-gateway--0000007", 0),
        "Multiple",
        [{**STABLE, "weight": 100}, {**LATEST, "weight": 0, "label": "next"}],
    ),
    "first step": (
        RolloutPosition("prod-gateway--0000007", 10),
        "Multiple",
        [{**STABLE, "weight": 90}, {**LATEST, "weight": 10, "label": "next"}],
    ),
    "last step": (
        RolloutPosition("prod-gateway--0000007", 100),
        "Multiple",
        [{**STABLE, "weight": 0}, {**LATEST, "weight": 100, "label": "next"}],
    ),
    "held": (RolloutPosition("prod-gateway--0000007", 0, "held"), "Multiple", [{**STABLE, "weight": 100}]),
}


def parts(inventory: Inventory) -> tuple[object, object, Mapping[str, object]]:
    """Return the mode and the weights of the gateway, and everything else that is declared."""
    inputs = {each.name: revealed(each.inputs) for each in inventory.resources}
    gateway = inputs["prod-compute-gateway"]
    assert is_mapping(gateway)
    configuration = gateway["configuration"]
    assert is_mapping(configuration)
    ingress = configuration["ingress"]
    assert is_mapping(ingress)
    return configuration.pop("activeRevisionsMode"), ingress.pop("traffic"), inputs


@pytest.mark.parametrize(("position", "mode", "traffic"), POSITIONS.values(), ids=POSITIONS)
def test_a_position_declares_mode_and_weights_and_nothing_else(
    position: RolloutPosition | None, mode: str, traffic: list[object]
) -> None:
    raw = production(CANARY, cloud="azure")
    declared = parts(plan(raw, positions={"gateway": position} if position else None))
    assert declared[:2] == (mode, traffic)
    assert declared[2] == parts(plan(raw))[2]


UI_IMAGE = "ghcr.io/acme/ui@sha256:" + "5" * 64
REFUSED: Mapping[str, tuple[Mapping[str, object], str]] = {
    "a worker": (
        {"services.worker.rollout": {"strategy": "canary"}},
        "services.worker.rollout.strategy: not supported on azure: canary: an app without ingress has no requests to split. Set it to rolling.",
    ),
    "sticky sessions": (
        {"services.ui": {"app": "streamlit", "image": UI_IMAGE, "path": "/ui", "rollout": {"strategy": "blue_green"}}},
        "services.ui.rollout.strategy: not supported on azure: blue_green: session affinity needs a single active revision. Set it to rolling.",
    ),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED)
def test_what_container_apps_cannot_do_is_refused(changes: Mapping[str, object], message: str) -> None:
    assert message in [str(each) for each in refusals(changes)]


@pytest.mark.parametrize(
    ("change", "begins"),
    [
        (ResourceUpdate("prod-compute-gateway", APP_TYPE, "update", ("template.containers[0].image",)), True),
        (ResourceUpdate("prod-compute-gateway", APP_TYPE, "update", ("template",)), True),
        (
            ResourceUpdate("prod-compute-gateway", APP_TYPE, "update", ("configuration.ingress.traffic[0].weight",)),
            False,
        ),
        (ResourceUpdate("prod-compute-gateway", APP_TYPE, "create", ()), False),
        (ResourceUpdate("prod-compute-chat", APP_TYPE, "update", ("template",)), False),
    ],
)
def test_only_a_new_template_of_the_app_begins_a_rollout(change: ResourceUpdate, begins: bool) -> None:
    assert CONTROL.changes_revision("prod", "gateway", change) is begins


def deployed(latest: str = "prod-gateway--0000008") -> DeployedStack:
    """Return production in the state, with this newest revision."""
    app = DeployedResource("prod-compute-gateway", APP_TYPE, "/subscriptions/s/gateway", {"latestRevisionName": latest})
    return stack(spec_of(CANARY), (app,))


def shown(traffic: Value, latest: str = "prod-gateway--0000007") -> str:
    """Return the answer of `az containerapp show`."""
    return json.dumps({"traffic": traffic, "latest": latest})


@pytest.mark.parametrize(
    ("traffic", "stable"),
    [
        ([{"latestRevision": True, "weight": 100}], "prod-gateway--0000007"),
        ([{"revisionName": "prod-gateway--0000003", "weight": 100}], "prod-gateway--0000003"),
        (
            [{"revisionName": "prod-gateway--0000003", "weight": 100}, {"latestRevision": True, "weight": 0}],
            "prod-gateway--0000003",
        ),
    ],
)
def test_the_stable_revision_is_the_one_that_has_all_requests_not_the_newest(traffic: Value, stable: str) -> None:
    shell = FakeShell({"containerapp show": [shown(traffic)]})
    assert CONTROL.stable_revision(deployed(), "gateway", shell) == stable


@pytest.mark.parametrize("traffic", [None, [], [{"latestRevision": True, "weight": 90}]])
def test_without_a_single_stable_revision_nothing_is_rolled_out(traffic: Value) -> None:
    with pytest.raises(CliFailure, match="no single revision receives all requests") as caught:
        CONTROL.stable_revision(deployed(), "gateway", FakeShell({"containerapp show": [shown(traffic)]}))
    command = "az containerapp ingress traffic set --name prod-gateway --resource-group prod-agents-westus3"
    assert f"`{command} --revision-weight REVISION=100 --output json --subscription " in caught.value.fix


def series(*values: tuple[str, list[Mapping[str, float | None]]]) -> str:
    """Return the answer of `az monitor metrics list`."""
    listed = [{"metadatavalues": [{"value": value}] if value else [], "data": data} for value, data in values]
    return json.dumps({"value": [{"timeseries": listed}]})


def test_the_metrics_are_those_of_the_new_revision_alone() -> None:
    counts = series(("2xx", [{"total": 200.0}, {"total": None}, {"total": 70.0}]), ("5xx", [{"total": 30.0}]))
    times = series(("", [{"average": 400.0}, {"average": None}, {"average": 200.0}]))
    shell = FakeShell({"--metric Requests": [counts], "--metric ResponseTime": [times]})
    assert CONTROL.metrics(deployed(), "gateway", 95, shell) == RevisionMetrics(300, 30, 0.3)
    assert all("--offset 2m" in command for command in shell.commands)
    assert all("revisionName eq '\"'\"'prod-gateway--0000008'\"'\"'" in command for command in shell.commands)


def test_an_answer_without_values_is_a_failure_and_not_zero_requests() -> None:
    with pytest.raises(CliFailure, match="Azure Monitor answers without values"):
        CONTROL.metrics(deployed(), "gateway", 95, FakeShell())


def test_the_new_revision_is_deactivated_after_an_abort_and_the_stable_one_never() -> None:
    shell = FakeShell()
    CONTROL.after_abort(deployed(), "gateway", "prod-gateway--0000007", shell)
    (command,) = shell.commands
    assert command.startswith("az containerapp revision deactivate --name prod-gateway --resource-group")
    assert "--revision prod-gateway--0000008" in command
    CONTROL.after_abort(deployed("prod-gateway--0000007"), "gateway", "prod-gateway--0000007", shell)
    assert len(shell.commands) == 1


def test_latency_is_reported_as_an_average() -> None:
    changes = {**CANARY, "services.gateway.rollout.abort_on": ["latency_p95_seconds"]}
    adjusted = adjustments(changes)["services.gateway.rollout.abort_on"]
    assert adjusted.reason.startswith("the average response time of the new revision is compared")


@pytest.mark.parametrize(("minutes", "is_reported"), [(1, True), (2, True), (3, False), (10, False)])
def test_a_bake_time_that_is_shorter_than_what_shows_a_fault_is_reported(minutes: int, *, is_reported: bool) -> None:
    found = adjustments({**CANARY, "services.gateway.rollout.bake_minutes": minutes})
    assert ("services.gateway.rollout.bake_minutes" in found) is is_reported
    if is_reported:
        reason = found["services.gateway.rollout.bake_minutes"].reason
        assert reason == "metrics are 3 minutes late, so a step is observed for 3 minutes and these"
