"""Database servers of a warm standby: their roles, the delay of the replica, the switchover and the virtual endpoint.

A switchover swaps the roles of both servers, and the old primary follows the new one by itself, also after it was forced while
its location was lost (Microsoft Learn, "Promote read replicas"). It requires a virtual endpoint whose reader is the replica, and
which is no resource of the program: it belongs to the server that is the primary, so its id changes with each switchover.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from providers.azure.cli_commands import answer, context_in, question, rest
from providers.azure.context import AzureContext
from providers.azure.database.endpoints import server_path
from providers.azure.monitoring.metrics import REPLICA_DELAY
from providers.azure.naming import endpoint_name, server_name
from providers.contract.cli import CliCommand, CliFailure, DeployedStack, JsonObject, Shell
from providers.contract.failover import DatabaseState
from providers.contract.json_data import is_list, is_mapping

SERVER = "azure-native:dbforpostgresql:Server"
API_VERSION = "2025-08-01"
"""Microsoft.DBforPostgreSQL/flexibleServers, that of the SDK."""
METRICS_API_VERSION = "2023-10-01"
LAG_WINDOW_MINUTES = 10
"""Minutes of the metric that are read: it arrives once a minute, and some minutes late."""
REPLICAS = ("AsyncReplica", "GeoAsyncReplica")
READY, ACTIVE = "Ready", "Active"


def state_of(stack: DeployedStack, region: str, shell: Shell) -> DatabaseState:
    """Return the state of the server in a location."""
    context = _context(stack, region)
    server = _server(context, shell)
    if server is None:
        return DatabaseState(exists=False)
    writes = server.get("replicationRole") not in REPLICAS
    available = server.get("state") == READY
    return DatabaseState(True, writes, available, None if writes else _lag(context, shell))


def promote(stack: DeployedStack, region: str, shell: Shell, *, planned: bool) -> None:
    """Begin a switchover; raises CliFailure for a planned one whose replication is not active, which Azure would refuse."""
    context = _context(stack, region)
    if planned:
        server = _server(context, shell) or {}
        replica = server.get("replica")
        state = replica.get("replicationState") if is_mapping(replica) else None
        if state not in (None, ACTIVE):
            problem = f"the replication of {server_name(context)} is {state}, and a planned switchover needs {ACTIVE}"
            raise CliFailure("database", problem, "wait until it is, then run the same command again")
    shell.output(promotion(stack, region, planned=planned))


def promotion(stack: DeployedStack, region: str, *, planned: bool) -> CliCommand:
    """Return the call that begins a switchover; a forced one skips every check of the other server."""
    option = "Planned" if planned else "Forced"
    replica = {"role": "Primary", "promoteMode": "Switchover", "promoteOption": option}
    return rest("patch", server_path(_context(stack, region)), API_VERSION, {"properties": {"replica": replica}})


def connect_endpoint(stack: DeployedStack, shell: Shell) -> Sequence[str]:
    """Let the reader of the virtual endpoint be the replica, as a switchover requires; return what was done.

    Nothing is done while the servers do not have their roles.
    """
    spec = stack.spec
    active, other = (
        _context(stack, region) for region in (spec.active_region, other_region(stack, spec.active_region))
    )
    if not _have_roles(active, other, shell):
        return ()
    path, member = f"{server_path(active)}/virtualendpoints", server_name(other)
    found = list(_values(answer(shell, rest("get", path, API_VERSION))))
    if any(member in _members(each) for each in found):
        return ()
    name = str(found[0].get("name")) if found else endpoint_name(_context(stack, spec.home_region))
    body = {"properties": {"endpointType": "ReadWrite", "members": [member]}}
    shell.output(rest("put", f"{path}/{name}", API_VERSION, body))
    return (f"connected the virtual endpoint {name} with the replica in {other.region}",)


def other_region(stack: DeployedStack, region: str) -> str:
    """Return the other one of the two locations."""
    spec = stack.spec
    return (spec.standby_region or "") if region == spec.home_region else spec.home_region


def _context(stack: DeployedStack, region: str) -> AzureContext:
    return context_in(stack.spec, stack.name, region)


def _have_roles(active: AzureContext, other: AzureContext, shell: Shell) -> bool:
    first, second = _server(active, shell), _server(other, shell)
    if first is None or second is None:
        return False
    return first.get("replicationRole") not in REPLICAS and second.get("replicationRole") in REPLICAS


def _server(context: AzureContext, shell: Shell) -> JsonObject | None:
    """Return the properties of a server; None when its group has none of its name."""
    path = f"{context.group_id}/providers/Microsoft.DBforPostgreSQL/flexibleServers"
    for each in _values(answer(shell, question(context, path, API_VERSION))):
        properties = each.get("properties")
        if each.get("name") == server_name(context) and is_mapping(properties):
            return properties
    return None


def _lag(context: AzureContext, shell: Shell) -> float | None:
    """Return the newest delay; None when the replica has reported none lately."""
    now = datetime.now(UTC).replace(microsecond=0)
    since = now - timedelta(minutes=LAG_WINDOW_MINUTES)
    command = question(
        context,
        f"{server_path(context)}/providers/Microsoft.Insights/metrics",
        METRICS_API_VERSION,
        metricnames=REPLICA_DELAY,
        aggregation="Maximum",
        interval="PT1M",
        timespan=f"{since:%Y-%m-%dT%H:%M:%SZ}/{now:%Y-%m-%dT%H:%M:%SZ}",
    )
    newest = None
    for metric in _values(answer(shell, command)):
        for series in _list(metric, "timeseries"):
            for point in _list(series, "data"):
                value = point.get("maximum")
                newest = float(value) if isinstance(value, int | float) else newest
    return newest


def _members(endpoint: JsonObject) -> Sequence[object]:
    properties = endpoint.get("properties")
    members = properties.get("members") if is_mapping(properties) else None
    return members if is_list(members) else ()


def _values(document: object) -> Iterator[JsonObject]:
    """Yield the entries of a list that Resource Manager returns."""
    if is_mapping(document):
        yield from _list(document, "value")


def _list(document: JsonObject, key: str) -> Iterator[JsonObject]:
    entries = document.get(key)
    for each in entries if is_list(entries) else ():
        if is_mapping(each):
            yield cast("Mapping[str, object]", each)
