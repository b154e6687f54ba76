"""Commands of the AWS CLI for each failure of a stack on AWS, with the names of the stack. Pure.

Names that Pulumi completes with random digits (buckets, services, security groups) are looked up by how they begin.
"""

from collections.abc import Iterator, Mapping

from providers.aws.recovery.commands import (
    aws,
    cluster,
    database,
    find_bucket,
    find_key,
    find_services,
    service_counts,
    service_variables,
)
from providers.aws.recovery.costs import costs
from providers.aws.recovery.database import database_steps, instance_state, region_steps, rows_steps, zone_steps
from providers.aws.recovery.limits import entry_problem
from providers.aws.recovery.promises import PROMISES
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
from providers.contract.spec import CacheInstance

REPOSITORY = "aws:ecr/repository:Repository"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
COPIES = {
    "aws:rds/instance:Instance": "automated backups of the database",
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": "copies of the database's backups",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "copies of objects",
    "aws:s3/bucketVersioning:BucketVersioning": "versions of objects",
    "aws:ecr/replicationConfiguration:ReplicationConfiguration": "copies of images",
    "aws:backup/vault:Vault": "vault of AWS Backup",
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": "restore drill",
}


def variables(site: RecoverySite) -> Iterator[Variable]:
    """Variables that the operator sets."""
    yield Variable(
        "STATE_BUCKET", "bucket of the Pulumi state; `pulumi whoami --verbose` prints it", "acme-pulumi-state"
    )
    yield Variable("STATE_KEY", "key in `secretsprovider` of the stack file: its ID or alias", "alias/acme-pulumi")
    yield Variable("START_TIME", "ten minutes ago, in UTC", "2026-01-31T10:00:00Z")
    yield Variable("END_TIME", "now, in UTC", "2026-01-31T10:10:00Z")
    if site.spec.secrets:
        yield Variable(
            "SECRET_NAME",
            "name of the secret in the account; Pulumi completes it",
            f"{site.stack}-secrets-API_KEY-1a2b3c4",
        )


def questions(site: RecoverySite) -> Iterator[BackupQuestion]:
    """Questions for the newest backups."""
    if site.spec.database and site.spec.database.backup.retention_days:
        latest = ("rds", "describe-db-instances", "--db-instance-identifier", database(site), "--query")
        yield BackupQuestion(
            "database", (aws(site, *latest, "DBInstances[].LatestRestorableTime", "--output", "json"),)
        )
        if site.standby:
            window = f"DBInstanceAutomatedBackups[?DBInstanceIdentifier=='{database(site)}'].RestoreWindow.LatestTime"
            copies = ("rds", "describe-db-instance-automated-backups", "--query", window, "--output", "json")
            yield BackupQuestion(f"database in {site.standby}", (aws(site, *copies, region=site.standby),))
    for cache in site.spec.all_caches:
        group = ("--replication-group-id", _cache_id(site, cache))
        times = "Snapshots[].NodeSnapshots[].SnapshotCreateTime"
        snapshots = ("elasticache", "describe-snapshots", *group, "--query", times, "--output", "json")
        yield BackupQuestion(cache.key, (aws(site, *snapshots),))


def login(site: RecoverySite) -> CloudCommand:
    """Command that prints the account of the login."""
    return aws(site, "sts", "get-caller-identity", "--query", "Account", "--output", "text")


def _zone(site: RecoverySite) -> CloudSteps:
    zones = ("ec2", "describe-availability-zones", "--query", "AvailabilityZones[].[ZoneName,ZoneId,State]")
    detect = Step("State of the zones, as AWS reports it.", commands=(aws(site, *zones),))
    counts = Step("Desired and running tasks of the services.", commands=(*find_services(site), service_counts(site)))
    assess = (Step("Zone of the database.", commands=(instance_state(site),)),) if site.spec.database else ()
    return CloudSteps(
        detect=(detect,),
        assess=(counts, *assess),
        recover=zone_steps(site),
        without_tool=(*zone_steps(site), _redeploy(site)),
    )


def _redeploy(site: RecoverySite) -> Step:
    """Step that starts new tasks of every service, in the zones that are available."""
    update = (
        "ecs",
        "update-service",
        "--cluster",
        cluster(site),
        "--force-new-deployment",
        "--query",
        "service.status",
    )
    restarts = (aws(site, *update, "--service", f"${variable}") for variable in service_variables(site).values())
    return Step("Start the tasks of every service again.", commands=(*find_services(site), *restarts))


