"""Certificate authority of the stack, and a certificate for each server that accepts TLS.

The authority is created once and outlives the certificates that it signs. Clients of the entry trust it by its
certificate, which is no secret (`pulumi stack export`, or the file in any container that uses the cache). Private keys
are secret in the state and exist only in the containers that use them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_tls as tls

from providers.contract.component import Scope
from providers.docker.context import DockerContext
from providers.docker.naming import DATABASE

ALGORITHM, CURVE = "ECDSA", "P256"
AUTHORITY_VALID_HOURS = 10 * 365 * 24
CERTIFICATE_VALID_HOURS = 365 * 24
EARLY_RENEWAL_HOURS = 90 * 24
"""The first update within this time of a certificate's end renews it."""


@dataclass(frozen=True)
class Certificate:
    """Certificate and private key in PEM; the key is secret."""

    certificate: pulumi.Output[str]
    key: pulumi.Output[str]

    @property
    def bundle(self) -> pulumi.Output[str]:
        """Certificate and key in one text, the format that HAProxy reads; secret because of the key."""
        return pulumi.Output.secret(pulumi.Output.concat(self.certificate, self.key))


@dataclass(frozen=True)
class DockerKeys:
    """Certificate of the authority, and the servers' certificates; None for a server that the spec leaves out."""

    authority: pulumi.Output[str]
    entry: Certificate
    database: Certificate | None
    caches: Mapping[str, Certificate]
    """Certificates of the caches by part."""


def create_keys(scope: Scope, context: DockerContext) -> DockerKeys:
    """Authority of this stack, and the certificates that it signs."""
    key = _key(scope, "authority")
    authority = tls.SelfSignedCert(
        scope.named("authority-certificate"),
        private_key_pem=_secret_pem(key),
        subject=tls.SelfSignedCertSubjectArgs(
            common_name=f"agent-platform {context.stack}", organization="agent-platform"
        ),
        is_ca_certificate=True,
        allowed_uses=["cert_signing", "crl_signing"],
        validity_period_hours=AUTHORITY_VALID_HOURS,
        opts=scope.opts(),
    )
    spec = context.spec
    return DockerKeys(
        authority=authority.cert_pem,
        # the dashboard on the loopback address uses the same certificate
        entry=_certificate(scope, "entry", key, authority, [*dict.fromkeys([context.host, "localhost"])]),
        database=_certificate(scope, "database", key, authority, [DATABASE]) if spec.database else None,
        caches={each.part: _certificate(scope, each.part, key, authority, [each.part]) for each in spec.all_caches},
    )


def _key(scope: Scope, part: str) -> tls.PrivateKey:
    return tls.PrivateKey(scope.named(f"{part}-key"), algorithm=ALGORITHM, ecdsa_curve=CURVE, opts=scope.opts())


def _secret_pem(key: tls.PrivateKey) -> pulumi.Output[str]:
    """Private key, wrapped because only an engine reports that the provider marks it as secret."""
    return pulumi.Output.secret(key.private_key_pem)


def _certificate(
    scope: Scope, part: str, signer: tls.PrivateKey, authority: tls.SelfSignedCert, names: list[str]
) -> Certificate:
    key = _key(scope, part)
    request = tls.CertRequest(
        scope.named(f"{part}-request"),
        private_key_pem=_secret_pem(key),
        subject=tls.CertRequestSubjectArgs(common_name=names[0]),
        dns_names=names,
        ip_addresses=["127.0.0.1"],
        opts=scope.opts(),
    )
    signed = tls.LocallySignedCert(
        scope.named(f"{part}-certificate"),
        cert_request_pem=request.cert_request_pem,
        ca_private_key_pem=_secret_pem(signer),
        ca_cert_pem=authority.cert_pem,
        allowed_uses=["digital_signature", "key_encipherment", "server_auth"],
        validity_period_hours=CERTIFICATE_VALID_HOURS,
        early_renewal_hours=EARLY_RENEWAL_HOURS,
        opts=scope.opts(),
    )
    return Certificate(signed.cert_pem, _secret_pem(key))
