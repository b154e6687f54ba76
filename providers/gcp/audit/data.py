"""Checks of data, backups, logs and operation on Google Cloud. Pure."""

from collections.abc import Iterator

from providers.contract.audit import (
    BACKUP_DAYS,
    LOG_DAYS,
    AuditSite,
    CheckEvidence,
    equals,
    is_set,
    is_true,
    json_input,
    minimum_of,
    require,
    require_one,
    state,
    watched_budget,
)
from providers.contract.json_data import is_mapping

AUDIT_LOGS = {"ADMIN_READ", "DATA_READ", "DATA_WRITE"}
LABELS = ("project", "stack", "managed-by")
RUN_TYPES = ("cloudrunv2:Service", "cloudrunv2:WorkerPool")


def data_links_need_tls(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what database and cache do with connections without TLS; Cloud Storage has none."""
    why = "accepts connections without TLS"
    databases = site.of_type("sql:DatabaseInstance")
    modes = equals("ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")
    yield from require(databases, "settings.ipConfiguration.sslMode", modes, why)
    yield from require(site.of_type("redis:Instance"), "transitEncryptionMode", equals("SERVER_AUTHENTICATION"), why)


def objects_are_private(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the public access of each bucket."""
    buckets = site.of_type("storage:Bucket")
    yield from require(buckets, "publicAccessPrevention", equals("enforced"), "objects can be made public")
    yield from require(buckets, "uniformBucketLevelAccess", is_true, "single objects have access lists")


def backups_are_kept(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the retention of database backups."""
    databases, why = site.of_type("sql:DatabaseInstance"), "a mistake is noticed after the backup is gone"
    yield from require(databases, "settings.backupConfiguration.enabled", is_true, "no backups")
    kept = "settings.backupConfiguration.backupRetentionSettings.retainedBackups"
    yield from require(databases, kept, minimum_of(BACKUP_DAYS), why)
    yield from require(databases, "settings.backupConfiguration.pointInTimeRecoveryEnabled", is_true, why)


def backups_leave_the_region(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the location of database backups, which is another one than the database's."""
    for database in site.of_type("sql:DatabaseInstance"):
        location = database.value("settings", "backupConfiguration", "location")
        passed = location not in (None, database.value("region"))
        yield state(
            database,
            "settings.backupConfiguration.location",
            location,
            passed,
            "the loss of the region is the loss of the data",
        )


def deletion_is_guarded(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what keeps data and keys from being deleted."""
    why = "one command deletes the data"
    databases = site.of_type("sql:DatabaseInstance")
    yield from require(databases, "deletionProtection", is_true, why)
    yield from require(databases, "settings.deletionProtectionEnabled", is_true, why)
    for resource in site.of_type("storage:Bucket", "kms:CryptoKey"):
        kept = resource.value("deletionPolicy") == "PREVENT"
        yield state(resource, "deletionPolicy", resource.value("deletionPolicy"), kept or resource.protect, why)


def versions_are_kept(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the versioning of each bucket."""
    yield from require(site.of_type("storage:Bucket"), "versioning.enabled", is_true, "overwritten objects are lost")


def access_is_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the kinds of access that audit logs record, and statements that the database logs."""
    for config in site.of_type("projects:IAMAuditConfig"):
        kinds = {str(each.get("logType")) for each in config.items("auditLogConfigs")}
        yield state(config, "auditLogConfigs", sorted(kinds), kinds >= AUDIT_LOGS, "reading data leaves no record")
    yield from require_one(
        site.of_type("projects:IAMAuditConfig"), "projects:IAMAuditConfig", "reading data leaves no record"
    )
    for database in site.of_type("sql:DatabaseInstance"):
        flags = {each.get("name"): each.get("value") for each in database.items("settings", "databaseFlags")}
        value = flags.get("cloudsql.enable_pgaudit")
        yield state(database, "databaseFlags.cloudsql.enable_pgaudit", value, value == "on", "changes leave no record")


def logs_live_long_enough(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the retention of the log bucket."""
    buckets = site.of_type("logging:ProjectBucketConfig")
    yield from require_one(buckets, "logging:ProjectBucketConfig", "logs are kept for 30 days")
    yield from require(buckets, "retentionDays", minimum_of(LOG_DAYS), "a breach is often noticed after months")


def images_are_scanned(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield mutability and scans of repositories; cached images of other registries are pinned by digest."""
    for repository in site.of_type("artifactregistry:Repository"):
        if repository.value("mode") != "REMOTE_REPOSITORY":
            fixed = repository.value("dockerConfig", "immutableTags")
            yield state(
                repository, "dockerConfig.immutableTags", fixed, fixed is True, "a tag can be moved to another image"
            )
        scan = repository.value("vulnerabilityScanningConfig", "enablementConfig")
        yield state(
            repository, "vulnerabilityScanningConfig", scan, scan != "DISABLED", "known vulnerabilities stay unknown"
        )
    scans = [each for each in site.of_type("projects:Service") if "containerscanning" in str(each.value("service"))]
    if site.of_type("artifactregistry:Repository"):
        yield from require_one(scans, "projects:Service containerscanning", "known vulnerabilities stay unknown")


def containers_are_confined(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the execution environment of services, which isolates their containers."""
    second = equals("EXECUTION_ENVIRONMENT_GEN2", "EXECUTION_ENVIRONMENT_GEN1")
    yield from require(
        site.of_type("cloudrunv2:Service"), "template.executionEnvironment", second, "the sandbox is unknown"
    )


def zones_at_least_two(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the zones of database and cache; Cloud Run uses every zone of the region."""
    databases = site.of_type("sql:DatabaseInstance")
    yield from require(databases, "settings.availabilityType", equals("REGIONAL"), "runs in one zone")
    yield from require(site.of_type("redis:Instance"), "tier", equals("STANDARD_HA"), "runs in one zone")


def minor_updates_are_taken(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the maintenance windows, in which Google installs minor updates."""
    yield from require(
        site.of_type("sql:DatabaseInstance"), "settings.maintenanceWindow", is_set, "updates at any time"
    )
    yield from require(site.of_type("redis:Instance"), "maintenancePolicy", is_set, "updates at any time")


def alarms_reach_people(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the channels of alert policies."""
    for policy in site.of_type("monitoring:AlertPolicy"):
        channels = policy.length("notificationChannels")
        yield state(policy, "notificationChannels", channels, channels > 0, "no one receives the alarm")


def money_is_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the budget and its notifications."""
    yield from watched_budget(site, "billing:Budget", "thresholdRules")


def everything_is_tagged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the default labels of each provider, which every resource with labels receives."""
    for provider in site.of_type("providers:gcp"):
        labels = json_input(provider, "defaultLabels")
        missing = [name for name in LABELS if not is_mapping(labels) or name not in labels]
        yield state(
            provider,
            "defaultLabels",
            sorted(labels) if is_mapping(labels) else None,
            not missing,
            f"lacks {', '.join(missing)}",
        )
