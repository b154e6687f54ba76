"""Copies of the home location's data in the standby location: what sends them, and logs of who reads them.

Databases and objects are encrypted with the key of their location's vault (base/data_key.py), or with keys of Microsoft.

Database: the server's backups are geo-redundant from its creation on, and Azure Backup takes a weekly one into a vault that
can be locked. Objects: object replication copies every version and deletion into an account of the standby location. With
services there, the location that serves sends them, so the direction follows it by commands (recovery/objects_direction.py).
Secrets have their copies where they are declared (base/secrets.py); images are copied by `images push`.
"""

import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.standby import AzureStandby, BlobStore
from providers.azure.database.resources import AzureDatabase
from providers.azure.observability.logs import AzureLogs, send_to_logs
from providers.azure.recovery.backups import create_backups
from providers.azure.recovery.objects import receive_objects, send_objects
from providers.azure.storage.resources import AzureStorage
from providers.contract.component import Scope
from providers.contract.region_specs import is_warm
from providers.contract.results import Copies


def create_recovery(
    scope: Scope,
    base: AzureBaseResources,
    standby: AzureStandby,
    database: AzureDatabase | None,
    storage: AzureStorage | None,
) -> Copies:
    """Declare the copies of database backups and objects; raises ValueError for objects without their account."""
    if database is not None:
        create_backups(scope, base, database)
    stores = None if is_warm(base.spec) else _stores(standby, storage)
    logs = standby.running.logs if standby.running else base.logs
    received = standby.scope.component("recovery", _receive, logs, standby, stores)
    if stores is not None and received is not None:
        send_objects(scope, base.context, *stores, received)
    return Copies(standby.region)


def _stores(standby: AzureStandby, storage: AzureStorage | None) -> tuple[BlobStore, BlobStore] | None:
    """Return source and destination of the objects; None without object storage."""
    if storage is None:
        return None
    if standby.objects is None:
        raise ValueError("the standby location has no storage account")
    return storage.store, standby.objects


def _receive(
    scope: Scope, logs: AzureLogs, standby: AzureStandby, stores: tuple[BlobStore, BlobStore] | None
) -> "azure_native.storage.ObjectReplicationPolicy | None":
    """Declare what is in the standby location: the policy of its account, and logs of who reads the copies."""
    send_to_logs(scope, logs, "vault", standby.vault.id)
    if standby.registry is not None:
        send_to_logs(scope, logs, "registry", standby.registry.id)
    if standby.objects is not None:
        send_to_logs(scope, logs, "storage", standby.objects.blobs.id, metrics="Transaction")
    return receive_objects(scope, standby.context, *stores) if stores is not None else None
