"""Store a value, hand out a reference: Secrets Manager, one grant per reader on the single secret.

A secret is read by the execution role of a service, before its code runs; the code finds it in its environment and
holds no right to ask for it, or for another. There is no resource policy: without one only this account's IAM grants,
and those are the readers' below. A policy that refused all others would refuse the stack's own refresh as well.
"""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from providers.aws.base.iam_policies import Statement, allow, document
from providers.aws.base.resources import AwsBaseResources
from providers.contract.component import Scope
from providers.contract.results import SecretRef

RECOVERY_WINDOW_DAYS = {"production": 30, "staging": 7, "development": 0}
"""Days in which a deleted secret can be restored; Secrets Manager takes 7 to 30, or 0 for at once."""


def create_secret(
    scope: Scope, base: AwsBaseResources, name: str, value: pulumi.Output[str], readers: Sequence[str]
) -> SecretRef:
    """One secret encrypted by the data key, and for each reader a policy on its execution role for this secret.

    Its physical name ends in random digits: the name of a deleted secret stays taken while it can be restored.
    """
    secret = aws.secretsmanager.Secret(
        scope.named(name),
        description=f"{name} of the stack {base.context.stack}",
        kms_key_id=base.keys.data,
        recovery_window_in_days=RECOVERY_WINDOW_DAYS[base.spec.profile],
        opts=scope.opts(),
    )
    version = aws.secretsmanager.SecretVersion(
        scope.named(f"{name}-value"),
        secret_id=secret.id,
        secret_string=value,
        opts=scope.opts(),
    )
    grants = [_grant(scope, base, name, secret, reader) for reader in readers]
    return SecretRef(name=name, reference=secret.arn, version=version.version_id, grants=(version, *grants))


def _grant(
    scope: Scope, base: AwsBaseResources, name: str, secret: aws.secretsmanager.Secret, reader: str
) -> aws.iam.RolePolicy:
    return aws.iam.RolePolicy(
        scope.named(f"{name}-read-by-{reader}"),
        role=base.identity.execution[reader].name,
        policy=document(
            allow("secretsmanager:GetSecretValue", secret.arn),
            allow("kms:Decrypt", base.keys.data, _for_this_secret(base, secret)),
        ),
        opts=scope.opts(),
    )


def _for_this_secret(base: AwsBaseResources, secret: aws.secretsmanager.Secret) -> Statement:
    """The data key opens many things; here only this secret, and only when Secrets Manager asks."""
    asker = f"secretsmanager.{base.context.region}.amazonaws.com"
    return {"StringEquals": {"kms:ViaService": asker, "kms:EncryptionContext:SecretARN": secret.arn}}
