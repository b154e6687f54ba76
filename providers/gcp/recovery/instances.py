"""Database instances of a failover on Google Cloud: what Cloud SQL says of them, and the requests that change their roles. Pure.

Names that Pulumi completes come from the state. Cloud SQL's API is global; a request is about one instance.
"""

import json

from providers.contract.cli import CliFailure, DeployedStack, Shell
from providers.contract.failover import DatabaseState
from providers.gcp.recovery.differences import has_dr_replica
from providers.gcp.rest import Answer, ApiRequest, parsed

INSTANCE = "gcp:sql/databaseInstance:DatabaseInstance"
LAG = "cloudsql_googleapis_com:database_replication_replica_lag"
BUSY = frozenset(
    {
        "CREATE", "CREATE_REPLICA", "FAILOVER", "MAINTENANCE", "PROMOTE_REPLICA", "RECONFIGURE_OLD_PRIMARY", "RECREATE_REPLICA",
        "RESTART", "SWITCHOVER", "SWITCHOVER_TO_REPLICA", "UPDATE",
    }
)  # fmt: skip
"""Operations during which another one is refused or the role changes; a backup, which follows a promotion, is none."""
OPERATIONS = 20
"""Newest operations of an instance that are read."""
SWITCHOVER_SECONDS = 900
"""Time for a switchover, after which Cloud SQL ends it and the roles stay as they were."""
POLL_SECONDS, DESIGNATION_SECONDS = 10.0, 600.0


class ReplicationPair(Answer):
    """`ReplicationCluster` of the Cloud SQL Admin API."""

    failoverDrReplicaName: str = ""
    drReplica: bool = False


class SqlInstance(Answer):
    """`DatabaseInstance` of the Cloud SQL Admin API."""

    name: str
    state: str = ""
    instanceType: str = ""
    masterInstanceName: str = ""
    replicationCluster: ReplicationPair = ReplicationPair()

    @property
    def writes(self) -> bool:
        """True for an instance that is no replica."""
        return self.instanceType == "CLOUD_SQL_INSTANCE"


class _Instances(Answer):
    items: tuple[SqlInstance, ...] = ()


class _SqlOperation(Answer):
    operationType: str = ""
    status: str = ""


class _SqlOperations(Answer):
    items: tuple[_SqlOperation, ...] = ()


class _Sample(Answer):
    value: tuple[float, str]


class _Vector(Answer):
    result: tuple[_Sample, ...] = ()


class _Lag(Answer):
    data: _Vector = _Vector()


def name_of(stack: DeployedStack, region: str) -> str | None:
    """Return the name of the instance in a region; None when the state has none."""
    resource = stack.resource(INSTANCE, f"{stack.name_in(region)}-database")
    name = resource.outputs.get("name") if resource is not None else None
    return name if isinstance(name, str) else None


def instance_of(stack: DeployedStack, region: str, shell: Shell) -> SqlInstance | None:
    """Return the instance in a region; None when there is none."""
    name = name_of(stack, region)
    if name is None:
        return None
    request = ApiRequest("GET", "sqladmin", f"v1/projects/{_project(stack)}/instances", (("filter", f"name:{name}"),))
    found = parsed(_Instances, shell.output(request.probe()), name).items
    return next((each for each in found if each.name == name), None)


def state_of(stack: DeployedStack, region: str, shell: Shell) -> DatabaseState:
    """Return the state of the database in a region."""
    instance = instance_of(stack, region, shell)
    if instance is None:
        return DatabaseState(exists=False)
    available = instance.state == "RUNNABLE" and not _is_busy(stack, instance.name, shell)
    lag = None if instance.writes else _lag(stack, instance.name, shell)
    return DatabaseState(True, instance.writes, available, lag)


