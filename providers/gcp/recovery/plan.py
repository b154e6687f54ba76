"""Commands of the Google Cloud CLI for each failure of a stack on Google Cloud, with the names of the stack. Pure.

Instances, buckets and caches have names that Pulumi completes with random digits; they are looked up by how they begin.
"""

from collections.abc import Iterator, Mapping

from providers.contract.recovery_plan import (
    BackupQuestion,
    CloudCommand,
    CloudRecovery,
    CloudSteps,
    Incident,
    RecoverySite,
    Step,
    StepsOf,
    Variable,
)
from providers.gcp.recovery.commands import find_bucket, find_instance, gcloud
from providers.gcp.recovery.costs import costs
from providers.gcp.recovery.database import (
    by_hand_steps,
    database_steps,
    find_exports,
    instance_state,
    region_steps,
    rows_steps,
    zone_step,
)
from providers.gcp.recovery.promises import PROMISES

SERVICE, POOL = "gcp:cloudrunv2/service:Service", "gcp:cloudrunv2/workerPool:WorkerPool"
REPOSITORY = "gcp:artifactregistry/repository:Repository"
KEY = "gcp:kms/cryptoKey:CryptoKey"
COPIES = {
    "gcp:sql/databaseInstance:DatabaseInstance": "automated backups and logs of the database",
    "gcp:storage/bucket:Bucket": "versions and soft-deleted objects, and exports of the database",
    "gcp:storage/transferJob:TransferJob": "copies of objects in the standby region",
    "gcp:workflows/workflow:Workflow": "daily exports of the database to the standby region",
}


def variables(site: RecoverySite) -> Iterator[Variable]:
    """Variables that the operator sets."""
    yield Variable(
        "STATE_BUCKET", "bucket of the Pulumi state; `pulumi whoami --verbose` prints it", "acme-pulumi-state"
    )
    yield Variable(
        "STATE_KEY",
        "key in `secretsprovider` of the stack file",
        "projects/acme/locations/us/keyRings/pulumi/cryptoKeys/state",
    )
    yield Variable(
        "STATE_GENERATION", "generation of the version before the loss, from the step before", "1769853600000000"
    )
    yield Variable("KEY_VERSION", "number of the destroyed key version, from the step before", "1")
    if site.spec.database:
        yield Variable(
            "DELETED_INSTANCE", "name of the deleted instance, from the audit log", f"{site.stack}-database-1a2b3c4"
        )
        yield Variable("DELETED_AT", "time of its deletion, from the audit log", "2026-01-31T10:00:00.000Z")
    if site.spec.storage:
        yield Variable("GENERATION", "generation of the version to restore, from the step before", "1769853600000000")
    if site.spec.secrets:
        yield Variable("SECRET_VERSION", "number of the destroyed version, from the step before", "1")


def questions(site: RecoverySite) -> Iterator[BackupQuestion]:
    """Questions for the newest backups."""
    if site.spec.database and site.spec.database.backup.retention_days:
        listed = gcloud(
            site, "sql", "backups", "list", "--instance=-", f"--filter=instance~^{site.stack}-database- AND status=SUCCESSFUL",
            "--sort-by=~endTime", "--limit=1", "--format=json(endTime)",
        )  # fmt: skip
        yield BackupQuestion("database", (listed,))
    if site.spec.database and site.standby:
        newest = gcloud(
            site, "storage", "objects", "list", "gs://$EXPORTS/*.sql.gz", "--sort-by=~name", "--limit=1",
            "--format=json(creation_time)",
        )  # fmt: skip
        yield BackupQuestion(f"database in {site.standby}", (find_exports(site), newest))


def _zone(site: RecoverySite) -> CloudSteps:
    zones = gcloud(site, "compute", "zones", "list", f"--filter=region:{site.region}", "--format=table(name,status)")
    services = gcloud(site, "run", "services", "list", f"--region={site.region}")
    detect = Step("State of the zones; compare with https://status.cloud.google.com.", commands=(zones,))
    assess = [Step("State of the services.", commands=(services,))]
    recover: list[Step] = []
    if site.spec.database:
        assess.append(Step("State and zones of the database.", commands=(find_instance(site), instance_state(site))))
        recover.append(zone_step(site))
    return CloudSteps(detect=(detect,), assess=tuple(assess), recover=tuple(recover), without_tool=tuple(recover))


def _project(site: RecoverySite) -> CloudSteps:
    project = site.spec.gcp.project if site.spec.gcp else ""
    state = CloudCommand(("gcloud", "projects", "describe", project, "--format=value(lifecycleState)"))
    restore = Step(
        "Restore the project within 30 days after its shutdown, link its billing account again, and check every part.",
        commands=(CloudCommand(("gcloud", "projects", "undelete", project)),),
    )
    return CloudSteps(
        detect=(Step("State of the project: `DELETE_REQUESTED` after a shutdown.", commands=(state,)),),
        recover=(restore,),
        without_tool=(restore,),
    )


def _bucket(site: RecoverySite) -> CloudSteps:
    find = find_bucket(site, f"{site.stack}-storage")
    versions = gcloud(site, "storage", "ls", "--all-versions", "gs://$BUCKET/$OBJECT")
    restore = Step(
        "Restore one object: copy a noncurrent version over the live one.",
        commands=(
            find,
            versions,
            gcloud(site, "storage", "cp", "gs://$BUCKET/$OBJECT#$GENERATION", "gs://$BUCKET/$OBJECT"),
        ),
    )
    deleted = Step(
        "Restore a soft-deleted object, within 7 days.",
        commands=(gcloud(site, "storage", "restore", "gs://$BUCKET/$OBJECT#$GENERATION"),),
    )
    soft = gcloud(site, "storage", "ls", "--soft-deleted", "gs://$BUCKET/**")
    return CloudSteps(
        detect=(Step("The bucket, and the objects that are deleted.", commands=(find, soft)),),
        recover=(restore, deleted),
        without_tool=(restore, deleted),
    )


