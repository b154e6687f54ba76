"""Object storage: one private blob container in a separate storage account.

Services authenticate with their identity and a role on the container; the account has no keys. Versions, soft delete
and point-in-time restore together keep replaced and deleted objects (`providers/azure/storage/limits.py` computes their
days). The account has no management lock: a lock would also prevent the removal of a service's role assignment.
"""

from dataclasses import dataclass, replace

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.data_key import AzureDataKey
from providers.azure.base.limits import local_redundancy
from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.roles import BLOB_DATA_CONTRIBUTOR, grant_role
from providers.azure.base.standby import BlobStore
from providers.azure.context import AzureContext
from providers.azure.naming import data_account
from providers.azure.network.endpoints import private_endpoint
from providers.azure.network.resources import AzureNetwork
from providers.azure.observability.logs import send_to_logs
from providers.azure.storage.account import create_lifecycle, create_storage_account
from providers.azure.storage.limits import CONTAINER, BlobRetention, blob_retention
from providers.contract.component import Scope
from providers.contract.region_specs import is_passive, is_warm
from providers.contract.results import ObjectStore
from providers.contract.spec import StorageSpec

StorageAccount = azure_native.storage.StorageAccount


@dataclass(frozen=True)
class AzureStorage(ObjectStore):
    """Blob container, with its account for the copies in a standby location."""

    store: BlobStore


def create_standby_storage(
    scope: Scope, context: AzureContext, network: AzureNetwork | None, key: AzureDataKey | None
) -> BlobStore:
    """Declare account and container of the standby location, which replication fills; `network` is None without services."""
    settings = context.spec.storage
    if settings is None:
        raise ValueError("the platform has no storage")
    private = context.spec.network.private_endpoints
    account = create_storage_account(
        scope,
        context,
        "",
        data_account(context),
        key=key,
        public=not private,
        subnets=() if private or network is None else (network.apps_subnet_id,),
        redundancy=local_redundancy(context.region),
        protect=context.production,
    )
    return _blob_store(scope, context, account, _retention(context, settings))


def create_storage(scope: Scope, base: AzureBaseResources) -> AzureStorage:
    """Declare the container and the role assignments of the services that use storage.

    The standby location has its account already, and its diagnostic setting is declared with those of the other copies.
    """
    received = base.received
    if received is not None and received.objects is not None:
        scope, store = received.scopes["storage"], received.objects
    else:
        store = _home_store(scope, base)
    account, blobs = store.account, store.blobs
    ready = private_endpoint(
        scope, base.context, base.network, "endpoint", account.id, "blob", after=(store.container,)
    )
    send_to_logs(scope, base.logs, "diagnostics", account.id, log_group=None, metrics="Transaction")
    if received is None:
        send_to_logs(scope, base.logs, "blob-diagnostics", blobs.id, metrics="Transaction")
    grants = [_grant(scope, base, store.container, service) for service in base.spec.users_of("storage")]
    return AzureStorage(
        bucket=_name_after(store.container.name, (*grants, *ready)),
        endpoint_url=pulumi.Output.concat("https://", account.name, ".blob.core.windows.net"),
        store=store,
    )


def _home_store(scope: Scope, base: AzureBaseResources) -> BlobStore:
    settings, context, network = base.spec.storage, base.context, base.network
    if settings is None:
        raise ValueError("the platform has no storage")
    private = base.spec.network.private_endpoints
    account = create_storage_account(
        scope,
        context,
        "",
        data_account(context),
        key=base.vault.key,
        public=not private,
        subnets=() if private else (network.apps_subnet_id,),
        protect=context.production,
    )
    return _blob_store(scope, context, account, _retention(context, settings))


def _retention(context: AzureContext, settings: StorageSpec) -> BlobRetention:
    """Return the retention of an account; one that receives copies has no point-in-time restore.

    Such a restore would write into a container that only replication may write to.
    """
    receives = is_passive(context.spec) if is_warm(context.spec) else context.region != context.spec.home_region
    retention = blob_retention(settings)
    return replace(retention, restore_days=None) if receives else retention


def _blob_store(scope: Scope, context: AzureContext, account: StorageAccount, retention: BlobRetention) -> BlobStore:
    properties = _blob_service(scope, context, account, retention)
    container = _container(scope, context, account, properties)
    _lifecycle(scope, context, account, properties, retention)
    return BlobStore(account, properties, container)


def _name_after(name: pulumi.Output[str], prerequisites: tuple[pulumi.CustomResource, ...]) -> pulumi.Output[str]:
    """Container name that resolves after `prerequisites`, so that its readers also depend on them on deletion."""
    return pulumi.Output.all(name, *[resource.id for resource in prerequisites]).apply(lambda values: str(values[0]))


def _blob_service(
    scope: Scope, context: AzureContext, account: StorageAccount, retention: BlobRetention
) -> azure_native.storage.BlobServiceProperties:
    soft_delete = azure_native.storage.DeleteRetentionPolicyArgs(enabled=True, days=retention.soft_delete_days)
    return azure_native.storage.BlobServiceProperties(
        scope.named("blobs"),
        resource_group_name=context.group,
        account_name=account.name,
        blob_services_name="default",
        is_versioning_enabled=retention.versioning,
        change_feed=azure_native.storage.ChangeFeedArgs(enabled=retention.versioning),
        delete_retention_policy=soft_delete,
        container_delete_retention_policy=soft_delete,
        restore_policy=azure_native.storage.RestorePolicyPropertiesArgs(
            enabled=retention.restore_days is not None, days=retention.restore_days
        ),
        opts=scope.opts(),
    )


def _container(
    scope: Scope, context: AzureContext, account: StorageAccount, properties: pulumi.Resource
) -> azure_native.storage.BlobContainer:
    return azure_native.storage.BlobContainer(
        scope.named("objects"),
        resource_group_name=context.group,
        account_name=account.name,
        container_name=CONTAINER,
        public_access=azure_native.storage.PublicAccess.NONE,
        # versioning must be on before the first write
        opts=scope.opts(depends_on=[properties], protect=context.production),
    )


def _lifecycle(
    scope: Scope, context: AzureContext, account: StorageAccount, properties: pulumi.Resource, retention: BlobRetention
) -> None:
    if retention.version_days is None:
        return
    age = azure_native.storage.DateAfterCreationArgs(days_after_creation_greater_than=retention.version_days)
    actions = azure_native.storage.ManagementPolicyActionArgs(
        version=azure_native.storage.ManagementPolicyVersionArgs(delete=age)
    )
    # the API rejects rules on versions while versioning is being enabled
    create_lifecycle(scope, context, "lifecycle", account, "drop-old-versions", actions, after=(properties,))


def _grant(
    scope: Scope, base: AzureBaseResources, container: azure_native.storage.BlobContainer, service: str
) -> azure_native.authorization.RoleAssignment:
    principal = base.identity.services[service].principal_id
    return grant_role(scope, base.context, f"{service}-objects", BLOB_DATA_CONTRIBUTOR, principal, container.id)
