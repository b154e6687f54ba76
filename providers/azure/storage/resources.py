"""Objects: one private blob container in a storage account of its own.

Access goes by the service's identity and a role on the container; the account has no keys that could be handed out.
Replaced and deleted objects are kept by versions, by undeleting and by setting the container back in time, which Azure
offers as three things (`objects.py` sets them to one number of days). No lock stands on the account: a lock would
forbid to take a service's role back.
"""

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.role_ids import BLOB_DATA_CONTRIBUTOR
from providers.azure.base.roles import grant
from providers.azure.context import AzureContext
from providers.azure.naming import data_account
from providers.azure.network.endpoints import private_endpoint
from providers.azure.observability.diagnostics import send_to_logs
from providers.azure.storage.account import expire, secure_account
from providers.azure.storage.retention import BlobRetention, keeping
from providers.contract.component import Scope
from providers.contract.results import ObjectStore

CONTAINER = "objects"
Account = azure_native.storage.StorageAccount


def create_storage(scope: Scope, base: AzureBaseResources) -> ObjectStore:
    """The container of the services that use storage, and the grants of those services on it."""
    wanted, context, network = base.spec.storage, base.context, base.network
    if wanted is None:
        raise ValueError("the platform has no storage")
    private = base.spec.network.private_endpoints
    doors = () if private else (network.apps_subnet_id,)
    account = secure_account(
        scope, context, "", data_account(context), public=not private, subnets=doors, protect=context.production
    )
    kept = keeping(wanted)
    blobs = _blobs(scope, context, account, kept)
    container = _container(scope, context, account, blobs)
    _expire(scope, context, account, blobs, kept)
    ready = private_endpoint(scope, context, network, "endpoint", account.id, "blob", after=(container,))
    send_to_logs(scope, base.logs, "diagnostics", account.id, log_group=None, metrics="Transaction")
    send_to_logs(scope, base.logs, "blob-diagnostics", blobs.id, metrics="Transaction")
    grants = [_grant(scope, base, container, service) for service in base.spec.users_of("storage")]
    return ObjectStore(
        bucket=_usable(container.name, (*grants, *ready)),
        endpoint_url=pulumi.Output.concat("https://", account.name, ".blob.core.windows.net"),
    )


def _usable(name: pulumi.Output[str], waits_for: tuple[pulumi.CustomResource, ...]) -> pulumi.Output[str]:
    """The name, known only when its users may use it: whoever reads it waits for the grants, on the way down too."""
    return pulumi.Output.all(name, *[resource.id for resource in waits_for]).apply(lambda known: str(known[0]))


def _blobs(
    scope: Scope, context: AzureContext, account: Account, kept: BlobRetention
) -> azure_native.storage.BlobServiceProperties:
    undelete = azure_native.storage.DeleteRetentionPolicyArgs(enabled=True, days=kept.undelete_days)
    return azure_native.storage.BlobServiceProperties(
        scope.named("blobs"),
        resource_group_name=context.group,
        account_name=account.name,
        blob_services_name="default",
        is_versioning_enabled=kept.versioning,
        change_feed=azure_native.storage.ChangeFeedArgs(enabled=kept.versioning),
        delete_retention_policy=undelete,
        container_delete_retention_policy=undelete,
        restore_policy=azure_native.storage.RestorePolicyPropertiesArgs(
            enabled=kept.restore_days is not None, days=kept.restore_days
        ),
        opts=scope.opts(),
    )


def _container(
    scope: Scope, context: AzureContext, account: Account, blobs: pulumi.Resource
) -> azure_native.storage.BlobContainer:
    return azure_native.storage.BlobContainer(
        scope.named("objects"),
        resource_group_name=context.group,
        account_name=account.name,
        container_name=CONTAINER,
        public_access=azure_native.storage.PublicAccess.NONE,
        # nothing is written before versions are kept
        opts=scope.opts(depends_on=[blobs], protect=context.production),
    )


def _expire(scope: Scope, context: AzureContext, account: Account, blobs: pulumi.Resource, kept: BlobRetention) -> None:
    if kept.version_days is None:
        return
    old = azure_native.storage.DateAfterCreationArgs(days_after_creation_greater_than=kept.version_days)
    actions = azure_native.storage.ManagementPolicyActionArgs(
        version=azure_native.storage.ManagementPolicyVersionArgs(delete=old)
    )
    # rules on versions are refused while versioning is being switched on
    expire(scope, context, "lifecycle", account, "drop-old-versions", actions, after=(blobs,))


def _grant(
    scope: Scope, base: AzureBaseResources, container: azure_native.storage.BlobContainer, service: str
) -> azure_native.authorization.RoleAssignment:
    principal = base.identity.services[service].principal_id
    return grant(scope, base.context, f"{service}-objects", BLOB_DATA_CONTRIBUTOR, principal, container.id)
