"""What the machine beneath tells, in the words of the doctor, of `preview` and of a failure; the machine is made up."""

from pathlib import Path

import pytest

from automation.deploy.classification import Evidence, classify, explain_on_host
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, Event, StepFailed
from automation.deploy.guard import refuse_unready
from automation.engine.doctor import findings_of
from providers.contract.diagnostics import InvalidConfiguration, legacy_error
from providers.contract.preflight import CheckResult, Diagnosis, Environment, FailedResource, HostChecks
from providers.contract.spec import Platform
from tests.automation.check_inputs import check_input, stack
from tests.automation.event_fixtures import step, urn_of

TYPE = "docker:index/container:Container"
TAKEN = legacy_error("docker.entry_port", 8443, "is taken by the container web; stop it, or take another")
PORTS, MEMORY, IMAGES = (
    CheckResult("ports", "", (TAKEN,)),
    CheckResult("memory", "2 GiB of 16"),
    CheckResult("images", "not here", unasked="pull them"),
)
NO_DAEMON = "docker native provider returned an unexpected error from Configure: failed to connect to any docker daemon"


@pytest.fixture
def beneath(monkeypatch: pytest.MonkeyPatch) -> list[FailedResource]:
    """A machine of our own under every stack: its port is taken, and it has a reason for the first failure of each name."""
    asked: list[FailedResource] = []

    def explain(_spec: Platform, _stack: str, broken: FailedResource, environment: Environment) -> Diagnosis | None:
        asked.append(broken)
        return Diagnosis(f"{broken.name} has no key", environment["ADVICE"]) if "known" in broken.name else None

    made = HostChecks(lambda _spec, _stack, _environment: (PORTS, MEMORY, IMAGES), explain)

    def machine(_cloud: str) -> HostChecks:
        return made

    for module in ("guard", "classification"):
        monkeypatch.setattr(f"automation.deploy.{module}.host_checks", machine)
    return asked


def failing(*names: str) -> list[Event]:
    events: list[Event] = []
    for name in names:
        urn = urn_of(TYPE, name)
        events += [EngineMessage(1.0, "error", f"{name} is bad", urn), StepFailed(2.0, step("create", TYPE, name))]
    return events


def failure(events: list[Event], kind: Failure = Failure.RESOURCE) -> DeploymentFailed:
    return explain_on_host(
        DeploymentFailed(kind, "as told", stack="trial"), events, stack("docker"), {"ADVICE": "give it one"}
    )


def test_the_doctor_tells_each_subject_by_its_own_verdict(tmp_path: Path) -> None:
    found = findings_of(check_input(tmp_path, stack=stack("docker"), host_results=(PORTS, MEMORY, IMAGES)))[-3:]
    assert [(each.verdict, each.subject, str(each)) for each in found] == [
        ("failed", "ports", "ports: docker.entry_port: 8443 is taken by the container web. Stop it, or take another."),
        ("ok", "memory", "memory: 2 GiB of 16."),
        ("unknown", "images", "images: not here. Pull them."),
    ]


@pytest.mark.usefixtures("beneath")
def test_what_the_machine_refuses_is_told_before_the_engine_starts() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        refuse_unready(stack("docker"), {})
    assert str(refused.value) == str(TAKEN)


def test_a_cloud_is_not_asked() -> None:
    refuse_unready(stack("aws"), {})


def test_a_failure_is_told_with_the_machines_reasons_once_each(beneath: list[FailedResource]) -> None:
    told = failure(failing("known-1", "other", "known-2"))
    assert str(told) == "trial: known-1 has no key; known-2 has no key. Give it one."
    assert beneath[0] == FailedResource("known-1", TYPE, "known-1 is bad")


def test_what_the_machine_does_not_know_stays_as_it_was_told(beneath: list[FailedResource]) -> None:
    assert str(failure(failing("other"))) == "trial: as told."
    assert len(beneath) == 1


def test_an_interruption_is_no_failure_of_a_resource(beneath: list[FailedResource]) -> None:
    assert failure(failing("known"), Failure.CANCELLED).kind is Failure.CANCELLED
    assert beneath == []


def test_a_docker_that_went_away_is_told() -> None:
    said = classify(
        Evidence("trial", "", [EngineMessage(1.0, "error", NO_DAEMON, urn_of("pulumi:providers:docker", "local"))])
    )
    assert str(said) == (
        "trial: cannot reach the Docker daemon. Start it, or set DOCKER_HOST to its address; `agent-platform doctor trial` "
        "shows the address in use."
    )
