"""Per-cloud metadata of resource types: stateful types, service revisions, replacing changes, rotatable passwords. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from providers.contract.database_disk import DatabaseDisk

if TYPE_CHECKING:
    # pydantic builds the spec's models at import, which `--help` does not need
    from providers.contract.spec import DatabaseSpec, Platform

DATABASE_PASSWORD = "database-password"  # noqa: S105  # a name
CACHE_PASSWORD = "cache-password"  # noqa: S105  # a name
PASSWORD_TYPE = "random:index/randomPassword:RandomPassword"  # noqa: S105  # a type token

KEY_TYPE = "random:index/randomBytes:RandomBytes"
"""Type token of the generated key of clients."""
API_KEY_OUTPUT = "api_key"
"""Output of the stack with that key: `pulumi stack output api_key --show-secrets`."""
AGENTOS_KEY, API_KEY = CLIENT_KEYS = ("OS_SECURITY_KEY", "API_KEY")
"""Variables of the key of clients, of an AgentOS and of other applications."""


@dataclass(frozen=True)
class StatefulType:
    """Resource type with data that an update cannot restore; `holds` names the data."""

    type: str
    holds: str


@dataclass(frozen=True)
class ServiceType:
    """Service type, and the state properties with the desired and the running revision.

    Paths are those of the wire format; `desired_in` and `running_in` are `inputs` or `outputs`. `failed` is a property and
    its values that mean that the cloud abandoned the revision.
    """

    type: str
    desired: str
    running: str
    desired_in: str = "outputs"
    running_in: str = "outputs"
    failed: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True)
class ReplacingChange:
    """Key of the spec that cannot change in place on a cloud: the type that is replaced or deleted, and why."""

    key: str
    type: str
    why: str


STORES_TO_EXISTING = tuple(
    ReplacingChange(
        f"{part}.existing", "*", "a server that exists already takes the place of the managed one, without its data"
    )
    for part in ("database", "cache")
)
"""Changes that delete a managed store, the same on every cloud."""


def to_existing_registry(type_token: str) -> tuple[ReplacingChange, ...]:
    """Return the changes that delete the platform's own registry, of a type, with its images."""
    why = "a registry that exists already takes the place of the platform's own, without its images"
    return tuple(ReplacingChange(key, type_token, why) for key in ("registry", "registry.existing"))


@dataclass(frozen=True)
class CreationChoice:
    """Input that only a new resource can have, and that the program ignores on one that exists.

    `required` returns the value that a spec needs at `path`, or None where it accepts any; `key` is the key of the spec that
    needs it.
    """

    key: str
    type: str
    path: str
    required: Callable[["Platform"], str | None]
    problem: str
    fix: str
    absent: str | None = None
    """Value that a resource without the input has; None where that says nothing."""


@dataclass(frozen=True)
class RotatablePassword:
    """Password that the platform can rotate: the component that creates it, and the data store whose clients use it.

    `rounds` rotations are needed until the previous password is invalid; each password must be at least `pause_seconds`
    old. `refused` is the reason and the alternative where the cloud generates the password itself; `{stack}` and `{region}`
    in it are the stack's, `{cache}` is the part of a cache.
    """

    name: str
    component: str
    part: str
    type: str = PASSWORD_TYPE
    rounds: int = 1
    pause_seconds: int = 0
    refused: str = ""
    refused_in_standby: str = ""
    """As `refused`, while the standby region serves."""
    resource: str = ""
    """End of the logical name where the stack can have several components of the kind; empty for all passwords of the component."""

    def of(self, spec: "Platform") -> Iterator[Self]:
        """Yield the passwords that a stack has of this kind: one for each cache, one for the database."""
        if self.part != "cache":
            yield from (self,) if getattr(spec, self.part) is not None else ()
            return
        for cache in spec.all_caches:
            name = f"{cache.part}-password"
            refused = self.refused.replace("{cache}", cache.part)
            yield replace(self, name=name, part=cache.key, resource=name, refused=refused)


@dataclass(frozen=True)
class ResourceTraits:
    """Tables of one cloud; a key that is not in `losing` replaces no stateful resource."""

    stateful: tuple[StatefulType, ...]
    running: tuple[ServiceType, ...]
    replicas: str = ""
    """Type of the replicas of a service where each is a resource; empty where a service is one resource."""
    losing: tuple[ReplacingChange, ...] = ()
    passwords: tuple[RotatablePassword, ...] = ()
    kept: frozenset[str] = frozenset()
    """Types that a deletion keeps unless the data is to be deleted too: the data, and the keys that open it."""
    content: Mapping[str, str] = field(default_factory=dict[str, str])
    """Output that identifies the content of an object under a fixed name, by type token; the engine reports a change of
    outputs alone as no change."""
    database_version: tuple[str, str] | None = None
    """Type of the database server, and its input with the major version; None where the server itself compares it with its data."""
    replica_source: tuple[str, str] | None = None
    """Type of the database server, and its input with the server that it replicates; None where no server has one. The input is empty
    where an update must not promote a replica, because the other server would not follow it."""
    disk: Callable[["DatabaseSpec"], DatabaseDisk] | None = None
    """Disk of the database; None where it has no size, or where its size is that of the host."""

    creation_choices: tuple[CreationChoice, ...] = ()

    @cached_property
    def holds(self) -> Mapping[str, str]:
        """Data of each stateful type by type token; generated passwords are stateful on every cloud."""
        return {PASSWORD_TYPE: "a password in use", **{row.type: row.holds for row in self.stateful}}

    @property
    def service_types(self) -> frozenset[str]:
        """Types that restart when a service reads another value: services, or their replicas."""
        return frozenset(filter(None, (*self.services, self.replicas)))

    @cached_property
    def services(self) -> Mapping[str, ServiceType]:
        """Service types by type token."""
        return {row.type: row for row in self.running}
