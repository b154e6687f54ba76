"""Typed events of the engine: steps, messages and the end of an operation. Imports no SDK.

`automation.deploy.engine_events` makes them of the SDK's events. Times are seconds since the operation started, on the
caller's clock: the engine's timestamps are whole seconds, too coarse to measure components.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from automation.plan.inventory import Value
from automation.urn import Urn

MASKED = "[secret]"
"""Text in place of every secret value."""
UNKNOWN = "[unknown]"
"""Text in place of every value that only the cloud can compute."""
NO_URN = Urn()
"""URN of a message that is about no resource."""
SAME = "same"
OPERATIONS = ("replace", "delete", "create", "update", "import", "read", "forget", SAME)
"""Operations on a resource, the most severe first."""
REPLACEMENT_STEPS = ("replace", "create-replacement", "read-replacement", "import-replacement")
"""Steps of the engine that create the new resource of a replacement."""
OPERATION_NAMES = {
    "delete-replaced": "delete", "discard-replaced": "forget", "discard": "forget", "remove-pending-replace": "forget",
    "refresh": SAME,
}  # fmt: skip
"""Operations by step of the engine, where the names differ; remains of an earlier replacement count as deleted."""


def normalize_operation(step: str) -> str:
    """Return the operation of a step of the engine."""
    return "replace" if step in REPLACEMENT_STEPS else OPERATION_NAMES.get(step, step)


@dataclass(frozen=True)
class ResourceRecord:
    """Base of records about one resource: its URN, and the parts of the URN."""

    urn: Urn

    @property
    def type(self) -> str:
        """Type token."""
        return self.urn.type

    @property
    def short_type(self) -> str:
        """Type without module path: `rds:Instance`."""
        return self.urn.short_type

    @property
    def name(self) -> str:
        """Logical name."""
        return self.urn.name

    @property
    def component(self) -> str:
        """Kind of the component that the resource belongs to: `Database`."""
        return self.urn.component


@dataclass(frozen=True)
class ResourceState:
    """Resource before or after a step; values in wire format (camelCase), secrets masked."""

    id: str = ""
    inputs: Mapping[str, Value] = field(default_factory=dict[str, Value])
    outputs: Mapping[str, Value] = field(default_factory=dict[str, Value])
    protect: bool = False


@dataclass(frozen=True)
class PropertyDiff:
    """Entry of a provider's detailed diff: its kind, as in `update-replace`, and whether it compares inputs only."""

    kind: str
    input_diff: bool = False

    @property
    def forces_replacement(self) -> bool:
        """True when the property cannot be changed in place."""
        return self.kind.endswith("-replace")


@dataclass(frozen=True)
class StepMetadata(ResourceRecord):
    """Step of the engine on one resource, planned or executed; `operation` is the engine's name of the step."""

    operation: str
    planning: bool = False
    custom: bool = True
    old: ResourceState | None = None
    new: ResourceState | None = None
    replace_keys: tuple[str, ...] = ()
    """Properties that force a replacement, if the provider reports them."""
    changed_keys: tuple[str, ...] = ()
    """Top-level properties that differ, if the provider reports them."""
    detailed_diff: Mapping[str, PropertyDiff] = field(default_factory=dict[str, PropertyDiff])
    """Differences by property path, if the provider reports them in detail."""

    @property
    def managed(self) -> bool:
        """True for a resource that a provider creates: neither a component nor a provider."""
        return self.custom and not self.urn.is_provider


@dataclass(frozen=True)
class StepStarted:
    """Start of a step."""

    seconds: float
    step: StepMetadata


@dataclass(frozen=True)
class StepCompleted:
    """Successful end of a step; in a refresh, `step.operation` is the difference found."""

    seconds: float
    step: StepMetadata


@dataclass(frozen=True)
class StepFailed:
    """Failed step; an `EngineMessage` before it contains the cause."""

    seconds: float
    step: StepMetadata


@dataclass(frozen=True)
class EngineMessage:
    """Message of the program, a provider or the engine; severity is info, warning or error."""

    seconds: float
    severity: str
    text: str
    urn: Urn = NO_URN
    from_engine: bool = True
    """False for a message of this program, such as progress of a rollout."""

    @property
    def component(self) -> str:
        """Kind of the component that the message is about."""
        return self.urn.component


@dataclass(frozen=True)
class OperationEnded:
    """End of an operation; `counts` are resources by step of the engine."""

    seconds: float
    counts: Mapping[str, int]


Event = StepStarted | StepCompleted | StepFailed | EngineMessage | OperationEnded
OnEvent = Callable[[Event], object]
"""Callback for events; called from threads of the SDK."""
