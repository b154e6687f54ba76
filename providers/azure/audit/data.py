"""Checks of data, backups, logs and operation on Azure. Pure."""

from collections.abc import Iterator

from providers.contract.audit import (
    BACKUP_DAYS,
    LOG_DAYS,
    AuditSite,
    CheckEvidence,
    equals,
    is_false,
    is_set,
    is_true,
    minimum_of,
    require,
    require_one,
    state,
    watched_budget,
)

TAGS = ("project", "stack", "managed-by")
TAGGED = (
    "app:ContainerApp", "app:ManagedEnvironment", "containerregistry:Registry", "dbforpostgresql:Server", "keyvault:Vault",
    "network:VirtualNetwork", "operationalinsights:Workspace", "redisenterprise:RedisEnterprise", "storage:StorageAccount",
)  # fmt: skip
LOGGED = {
    "app:ContainerApp": "app", "dbforpostgresql:Server": "database", "keyvault:Vault": "vault", "containerregistry:Registry": "registry",
    "redisenterprise:Database": "cache", "storage:BlobServiceProperties": "objects",
}  # fmt: skip
"""Types whose access is logged by a diagnostic setting."""


def data_links_need_tls(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what each store does with connections without TLS."""
    why = "accepts connections without TLS"
    settings = {str(each.value("configurationName")): each for each in site.of_type("dbforpostgresql:Configuration")}
    for server in site.of_type("dbforpostgresql:Server"):
        setting = settings.get("require_secure_transport")
        value = setting.value("value") if setting else None
        yield state(server, "require_secure_transport", value, value == "on", why)
    yield from require(site.of_type("redisenterprise:Database"), "clientProtocol", equals("Encrypted"), why)
    yield from require(site.of_type("storage:StorageAccount"), "enableHttpsTrafficOnly", is_true, why)
    yield from require(site.of_type("storage:StorageAccount"), "minimumTlsVersion", equals("TLS1_2", "TLS1_3"), why)


def objects_are_private(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the public access of each account's objects."""
    yield from require(
        site.of_type("storage:StorageAccount"),
        "allowBlobPublicAccess",
        lambda value: value is False,
        "objects can be made public",
    )


def backups_are_kept(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the retention of database backups."""
    why = "a mistake is noticed after the backup is gone"
    yield from require(
        site.of_type("dbforpostgresql:Server"), "backup.backupRetentionDays", minimum_of(BACKUP_DAYS), why
    )


def backups_leave_the_region(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the geo-redundant backup of the database."""
    why = "the loss of the region is the loss of the data"
    yield from require(site.of_type("dbforpostgresql:Server"), "backup.geoRedundantBackup", equals("Enabled"), why)


def deletion_is_guarded(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield locks of data stores, and the purge protection of the vault."""
    locks = [str(each.value("scope")) for each in site.of_type("authorization:ManagementLockByScope")]
    for resource in site.of_type("dbforpostgresql:Server", "storage:StorageAccount"):
        if resource.component in ("Database", "Storage"):
            locked = any(f" {resource.name}>" in lock for lock in locks)
            guard = "lock" if locked else "protect" if resource.protect else "none"
            yield state(resource, "lock", guard, locked or resource.protect, "one command deletes the data")
    yield from require(
        site.of_type("keyvault:Vault"), "properties.enablePurgeProtection", is_true, "deleted secrets can be purged"
    )


def versions_are_kept(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the versioning of each bucket."""
    services = site.of_type("storage:BlobServiceProperties")
    yield from require(services, "isVersioningEnabled", is_true, "overwritten objects are lost")


def access_is_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the diagnostic setting of each store and app."""
    logged = [str(each.value("resourceUri")) for each in site.of_type("monitor:DiagnosticSetting")]
    for resource in site.of_type(*LOGGED):
        found = any(f" {resource.name}>" in uri for uri in logged)
        yield state(
            resource,
            "monitor:DiagnosticSetting",
            found,
            found,
            f"access to the {LOGGED[resource.type]} leaves no record",
        )


def logs_live_long_enough(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the retention of the logs."""
    workspaces = site.of_type("operationalinsights:Workspace")
    yield from require(workspaces, "retentionInDays", minimum_of(LOG_DAYS), "a breach is often noticed after months")


def images_are_scanned(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what leaves the registry; scans are a plan of the subscription, which only a running stack shows."""
    registries = site.of_type("containerregistry:Registry")
    yield from require(registries, "policies.exportPolicy.status", equals("disabled"), "images can be exported")
    yield from require(registries, "anonymousPullEnabled", is_false, "every client can pull images")


def containers_are_confined(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the identities that containers can use, which are limited to those they need."""
    yield from require(
        site.of_type("app:ContainerApp"), "identity.type", equals("UserAssigned"), "has the identity of the whole app"
    )


def zones_at_least_two(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the zones of apps, database and cache."""
    why = "runs in one zone"
    yield from require(site.of_type("app:ManagedEnvironment"), "zoneRedundant", is_true, why)
    yield from require(site.of_type("dbforpostgresql:Server"), "highAvailability.mode", equals("ZoneRedundant"), why)
    yield from require(site.of_type("redisenterprise:RedisEnterprise"), "highAvailability", equals("Enabled"), why)


def minor_updates_are_taken(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the maintenance window of the database; Azure installs minor updates of every store."""
    yield from require(site.of_type("dbforpostgresql:Server"), "maintenanceWindow", is_set, "updates at any time")


def alarms_reach_people(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the receivers of action groups."""
    groups = site.of_type("monitor:ActionGroup")
    yield from require_one(groups, "monitor:ActionGroup", "no one receives the alarms")
    for group in groups:
        receivers = group.length("emailReceivers") + group.length("logicAppReceivers")
        yield state(group, "emailReceivers, logicAppReceivers", receivers, receivers > 0, "no one receives the alarms")


def money_is_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the budget and its notifications."""
    yield from watched_budget(site, "consumption:Budget", "notifications")


def everything_is_tagged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the tags of the main resources."""
    for resource in site.of_type(*TAGGED):
        missing = [name for name in TAGS if resource.value("tags", name) is None]
        yield state(
            resource,
            "tags",
            f"without {', '.join(missing)}" if missing else "all",
            not missing,
            f"lacks {', '.join(missing)}",
        )
