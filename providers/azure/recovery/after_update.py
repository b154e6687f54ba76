"""Steps that a warm standby needs after an update, because they follow the roles that commands gave to both locations. Pure."""

from collections.abc import Sequence

from providers.azure.recovery.app_states import start
from providers.azure.recovery.objects_direction import direct_objects
from providers.azure.recovery.servers import connect_endpoint
from providers.contract.cli import DeployedStack, Shell
from providers.contract.diagnostics import listed
from providers.contract.region_specs import is_warm


def complete_standby(stack: DeployedStack, shell: Shell) -> Sequence[str]:
    """Start what a failover stopped, connect the replica and direct the copies of objects; return what was done.

    An update is refused while a failover is in progress, so nothing is stopped on purpose here.
    """
    spec = stack.spec
    if not is_warm(spec):
        return ()
    done: list[str] = []
    for region in (spec.home_region, spec.standby_region or ""):
        started = start(stack, region, shell)
        if started:
            done.append(f"started {listed(started, 'and')} in {region}")
    if spec.database is not None:
        done += connect_endpoint(stack, shell)
    return [*done, *direct_objects(stack, shell)]
