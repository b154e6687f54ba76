"""The private link from Front Door to the environment, which waits for one approval. Pure.

Front Door asks for the link when its first origin stands, under a name that it makes up, and the environment's owner
must say yes. No resource can: the connection exists before a program could declare it, Azure refuses to make what exists,
and refuses to approve what is approved. So the plan prints the command; it does nothing when nothing is pending.
"""

from providers.contract.diagnostics import Adjustment, legacy_adjustment
from providers.contract.spec import Platform

MESSAGE = "agent-platform asks for the environment"
"""By which the request is known among those of others."""
GROUP = "managedEnvironments"


def approval_command(group: str) -> str:
    """The command, for the resource group of the stack."""
    environment = f"$(az containerapp env list --resource-group {group} --query '[0].id' --output tsv)"
    state = "properties.privateLinkServiceConnectionState"
    # by its message, so that nobody else's request is approved along with it
    pending = f"[?{state}.status=='Pending' && {state}.description=='{MESSAGE}'].id"
    return (
        f'az network private-endpoint-connection list --id "{environment}" --query "{pending}" --output tsv '
        "| xargs -r -n1 az network private-endpoint-connection approve --description agent-platform --id"
    )


def link_adjustments(spec: Platform) -> list[Adjustment]:
    """What somebody must run once, after the first `up`."""
    if not spec.public or spec.azure is None:
        return []
    group = f"<stack>-agents-{spec.azure.location}"
    name, service = next(iter(spec.public.items()))
    given = (
        f"{service.path} behind a private link, which answers 503 until somebody approves it, once, after the first up: "
        f"{approval_command(group)}"
    )
    return [legacy_adjustment(f"services.{name}.path", service.path, given)]
