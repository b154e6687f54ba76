"""The engine's events as typed, frozen data, each placed in its room; what says nothing to a reader is left out.

The engine masks secrets before it tells an event; here they become the text `[secret]`. Times are seconds on the
caller's clock: the engine's own are whole seconds, too coarse to tell how long a room took.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, cast

from automation.deploy.clock import Clock
from automation.deploy.urn import component_of, name_of, type_of
from automation.plan.inventory import Value
from automation.urn import short_type

if TYPE_CHECKING:
    from pulumi.automation import DiagnosticEvent, EngineEvent
    from pulumi.automation.events import StepEventMetadata, StepEventStateMetadata


MASKED = "[secret]"
"""What stands in place of every secret value."""
SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key by which the engine marks an object that is no plain value; a secret is one of them."""
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes a value that only the cloud can tell."""
UNKNOWN = "[unknown]"
AMBIENT = " from $PATH at "
"""In what the engine says of a plugin that it found on PATH: `doctor` tells of such things, every update need not."""


SAME = "same"
REPLACEMENT_STEPS = ("replace", "create-replacement", "read-replacement", "import-replacement")
"""The engine's words for the parts of a replacement that makes the new one."""
OPERATION_NAMES = {
    "delete-replaced": "delete", "discard-replaced": "forget", "discard": "forget", "remove-pending-replace": "forget",
    "refresh": SAME,
}  # fmt: skip
"""Our word where it is not the engine's. What is left of an earlier replacement is deleted like anything else."""
OPERATIONS = ("replace", "delete", "create", "update", "import", "read", "forget", SAME)
"""Operations, the most grave first: of several steps of one resource the first here is its change."""


@dataclass(frozen=True)
class ResourceState:
    """A resource before or after a step; values as on the wire (camelCase), secrets masked."""

    id: str = ""
    inputs: Mapping[str, Value] = field(default_factory=dict[str, Value])
    outputs: Mapping[str, Value] = field(default_factory=dict[str, Value])
    protect: bool = False


@dataclass(frozen=True)
class Difference:
    """How the engine calls a difference of one property: its kind (`update-replace`), and whether of inputs alone."""

    kind: str
    of_inputs: bool = False


@dataclass(frozen=True)
class StepMetadata:
    """One thing the engine does, or would do, to one resource; `operation` is the engine's own word."""

    urn: str
    operation: str
    planning: bool = False
    custom: bool = True
    old: ResourceState | None = None
    new: ResourceState | None = None
    forcing: tuple[str, ...] = ()
    """Properties that force a replacement, as far as the provider tells."""
    changed: tuple[str, ...] = ()
    """Top-level properties that differ, as far as the provider tells."""
    differences: Mapping[str, Difference] = field(default_factory=dict[str, Difference])
    """Differences by property path, where the provider tells them in detail."""

    @property
    def type(self) -> str:
        """Type token."""
        return type_of(self.urn)

    @property
    def short_type(self) -> str:
        """`rds:Instance`."""
        return short_type(self.type)

    @property
    def name(self) -> str:
        """Logical name."""
        return name_of(self.urn)

    @property
    def component(self) -> str:
        """Kind of the room it stands in."""
        return component_of(self.urn)

    @property
    def managed(self) -> bool:
        """True for what a cloud makes: neither a component nor a provider."""
        return self.custom and not self.type.startswith("pulumi:providers:")


@dataclass(frozen=True)
class StepStarted:
    """The engine begins a step."""

    seconds: float
    step: StepMetadata


@dataclass(frozen=True)
class StepCompleted:
    """A step has ended well; of a refresh, `step.operation` tells what it found."""

    seconds: float
    step: StepMetadata


@dataclass(frozen=True)
class StepFailed:
    """A step has failed; why is told by a `EngineMessage` before it."""

    seconds: float
    step: StepMetadata


@dataclass(frozen=True)
class EngineMessage:
    """A message of the program, a provider or the engine; severity is info, warning or error."""

    seconds: float
    severity: str
    text: str
    urn: str = ""
    from_engine: bool = True
    """False for a message of this program, as while it waits for a rollout."""

    @property
    def component(self) -> str:
        """Kind of the room it is about."""
        return component_of(self.urn)


@dataclass(frozen=True)
class OperationEnded:
    """The engine has ended; `counts` are resources by operation."""

    seconds: float
    counts: Mapping[str, int]


Event = StepStarted | StepCompleted | StepFailed | EngineMessage | OperationEnded
OnEvent = Callable[[Event], object]


