"""Services, schedules, transfers and backends of a region in a failover on Google Cloud: the requests that stop and move them. Pure."""

from collections.abc import Iterator

from providers.contract.cli import CliFailure, DeployedResource, DeployedStack, Shell
from providers.gcp.cli_job import RUN_TYPES
from providers.gcp.compute.scaling import service_scaling
from providers.gcp.naming import run_name
from providers.gcp.rest import Answer, ApiRequest, parsed

SERVICE, POOL = "gcp:cloudrunv2/service:Service", "gcp:cloudrunv2/workerPool:WorkerPool"
SCHEDULE, TRANSFER = "gcp:cloudscheduler/job:Job", "gcp:storage/transferJob:TransferJob"
BACKEND = "gcp:compute/backendService:BackendService"
GROUP = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"
READY = "CONDITION_SUCCEEDED"
POLL_SECONDS, TRANSFER_SECONDS = 10.0, 1800.0
"""Time for the copy of what was written in the last hour; Storage Transfer Service also lists both buckets."""


class _ScheduleState(Answer):
    state: str = ""


class _RunCondition(Answer):
    state: str = ""
    message: str = ""


class _RunState(Answer):
    terminalCondition: _RunCondition = _RunCondition()


class _TransferOperation(Answer):
    name: str = ""
    done: bool = False


class _Transfer(Answer):
    status: str = ""
    latestOperationName: str = ""


def probe(stack: DeployedStack, region: str) -> ApiRequest:
    """Return a request that the region itself answers."""
    return ApiRequest("GET", "run", f"v2/{_location(stack, region)}/services", (("pageSize", "1"),))


def sizes(stack: DeployedStack, region: str, *, stopped: bool) -> Iterator[ApiRequest]:
    """Yield the requests that stop the services of a region, or give them the replicas of the spec.

    Scaling is a setting of the service and not of a revision, so nothing is rolled out.
    """
    for name, service in stack.spec.services.items():
        resource = _deployed(stack, region, name)
        scaling = service_scaling(stack.spec, service)
        kind = "workerPools" if resource.type == POOL else "services"
        count = 0 if stopped else scaling.min_replicas
        if kind == "workerPools":
            values: dict[str, object] = {"manualInstanceCount": count}
        elif stopped or scaling.is_fixed:
            values = {"scalingMode": "MANUAL", "manualInstanceCount": count}
        else:
            bounds = {"minInstanceCount": count, "maxInstanceCount": scaling.max_replicas}
            values = {"scalingMode": "AUTOMATIC", **bounds}
        path = f"v2/{_location(stack, region)}/{kind}/{run_name(stack.name_in(region), name)}"
        yield ApiRequest("PATCH", "run", path, (("updateMask", "scaling"),), {"scaling": values})


def schedule_changes(stack: DeployedStack, region: str, *, paused: bool) -> Iterator[ApiRequest]:
    """Yield the requests that pause or resume the schedules of a region."""
    for job in stack.spec.jobs:
        path = f"v1/{_location(stack, region)}/jobs/{run_name(stack.name_in(region), job)}"
        yield ApiRequest("POST", "cloudscheduler", f"{path}:{'pause' if paused else 'resume'}", body={})


def set_schedules(stack: DeployedStack, region: str, shell: Shell, *, paused: bool) -> None:
    """Pause or resume the schedules of a region; Cloud Scheduler refuses to pause a job that is paused."""
    for change in schedule_changes(stack, region, paused=paused):
        path = change.path.rpartition(":")[0]
        state = parsed(_ScheduleState, shell.output(ApiRequest("GET", "cloudscheduler", path).command()), path).state
        if (state == "PAUSED") != paused:
            shell.output(change.command())


def problem_of(stack: DeployedStack, region: str, shell: Shell) -> str:
    """Return the first service of a region that is not ready, with the reason; empty when all are."""
    for name, service in stack.spec.services.items():
        if service.port is None:
            continue
        path = f"v2/{_location(stack, region)}/services/{run_name(stack.name_in(region), name)}"
        answer = shell.output(ApiRequest("GET", "run", path).command())
        condition = parsed(_RunState, answer, f"services.{name}").terminalCondition
        if condition.state != READY:
            return f"{name}: {condition.message or condition.state or 'no state is known'}"
    return ""


