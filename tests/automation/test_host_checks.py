"""Host checks in `doctor`, before an update and in the message of a failure, with constructed checks."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from automation.deploy.classification import Evidence, classify, explain_on_host
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, Event, StepFailed
from automation.deploy.guard import refuse_unready
from automation.engine.doctor import findings_of
from automation.images.supply import ImageSupply
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.preflight import CheckResult, Diagnosis, Environment, FailedResource, HostChecks
from providers.contract.spec import Platform
from tests.automation.check_inputs import check_input, stack
from tests.automation.event_fixtures import step, urn_of

TYPE = "docker:index/container:Container"
PORT_IN_USE = ConfigError("docker.entry_port", "port 8443 is used by the container web", "stop it, or use another")
PORTS, MEMORY, IMAGES = (
    CheckResult("ports", "", (PORT_IN_USE,)),
    CheckResult("memory", "2 GiB of 16"),
    CheckResult("images", "not on this host", fix="pull them"),
)
NO_DAEMON = "docker native provider returned an unexpected error from Configure: failed to connect to any docker daemon"


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> list[FailedResource]:
    """Failed resources for which a diagnosis was requested; one exists for names with `diagnosable`.

    The host of every stack refuses a port.
    """
    requests: list[FailedResource] = []

    def explain(_spec: Platform, _stack: str, failed: FailedResource, environment: Environment) -> Diagnosis | None:
        requests.append(failed)
        if "diagnosable" not in failed.name:
            return None
        return Diagnosis(f"{failed.name} has no key", environment["ADVICE"])

    checks = HostChecks(lambda _spec, _stack, _environment: (PORTS, MEMORY, IMAGES), explain)

    def host_checks(_cloud: str) -> HostChecks:
        return checks

    for module in ("guard", "classification"):
        monkeypatch.setattr(f"automation.deploy.{module}.host_checks", host_checks)
    return requests


def failed_steps(*names: str) -> list[Event]:
    events: list[Event] = []
    for name in names:
        urn = urn_of(TYPE, name)
        events += [EngineMessage(1.0, "error", f"{name} is bad", urn), StepFailed(2.0, step("create", TYPE, name))]
    return events


def failure(events: list[Event], kind: Failure = Failure.RESOURCE) -> DeploymentFailed:
    error = DeploymentFailed(kind, "trial: provider error")
    return explain_on_host(error, events, stack("docker"), {"ADVICE": "give it one"})


def test_the_doctor_reports_each_subject_with_a_verdict(tmp_path: Path) -> None:
    findings = findings_of(check_input(tmp_path, stack=stack("docker"), host_results=(PORTS, MEMORY, IMAGES)))[-3:]
    assert [(finding.verdict, finding.subject, str(finding)) for finding in findings] == [
        (
            "failed",
            "ports",
            "ports: docker.entry_port: port 8443 is used by the container web. Stop it, or use another.",
        ),
        ("ok", "memory", "memory: 2 GiB of 16."),
        ("unknown", "images", "images: not on this host. Pull them."),
    ]


@pytest.mark.usefixtures("explained")
def test_a_refusal_of_the_host_is_raised_before_the_engine_starts() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        refuse_unready(stack("docker"), {})
    assert refused.value.diagnostics == (PORT_IN_USE,)


def test_a_cloud_has_no_host_checks() -> None:
    refuse_unready(stack("aws"), {})


def test_a_failure_has_each_diagnosis_of_the_host_once(explained: list[FailedResource]) -> None:
    error = failure(failed_steps("diagnosable-1", "other", "diagnosable-2"))
    assert str(error) == "trial: diagnosable-1 has no key; diagnosable-2 has no key. Give it one."
    assert explained[0] == FailedResource("diagnosable-1", TYPE, "diagnosable-1 is bad")


def test_a_failure_without_a_diagnosis_keeps_its_message(explained: list[FailedResource]) -> None:
    assert str(failure(failed_steps("other"))) == "trial: provider error."
    assert len(explained) == 1


def test_an_interruption_is_not_diagnosed(explained: list[FailedResource]) -> None:
    assert failure(failed_steps("diagnosable"), Failure.CANCELLED).kind is Failure.CANCELLED
    assert explained == []


def test_a_missing_docker_daemon_is_reported() -> None:
    error = classify(
        Evidence("trial", "", [EngineMessage(1.0, "error", NO_DAEMON, urn_of("pulumi:providers:docker", "local"))])
    )
    assert str(error) == (
        "trial: cannot reach the Docker daemon. Start it, or set DOCKER_HOST to its address; `agent-platform doctor trial` "
        "shows the address in use."
    )


def test_a_daemon_that_is_missing_when_the_provider_is_loaded_is_reported() -> None:
    """A refresh of an existing stack fails before the engine has an event for any resource."""
    text = "error: could not load provider for resource urn:pulumi:trial::x: failed to connect to any docker daemon"
    failure = classify(Evidence("trial", text, []))
    assert str(failure).startswith("trial: cannot reach the Docker daemon. ")


def test_a_daemon_that_does_not_answer_is_refused_before_a_build_as_by_preview() -> None:
    def fail() -> None:
        raise DeploymentFailed(Failure.COMMAND, "docker version ended with 1", "run it again")

    spec = stack(cloud="docker")
    operations: Any = SimpleNamespace(on_host=True, use_host_architecture=fail)
    for address, expected in (("tcp://127.0.0.1:1", InvalidConfiguration), ("ssh://host", DeploymentFailed)):
        deployment: Any = SimpleNamespace(file=spec, host_environment={"DOCKER_HOST": address})
        with pytest.raises(expected) as refused:
            ImageSupply(deployment, str, operations).prepare_host()
        if isinstance(refused.value, InvalidConfiguration):
            (only,) = refused.value.diagnostics
            assert str(only).startswith(
                f"DOCKER_HOST: no Docker daemon answers at {address} (the connection is refused)."
            )
