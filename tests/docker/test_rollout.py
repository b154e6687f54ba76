"""Rollouts in steps on Docker: what the program declares at each position, refusals, and the commands of the driver."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from automation.plan.inventory import Inventory
from providers.contract.cli import CliCommand, CliFailure, DeployedResource, DeployedStack
from providers.contract.rollout import PositionPhase, ResourceUpdate, RevisionLost, RevisionMetrics, RolloutPosition
from providers.docker.compute.rollout import CONTROL, StableReplicas
from providers.docker.context import REGION, DockerContext
from providers.docker.observability.prometheus import scraper_document
from providers.docker.resource_traits import CONTAINER
from tests.docker.plans import aliases, container
from tests.docker.specs import adjustments, refusals, spec_of
from tests.planning import plan, production, revealed

STABLE_IMAGE = "sha256:" + "1" * 64
STABLE = f"3 x {STABLE_IMAGE}"
CANARY = {"services.gateway.rollout": {"strategy": "canary", "steps": [10, 50, 100]}}
FILE_IMAGE = "<docker:RemoteImage prod-registry-service-gateway>.imageId"
REPLICAS, NEXT = ("gateway-1", "gateway-2", "gateway-3"), ("gateway-next-1", "gateway-next-2", "gateway-next-3")
POSITIONS: Mapping[str, tuple[RolloutPosition | None, Mapping[str, str]]] = {
    "no rollout": (None, dict.fromkeys(REPLICAS, FILE_IMAGE)),
    "begin": (RolloutPosition(STABLE, 0), dict.fromkeys(REPLICAS, STABLE_IMAGE) | dict.fromkeys(NEXT, FILE_IMAGE)),
    "step": (RolloutPosition(STABLE, 50), dict.fromkeys(REPLICAS, STABLE_IMAGE) | dict.fromkeys(NEXT, FILE_IMAGE)),
    "replacing": (RolloutPosition(STABLE, 100, "replacing"), dict.fromkeys((*REPLICAS, *NEXT), FILE_IMAGE)),
    "held": (RolloutPosition(STABLE, 0, "held"), dict.fromkeys(REPLICAS, STABLE_IMAGE)),
    "held with fewer replicas": (
        RolloutPosition(f"2 x {STABLE_IMAGE}", 0, "held"),
        dict.fromkeys(REPLICAS[:2], STABLE_IMAGE),
    ),
}


def at(position: RolloutPosition | None) -> Inventory:
    """Plan of production with a gateway at a position of its rollout."""
    return plan(production(CANARY, cloud="docker"), positions={"gateway": position} if position else None)


def replicas(inventory: Inventory) -> dict[str, str]:
    """Image by replica of the gateway."""
    found = {each.name.removeprefix("prod-compute-"): each.inputs for each in inventory.of_type("docker:Container")}
    return {
        name: str(revealed(inputs.get("image")))
        for name, inputs in found.items()
        if name.startswith("gateway-") and not name.endswith("-files")
    }


@pytest.mark.parametrize(("position", "images"), POSITIONS.values(), ids=POSITIONS)
def test_a_position_declares_these_replicas_and_nothing_else_changes(
    position: RolloutPosition | None, images: Mapping[str, str]
) -> None:
    declared, steady = at(position), at(None)
    assert replicas(declared) == images

    def others(inventory: Inventory) -> Mapping[str, object]:
        return {each.name: revealed(each.inputs) for each in inventory.resources if "compute-gateway-" not in each.name}

    assert others(declared) == others(steady)


def test_the_new_revision_differs_from_the_file_by_its_alias_alone() -> None:
    declared = at(RolloutPosition(STABLE, 10))
    new, steady = container(declared, "compute-gateway-next-1"), container(at(None), "compute-gateway-1")
    assert aliases(new) == {"gateway-next", "gateway-revisions"}
    assert aliases(steady) == {"gateway", "gateway-revisions"}
    differing = {key for key in {**new.inputs, **steady.inputs} if new.inputs.get(key) != steady.inputs.get(key)}
    assert differing == {"networksAdvanced"} or differing == {"networksAdvanced", "volumes"}


@pytest.mark.parametrize("phase", ["stepping", "held", "replacing"])
def test_the_scraper_finds_every_replica_by_names_that_resolve_at_any_time(phase: PositionPhase) -> None:
    """Prometheus keeps the last targets of a name that does not resolve, as of one that ended with a rollout."""
    context = DockerContext(spec_of(CANARY), "prod", REGION)
    (job,) = [each for each in json.loads(scraper_document(context))["scrape_configs"] if each["job_name"] == "gateway"]
    names = set(job["dns_sd_configs"][0]["names"])
    declared = at(RolloutPosition(STABLE, 10, phase))
    found = [aliases(container(declared, f"compute-{one}")) & names for one in replicas(declared)]
    assert all(found)
    assert names <= aliases(container(at(None), "compute-gateway-1"))


@pytest.mark.parametrize(("phase", "is_kept"), [("stepping", True), ("held", True), ("replacing", False)])
def test_the_stable_replicas_and_their_files_do_not_change_until_they_are_replaced(
    phase: PositionPhase, is_kept: bool
) -> None:
    declared = at(RolloutPosition(STABLE, 100, phase))
    kept = {each.name for each in declared.resources if each.ignore_changes == ("*",)}
    stable = {
        each.name
        for each in declared.resources
        if each.name.startswith(tuple(f"prod-compute-{one}" for one in REPLICAS))
    }
    assert {f"prod-compute-{one}" for one in REPLICAS} <= stable
    assert kept == (stable if is_kept else set())


UI_IMAGE = "ghcr.io/acme/ui@sha256:" + "5" * 64
REFUSED: Mapping[str, tuple[Mapping[str, object], str]] = {
    "a worker": (
        {"services.worker.rollout": {"strategy": "canary"}},
        "services.worker.rollout.strategy: not supported on docker: canary: a worker has no requests to split. Set it to rolling.",
    ),
    "a private service": (
        {"services.chat.rollout": {"strategy": "blue_green"}},
        "services.chat.rollout.strategy: not supported on docker: blue_green: its callers resolve its name in Docker's DNS, and their requests do not pass the entry. Set it to rolling.",
    ),
    "sticky sessions": (
        {"services.ui": {"app": "streamlit", "image": UI_IMAGE, "path": "/ui", "rollout": {"strategy": "canary"}}},
        "services.ui.rollout.strategy: not supported on docker: canary: the cookie of a session belongs to a replica of one revision. Set it to rolling.",
    ),
    "a name that is taken": (
        {**CANARY, "services.gateway-next": {"app": "fastapi", "image": UI_IMAGE, "path": "/n"}},
        "services.gateway-next: the containers of a new revision of gateway have this name during a rollout. Rename one of the services.",
    ),
    "an alias that is taken": (
        {**CANARY, "services.gateway-revisions": {"app": "fastapi", "image": UI_IMAGE, "path": "/n"}},
        "services.gateway-revisions: the containers of both revisions of gateway have this alias. Rename one of the services.",
    ),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED)
def test_what_a_host_cannot_do_is_refused(changes: Mapping[str, object], message: str) -> None:
    assert message in [str(each) for each in refusals(changes)]


def test_latency_is_an_average_and_calls_reach_the_stable_revision() -> None:
    rollout = {"strategy": "canary", "abort_on": ["latency_p95_seconds"]}
    found = adjustments({"services.gateway.rollout": rollout, "services.chat.calls": ["gateway"]})
    assert "average response time of the last 1024 requests" in found["services.gateway.rollout.abort_on"][0].reason
    assert "requests of chat reach the stable revision" in found["services.gateway.rollout.strategy"][0].reason
    assert "services.gateway.rollout.abort_on" not in adjustments(CANARY)


@pytest.mark.parametrize(
    ("name", "operation", "begins"),
    [
        ("prod-compute-gateway-1", "replace", True),
        ("prod-compute-gateway-12", "replace", True),
        ("prod-compute-gateway-1", "update", False),
        ("prod-compute-gateway-1", "create", False),
        ("prod-compute-gateway-next-1", "replace", False),
        ("prod-compute-gateway-1-files", "replace", False),
        ("prod-compute-chat-1", "replace", False),
    ],
)
def test_only_another_container_of_a_replica_begins_a_rollout(name: str, operation: str, begins: bool) -> None:
    assert CONTROL.changes_revision("prod", "gateway", ResourceUpdate(name, CONTAINER, operation)) is begins


ROUTER = "prod-entry-router-0a1b2c3"


@dataclass
class Host:
    """Host with one router: a map, and counts of the backend of the new revision."""

    values: dict[str, int] = field(default_factory=lambda: {"gateway": 0, "gateway.requests": 0, "gateway.errors": 0})
    counts: tuple[int, int, int] = (2, 40, 3)
    """Healthy replicas, requests and errors since the router started."""
    status: str = "200"
    commands: list[str] = field(default_factory=list[str])
    slept_seconds: float = 0.0
    routers: tuple[str, ...] = (f"{ROUTER} running",)

    def output(self, command: CliCommand) -> str:
        """Answer a command as the host does."""
        self.commands.append(" ".join(command.arguments))
        if command.arguments[1] == "ps":
            return "\n".join(self.routers)
        assert command.arguments[:4] == ("docker", "exec", ROUTER, "wget")
        if command.arguments[-2] == "--header":
            assert command.arguments[-1] == "x-rollout-service: gateway"
            return self.status
        urls = [each for each in command.arguments if each.startswith("http")]
        return "".join(self._answer(url) for url in urls)

    def _answer(self, url: str) -> str:
        if url == "http://127.0.0.1:8404/metrics":
            replicas, requests, errors = self.counts
            labels = 'proxy="gateway-next"'
            return (
                f'haproxy_backend_http_requests_total{{proxy="gateway"}} 9999\n'
                f"haproxy_backend_active_servers{{{labels}}} {replicas}\n"
                f"haproxy_backend_http_requests_total{{{labels}}} {requests}\n"
                f'haproxy_backend_http_responses_total{{{labels},code="5xx"}} {errors}\n'
                f"haproxy_backend_response_time_average_seconds{{{labels}}} 0.250000\n"
            )
        key, _, value = url.removeprefix("http://127.0.0.1:8405/").partition("/")
        if value:
            self.values[key] = int(value)
        return f"{self.values[key]}\n"

    def succeeds(self, command: CliCommand) -> bool:
        """Answer whether the map of the router has the service."""
        assert command.arguments[3:] == ("grep", "-q", "^gateway ", "/etc/agent-platform/rollout.map")
        return "gateway" in self.values

    def stream(self, command: CliCommand) -> int:
        """Fail: no command of a rollout prints."""
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept_seconds += seconds


def deployed(*images: str) -> DeployedStack:
    """Production in the state, with replicas of these images."""
    containers = (
        DeployedResource(f"prod-compute-gateway-{number}", CONTAINER, f"c{number}", {"image": image})
        for number, image in enumerate(images, 1)
    )
    return DeployedStack("prod", spec_of(CANARY), tuple(containers))


def test_the_stable_revision_is_the_image_and_number_of_the_replicas() -> None:
    name = CONTROL.stable_revision(deployed(STABLE_IMAGE, STABLE_IMAGE), "gateway", Host())
    assert StableReplicas.parse(name) == StableReplicas(2, STABLE_IMAGE)
    assert name == f"2 x {STABLE_IMAGE}"


@pytest.mark.parametrize(
    ("images", "problem"), [((), "it has no replica"), (("sha256:1", "sha256:2"), "no single image runs")]
)
def test_without_a_single_stable_image_nothing_is_rolled_out(images: tuple[str, ...], problem: str) -> None:
    with pytest.raises(CliFailure, match=problem):
        CONTROL.stable_revision(deployed(*images), "gateway", Host())


def test_a_step_counts_from_its_beginning() -> None:
    host = Host(counts=(3, 40, 3))
    CONTROL.set_percent(deployed(), "gateway", 10, host)
    assert host.values == {"gateway": 10, "gateway.requests": 40, "gateway.errors": 3}
    host.counts = (3, 140, 33)
    assert CONTROL.metrics(deployed(), "gateway", 60, host) == RevisionMetrics(100, 30, 0.25)


def test_the_counts_of_a_step_are_kept_before_its_first_request() -> None:
    host = Host()
    CONTROL.set_percent(deployed(), "gateway", 10, host)
    (change,) = [each for each in host.commands if "/gateway/10" in each]
    assert change.index("/gateway.requests/40") < change.index("/gateway.errors/3") < change.index("/gateway/10")


def test_zero_is_set_without_waiting_for_replicas() -> None:
    host = Host(values={"gateway": 50}, counts=(0, 0, 0))
    CONTROL.set_percent(deployed(), "gateway", 0, host)
    assert (host.values, host.slept_seconds) == ({"gateway": 0}, 0)


def test_a_router_from_before_the_strategy_has_nothing_to_set() -> None:
    host = Host(values={})
    CONTROL.set_percent(deployed(), "gateway", 0, host)
    assert not [each for each in host.commands if "wget" in each]


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        (Host(), "the entry restarted"),
        (Host(values={"gateway": 10, "gateway.requests": 0, "gateway.errors": 0}, counts=(0, 90, 0)), "no replica"),
    ],
)
def test_a_new_revision_that_receives_nothing_is_lost(host: Host, reason: str) -> None:
    with pytest.raises(RevisionLost, match=reason):
        CONTROL.metrics(deployed(), "gateway", 60, host)


def test_a_step_waits_for_a_replica_and_gives_up() -> None:
    host = Host(counts=(0, 0, 0))
    with pytest.raises(RevisionLost, match="no replica of the new revision answers"):
        CONTROL.set_percent(deployed(), "gateway", 10, host)
    assert host.values["gateway"] == 0
    assert 30 < host.slept_seconds < 300


@pytest.mark.parametrize(("status", "failure"), [("204", ""), ("500", "/ready answered 500, not 204")])
def test_a_smoke_test_compares_the_status(status: str, failure: str) -> None:
    host = Host(status=status)
    assert CONTROL.smoke_test(deployed(), "gateway", "/ready", 204, host) == failure
    assert "http://127.0.0.1:8405/ready --header x-rollout-service: gateway" in host.commands[-1]


def test_without_a_router_the_failure_names_the_command() -> None:
    with pytest.raises(CliFailure, match="router of the entry is not running") as caught:
        CONTROL.set_percent(deployed(), "gateway", 0, Host(routers=(f"{ROUTER} exited",)))
    assert caught.value.fix == "run `agent-platform up prod`"
