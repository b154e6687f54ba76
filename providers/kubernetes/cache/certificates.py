"""Certificate of the cache, signed by an authority of the stack that signs nothing else.

An issuer of cert-manager is not required, because a cluster may have none for names inside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_tls as tls

from providers.contract.component import Scope

ALGORITHM, CURVE = "ECDSA", "P256"
AUTHORITY_VALID_HOURS = 10 * 365 * 24
CERTIFICATE_VALID_HOURS = 825 * 24
"""825 days, after which some clients refuse a certificate."""
EARLY_RENEWAL_HOURS = 90 * 24
"""The first update within this time of a certificate's end renews it."""


@dataclass(frozen=True)
class CacheCertificate:
    """Certificate, private key (secret) and authority in PEM."""

    certificate: pulumi.Output[str]
    key: pulumi.Output[str]
    authority: pulumi.Output[str]


def create_certificate(scope: Scope, owner: str, names: Sequence[str]) -> CacheCertificate:
    """Certificate for these DNS names and the loopback address; `owner` is the stack and the cache."""
    provider = tls.Provider(scope.named("tls"), opts=scope.opts())
    signer, authority = _authority(scope, owner, provider)
    key = _key(scope, "server", provider)
    request = tls.CertRequest(
        scope.named("server-request"),
        private_key_pem=_secret_pem(key),
        subject=tls.CertRequestSubjectArgs(common_name=names[0]),
        dns_names=[*names, "localhost"],
        ip_addresses=["127.0.0.1"],
        opts=scope.opts(provider=provider),
    )
    signed = tls.LocallySignedCert(
        scope.named("server-certificate"),
        cert_request_pem=request.cert_request_pem,
        ca_private_key_pem=_secret_pem(signer),
        ca_cert_pem=authority.cert_pem,
        allowed_uses=["digital_signature", "key_encipherment", "server_auth"],
        validity_period_hours=CERTIFICATE_VALID_HOURS,
        early_renewal_hours=EARLY_RENEWAL_HOURS,
        opts=scope.opts(provider=provider),
    )
    return CacheCertificate(signed.cert_pem, _secret_pem(key), authority.cert_pem)


def _authority(scope: Scope, owner: str, provider: tls.Provider) -> tuple[tls.PrivateKey, tls.SelfSignedCert]:
    key = _key(scope, "authority", provider)
    certificate = tls.SelfSignedCert(
        scope.named("authority-certificate"),
        private_key_pem=_secret_pem(key),
        subject=tls.SelfSignedCertSubjectArgs(common_name=f"agent-platform {owner}", organization="agent-platform"),
        is_ca_certificate=True,
        allowed_uses=["cert_signing", "crl_signing"],
        validity_period_hours=AUTHORITY_VALID_HOURS,
        opts=scope.opts(provider=provider),
    )
    return key, certificate


def _key(scope: Scope, part: str, provider: tls.Provider) -> tls.PrivateKey:
    return tls.PrivateKey(
        scope.named(f"{part}-key"), algorithm=ALGORITHM, ecdsa_curve=CURVE, opts=scope.opts(provider=provider)
    )


def _secret_pem(key: tls.PrivateKey) -> pulumi.Output[str]:
    """Private key, wrapped because only an engine reports that the provider marks it as secret."""
    return pulumi.Output.secret(key.private_key_pem)
