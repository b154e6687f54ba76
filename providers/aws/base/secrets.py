"""Secrets in Secrets Manager, with one permission per reader on the single secret.

A secret is read by the execution role of a service before its code runs; the code receives it as an environment
variable and has no permission to read it or any other secret. There is no resource policy: without one, only IAM
policies of this account grant access, and those are the readers' below. A policy that denied all other principals would
also deny the stack's own refresh.
"""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document
from providers.aws.base.resources import AwsBaseResources
from providers.contract.component import Scope
from providers.contract.region_specs import is_warm
from providers.contract.results import SecretRef

RECOVERY_WINDOW_DAYS = {"production": 30, "staging": 7, "development": 0}
"""Days during which a deleted secret can be restored; Secrets Manager accepts 7 to 30, or 0 for immediate deletion."""


def create_secret(
    scope: Scope,
    base: AwsBaseResources,
    name: str,
    value: pulumi.Output[str],
    readers: Sequence[str],
    *,
    copied: bool = True,
) -> SecretRef:
    """Secret encrypted with the data key, and for each reader a policy on its execution role for this secret.

    A `copied` secret has a replica in the standby region; one with an address of the home region is of no use there.

    Its physical name ends in random digits: the name of a deleted secret stays reserved while it can be restored.
    """
    secret = aws.secretsmanager.Secret(
        scope.named(name),
        description=f"{name} of the stack {base.context.stack}",
        kms_key_id=base.keys.data,
        recovery_window_in_days=RECOVERY_WINDOW_DAYS[base.spec.profile],
        replicas=_replicas(base) if copied else None,
        opts=scope.opts(),
    )
    version = aws.secretsmanager.SecretVersion(
        scope.named(f"{name}-value"),
        secret_id=secret.id,
        secret_string=value,
        opts=scope.opts(),
    )
    permissions = {reader: _grant(scope, base, name, secret, reader) for reader in readers}
    return SecretRef(name, secret.arn, version.version_id, grants=(version,), permissions=permissions)


def _replicas(base: AwsBaseResources) -> list[aws.secretsmanager.SecretReplicaArgs] | None:
    """Replica in the standby region, encrypted with the key there; None where none is, or where it has its own secrets.

    Services in the standby region have separate secrets: a replica is read-only, also after the loss of its region.
    """
    if base.standby is None or is_warm(base.spec):
        return None
    return [aws.secretsmanager.SecretReplicaArgs(region=base.standby.region, kms_key_id=base.standby.key)]


def _grant(
    scope: Scope, base: AwsBaseResources, name: str, secret: aws.secretsmanager.Secret, reader: str
) -> aws.iam.RolePolicy:
    return aws.iam.RolePolicy(
        scope.named(f"{name}-read-by-{reader}"),
        role=base.identity.execution[reader].name,
        policy=document(
            allow("secretsmanager:GetSecretValue", secret.arn),
            allow("kms:Decrypt", base.keys.data, _secret_condition(base, secret)),
        ),
        opts=scope.opts(),
    )


def _secret_condition(base: AwsBaseResources, secret: aws.secretsmanager.Secret) -> Statement:
    """Condition that the data key is only used for this secret and only through Secrets Manager."""
    service = f"secretsmanager.{base.context.region}.amazonaws.com"
    return {"StringEquals": {"kms:ViaService": service, "kms:EncryptionContext:SecretARN": secret.arn}}
