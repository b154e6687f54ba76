"""Certificate of the domain, the record that validates it, and the provider of the account that the DNS zone is in."""

import pulumi
import pulumi_aws as aws

from providers.aws.context import AwsContext
from providers.aws.entry.zone import role_account, zone_role
from providers.contract.component import Scope

RECORD_TTL_SECONDS = 60
MAX_SESSION_CHARACTERS = 64
"""Length of `RoleSessionName`: AWS STS API reference, "AssumeRole"."""


def zone_provider(scope: Scope, context: AwsContext) -> aws.Provider | None:
    """Declare the provider with the role of the zone, limited to its account; None for a zone in the account of the stack."""
    role = zone_role(context.spec)
    if role is None:
        return None
    session = f"agent-platform-{context.stack}"[:MAX_SESSION_CHARACTERS]
    return aws.Provider(
        scope.named("dns"),
        region=context.region,
        allowed_account_ids=[role_account(role)],
        assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=role, session_name=session)],
        opts=scope.opts(),
    )


def create_certificate(
    scope: Scope, context: AwsContext, domain: str, zone: str, *, proven: bool = False
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """Id of the public hosted zone `zone`, and ARN of a certificate for `domain` that a record in it validates.

    ACM requests the same record for every certificate of a name in an account (user guide, "DNS validation"), so only the home
    region declares it, and the certificate of the standby region is `proven` by that one.
    """
    provider = zone_provider(scope, context)
    zone_id = aws.route53.get_zone_output(
        name=zone, private_zone=False, opts=pulumi.InvokeOutputOptions(parent=scope.parent, provider=provider)
    ).zone_id
    certificate = aws.acm.Certificate(
        scope.named("certificate"), domain_name=domain, validation_method="DNS", opts=scope.opts()
    )
    # one name, so one option: the unstable order of the set does not matter
    proof = certificate.domain_validation_options[0]
    record_name = proof.resource_record_name if proven else _proof(scope, provider, zone_id, proof)
    validation = aws.acm.CertificateValidation(
        scope.named("certificate-valid"),
        certificate_arn=certificate.arn,
        validation_record_fqdns=[record_name],
        opts=scope.opts(),
    )
    return zone_id, validation.certificate_arn


def _proof(
    scope: Scope,
    provider: aws.Provider | None,
    zone_id: pulumi.Output[str],
    proof: pulumi.Output[aws.acm.outputs.CertificateDomainValidationOption],
) -> pulumi.Output[str]:
    """Name of the record that validates a certificate."""
    return aws.route53.Record(
        scope.named("certificate-proof"),
        zone_id=zone_id,
        name=proof.resource_record_name,
        type=proof.resource_record_type,
        records=[proof.resource_record_value],
        ttl=RECORD_TTL_SECONDS,
        # a renewed certificate of the same name needs the same record while the previous one still exists
        allow_overwrite=True,
        opts=scope.opts(provider=provider),
    ).fqdn
