"""What the rooms hand back: references and addresses as Outputs, never a password.

A cloud adds facts that only it reads by subclassing; neutral code sees these fields and no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi


@dataclass(frozen=True)
class SecretRef:
    """A stored value by reference; `version` changes with the value, so that pinning it restarts the readers."""

    name: str
    reference: pulumi.Output[str]
    version: pulumi.Output[str]
    grants: tuple[pulumi.Resource, ...] = ()
    """What must exist before a reader starts: the value itself and each reader's right to read it."""


@dataclass(frozen=True)
class Database:
    """PostgreSQL as its users see it; `url` is the secret with user, password, host, port and database name."""

    host: pulumi.Output[str]
    port: int
    name: str
    username: str
    url: SecretRef


@dataclass(frozen=True)
class Cache:
    """Redis protocol as its users see it; `url` is the secret with password, host and port."""

    host: pulumi.Output[str]
    port: int
    tls: bool
    url: SecretRef
    ca_certificate: SecretRef | None = field(default=None, kw_only=True)
    """Authority of the server's own certificate where no public one signs it; `url` names it as a file of the reader."""


@dataclass(frozen=True)
class ObjectStore:
    """A bucket by its name in the cloud, and the endpoint clients talk to."""

    bucket: pulumi.Output[str]
    endpoint_url: pulumi.Output[str]


@dataclass(frozen=True)
class Origin:
    """What a region shows to the entry: the host name requests are sent on to."""

    host: pulumi.Output[str]


@dataclass(frozen=True)
class Workloads:
    """The running services: private address by name, and the origin of the public ones (None: nothing is public)."""

    services: Mapping[str, pulumi.Output[str]]
    origin: Origin | None


@dataclass(frozen=True)
class Entry:
    """The public address; empty when no service has a path."""

    url: pulumi.Output[str]


@dataclass(frozen=True)
class Monitoring:
    """Where to look; empty without dashboards."""

    dashboard_url: pulumi.Output[str]


@dataclass(frozen=True)
class Environment:
    """What one service finds around it: plain variables, and secrets by reference."""

    plain: Mapping[str, pulumi.Input[str]]
    secrets: Mapping[str, SecretRef] = field(default_factory=dict[str, SecretRef])
    files: Mapping[str, SecretRef] = field(default_factory=dict[str, SecretRef])
    """Stored values that stand as files in the container, by absolute path; no two share a folder."""
