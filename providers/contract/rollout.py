"""Rollout of a service in steps: its position, which the program declares, and the commands of a cloud that control it.

A position is run-time data: `agent-platform up` passes it to the program in a copy of the stack file, and a tag of the stack
for each service, such as `rollout.gateway`, stores the record that it is computed from. Pure: imports no SDK.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, Protocol

from providers.contract.cli import DeployedStack, Shell
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported
from providers.contract.spec import Platform, Service
from providers.contract.spec.defaults import is_mapping

PositionPhase = Literal["stepping", "replacing", "held"]
MIN_BAKE_MINUTES = 3
"""Shortest bake time where metrics are late: shorter ones end before a fault is visible."""
POSITIONS_KEY = "agent-platform:rollout"
"""Configuration key with the positions by service."""


@dataclass(frozen=True)
class RolloutPosition:
    """Position of a rollout between the stable revision and the new one.

    `stepping`: the new revision receives `percent` of the requests. `replacing`: it receives all, while the replicas of the
    stable revision are replaced. `held`: the rollout was aborted; the stable revision receives all, and the new one is
    not declared.
    """

    stable: str
    """Name of the stable revision on the cloud."""
    percent: int
    phase: PositionPhase = "stepping"

    def dump(self) -> dict[str, object]:
        """Return the position as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class RevisionMetrics:
    """Answers of the new revision alone since the start of a step."""

    requests: int
    errors: int
    """Answers with a 5xx status."""
    latency_seconds: float | None = None
    """95th percentile of the response time, or the average where the cloud has no other; None without requests."""

    @property
    def error_percent(self) -> float:
        """Share of answers with a 5xx status, in percent."""
        return 100 * self.errors / self.requests if self.requests else 0.0


