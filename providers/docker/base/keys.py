"""Keys: a local authority, and a certificate of it for each part that is reached over TLS.

The authority is made once and outlives everything that it signs. Clients of the entry trust it by its certificate, which
holds no secret (`pulumi stack export` or the file in any container that uses the cache); services get it where they
need it. Private keys are secret in the state and lie in the containers that use them, nowhere else.
"""

from dataclasses import dataclass

import pulumi
import pulumi_tls as tls

from providers.contract.component import Scope
from providers.docker.context import DockerContext
from providers.docker.naming import CACHE, DATABASE

ALGORITHM, CURVE = "ECDSA", "P256"
AUTHORITY_HOURS = 10 * 365 * 24
CERTIFICATE_HOURS = 365 * 24
RENEWED_HOURS = 90 * 24
"""A certificate is made anew by the first update within this time of its end."""


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key in PEM; the key is secret."""

    certificate: pulumi.Output[str]
    key: pulumi.Output[str]

    @property
    def bundle(self) -> pulumi.Output[str]:
        """Both in one text, as HAProxy reads them; secret because the key is."""
        return pulumi.Output.secret(pulumi.Output.concat(self.certificate, self.key))


@dataclass(frozen=True)
class DockerKeys:
    """The authority's certificate, and who shows one of its own; None for a part that does not stand."""

    authority: pulumi.Output[str]
    entry: Certificate
    database: Certificate | None
    cache: Certificate | None


def create_keys(scope: Scope, context: DockerContext) -> DockerKeys:
    """An authority for this stack alone, and what it signs."""
    key = _key(scope, "authority")
    authority = tls.SelfSignedCert(
        scope.named("authority-certificate"),
        private_key_pem=_secret(key),
        subject=tls.SelfSignedCertSubjectArgs(
            common_name=f"agent-platform {context.stack}", organization="agent-platform"
        ),
        is_ca_certificate=True,
        allowed_uses=["cert_signing", "crl_signing"],
        validity_period_hours=AUTHORITY_HOURS,
        opts=scope.opts(),
    )
    spec = context.spec
    return DockerKeys(
        authority=authority.cert_pem,
        # the dashboard, on the loopback address, shows the same one
        entry=_certificate(scope, "entry", key, authority, [*dict.fromkeys([context.host, "localhost"])]),
        database=_certificate(scope, "database", key, authority, [DATABASE]) if spec.database else None,
        cache=_certificate(scope, "cache", key, authority, [CACHE]) if spec.cache else None,
    )


def _key(scope: Scope, part: str) -> tls.PrivateKey:
    return tls.PrivateKey(scope.named(f"{part}-key"), algorithm=ALGORITHM, ecdsa_curve=CURVE, opts=scope.opts())


def _secret(key: tls.PrivateKey) -> pulumi.Output[str]:
    """Wrapped because the provider's own mark is only seen by a real engine."""
    return pulumi.Output.secret(key.private_key_pem)


def _certificate(
    scope: Scope, part: str, signer: tls.PrivateKey, authority: tls.SelfSignedCert, names: list[str]
) -> Certificate:
    key = _key(scope, part)
    request = tls.CertRequest(
        scope.named(f"{part}-request"),
        private_key_pem=_secret(key),
        subject=tls.CertRequestSubjectArgs(common_name=names[0]),
        dns_names=names,
        ip_addresses=["127.0.0.1"],
        opts=scope.opts(),
    )
    signed = tls.LocallySignedCert(
        scope.named(f"{part}-certificate"),
        cert_request_pem=request.cert_request_pem,
        ca_private_key_pem=_secret(signer),
        ca_cert_pem=authority.cert_pem,
        allowed_uses=["digital_signature", "key_encipherment", "server_auth"],
        validity_period_hours=CERTIFICATE_HOURS,
        early_renewal_hours=RENEWED_HOURS,
        opts=scope.opts(),
    )
    return Certificate(signed.cert_pem, _secret(key))
