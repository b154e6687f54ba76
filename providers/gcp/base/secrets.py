"""Secret Manager secrets, with a grant per reader on the single secret.

The value is stored in the stack's region only, encrypted with the data key. A new value is a new version. Readers refer
to a version, so a rotation restarts them; production keeps the previous version for a week before it is destroyed. The
locations of a secret cannot change, so a copy in the standby region is a separate secret, which no principal may read.
"""

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.results import SecretRef
from providers.gcp.base.standby import GcpStandby
from providers.gcp.context import GcpContext
from providers.gcp.naming import secret_id, standby_secret_id

OLD_VERSION_SECONDS = 7 * 24 * 3600
READER_ROLE = "roles/secretmanager.secretAccessor"


def store_secret(
    scope: Scope,
    context: GcpContext,
    key: pulumi.Input[str],
    name: str,
    value: pulumi.Output[str],
    readers: Mapping[str, pulumi.Output[str]],
    stored: str | None = None,
) -> SecretRef:
    """Create a secret in the stack's region, encrypted with the data key, and a grant on it for each reader.

    `readers` are IAM members by the part of the logical name of their grant; `stored` is the name in the project where another
    component has a secret `name` too.
    """
    secret = _create_secret(scope, context, key, name, secret_id(context.stack, stored or name))
    version = _create_version(scope, name, secret, value)
    permissions = {
        reader: _grant_reader(scope, context, f"{name}-{reader}", secret, member) for reader, member in readers.items()
    }
    return SecretRef(name, secret.secret_id, version.version, grants=(version,), permissions=permissions)


def copy_secret(standby: GcpStandby, name: str, value: pulumi.Output[str]) -> None:
    """Store the value in the standby region too, encrypted with the key there."""
    scope, context = standby.scopes["secrets"], standby.context
    identity = standby_secret_id(context.stack, context.region, name)
    secret = _create_secret(scope, context, standby.usable["secretmanager"], name, identity)
    _create_version(scope, name, secret, value)


def version_name(context: GcpContext, secret: SecretRef) -> pulumi.Output[str]:
    """Resource name of the version: `projects/P/secrets/S/versions/V`."""
    return pulumi.Output.concat(f"projects/{context.project}/secrets/", secret.reference, "/versions/", secret.version)


def _create_version(
    scope: Scope, name: str, secret: gcp.secretmanager.Secret, value: pulumi.Output[str]
) -> gcp.secretmanager.SecretVersion:
    return gcp.secretmanager.SecretVersion(
        scope.named(f"{name}-value"),
        secret=secret.id,
        secret_data=pulumi.Output.secret(value),
        deletion_policy="DELETE",
        opts=scope.opts(),
    )


def _create_secret(
    scope: Scope, context: GcpContext, key: pulumi.Input[str], name: str, identity: str
) -> gcp.secretmanager.Secret:
    encryption = gcp.secretmanager.SecretReplicationUserManagedReplicaCustomerManagedEncryptionArgs(kms_key_name=key)
    return gcp.secretmanager.Secret(
        scope.named(name),
        project=context.project,
        secret_id=identity,
        replication=gcp.secretmanager.SecretReplicationArgs(
            user_managed=gcp.secretmanager.SecretReplicationUserManagedArgs(
                replicas=[
                    gcp.secretmanager.SecretReplicationUserManagedReplicaArgs(
                        location=context.region, customer_managed_encryption=encryption
                    )
                ]
            )
        ),
        version_destroy_ttl=f"{OLD_VERSION_SECONDS}s" if context.production else None,
        deletion_protection=context.production,
        opts=scope.opts(),
    )


def _grant_reader(
    scope: Scope, context: GcpContext, part: str, secret: gcp.secretmanager.Secret, member: pulumi.Output[str]
) -> gcp.secretmanager.SecretIamMember:
    return gcp.secretmanager.SecretIamMember(
        scope.named(part),
        project=context.project,
        secret_id=secret.secret_id,
        role=READER_ROLE,
        member=member,
        opts=scope.opts(),
    )
