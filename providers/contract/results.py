"""Results of the adapter methods: references and addresses as Outputs, never a password.

A cloud adds fields for its own use in a subclass; neutral code sees only these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi


@dataclass(frozen=True)
class SecretRef:
    """Reference to a stored secret; `version` changes with the value, so that pinning it restarts the readers."""

    name: str
    reference: pulumi.Output[str]
    version: pulumi.Output[str]
    grants: tuple[pulumi.Resource, ...] = ()
    """Resources that must exist before any reader starts: the value, and what the value gives access to."""
    permissions: Mapping[str, pulumi.Resource] = field(default_factory=dict[str, pulumi.Resource])
    """Permission to read the secret, by reader."""

    def prerequisites(self, reader: str) -> tuple[pulumi.Resource, ...]:
        """Return what must exist before `reader` starts; permissions of other readers are left out.

        With all permissions in each reader's dependencies, their number would be the square of the number of readers.
        """
        permission = self.permissions.get(reader)
        return self.grants if permission is None else (*self.grants, permission)


@dataclass(frozen=True)
class Database:
    """PostgreSQL database; a URL is a secret with user, password, host, port and database name.

    `name` and `username` are empty for an external server, of which the platform knows the URL only.
    """

    host: pulumi.Output[str]
    port: int
    name: str
    username: str
    url: SecretRef
    """`postgresql+psycopg://...`, the form of SQLAlchemy and Agno."""
    plain_url: SecretRef | None = field(default=None, kw_only=True)
    """`postgresql://...`, the form of libpq and Django; None when no service needs it."""
    password: SecretRef | None = field(default=None, kw_only=True)
    """The password alone, for PGPASSWORD."""


@dataclass(frozen=True)
class Cache:
    """Redis-compatible cache; `url` is the secret with password, host and port."""

    host: pulumi.Output[str]
    port: int
    tls: bool
    url: SecretRef
    ca_certificate: SecretRef | None = field(default=None, kw_only=True)
    """Certificate authority of the server when it is not a public one; `url` refers to it as a file in the container."""


@dataclass(frozen=True)
class ObjectStore:
    """Bucket and the endpoint that clients connect to."""

    bucket: pulumi.Output[str]
    endpoint_url: pulumi.Output[str]


@dataclass(frozen=True)
class Standby:
    """Resources of the standby region that receive copies; a cloud adds its keys, registry and bucket."""

    region: str


@dataclass(frozen=True)
class Copies:
    """Copies of the home region's data in the standby region; a cloud adds what its alarms refer to."""

    region: str


@dataclass(frozen=True)
class Origin:
    """Origin of a region behind the entry: the host name that requests are forwarded to."""

    host: pulumi.Output[str]


@dataclass(frozen=True)
class ServiceIdentifiers:
    """Identifiers by which other resources refer to one service; None for what the cloud has none of."""

    identity: pulumi.Output[str] | None = None
    """Principal of a permission: role ARN, member, principal ID or service account."""
    identity_name: pulumi.Output[str] | None = None
    """Name of the identity: role, e-mail of the service account, managed identity."""
    security_group: pulumi.Output[str] | None = None
    """Security group, network tag, network policy or network of the service alone."""
    log_group: pulumi.Output[str] | None = None
    """Log group or workspace that has the service's logs."""


@dataclass(frozen=True)
class RegionIdentifiers:
    """Identifiers by which other resources refer to a region; None for what the cloud has none of."""

    services: Mapping[str, ServiceIdentifiers] = field(default_factory=dict[str, ServiceIdentifiers])
    network: pulumi.Output[str] | None = None
    """Private network: VPC, network, virtual network or namespace."""
    subnets: tuple[pulumi.Output[str], ...] = ()
    """Subnets of the services."""
    cluster: pulumi.Output[str] | None = None
    """Cluster or environment in which the services run."""
    registry: pulumi.Output[str] | None = None
    """Address of the platform's own images, without their names; None when it stores none."""


@dataclass(frozen=True)
class Workloads:
    """Running services: private address by name, and the origin of the public ones (None when no service is public)."""

    services: Mapping[str, pulumi.Output[str]]
    origin: Origin | None
    identifiers: RegionIdentifiers = field(default_factory=RegionIdentifiers, kw_only=True)


@dataclass(frozen=True)
class Jobs:
    """Scheduled jobs; a cloud adds what its alarms and dashboards refer to."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """Public URL; empty when no service has a path."""

    url: pulumi.Output[str]


@dataclass(frozen=True)
class Monitoring:
    """URL of the dashboard; empty without one."""

    dashboard_url: pulumi.Output[str]


@dataclass(frozen=True)
class Environment:
    """Environment of one service: plain variables, and secrets by reference."""

    plain: Mapping[str, pulumi.Input[str]]
    secrets: Mapping[str, SecretRef] = field(default_factory=dict[str, SecretRef])
    files: Mapping[str, SecretRef] = field(default_factory=dict[str, SecretRef])
    """Secrets that are mounted as files, by absolute path; no two share a folder."""

    def prerequisites(self, service: str) -> list[pulumi.Resource]:
        """Return what must exist before the service, or a job of it, reads its secrets."""
        stored = [*self.secrets.values(), *self.files.values()]
        return [resource for secret in stored for resource in secret.prerequisites(service)]
