"""A certificate for the domain, proved by a record in its zone, so that it renews by itself."""

import pulumi
import pulumi_aws as aws

from providers.contract.component import Scope

RECORD_TTL_SECONDS = 60


def create_certificate(scope: Scope, domain: str, zone: str) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """Id of the public hosted zone `zone`, and ARN of a certificate for `domain` that is validated in it."""
    zone_id = aws.route53.get_zone_output(
        name=zone, private_zone=False, opts=pulumi.InvokeOutputOptions(parent=scope.parent)
    ).zone_id
    certificate = aws.acm.Certificate(
        scope.named("certificate"), domain_name=domain, validation_method="DNS", opts=scope.opts()
    )
    # one name, so one option: the set's unstable order cannot matter
    proof = certificate.domain_validation_options[0]
    record = aws.route53.Record(
        scope.named("certificate-proof"),
        zone_id=zone_id,
        name=proof.resource_record_name,
        type=proof.resource_record_type,
        records=[proof.resource_record_value],
        ttl=RECORD_TTL_SECONDS,
        # a renewed certificate of the same name asks for the same record while the old one still stands
        allow_overwrite=True,
        opts=scope.opts(),
    )
    validation = aws.acm.CertificateValidation(
        scope.named("certificate-valid"),
        certificate_arn=certificate.arn,
        validation_record_fqdns=[record.fqdn],
        opts=scope.opts(),
    )
    return zone_id, validation.certificate_arn
