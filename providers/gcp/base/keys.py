"""Cloud KMS keys for data at rest and for telemetry, with grants for the service agents that encrypt with them.

A service encrypts through its service agent, which has to be created and granted its role and access to the key first.
Other components therefore use the key ids in `usable`: these Outputs depend on the grants. Key rings and key names can never be
deleted or reused; the suffix that Pulumi adds keeps the names of a new stack unique.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.spec import Platform
from providers.gcp.context import GcpContext

ROTATION_SECONDS = 90 * 24 * 3600
GRACE_SECONDS = {True: 30 * 24 * 3600, False: 24 * 3600}
"""Delay of the destruction of a key version, for production and for other profiles."""
ENCRYPTER_ROLE = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
AGENT_ROLES = {
    "artifactregistry": "roles/artifactregistry.serviceAgent",
    "redis": "roles/redis.serviceAgent",
    "run": "roles/run.serviceAgent",
    "sqladmin": "roles/cloudsql.serviceAgent",
}
"""Role of an agent on the project by service. Google grants it to an agent that appears at the service's first use, and not to
one that is created on request: IAM documentation, "Service agents"; `modules/project/service-agents.yaml` of
GoogleCloudPlatform/cloud-foundation-fabric. The agent of Secret Manager has none."""


@dataclass(frozen=True)
class GcpKeys:
    """Key ids (`projects/P/locations/R/keyRings/K/cryptoKeys/C`): `data` for data at rest, `telemetry` for logs."""

    data: pulumi.Output[str]
    telemetry: pulumi.Output[str]
    """Depends on the grant for Cloud Logging."""
    usable: Mapping[str, pulumi.Output[str]]
    """Data key by service (`run`, `sqladmin`, ...); depends on the grants of that service's agent."""
    agents: Mapping[str, pulumi.Output[str]]
    """IAM member of the agent by service."""


def create_keys(scope: Scope, context: GcpContext) -> GcpKeys:
    """Create two customer-managed keys that rotate every 90 days, and the grants of the agents that use them."""
    ring = gcp.kms.KeyRing(scope.named(), project=context.project, location=context.region, opts=scope.opts())
    data, telemetry = _create_key(scope, context, ring, "data"), _create_key(scope, context, ring, "telemetry")
    members = {name: _create_agent(scope, context, name) for name in services_with_agent(context.spec)}
    roles = {name: [_grant_role(scope, context, name, members[name])] for name in members if name in AGENT_ROLES}
    if context.spec.storage is not None:
        members["storage"] = _storage_agent(scope, context)
    return GcpKeys(
        data=data.id,
        telemetry=_grant(scope, "telemetry-logging", telemetry, _logging_agent(scope, context)),
        usable={
            name: _grant(scope, f"data-{name}", data, member, roles.get(name, ())) for name, member in members.items()
        },
        agents=members,
    )


STANDBY_SERVICES = ("artifactregistry", "secretmanager")
"""Services with an agent that encrypt copies in the standby region; Cloud Storage is the third."""


@dataclass(frozen=True)
class StandbyKeys:
    """Key ring and data key of the standby region; `usable` and `agents` as in `GcpKeys`."""

    ring: gcp.kms.KeyRing
    data: gcp.kms.CryptoKey
    usable: Mapping[str, pulumi.Output[str]]
    agents: Mapping[str, pulumi.Output[str]]


def create_standby_keys(scope: Scope, context: GcpContext) -> StandbyKeys:
    """Create the data key of the standby region and the grants of the agents that encrypt copies."""
    ring = gcp.kms.KeyRing(scope.named(), project=context.project, location=context.region, opts=scope.opts())
    data = _create_key(scope, context, ring, "data")
    members = {name: _create_agent(scope, context, name) for name in STANDBY_SERVICES}
    roles = {name: [_grant_role(scope, context, name, members[name])] for name in members if name in AGENT_ROLES}
    if context.spec.storage is not None or context.spec.database is not None:
        members["storage"] = _storage_agent(scope, context)
    usable = {
        name: _grant(scope, f"data-{name}", data, member, roles.get(name, ())) for name, member in members.items()
    }
    return StandbyKeys(ring, data, usable, members)


def create_service_keys(scope: Scope, context: GcpContext, standby: StandbyKeys) -> GcpKeys:
    """Create the telemetry key of the standby region, and the grants of the agents that encrypt for services there."""
    telemetry = _create_key(scope, context, standby.ring, "telemetry")
    names = [name for name in services_with_agent(context.spec) if name not in standby.agents]
    members = {name: _create_agent(scope, context, name) for name in names}
    roles = {name: [_grant_role(scope, context, name, members[name])] for name in members if name in AGENT_ROLES}
    usable = {
        name: _grant(scope, f"data-{name}", standby.data, member, roles.get(name, ()))
        for name, member in members.items()
    }
    return GcpKeys(
        data=standby.data.id,
        telemetry=_grant(scope, "telemetry-logging", telemetry, _logging_agent(scope, context)),
        usable={**standby.usable, **usable},
        agents={**standby.agents, **members},
    )


def services_with_agent(spec: Platform) -> tuple[str, ...]:
    """Services whose agent is created on request and encrypts with the data key."""
    optional = {"sqladmin": spec.database is not None, "redis": bool(spec.all_caches)}
    return ("artifactregistry", "run", "secretmanager", *(name for name, declared in optional.items() if declared))


def _create_key(scope: Scope, context: GcpContext, ring: gcp.kms.KeyRing, part: str) -> gcp.kms.CryptoKey:
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


def _grant(
    scope: Scope,
    part: str,
    key: gcp.kms.CryptoKey,
    member: pulumi.Input[str],
    depends_on: Sequence[pulumi.Resource] = (),
) -> pulumi.Output[str]:
    """Return the key id from the grant, so that resources that encrypt with the key depend on the grant."""
    grant = gcp.kms.CryptoKeyIAMMember(
        scope.named(part),
        crypto_key_id=key.id,
        role=ENCRYPTER_ROLE,
        member=member,
        opts=scope.opts(depends_on=depends_on),
    )
    return grant.crypto_key_id


def _grant_role(scope: Scope, context: GcpContext, name: str, member: pulumi.Output[str]) -> pulumi.Resource:
    return gcp.projects.IAMMember(
        scope.named(f"role-{name}"),
        project=context.project,
        role=AGENT_ROLES[name],
        member=member,
        # a project has one agent of each service, so deleting a stack must not remove its role for the others
        opts=scope.opts(retain_on_delete=True),
    )


def _create_agent(scope: Scope, context: GcpContext, name: str) -> pulumi.Output[str]:
    return gcp.projects.ServiceIdentity(
        scope.named(f"agent-{name}"), project=context.project, service=f"{name}.googleapis.com", opts=scope.opts()
    ).member


def _storage_agent(scope: Scope, context: GcpContext) -> pulumi.Output[str]:
    """Reading the agent of Cloud Storage creates it; it has no `ServiceIdentity`."""
    return gcp.storage.get_project_service_account_output(
        project=context.project, opts=pulumi.InvokeOutputOptions(parent=scope.parent)
    ).member


def _logging_agent(scope: Scope, context: GcpContext) -> pulumi.Output[str]:
    settings = gcp.logging.get_project_cmek_settings_output(
        project=context.project, opts=pulumi.InvokeOutputOptions(parent=scope.parent)
    )
    return pulumi.Output.concat("serviceAccount:", settings.service_account_id)
