"""Conversion of the SDK's engine events into typed events, and their collection during an operation.

The engine masks secrets in its events; here they become the text `[secret]`. Events without information for a reader,
such as debug messages, are dropped.
"""

from collections.abc import Mapping
from threading import Lock

from pulumi.automation import DiagnosticEvent, EngineEvent
from pulumi.automation.events import PolicyEvent, StepEventMetadata, StepEventStateMetadata

from automation.deploy.events import (
    MASKED,
    SAME,
    UNKNOWN,
    EngineMessage,
    Event,
    OnEvent,
    OperationEnded,
    PropertyDiff,
    ResourceState,
    StepCompleted,
    StepFailed,
    StepMetadata,
    StepStarted,
    normalize_operation,
)
from automation.deploy.results import Clock
from automation.plan.inventory import Value
from automation.plan.sdk_internals import SIGNATURE, UNKNOWN_TEXT
from automation.urn import Urn
from providers.contract.spec.defaults import is_list, is_mapping

PLUGIN_FROM_PATH = " from $PATH at "
"""Part of the engine's warning about a plugin that it found on PATH; `doctor` reports those."""
IDENTIFYING_KEYS = ("urn", "hash", "path", "uri")
"""Keys that identify a marked object that is no secret: a resource reference or an asset."""


class EventCollector:
    """Events since its creation; `add` is the SDK's callback, called from the SDK's threads."""

    def __init__(self, clock: Clock, on_event: OnEvent | None = None, started: float | None = None) -> None:
        self.clock, self.on_event = clock, on_event
        self.started = clock.seconds() if started is None else started
        self.events = list[Event]()
        self.callback_error: Exception | None = None
        self._lock = Lock()

    def raise_callback_error(self) -> None:
        """Raise the exception that `on_event` raised, if it did."""
        if self.callback_error is not None:
            raise self.callback_error

    def add(self, engine_event: EngineEvent) -> None:
        """Store an event and pass it to `on_event`; its exception is stored, since the SDK would only log it."""
        with self._lock:
            event = event_of(engine_event, self.seconds)
            if event is None:
                return
            self.events.append(event)
            if self.on_event is None or self.callback_error is not None:
                return
            try:
                self.on_event(event)
            except Exception as error:
                self.callback_error = error

    def report(self, text: str) -> None:
        """Pass a message of this program to `on_event`."""
        if self.on_event is not None:
            self.on_event(EngineMessage(self.seconds, "info", text, from_engine=False))

    @property
    def seconds(self) -> float:
        """Seconds since its creation."""
        return self.clock.seconds() - self.started

    @property
    def seconds_by_component(self) -> Mapping[str, float]:
        """Seconds from the first to the last change in each changed component; components change in parallel."""
        spans: dict[str, tuple[float, float]] = {}
        for event in self.events:
            if not isinstance(event, StepStarted | StepCompleted | StepFailed):
                continue
            if event.step.managed and normalize_operation(event.step.operation) != SAME:
                first, _ = spans.get(event.step.component, (event.seconds, event.seconds))
                spans[event.step.component] = (first, event.seconds)
        return {component: last - first for component, (first, last) in spans.items()}


def event_of(engine_event: EngineEvent, seconds: float) -> Event | None:
    """Return the typed event, or None when it has no information for a reader."""
    if engine_event.resource_pre_event:
        planning = bool(engine_event.resource_pre_event.planning)
        return StepStarted(seconds, _step(engine_event.resource_pre_event.metadata, planning=planning))
    if engine_event.res_outputs_event:
        planning = bool(engine_event.res_outputs_event.planning)
        return StepCompleted(seconds, _step(engine_event.res_outputs_event.metadata, planning=planning))
    if engine_event.res_op_failed_event:
        return StepFailed(seconds, _step(engine_event.res_op_failed_event.metadata, planning=False))
    if engine_event.diagnostic_event:
        return _message(engine_event.diagnostic_event, seconds)
    if engine_event.policy_event:
        return _violation(engine_event.policy_event, seconds)
    if engine_event.summary_event:
        counts = engine_event.summary_event.resource_changes or {}
        return OperationEnded(seconds, {str(operation): count for operation, count in counts.items()})
    return None


def masked(value: Value) -> Value:
    """Return a value of an event or an exported state as JSON data, with `[secret]` in place of every secret."""
    if is_mapping(value):
        if SIGNATURE in value:
            return _marked(value)
        return {key: masked(part) for key, part in value.items()}
    if is_list(value):
        return [masked(part) for part in value]
    return UNKNOWN if value == UNKNOWN_TEXT else value


def _message(diagnostic: DiagnosticEvent, seconds: float) -> EngineMessage | None:
    if diagnostic.severity == "debug" or diagnostic.ephemeral or PLUGIN_FROM_PATH in diagnostic.message:
        return None
    severity, text = diagnostic.severity.partition("#")[0], diagnostic.message.strip()
    return EngineMessage(seconds, severity, text, Urn(diagnostic.urn or ""))


def _violation(policy: PolicyEvent, seconds: float) -> EngineMessage:
    severity = "error" if policy.enforcement_level == "mandatory" else "warning"
    text = " ".join(policy.message.split())
    return EngineMessage(
        seconds, severity, f"policy violation: {policy.policy_name}: {text}", Urn(policy.resource_urn or "")
    )


def _step(metadata: StepEventMetadata, *, planning: bool) -> StepMetadata:
    state = metadata.new or metadata.old
    return StepMetadata(
        urn=Urn(metadata.urn),
        operation=metadata.op.value,
        planning=planning,
        custom=bool(state and state.custom),
        old=_state(metadata.old),
        new=_state(metadata.new),
        replace_keys=tuple(metadata.keys or ()),
        changed_keys=tuple(metadata.diffs or ()),
        detailed_diff={
            path: PropertyDiff(diff.diff_kind.value, diff.input_diff)
            for path, diff in (metadata.detailed_diff or {}).items()
        },
    )


def _state(state: StepEventStateMetadata | None) -> ResourceState | None:
    if state is None:
        return None
    return ResourceState(state.id, _masked_object(state.inputs), _masked_object(state.outputs), bool(state.protect))


def _masked_object(values: Mapping[str, Value] | None) -> Mapping[str, Value]:
    return {key: masked(value) for key, value in (values or {}).items()}


def _marked(value: Mapping[str, Value]) -> Value:
    """Return the mask of a secret, or what identifies another marked object (an asset, a reference)."""
    identity = next((part for key, part in value.items() if key in IDENTIFYING_KEYS), None)
    return MASKED if identity is None or "ciphertext" in value else masked(identity)
