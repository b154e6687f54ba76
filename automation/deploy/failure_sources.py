"""A command of the engine that failed, as DeploymentFailed: from its text, the events before it, and its interruptions."""

from typing import TYPE_CHECKING

from automation.deploy.classify import Evidence, failure_of
from automation.deploy.diagnosis import explained
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.workspace import ProjectStack, no_such_stack
from providers.contract.diagnostics import InvalidConfiguration

if TYPE_CHECKING:
    from automation.deploy.event_collector import Collected
    from automation.stack.workdir import Workdir


def failure_from(
    engine: ProjectStack, error: Exception, told: "Collected | None" = None, layout: "Workdir | None" = None
) -> DeploymentFailed:
    """Why the last command of the engine failed; `told` has the events that led to it, `layout` the file of the stack.

    The SDK raises a bare RuntimeError where the engine ended well and never told its summary.
    """
    if isinstance(error, RuntimeError):
        sentence = f"{engine.name}: the engine ended without telling what it did"
        return DeploymentFailed(Failure.UNKNOWN, sentence, "run the same again", str(error))
    command = engine.workspace.pulumi_command
    said = command.last.stderr if command.last else str(error)
    events, interruptions = told.events if told else (), command.interruptions
    failure = failure_of(Evidence(engine.name, said, events, interruptions.count, interruptions.killed))
    if failure.kind is Failure.NO_STACK:
        return no_such_stack(engine, failure)
    if not events or layout is None:
        return failure
    try:
        return explained(failure, events, layout.file, engine.workspace.env_vars)
    except InvalidConfiguration:
        # a stack whose file is mistaken can still be destroyed
        return failure