class RevisionLost(Exception):
    """The new revision does not receive the requests of its step, so it cannot be observed; the rollout is aborted."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class ResourceUpdate:
    """Change of a resource in a preview: logical name, type token, operation, and paths of its changed properties."""

    name: str
    type: str
    operation: str
    properties: tuple[str, ...] = ()


class RolloutControl(Protocol):
    """Commands that control the rollouts of one cloud; `shell` runs its command line."""

    @property
    def moves_by(self) -> Literal["update", "runtime"]:
        """`update` when a step is an update of the service resource, `runtime` when a command moves the requests."""
        ...

    @property
    def replaces_stable(self) -> bool:
        """True when the replicas of the stable revision are replaced at the end, while the new revision serves."""
        ...

    @property
    def metrics_delay_seconds(self) -> int:
        """Seconds by which the metrics of a request are late."""
        ...

    def resources(self, stack: str, service: str) -> Sequence[str]:
        """Return the logical names of the resources that a step updates."""
        ...

    def changes_revision(self, stack: str, service: str, change: ResourceUpdate) -> bool:
        """Return whether a change gives the service a new revision; False for its first deployment."""
        ...

    def stable_revision(self, stack: DeployedStack, service: str, shell: Shell) -> str:
        """Return the name of the revision that receives the requests; raises CliFailure when there is not exactly one."""
        ...

    def set_percent(self, stack: DeployedStack, service: str, percent: int, shell: Shell) -> None:
        """Move requests to the new revision; only for `runtime`. Raises CliFailure or RevisionLost."""
        ...

    def smoke_test(self, stack: DeployedStack, service: str, path: str, expect_status: int, shell: Shell) -> str:
        """Send a request to the new revision before it receives any of a user; return why it failed, empty on success."""
        ...

    def metrics(self, stack: DeployedStack, service: str, since_seconds: float, shell: Shell) -> RevisionMetrics:
        """Return the metrics of the new revision in the last seconds; raises CliFailure or RevisionLost."""
        ...

    def after_abort(self, stack: DeployedStack, service: str, stable: str, shell: Shell) -> None:
        """Stop the new revision after an abort, where an update does not."""
        ...


@dataclass(frozen=True)
class StepsByUpdate:
    """Members of `RolloutControl` for clouds where a step is an update.

    `type` is the type token of the service resource, and `revision_input` its input that describes or names the revision.
    """

    type: str
    metrics_delay_seconds: int
    revision_input: str = "template"
    moves_by: Literal["update", "runtime"] = "update"
    replaces_stable: bool = False

    def resources(self, stack: str, service: str) -> Sequence[str]:
        """See `RolloutControl.resources`."""
        return (f"{stack}-compute-{service}",)

    def changes_revision(self, stack: str, service: str, change: ResourceUpdate) -> bool:
        """See `RolloutControl.changes_revision`."""
        is_service = (change.type, change.name) == (self.type, f"{stack}-compute-{service}")
        parts = (f"{self.revision_input}.", f"{self.revision_input}[")
        changed = any(path == self.revision_input or path.startswith(parts) for path in change.properties)
        return is_service and change.operation == "update" and changed

    def set_percent(self, stack: DeployedStack, service: str, percent: int, shell: Shell) -> None:
        """See `RolloutControl.set_percent`; a step is an update here."""
        raise NotImplementedError

    def smoke_test(self, stack: DeployedStack, service: str, path: str, expect_status: int, shell: Shell) -> str:
        """See `RolloutControl.smoke_test`; the cloud has tested `health.path` when the update ends."""
        return ""


def refuse_steps(spec: Platform, reason_of: Callable[[str, Service], str]) -> list[Diagnostic]:
    """Refuse strategies with steps for the services that `reason_of` returns a reason for; empty for the others."""
    reasons = {name: reason_of(name, service) for name, service in spec.services_in_steps.items()}
    return [
        Unsupported(
            spec.cloud,
            f"services.{name}.rollout.strategy",
            problem=f"{spec.services[name].rollout.strategy}: {reason}",
            fix="set it to rolling",
        )
        for name, reason in reasons.items()
        if reason
    ]


def refuse_taken_names(spec: Platform, names_of: Callable[[str], Mapping[str, str]]) -> list[Diagnostic]:
    """Refuse services with a name that a rollout of another one takes; `names_of` returns each name and the problem of it."""
    return [
        ConfigError(f"services.{taken}", problem, "rename one of the services")
        for name in spec.services_in_steps
        for taken, problem in names_of(name).items()
        if taken in spec.services
    ]


def refuse_smoke_tests(spec: Platform, problem_of: Callable[[str, Service], str]) -> list[Diagnostic]:
    """Refuse smoke tests of the services that `problem_of` returns a problem of; empty where one can be sent."""
    services = {name: service for name, service in spec.services.items() if service.rollout.smoke is not None}
    problems = {name: problem_of(name, service) for name, service in services.items()}
    return [
        Unsupported(
            spec.cloud,
            f"services.{name}.rollout.smoke",
            problem=problem,
            fix="remove it, and test the same in health.path, which a new revision must answer before any request",
        )
        for name, problem in problems.items()
        if problem
    ]


def bake_adjustments(spec: Platform, delay_seconds: int) -> list[Adjustment]:
    """Report bake times that are shorter than what shows a fault, on clouds whose metrics are late."""
    reason = f"metrics are {delay_seconds // 60} minutes late, so a step is observed for {MIN_BAKE_MINUTES} minutes and these"
    return [
        Adjustment(f"services.{name}.rollout.bake_minutes", service.rollout.bake_minutes, Effect.ADJUSTED, reason)
        for name, service in spec.services_in_steps.items()
        if service.rollout.bake_minutes < MIN_BAKE_MINUTES
    ]


def positions_of(document: object) -> Mapping[str, RolloutPosition]:
    """Return the positions in the configuration of a stack; raises ValueError for anything else."""
    if document is None:
        return {}
    if not is_mapping(document):
        raise ValueError(f"{POSITIONS_KEY} is not a mapping")
    return {name: _position(value) for name, value in document.items()}


def _position(document: object) -> RolloutPosition:
    if not is_mapping(document):
        raise ValueError(f"{POSITIONS_KEY} has no position")
    stable, percent, phase = document.get("stable"), document.get("percent"), document.get("phase")
    if not (isinstance(stable, str) and isinstance(percent, int) and phase in ("stepping", "replacing", "held")):
        raise ValueError(f"{POSITIONS_KEY} has no valid position")
    return RolloutPosition(stable, percent, phase)