def promotion(stack: DeployedStack, name: str, *, planned: bool, designated: bool) -> ApiRequest:
    """Return the request that promotes a replica: without loss when planned, and so that the other instance follows if it can.

    Without a designation for disaster recovery, Cloud SQL promotes the replica, and the other instance stays one that writes.
    """
    path = f"v1/projects/{_project(stack)}/instances/{name}"
    if not designated:
        return ApiRequest("POST", "sqladmin", f"{path}/promoteReplica")
    if planned:
        return ApiRequest("POST", "sqladmin", f"{path}/switchover", (("dbTimeout", f"{SWITCHOVER_SECONDS}s"),))
    return ApiRequest("POST", "sqladmin", f"{path}/promoteReplica", (("failover", "true"),))


def promote(stack: DeployedStack, region: str, shell: Shell, *, planned: bool) -> None:
    """Begin the promotion of the replica in a region; a planned one with a designation, which needs both regions."""
    instance = instance_of(stack, region, shell)
    if instance is None:
        problem, fix = f"{region} has no database", f"follow `agent-platform recovery plan {stack.name}`"
        raise CliFailure("database", problem, fix)
    if planned and not instance.replicationCluster.drReplica and designate(stack, region, shell):
        instance = instance_of(stack, region, shell) or instance
    designated = instance.replicationCluster.drReplica
    shell.output(promotion(stack, instance.name, planned=planned, designated=designated).command())


def designate(stack: DeployedStack, region: str, shell: Shell) -> str:
    """Designate the replica in a region for disaster recovery, and return what was done; empty when there is nothing to do.

    Only the edition ENTERPRISE_PLUS has such replicas, and a designation names an instance that exists: the program cannot declare
    it with the first one.
    """
    source = name_of(stack, _other(stack, region))
    if source is None or not has_dr_replica(stack.spec):
        return ""
    replica = instance_of(stack, region, shell)
    if (
        replica is None
        or replica.masterInstanceName.rpartition(":")[2] != source
        or replica.replicationCluster.drReplica
    ):
        return ""
    shell.output(designation(stack, source, replica.name).command())
    waited = 0.0
    while _is_busy(stack, source, shell):
        if waited >= DESIGNATION_SECONDS:
            problem = f"{source} does not complete the designation of {replica.name} within {DESIGNATION_SECONDS / 60:.0f} min"
            raise CliFailure("database", problem, f"look at `gcloud sql operations list --instance={source}`")
        shell.sleep(POLL_SECONDS)
        waited += POLL_SECONDS
    return f"{replica.name} is the replica of {source} for disaster recovery"


def designation(stack: DeployedStack, source: str, replica: str) -> ApiRequest:
    """Return the request that designates a replica for disaster recovery."""
    project = _project(stack)
    body = {"replicationCluster": {"failoverDrReplicaName": f"{project}:{replica}"}}
    return ApiRequest("PATCH", "sqladmin", f"v1/projects/{project}/instances/{source}", body=body)


def _is_busy(stack: DeployedStack, name: str, shell: Shell) -> bool:
    query = (("instance", name), ("maxResults", str(OPERATIONS)))
    request = ApiRequest("GET", "sqladmin", f"v1/projects/{_project(stack)}/operations", query)
    operations = parsed(_SqlOperations, shell.output(request.probe()), name).items
    return any(each.status != "DONE" and each.operationType in BUSY for each in operations)


def _lag(stack: DeployedStack, name: str, shell: Shell) -> float | None:
    project = _project(stack)
    query = f"max({LAG}{{database_id={json.dumps(f'{project}:{name}')}}})"
    path = f"v1/projects/{project}/location/global/prometheus/api/v1/query"
    answer = shell.output(ApiRequest("POST", "monitoring", path, body={"query": query}).probe())
    values = [float(each.value[1]) for each in parsed(_Lag, answer, name).data.result]
    return values[0] if values and values[0] >= 0 else None


def _other(stack: DeployedStack, region: str) -> str:
    spec = stack.spec
    return (spec.standby_region or "") if region == spec.home_region else spec.home_region


def _project(stack: DeployedStack) -> str:
    return stack.spec.gcp.project if stack.spec.gcp else ""
