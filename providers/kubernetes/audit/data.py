"""Checks of data, backups and operation on Kubernetes. Pure."""

import re
from collections.abc import Iterator

from providers.contract.audit import (
    BACKUP_DAYS,
    AuditSite,
    CheckEvidence,
    equals,
    require,
    require_one,
    state,
)
from providers.kubernetes.database.cluster import TLS_ONLY

CLUSTER, STORE = "postgresql.cnpg.io:Cluster", "barmancloud.cnpg.io:ObjectStore"
TAGS = ("project", "stack", "managed-by")
TAGGED = ("apps:Deployment", "apps:StatefulSet", "core:Secret", "core:Namespace", CLUSTER)
MINOR_VERSION = re.compile(r":\d+\.\d+")


def data_links_need_tls(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what database, cache and bucket do with connections without TLS."""
    why = "accepts connections without TLS"
    for cluster in site.of_type(CLUSTER):
        rules = cluster.value("spec", "postgresql", "pg_hba")
        yield state(cluster, "pg_hba", rules, TLS_ONLY in str(rules), why)
    for server in site.of_type("apps:StatefulSet"):
        if server.component == "Cache":
            # the configuration is secret; the exporter connects by the only port that it opens
            encrypted = "rediss://" in str(server.inputs)
            yield state(server, "tls-port", encrypted, encrypted, why)
    for store in site.of_type(STORE):
        url = str(store.value("spec", "configuration", "endpointURL"))
        yield state(store, "endpointURL", url, url.startswith("https:"), why)


def backups_are_kept(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the retention of backups, and their schedule."""
    for store in site.of_type(STORE):
        text = str(store.value("spec", "retentionPolicy"))
        days = int(text.removesuffix("d")) if text.removesuffix("d").isdecimal() else 0
        yield state(
            store, "retentionPolicy", text, days >= BACKUP_DAYS, "a mistake is noticed after the backup is gone"
        )
    if site.of_type(CLUSTER):
        kind = "postgresql.cnpg.io:ScheduledBackup"
        yield from require_one(site.of_type(kind), kind, "the database has no backups")


def deletion_is_guarded(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the protection of the namespace and of the database, with which their volumes are deleted."""
    for resource in site.of_type(CLUSTER, "core:Namespace"):
        guard = "protect" if resource.protect else "none"
        yield state(resource, "protect", guard, resource.protect, "one command deletes the data")


def access_is_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the log of connections to the database."""
    yield from require(
        site.of_type(CLUSTER),
        "spec.postgresql.parameters.log_connections",
        equals("on", "all"),
        "access to the database leaves no record",
    )


def minor_updates_are_taken(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the tag of the database's image: one of a major version changes with each minor one."""
    for cluster in site.of_type(CLUSTER):
        image = str(cluster.value("spec", "imageName"))
        fixed = bool(MINOR_VERSION.search(image)) or "@sha256:" in image
        why = "a newer minor version needs another value of kubernetes.images.postgres"
        yield state(cluster, "spec.imageName", image, not fixed, why)


def alarms_reach_people(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the receivers of alerts."""
    kind = "monitoring.coreos.com:AlertmanagerConfig"
    configurations = site.of_type(kind)
    yield from require_one(configurations, kind, "no one receives the alarms")
    for each in configurations:
        receivers = each.length("spec", "receivers")
        yield state(each, "spec.receivers", receivers, receivers > 0, "no one receives the alarms")


def everything_is_tagged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the labels of the main objects."""
    for resource in site.of_type(*TAGGED):
        missing = [name for name in TAGS if resource.value("metadata", "labels", name) is None]
        text = f"without {', '.join(missing)}" if missing else "all"
        yield state(resource, "metadata.labels", text, not missing, f"lacks {', '.join(missing)}")
