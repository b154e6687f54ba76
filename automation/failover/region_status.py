"""Status of the regions of a warm standby in lines: which one serves, the last failover, and the database of each."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from automation.deploy.errors import DeploymentFailed
from automation.deploy.events import OnEvent
from automation.deploy.failover_record import FailoverRecord
from automation.failover.begin import FailoverQuestions
from automation.failover.stack_failover import StackFailover
from providers.contract.cli import DeployedResource
from providers.contract.region_specs import is_warm

if TYPE_CHECKING:
    from automation.deploy.deployment import Deployment


def region_lines(deployment: "Deployment", resources: Sequence[DeployedResource]) -> Iterator[str]:
    """Yield the lines of a deployed stack; none without a warm standby."""
    spec = deployment.file.spec
    if is_warm(spec) and resources:
        failover = StackFailover(deployment, lambda _line: None, _no_phase)
        yield from status_of(failover, (spec.home_region, spec.standby_region or ""))


def _no_phase(title: str) -> AbstractContextManager[OnEvent]:
    raise ValueError(f"a status changes nothing, and this would: {title}")


def status_of(stack: FailoverQuestions, regions: Sequence[str]) -> Iterator[str]:
    """Yield a line for what serves, for the last failover, and for each region; what is not known has its reason."""
    yield f"{stack.active} serves"
    record = stack.record()
    if record is not None:
        yield _record_line(stack, record)
    for region in regions:
        yield f"{region}: {_region(stack, region)}"


def _record_line(stack: FailoverQuestions, record: FailoverRecord) -> str:
    how = "planned " if record.planned and record.kind == "failover" else "automatic " if record.automatic else ""
    text = f"{how}{record.kind} from {record.source} to {record.target}, begun {record.since}"
    if record.open:
        state = "is held" if record.held else "is in progress"
        return f"{text}, {state} ({record.phase}); continue with `agent-platform {record.kind} {stack.name}`"
    return f"{text}, has ended"


def _region(stack: FailoverQuestions, region: str) -> str:
    try:
        if not stack.answers(region):
            return "does not answer"
        if not stack.has_database:
            return "answers"
        state = stack.database(region)
    except DeploymentFailed as failure:
        return f"unknown: {failure.problem}"
    if not state.exists:
        return "has no database"
    if state.writes:
        return "the database writes" if region == stack.active else "the database does not replicate and has old data"
    return "replica, delay unknown" if state.lag_seconds is None else f"replica, {state.lag_seconds:.0f} s behind"