def _cache(site: RecoverySite) -> CloudSteps:
    listed = gcloud(
        site,
        "redis",
        "instances",
        "list",
        f"--region={site.region}",
        "--format=table(name,state,locationId,currentLocationId)",
    )
    return CloudSteps(
        detect=(Step("State of the caches of the region.", commands=(listed,)),),
        assess=(Step("`up` creates an empty cache: queued jobs and cached values are lost."),),
    )


def _secret(site: RecoverySite) -> CloudSteps:
    name = f"{site.stack}-{site.spec.secrets[0]}"
    versions = gcloud(site, "secrets", "versions", "list", name)
    listed = gcloud(site, "secrets", "list", f"--filter=name~{site.stack}-", "--format=value(name)")
    restore = Step(
        f"Secret exists and a version was destroyed, such as of {name}: enable it within 7 days.",
        commands=(versions, gcloud(site, "secrets", "versions", "enable", "$SECRET_VERSION", f"--secret={name}")),
    )
    return CloudSteps(
        detect=(Step("Secrets of the stack.", commands=(listed,)),), recover=(restore,), without_tool=(restore,)
    )


def _service(site: RecoverySite) -> CloudSteps:
    listed = [gcloud(site, "run", "services", "list", f"--region={site.region}")]
    if site.declared(POOL):
        listed.append(gcloud(site, "run", "worker-pools", "list", f"--region={site.region}"))
    return CloudSteps(detect=(Step("Services of the region and whether they are ready.", commands=tuple(listed)),))


def _registry(site: RecoverySite) -> CloudSteps:
    names = [each.text("repositoryId") for each in site.declared(REPOSITORY)]
    commands = tuple(
        gcloud(site, "artifacts", "repositories", "describe", name, f"--location={site.region}") for name in names
    )
    return CloudSteps(detect=(Step("Repositories of the stack.", commands=commands),))


def _key(site: RecoverySite) -> CloudSteps:
    ring = gcloud(
        site, "kms", "keyrings", "list", f"--location={site.region}", f"--filter=name~/keyRings/{site.stack}-keys-",
        "--format=value(name)", "--limit=1", sets="RING",
    )  # fmt: skip
    key = gcloud(
        site, "kms", "keys", "list", "--keyring=$RING", f"--location={site.region}", f"--filter=name~/cryptoKeys/{site.stack}-keys-data",
        "--format=value(name)", "--limit=1", sets="KEY_NAME",
    )  # fmt: skip
    versions = gcloud(site, "kms", "keys", "versions", "list", "--key=$KEY_NAME", "--format=table(name,state)")
    of = ("$KEY_VERSION", "--key=$KEY_NAME")
    restore = Step(
        "Restore the key version, then enable it.",
        commands=(
            ring,
            key,
            gcloud(site, "kms", "keys", "versions", "restore", *of),
            gcloud(site, "kms", "keys", "versions", "enable", *of),
        ),
    )
    return CloudSteps(
        detect=(Step("Versions of the key of the data, and their states.", commands=(ring, key, versions)),),
        recover=(restore,),
        without_tool=(restore,),
    )


def _state(site: RecoverySite) -> CloudSteps:
    state = f"gs://$STATE_BUCKET/.pulumi/stacks/agent-platform/{site.stack}.json"
    listed = gcloud(site, "storage", "ls", "--all-versions", "--long", state)
    copy = gcloud(site, "storage", "cp", f"{state}#$STATE_GENERATION", state)
    restore = Step(
        "Bucket exists: restore the version before the loss, and continue with `refresh`.", commands=(listed, copy)
    )
    return CloudSteps(
        assess=(Step("Versions of the state, if the bucket still exists.", commands=(listed,)),),
        recover=(restore,),
        without_tool=(restore,),
    )


def _secrets_key(site: RecoverySite) -> CloudSteps:
    versions = CloudCommand(
        ("gcloud", "kms", "keys", "versions", "list", "--key=$STATE_KEY", "--format=table(name,state)")
    )
    change = ("gcloud", "kms", "keys", "versions")
    of = ("$KEY_VERSION", "--key=$STATE_KEY")
    restore = Step(
        "Key of Cloud KMS: restore its version and enable it; nothing else is needed.",
        commands=(CloudCommand((*change, "restore", *of)), CloudCommand((*change, "enable", *of))),
    )
    return CloudSteps(
        assess=(Step("Versions of the key, and their states.", commands=(versions,)),),
        recover=(restore,),
        without_tool=(restore,),
    )


STEPS: Mapping[Incident, StepsOf] = {
    Incident.ZONE: _zone,
    Incident.REGION: region_steps,
    Incident.ACCOUNT: _project,
    Incident.DATABASE: database_steps,
    Incident.ROWS: rows_steps,
    Incident.BUCKET: _bucket,
    Incident.CACHE: _cache,
    Incident.SECRET: _secret,
    Incident.SERVICE: _service,
    Incident.REGISTRY: _registry,
    Incident.KEY: _key,
    Incident.STATE: _state,
    Incident.SECRETS_KEY: _secrets_key,
    Incident.BY_HAND: by_hand_steps,
}

RECOVERY = CloudRecovery(
    promises=PROMISES,
    steps=STEPS,
    registry=REPOSITORY,
    variables=variables,
    costs=costs,
    questions=questions,
    copies=COPIES,
)
