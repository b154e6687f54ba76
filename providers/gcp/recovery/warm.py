"""Commands that let the standby region serve after the loss of the home region, with `recovery.mode: warm`. Pure.

Promotion is followed by an operation of some minutes, for which the command waits. The backends of the load balancer change last.
"""

from collections.abc import Iterator

from providers.contract.recovery_plan import CloudCommand, CloudSteps, RecoverySite, Step
from providers.gcp.compute.scaling import service_scaling
from providers.gcp.naming import region_name, run_name
from providers.gcp.recovery.commands import find_instance, gcloud
from providers.gcp.recovery.differences import has_dr_replica

PROMETHEUS = "https://monitoring.googleapis.com/v1/projects/{project}/location/global/prometheus/api/v1/query"
LAG = 'query=cloudsql_googleapis_com:database_replication_replica_lag{{database_id="{project}:$INSTANCE"}}'


def warm_steps(site: RecoverySite, detect: Step) -> CloudSteps:
    """Return the steps for a lost region whose standby region runs; `site` is the stack in its home region."""
    place = region_name(site.stack, site.standby)
    there = RecoverySite(place, site.spec, site.standby, resources=site.resources, moved=True)
    has_database = site.spec.database is not None
    adopt = Step(
        "The state does not know of this: run `agent-platform failover` later, which takes over what the commands changed."
    )
    return CloudSteps(
        detect=(detect,),
        assess=(_lag(there),) if has_database else (),
        without_tool=(
            *((_held(site),) if site.spec.storage is not None else ()),
            *((_promotion(there),) if has_database else ()),
            _full_size(there),
            *_backends(site),
            adopt,
        ),
    )


def _lag(site: RecoverySite) -> Step:
    """Delay of the replica, and whether Cloud SQL fails over to it."""
    project = site.spec.gcp.project if site.spec.gcp else ""
    query = CloudCommand(
        (
            "curl", "--silent", "--get", "--header", "Authorization: Bearer $TOKEN",
            "--data-urlencode", LAG.format(project=project), PROMETHEUS.format(project=project),
        )
    )  # fmt: skip
    token = gcloud(site, "auth", "print-access-token", sets="TOKEN")
    return Step(
        f"Delay of the replica in {site.region}, in seconds: what was written after it is lost.",
        commands=(find_instance(site), token, query, _role(site)),
    )


def _role(site: RecoverySite) -> CloudCommand:
    """Command that prints the role of the instance; a promoted one has no source."""
    fields = "--format=value(state,instanceType,masterInstanceName,replicationCluster.drReplica)"
    return gcloud(site, "sql", "instances", "describe", "$INSTANCE", fields)


def _promotion(site: RecoverySite) -> Step:
    failover = ("--failover",) if has_dr_replica(site.spec) else ()
    follows = (
        "The old database becomes a replica when its region answers again."
        if failover
        else "The old database stays one that writes, so make sure that the services of the home region are stopped."
    )
    return Step(
        f"Promote the replica in {site.region}. It cannot be undone. {follows}",
        commands=(
            find_instance(site),
            gcloud(site, "sql", "instances", "promote-replica", "$INSTANCE", *failover, "--quiet"),
            _role(site),
        ),
    )


def _full_size(site: RecoverySite) -> Step:
    commands = [*_sizes(site), *(_resumed(site, job) for job in site.spec.jobs)]
    return Step(f"Run every service and job in {site.region} as in the stack file.", commands=tuple(commands))


def _sizes(site: RecoverySite) -> Iterator[CloudCommand]:
    region = f"--region={site.region}"
    for name, service in site.spec.services.items():
        scaling, run = service_scaling(site.spec, service), run_name(site.stack, name)
        if service.port is None:
            yield gcloud(site, "run", "worker-pools", "update", run, region, f"--instances={scaling.min_replicas}")
        else:
            count = f"--{'scaling' if scaling.is_fixed else 'min'}={scaling.min_replicas}"
            yield gcloud(site, "run", "services", "update", run, region, count)


def _resumed(site: RecoverySite, job: str) -> CloudCommand:
    return gcloud(site, "scheduler", "jobs", "resume", run_name(site.stack, job), f"--location={site.region}")


def _held(site: RecoverySite) -> Step:
    """Step that ends copies into the bucket that gets new objects now; `site` is the stack in its home region."""
    described = f"--filter=description='Copies objects of the stack {site.stack} to {site.standby}'"
    find = gcloud(site, "transfer", "jobs", "list", described, "--format=value(name)", "--limit=1", sets="TRANSFER")
    return Step(
        f"Disable the transfer of objects to {site.standby}, which would write older ones over those that are new there.",
        commands=(find, gcloud(site, "transfer", "jobs", "update", "$TRANSFER", "--status=disabled")),
    )


def _backends(site: RecoverySite) -> tuple[Step, ...]:
    """Step that leads the load balancer to the standby region; `site` is the stack in its home region."""
    commands: list[CloudCommand] = []
    for number, name in enumerate(site.spec.public):
        backend, group, old = f"BACKEND_{number}", f"GROUP_{number}", f"OLD_GROUP_{number}"
        found = f"--filter=name~^{site.stack}-entry-{name}-[0-9a-f]+$"
        commands += [
            gcloud(
                site, "compute", "backend-services", "list", "--global", found, "--format=value(name)", sets=backend
            ),
            _group(site, region_name(site.stack, site.standby), name, group),
            _group(site, site.stack, name, old),
            _changed(site, "add-backend", backend, group, site.standby),
            _changed(site, "remove-backend", backend, old, site.region),
        ]
    if not commands:
        return ()
    text = f"The services are ready in {site.standby}: lead the load balancer there, which keeps its address."
    return (Step(text, commands=tuple(commands)),)


def _group(site: RecoverySite, place: str, service: str, sets: str) -> CloudCommand:
    found = f"--filter=name~^{place}-ingress-{service}-[0-9a-f]+$"
    return gcloud(site, "compute", "network-endpoint-groups", "list", found, "--format=value(name)", sets=sets)


def _changed(site: RecoverySite, verb: str, backend: str, group: str, region: str) -> CloudCommand:
    of = (f"--network-endpoint-group=${group}", f"--network-endpoint-group-region={region}")
    return gcloud(site, "compute", "backend-services", verb, f"${backend}", "--global", *of)
