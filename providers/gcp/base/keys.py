"""Encryption keys: one for data at rest, one for telemetry, each usable by the service agents that encrypt with it.

A service encrypts through an agent of its own, which exists only once something asks for it and may use no key until it
is told so. A room therefore takes the key from `usable`: that Output carries the grant with it, so nothing is encrypted
before its agent may. Key rings and key names can never be deleted or reused; Pulumi's suffix keeps a new stack apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.spec import Platform
from providers.gcp.context import GcpContext

ROTATION_SECONDS = 90 * 24 * 3600
GRACE_SECONDS = {True: 30 * 24 * 3600, False: 24 * 3600}
"""Between asking for a version's destruction and the act, for production and for other profiles."""
ENCRYPT = "roles/cloudkms.cryptoKeyEncrypterDecrypter"


@dataclass(frozen=True)
class GcpKeys:
    """Key ids (`projects/P/locations/R/keyRings/K/cryptoKeys/C`): `data` for what users store, `telemetry` for logs."""

    data: pulumi.Output[str]
    telemetry: pulumi.Output[str]
    """Known once Cloud Logging may encrypt with it."""
    usable: Mapping[str, pulumi.Output[str]]
    """The data key by service (`run`, `sqladmin`, ...), known once that service's agent may encrypt with it."""


def create_keys(scope: Scope, context: GcpContext) -> GcpKeys:
    """Two customer-managed keys that rotate every 90 days, and the agents that may use them."""
    ring = gcp.kms.KeyRing(scope.named(), project=context.project, location=context.region, opts=scope.opts())
    data, telemetry = _key(scope, context, ring, "data"), _key(scope, context, ring, "telemetry")
    members = {name: _agent(scope, context, name) for name in encrypting(context.spec)}
    if context.spec.storage is not None:
        members["storage"] = _storage_agent(scope, context)
    return GcpKeys(
        data=data.id,
        telemetry=_grant(scope, "telemetry-logging", telemetry, _logging_agent(scope, context)),
        usable={name: _grant(scope, f"data-{name}", data, member) for name, member in members.items()},
    )


def encrypting(spec: Platform) -> tuple[str, ...]:
    """Services whose agent is made on request and encrypts with the data key."""
    asked = {"sqladmin": spec.database, "redis": spec.cache}
    return ("artifactregistry", "run", "secretmanager", *(name for name, part in asked.items() if part is not None))


def _key(scope: Scope, context: GcpContext, ring: gcp.kms.KeyRing, part: str) -> gcp.kms.CryptoKey:
    return gcp.kms.CryptoKey(
        scope.named(part),
        key_ring=ring.id,
        purpose="ENCRYPT_DECRYPT",
        rotation_period=f"{ROTATION_SECONDS}s",
        version_template=gcp.kms.CryptoKeyVersionTemplateArgs(
            algorithm="GOOGLE_SYMMETRIC_ENCRYPTION", protection_level="SOFTWARE"
        ),
        destroy_scheduled_duration=f"{GRACE_SECONDS[context.production]}s",
        deletion_policy=context.deletion_policy,
        opts=scope.opts(protect=context.production),
    )


def _grant(scope: Scope, part: str, key: gcp.kms.CryptoKey, member: pulumi.Input[str]) -> pulumi.Output[str]:
    """The key's id, out of the grant: whoever encrypts with it waits for the right to."""
    grant = gcp.kms.CryptoKeyIAMMember(
        scope.named(part), crypto_key_id=key.id, role=ENCRYPT, member=member, opts=scope.opts()
    )
    return grant.crypto_key_id


def _agent(scope: Scope, context: GcpContext, name: str) -> pulumi.Output[str]:
    return gcp.projects.ServiceIdentity(
        scope.named(f"agent-{name}"), project=context.project, service=f"{name}.googleapis.com", opts=scope.opts()
    ).member


def _storage_agent(scope: Scope, context: GcpContext) -> pulumi.Output[str]:
    """Asking for Cloud Storage's agent makes it; a `ServiceIdentity` of it there is not."""
    return gcp.storage.get_project_service_account_output(
        project=context.project, opts=pulumi.InvokeOutputOptions(parent=scope.parent)
    ).member


def _logging_agent(scope: Scope, context: GcpContext) -> pulumi.Output[str]:
    settings = gcp.logging.get_project_cmek_settings_output(
        project=context.project, opts=pulumi.InvokeOutputOptions(parent=scope.parent)
    )
    return pulumi.Output.concat("serviceAccount:", settings.service_account_id)
