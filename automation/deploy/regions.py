"""Check before an update: the region that serves never moves to one whose database does not follow it. Pure.

After a promotion the database of the other region is as it was: an update that let it serve would move requests and jobs to old
data. The preview shows whether the database of the region that is to serve is a replica now: it loses its source.
"""

from collections.abc import Iterable

from automation.deploy.changes import ResourceChange
from automation.deploy.errors import DeploymentFailed, Failure
from providers.contract.region_specs import is_warm
from providers.contract.spec import Platform


def refuse_old_data(
    stack: str, spec: Platform, served: str, changes: Iterable[ResourceChange], source: tuple[str, str] | None
) -> None:
    """Raise DeploymentFailed when an update would let a region serve whose database is no replica of the one that serves.

    `served` is the region that serves, empty before the first update; `source` is the type of the database server and its input
    with the server that it replicates.
    """
    active = spec.active_region
    if not is_warm(spec) or spec.database is None or source is None or served in ("", active):
        return
    server, path = source
    place = stack if active == spec.home_region else f"{stack}-{active}"
    for change in changes:
        promoted = any(each.path == path and each.before and not each.after for each in change.properties)
        if (
            change.type == server
            and change.name == f"{place}-database"
            and not promoted
            and change.operation != "create"
        ):
            reason = "whose database does not replicate" if path else "whose database only a failover promotes"
            problem = f"recovery.active_region moves from {served} to {active}, {reason}"
            fix = f"set recovery.active_region to {served}"
            fix += "" if path else f", then run `agent-platform failover {stack} --planned`"
            raise DeploymentFailed(Failure.GUARDED, problem, fix, stack=stack)