def _account(site: RecoverySite) -> CloudSteps:
    caller = aws(site, "sts", "get-caller-identity")
    return CloudSteps(
        detect=(
            Step("The login is refused, or AWS answers that the account is closed or suspended.", commands=(caller,)),
        ),
        assess=(
            Step(
                "AWS Support (https://support.aws.amazon.com) reopens a closed account within 90 days, with all data in it. "
                "No copy of the stack is outside the account.",
            ),
        ),
    )


def _bucket(site: RecoverySite) -> CloudSteps:
    find = find_bucket(site)
    markers = "DeleteMarkers[?IsLatest].[Key,VersionId,LastModified]"
    listed = aws(site, "s3api", "list-object-versions", "--bucket", "$BUCKET", "--query", markers)
    delete = "DeleteMarkers[?Key=='$OBJECT' && IsLatest].VersionId | [0]"
    versions = ("s3api", "list-object-versions", "--bucket", "$BUCKET", "--prefix", "$OBJECT", "--query")
    remove = ("s3api", "delete-object", "--bucket", "$BUCKET", "--key", "$OBJECT", "--version-id", "$MARKER")
    restore = Step(
        "Restore one deleted object: delete its delete marker, and not a version.",
        commands=(find, aws(site, *versions, delete, sets="MARKER"), aws(site, *remove)),
    )
    return CloudSteps(
        detect=(Step("The bucket, and the objects that were deleted.", commands=(find, listed)),),
        recover=(restore,),
        without_tool=(restore,),
    )


def _cache(site: RecoverySite) -> CloudSteps:
    groups = [("--replication-group-id", _cache_id(site, cache)) for cache in site.spec.all_caches]
    state = "ReplicationGroups[].[Status,NodeGroups[].NodeGroupMembers[].[CacheClusterId,CurrentRole,PreferredAvailabilityZone]]"
    snapshots = "Snapshots[].[SnapshotName,SnapshotStatus,NodeSnapshots[0].SnapshotCreateTime]"
    return CloudSteps(
        detect=(
            Step(
                "State of the nodes.",
                commands=tuple(
                    aws(site, "elasticache", "describe-replication-groups", *group, "--query", state)
                    for group in groups
                ),
            ),
        ),
        assess=(
            Step(
                "Snapshots that were made by hand: the daily ones are deleted with the cache, which `up` creates empty. Queued jobs and "
                "cached values are lost, unless such a snapshot is restored into another cache and read there.",
                commands=tuple(
                    aws(site, "elasticache", "describe-snapshots", *group, "--query", snapshots) for group in groups
                ),
            ),
        ),
    )


def _secret(site: RecoverySite) -> CloudSteps:
    names = f"SecretList[?starts_with(Name, '{site.stack}-')].[Name,DeletedDate]"
    listed = aws(site, "secretsmanager", "list-secrets", "--include-planned-deletion", "--query", names)
    restore = Step(
        "Restore the deleted secret; tasks that start after it read it again.",
        commands=(aws(site, "secretsmanager", "restore-secret", "--secret-id", "$SECRET_NAME"),),
    )
    return CloudSteps(
        detect=(Step("Secrets of the stack, and when they were deleted.", commands=(listed,)),),
        recover=(restore,),
        without_tool=(restore,),
    )


def _service(site: RecoverySite) -> CloudSteps:
    counts = Step("Desired and running tasks.", commands=(*find_services(site), service_counts(site)))
    return CloudSteps(detect=(counts,), without_tool=(_redeploy(site),))


def _registry(site: RecoverySite) -> CloudSteps:
    # those of the standby region have the same names
    names = list(dict.fromkeys(each.text("name") for each in site.declared(REPOSITORY)))
    query = ("--query", "repositories[].[repositoryName,createdAt]")
    listed = aws(site, "ecr", "describe-repositories", "--repository-names", *names, *query)
    images = tuple(
        aws(site, "ecr", "describe-images", "--repository-name", name, "--query", "imageDetails[].imageDigest")
        for name in names
    )
    return CloudSteps(
        detect=(Step("Repositories, and the digests in each.", commands=(listed, *images)),),
    )


