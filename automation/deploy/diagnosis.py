"""What the machine that a platform stands on knows of the resources that failed, in place of what providers said."""

import os
from collections.abc import Iterable, Iterator, Mapping

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, Event, StepFailed
from automation.stack.document import Stack
from providers import host_checks
from providers.contract.preflight import FailedResource

INTERRUPTED = (Failure.CANCELLED, Failure.KILLED)


def explained(
    failure: DeploymentFailed, events: Iterable[Event], stack: Stack, environment: Mapping[str, str]
) -> DeploymentFailed:
    """The failure with the machine's own reasons, each told once; as it is where the machine has none."""
    if failure.kind in INTERRUPTED:
        return failure
    ask, given = host_checks(stack.spec.cloud).explain, {**os.environ, **environment}
    reasons = [ask(stack.spec, stack.name, broken, given) for broken in broken_in(events)]
    found = [reason for reason in reasons if reason is not None]
    if not found:
        return failure
    sentences = "; ".join(dict.fromkeys(reason.sentence for reason in found))
    advice = "; ".join(dict.fromkeys(reason.advice for reason in found))
    return DeploymentFailed(Failure.RESOURCE, f"{stack.name}: {sentences}", advice, failure.log)


def broken_in(events: Iterable[Event]) -> Iterator[FailedResource]:
    """Resources that failed, each with all that was said of it."""
    told = tuple(events)
    for event in told:
        if isinstance(event, StepFailed):
            said = (each.text for each in told if isinstance(each, EngineMessage) and each.urn == event.step.urn)
            yield FailedResource(event.step.name, event.step.type, "\n".join(said))