def transfer_into(stack: DeployedStack, region: str) -> DeployedResource | None:
    """Return the transfer that copies the objects of the other region into the bucket of a region."""
    spec = stack.spec
    place = stack.name if region != spec.home_region else stack.name_in(spec.standby_region or "")
    return stack.resource(TRANSFER, f"{place}-recovery-objects")


def copy_last_objects(stack: DeployedStack, region: str, shell: Shell) -> None:
    """Copy what was written since the last hourly transfer into a region, and wait until it is there.

    Nothing is copied by a transfer that is disabled: the region has had its last copy, or writes its objects itself.
    """
    found = transfer_into(stack, region)
    if found is None:
        return
    request = ApiRequest("GET", "storagetransfer", f"v1/{_name(found)}", (("projectId", _project(stack)),))
    transfer = parsed(_Transfer, shell.output(request.command()), found.name)
    if transfer.status == "DISABLED":
        return
    # a second operation of the same transfer is refused
    _await(transfer.latestOperationName, region, shell)
    for run in last_copies(stack, region):
        _await(parsed(_TransferOperation, shell.output(run.command()), found.name).name, region, shell)


def last_copies(stack: DeployedStack, region: str) -> Iterator[ApiRequest]:
    """Yield the request that copies the objects of the other region into a region now."""
    found = transfer_into(stack, region)
    if found is not None:
        yield ApiRequest("POST", "storagetransfer", f"v1/{_name(found)}:run", body=_owned(stack))


def _await(operation: str, region: str, shell: Shell) -> None:
    """Wait for the end of an operation of Storage Transfer Service; nothing to wait for without a name."""
    waited = 0.0
    while operation:
        answer = shell.output(ApiRequest("GET", "storagetransfer", f"v1/{operation}").command())
        if parsed(_TransferOperation, answer, operation).done:
            return
        if waited >= TRANSFER_SECONDS:
            problem = f"the copy of the objects into {region} has not ended after {TRANSFER_SECONDS / 60:.0f} min"
            raise CliFailure("storage", problem, "run the same command again, which waits for it")
        shell.sleep(POLL_SECONDS)
        waited += POLL_SECONDS


def set_transfer(stack: DeployedStack, region: str, status: str) -> Iterator[ApiRequest]:
    """Yield the request that lets the transfer into a region run or not: none may write there while that region serves."""
    found = transfer_into(stack, region)
    if found is not None:
        body = {**_owned(stack), "transferJob": {"status": status}, "updateTransferJobFieldMask": "status"}
        yield ApiRequest("PATCH", "storagetransfer", f"v1/{_name(found)}", body=body)


def routes(stack: DeployedStack, region: str) -> Iterator[ApiRequest]:
    """Yield the requests that give each backend of the entry the endpoint group of a region, and no other."""
    for service in stack.spec.public:
        backend = stack.resource(BACKEND, f"{stack.name}-entry-{service}")
        group = stack.resource(GROUP, f"{stack.name_in(region)}-ingress-{service}")
        if backend is None or group is None:
            raise stack.not_deployed(service)
        path = f"compute/v1/projects/{_project(stack)}/global/backendServices/{_name(backend)}"
        yield ApiRequest("PATCH", "compute", path, body={"backends": [{"group": _text(group, "selfLink")}]})


def _deployed(stack: DeployedStack, region: str, service: str) -> DeployedResource:
    name = f"{stack.name_in(region)}-compute-{service}"
    resource = next((found for token in RUN_TYPES if (found := stack.resource(token, name))), None)
    if resource is None:
        raise stack.not_deployed(service)
    return resource


def _owned(stack: DeployedStack) -> dict[str, object]:
    return {"projectId": _project(stack)}


def _name(resource: DeployedResource) -> str:
    return _text(resource, "name")


def _text(resource: DeployedResource, key: str) -> str:
    value = resource.outputs.get(key)
    if not isinstance(value, str):
        fix = "run agent-platform refresh for the stack"
        raise CliFailure(resource.name, f"its {key} is missing in the state", fix)
    return value


def _location(stack: DeployedStack, region: str) -> str:
    return f"projects/{_project(stack)}/locations/{region}"


def _project(stack: DeployedStack) -> str:
    return stack.spec.gcp.project if stack.spec.gcp else ""
