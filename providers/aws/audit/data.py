"""Checks of data, backups, logs and operation on AWS. Pure."""

from collections.abc import Iterator

from providers.aws.audit.access import containers
from providers.contract.audit import (
    BACKUP_DAYS,
    LOG_DAYS,
    AuditSite,
    CheckEvidence,
    equals,
    is_true,
    json_input,
    minimum_of,
    require,
    require_one,
    state,
    watched_budget,
)
from providers.contract.json_data import is_mapping

BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
TAGS = ("project", "stack", "managed-by")


def data_links_need_tls(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what each store does with connections without TLS."""
    for group in site.of_type("rds:ParameterGroup"):
        forced = {each.get("name"): each.get("value") for each in group.items("parameters")}.get("rds.force_ssl")
        yield state(group, "parameters.rds.force_ssl", forced, forced == "1", "accepts connections without TLS")
    caches = site.of_type("elasticache:ReplicationGroup")
    yield from require(caches, "transitEncryptionMode", equals("required"), "accepts connections without TLS")
    for policy in site.of_type("s3:BucketPolicy"):
        refused = "aws:SecureTransport" in str(policy.value("policy"))
        yield state(
            policy,
            "policy.Condition",
            "aws:SecureTransport" if refused else "none",
            refused,
            "accepts requests without TLS",
        )


def objects_are_private(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the four blocks of public access of each bucket."""
    for block in BLOCKS:
        yield from require(site.of_type("s3:BucketPublicAccessBlock"), block, is_true, "objects can be made public")
    buckets, blocked = len(site.of_type("s3:Bucket")), len(site.of_type("s3:BucketPublicAccessBlock"))
    yield CheckEvidence(
        "",
        "s3:BucketPublicAccessBlock",
        f"{blocked} of {buckets}",
        blocked >= buckets,
        "" if blocked >= buckets else "a bucket has no block",
    )


def backups_are_kept(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the retention of database and cache."""
    why = "a mistake is noticed after the backup is gone"
    yield from require(site.of_type("rds:Instance"), "backupRetentionPeriod", minimum_of(BACKUP_DAYS), why)


def backups_leave_the_region(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield copies in another region."""
    if site.of_type("rds:Instance"):
        copies = site.of_type("rds:InstanceAutomatedBackupsReplication")
        yield from require_one(
            copies, "copy of backups in another region", "the loss of the region is the loss of the data"
        )


def deletion_is_guarded(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what keeps data from being deleted."""
    why = "one command deletes the data"
    yield from require(site.of_type("rds:Instance"), "deletionProtection", is_true, why)
    for bucket in site.of_type("s3:Bucket"):
        if bucket.component == "Storage":
            yield state(bucket, "protect", bucket.protect, bucket.protect, why)


def versions_are_kept(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the versioning of each bucket."""
    versions = site.of_type("s3:BucketVersioning")
    yield from require(versions, "versioningConfiguration.status", equals("Enabled"), "overwritten objects are lost")


def access_is_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the access log of the bucket, and the statements that the database logs."""
    if any(each.component == "Storage" for each in site.of_type("s3:Bucket")):
        yield from require_one(
            site.of_type("s3:BucketLogging"), "s3:BucketLogging", "access to objects leaves no record"
        )
    for group in site.of_type("rds:ParameterGroup"):
        logged = {each.get("name"): each.get("value") for each in group.items("parameters")}.get("log_connections")
        yield state(group, "parameters.log_connections", logged, logged == "1", "connections leave no record")


def logs_live_long_enough(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the retention of each log group."""
    groups = site.of_type("cloudwatch:LogGroup")
    yield from require(groups, "retentionInDays", minimum_of(LOG_DAYS), "a breach is often noticed after months")


def images_are_scanned(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield mutability and scans of each repository."""
    repositories = site.of_type("ecr:Repository")
    yield from require(repositories, "imageTagMutability", equals("IMMUTABLE"), "a tag can be moved to another image")
    yield from require(
        repositories, "imageScanningConfiguration.scanOnPush", is_true, "known vulnerabilities stay unknown"
    )


def containers_are_confined(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield user and file system of each container, and whether a shell can be opened in it."""
    for task in site.of_type("ecs:TaskDefinition"):
        for container in containers(task):
            name, user = container.get("name"), container.get("user")
            fixed = container.get("readonlyRootFilesystem") is True
            yield state(task, f"{name}.user", user, user not in (None, "0", "root"), "runs as root")
            yield state(task, f"{name}.readonlyRootFilesystem", fixed, fixed, "can change its own files")
    services = site.of_type("ecs:Service")
    yield from require(
        services, "enableExecuteCommand", lambda value: not value, "a shell can be opened in the container"
    )


def zones_at_least_two(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the zones of services, database and cache."""
    for service in site.of_type("ecs:Service"):
        zones = service.length("networkConfiguration", "subnets")
        yield state(service, "networkConfiguration.subnets", zones, zones > 1, "runs in one zone")
    yield from require(site.of_type("rds:Instance"), "multiAz", is_true, "runs in one zone")
    yield from require(site.of_type("elasticache:ReplicationGroup"), "multiAzEnabled", is_true, "runs in one zone")


def minor_updates_are_taken(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the updates of database and cache."""
    stores = site.of_type("rds:Instance", "elasticache:ReplicationGroup")
    yield from require(stores, "autoMinorVersionUpgrade", is_true, "known faults are not fixed")


def alarms_reach_people(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the subscriptions of the alarm topics."""
    channels = site.of_type("sns:TopicSubscription", "chatbot:SlackChannelConfiguration")
    yield from require_one(channels, "subscriptions of alarm topics", "no one receives the alarms")


def money_is_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the budget and its notifications."""
    yield from watched_budget(site, "budgets:Budget", "notifications")


def everything_is_tagged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the default tags of each provider, which every resource receives."""
    for provider in site.of_type("providers:aws"):
        setting = json_input(provider, "defaultTags")
        tags = setting.get("tags") if is_mapping(setting) else None
        missing = [name for name in TAGS if not is_mapping(tags) or name not in tags]
        yield state(
            provider,
            "defaultTags",
            sorted(tags) if is_mapping(tags) else None,
            not missing,
            f"lacks {', '.join(missing)}",
        )