def _key(site: RecoverySite) -> CloudSteps:
    find = find_key(site)
    state = ("kms", "describe-key", "--key-id", "$KEY_ID", "--query", "KeyMetadata.[KeyState,DeletionDate]")
    restore = Step(
        "Cancel the deletion and enable the key.",
        commands=(
            find,
            aws(site, "kms", "cancel-key-deletion", "--key-id", "$KEY_ID"),
            aws(site, "kms", "enable-key", "--key-id", "$KEY_ID"),
        ),
    )
    start = ()
    if site.spec.database:
        instance = ("rds", "start-db-instance", "--db-instance-identifier", database(site))
        text = "RDS stops an instance that cannot read its key. Start it when its status is `inaccessible-encryption-credentials-recoverable`."
        start = (Step(text, commands=(aws(site, *instance),)),)
    return CloudSteps(
        detect=(Step("State of the key.", commands=(find, aws(site, *state))),),
        recover=(restore, *start),
        without_tool=(restore, *start),
    )


def _state(site: RecoverySite) -> CloudSteps:
    key = f".pulumi/stacks/agent-platform/{site.stack}.json"
    versions = ("s3api", "list-object-versions", "--bucket", "$STATE_BUCKET", "--prefix", key, "--query")
    listed = aws(site, *versions, "Versions[].[VersionId,LastModified,IsLatest]")
    previous = aws(site, *versions, "Versions[?!IsLatest].VersionId | [0]", sets="VERSION")
    copy = (
        "s3api", "copy-object", "--bucket", "$STATE_BUCKET", "--key", key, "--copy-source",
        f"$STATE_BUCKET/{key}?versionId=$VERSION",
    )  # fmt: skip
    return CloudSteps(
        assess=(Step("Versions of the state, if the bucket still exists.", commands=(listed,)),),
        recover=(
            Step(
                "Bucket exists: restore the version before the loss, and continue with `refresh`.",
                commands=(previous, aws(site, *copy)),
            ),
        ),
        without_tool=(Step("Restore the version before the loss.", commands=(previous, aws(site, *copy))),),
    )


def _secrets_key(site: RecoverySite) -> CloudSteps:
    key = ("--key-id", "$STATE_KEY")
    restore = Step(
        "Key of AWS KMS: cancel its deletion and enable it; nothing else is needed.",
        commands=(
            aws(site, "kms", "describe-key", *key, "--query", "KeyMetadata.KeyId", sets="STATE_KEY_ID"),
            aws(site, "kms", "cancel-key-deletion", "--key-id", "$STATE_KEY_ID"),
            aws(site, "kms", "enable-key", "--key-id", "$STATE_KEY_ID"),
        ),
    )
    state = aws(site, "kms", "describe-key", *key, "--query", "KeyMetadata.[KeyState,DeletionDate]")
    return CloudSteps(
        assess=(Step("State of the key.", commands=(state,)),), recover=(restore,), without_tool=(restore,)
    )


def _by_hand(site: RecoverySite) -> CloudSteps:
    listed = ("rds", "describe-db-instances", "--query")
    query = "DBInstances[].[DBInstanceIdentifier,DbiResourceId,DBInstanceStatus,ReadReplicaSourceDBInstanceIdentifier]"
    rename = (
        "rds", "modify-db-instance", "--db-instance-identifier", "$RESTORED", "--new-db-instance-identifier",
        database(site), "--apply-immediately",
    )  # fmt: skip
    return CloudSteps(
        detect=(
            Step(
                "Instances of the account; a promoted replica has no source any more.",
                commands=(aws(site, *listed, query),),
            ),
        ),
        recover=(
            Step(
                "Delete or rename the old instance first. Then rename the restored one to the identifier of the stack, so "
                "that `recover` imports it and its address is the one that the services have.",
                commands=(aws(site, *rename),),
            ),
        ),
    )


def _cache_id(site: RecoverySite, cache: CacheInstance) -> str:
    return site.name_of(CACHE, f"{site.stack}-{cache.part}", "replicationGroupId")


STEPS: Mapping[Incident, StepsOf] = {
    Incident.ZONE: _zone,
    Incident.REGION: region_steps,
    Incident.ACCOUNT: _account,
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
    Incident.BY_HAND: _by_hand,
}

RECOVERY = CloudRecovery(
    promises=PROMISES,
    steps=STEPS,
    registry=REPOSITORY,
    variables=variables,
    costs=costs,
    questions=questions,
    login=login,
    entry_problem=entry_problem,
    copies=COPIES,
)