def event_of(told: "EngineEvent", seconds: float) -> Event | None:
    """An engine's event at that second of the caller's clock, or None for one that says nothing to a reader."""
    if told.resource_pre_event:
        return StepStarted(
            seconds, _step(told.resource_pre_event.metadata, planning=bool(told.resource_pre_event.planning))
        )
    if told.res_outputs_event:
        return StepCompleted(
            seconds, _step(told.res_outputs_event.metadata, planning=bool(told.res_outputs_event.planning))
        )
    if told.res_op_failed_event:
        return StepFailed(seconds, _step(told.res_op_failed_event.metadata, planning=False))
    if told.diagnostic_event:
        return _said(told.diagnostic_event, seconds)
    if told.summary_event:
        counts = cast("Mapping[str, int]", told.summary_event.resource_changes or {})
        return OperationEnded(seconds, {str(operation): count for operation, count in counts.items()})
    return None


def _said(said: "DiagnosticEvent", seconds: float) -> EngineMessage | None:
    if said.severity == "debug" or said.ephemeral or AMBIENT in said.message:
        return None
    return EngineMessage(seconds, said.severity.partition("#")[0], said.message.strip(), said.urn or "")


def _step(metadata: "StepEventMetadata", *, planning: bool) -> StepMetadata:
    state = metadata.new or metadata.old
    return StepMetadata(
        urn=metadata.urn,
        operation=metadata.op.value,
        planning=planning,
        custom=bool(state and state.custom),
        old=_state(metadata.old),
        new=_state(metadata.new),
        forcing=tuple(metadata.keys or ()),
        changed=tuple(metadata.diffs or ()),
        differences={
            path: Difference(difference.diff_kind.value, difference.input_diff)
            for path, difference in (metadata.detailed_diff or {}).items()
        },
    )


def _state(state: "StepEventStateMetadata | None") -> ResourceState | None:
    if state is None:
        return None
    return ResourceState(state.id, _plain(state.inputs), _plain(state.outputs), bool(state.protect))


def _plain(values: Mapping[str, Value] | None) -> Mapping[str, Value]:
    return {key: masked(value) for key, value in (values or {}).items()}


def masked(value: Value) -> Value:
    """A value of an event or of an exported state as JSON data, `[secret]` in place of every secret."""
    if isinstance(value, dict):
        inner = cast("dict[str, Value]", value)
        if SIGNATURE in inner:
            return _marked(inner)
        return {key: masked(part) for key, part in inner.items()}
    if isinstance(value, list):
        return [masked(part) for part in cast("list[Value]", value)]
    return UNKNOWN if value == UNKNOWN_TEXT else value


def _marked(value: Mapping[str, Value]) -> Value:
    """A secret, or something else that is no plain value (an asset, a reference), told by what identifies it."""
    known = {key: part for key, part in value.items() if key in ("urn", "hash", "path", "uri")}
    return masked(next(iter(known.values()))) if known and "ciphertext" not in value else MASKED


def normalize_operation(operation: str) -> str:
    """Our word for an operation of the engine."""
    return "replace" if operation in REPLACEMENT_STEPS else OPERATION_NAMES.get(operation, operation)


class EventCollector:
    """The events since it was made; `take` is called by the SDK in threads of its own."""

    def __init__(self, clock: Clock, on_event: OnEvent | None = None) -> None:
        self.clock, self.on_event = clock, on_event
        self.begun = clock.seconds()
        self.events = list[Event]()
        self.problem: Exception | None = None
        self._lock = Lock()

    def raise_callback_error(self) -> None:
        """Raise what `on_event` raised, if it did."""
        if self.problem is not None:
            raise self.problem

    def take(self, told: "EngineEvent") -> None:
        """Keep an event of the engine. What `on_event` raises is kept too: raised here it would only be a warning."""
        with self._lock:
            event = event_of(told, self.seconds)
            if event is None:
                return
            self.events.append(event)
            if self.on_event is None or self.problem is not None:
                return
            try:
                self.on_event(event)
            except Exception as problem:  # whatever it is, the caller gets it when the engine has ended
                self.problem = problem

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return self.clock.seconds() - self.begun

    @property
    def seconds_by_component(self) -> Mapping[str, float]:
        """Seconds from the first change to the last in each room where anything changed; rooms work side by side."""
        spans: dict[str, tuple[float, float]] = {}
        for event in self.events:
            if (
                isinstance(event, StepStarted | StepCompleted | StepFailed)
                and event.step.managed
                and normalize_operation(event.step.operation) != SAME
            ):
                first, _ = spans.get(event.step.component, (event.seconds, event.seconds))
                spans[event.step.component] = (first, event.seconds)
        return {component: last - first for component, (first, last) in spans.items()}
