"""Object replication: blobs, their versions and deletions are copied to the account of the standby location.

The destination's policy is created first, and gives both the ids that the source's policy has (Microsoft Learn, "Object
replication for block blobs"). Accounts that refuse other tenants are named by their full id. Blobs that exist before the
policy are copied too. Nothing but replication can write to the destination.
"""

from collections.abc import Sequence

import pulumi
import pulumi_azure_native as azure_native

from providers.azure.base.standby import BlobStore
from providers.azure.context import AzureContext
from providers.contract.component import Scope

EVERY_BLOB = "1601-01-01T00:00:00Z"
"""Minimum creation time with which blobs that exist already are copied: Storage API, `ObjectReplicationPolicyFilter`."""
NEW_POLICY = "default"
"""Id of a policy that the service gives an id."""


def receive_objects(
    scope: Scope, context: AzureContext, source: BlobStore, destination: BlobStore
) -> "azure_native.storage.ObjectReplicationPolicy":
    """Declare the policy on the account of the standby location."""
    return _policy(scope, context, destination.account, source, destination, policy_id=NEW_POLICY, rule_id=None)


def send_objects(
    scope: Scope,
    context: AzureContext,
    source: BlobStore,
    destination: BlobStore,
    received: "azure_native.storage.ObjectReplicationPolicy",
) -> None:
    """Declare the policy on the account of the home location, with the ids of the one that receives."""
    ids = {"policy_id": received.policy_id, "rule_id": received.rules.apply(first_rule_id)}
    _policy(scope, context, source.account, source, destination, **ids)


def first_rule_id(rules: "Sequence[azure_native.storage.outputs.ObjectReplicationPolicyRuleResponse] | None") -> str:
    """Return the id that the service assigned to the rule; empty while it is not known in a preview."""
    return (rules[0].rule_id or "") if rules else ""


def _policy(
    scope: Scope,
    context: AzureContext,
    account: azure_native.storage.StorageAccount,
    source: BlobStore,
    destination: BlobStore,
    *,
    policy_id: pulumi.Input[str],
    rule_id: pulumi.Input[str] | None,
) -> "azure_native.storage.ObjectReplicationPolicy":
    return azure_native.storage.ObjectReplicationPolicy(
        scope.named("objects"),
        resource_group_name=context.group,
        account_name=account.name,
        object_replication_policy_id=policy_id,
        source_account=source.account.id,
        destination_account=destination.account.id,
        rules=[
            azure_native.storage.ObjectReplicationPolicyRuleArgs(
                rule_id=rule_id,
                source_container=source.container.name,
                destination_container=destination.container.name,
                filters=azure_native.storage.ObjectReplicationPolicyFilterArgs(min_creation_time=EVERY_BLOB),
            )
        ],
        metrics=azure_native.storage.ObjectReplicationPolicyPropertiesMetricsArgs(enabled=True),
        # the API rejects accounts without versions, and no Output refers to the settings of the blob service
        opts=scope.opts(depends_on=[source.blobs, destination.blobs]),
    )
