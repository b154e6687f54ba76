"""Facts about a stack for its report, read from the declared resources: connections, rights, secrets, keys and data. Pure.

Every `providers/<cloud>/report.py` ends with `FACTS: CloudFacts = ...`. Each fact names the resource that proves it.
Parts have neutral names: those of services, and `internet`, `entry`, `database`, `cache`, `caches.NAME`, `storage` and `models`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from providers.contract.declaration import DeclaredResource, ResourceSet
from providers.contract.spec import Platform

INTERNET, ENTRY, DATABASE, CACHE, STORAGE, MODELS = "internet", "entry", "database", "cache", "storage", "models"
EVERY_SERVICE = "every service"
"""Source or target of a rule that does not distinguish services."""
EVERY_PORT = "every port"
ANYWHERE = ("0.0.0.0/0", "::/0", "Internet", "*")
REFERENCE = re.compile(r"<(?P<type>[\w-]+:\w+) (?P<name>[^>]+)>")
"""Recorded value that refers to another resource: `<kms:Key prod-keys-data>.arn`."""
ROTATIONS = {
    "Secrets": "by hand: `agent-platform rotate`",
    "Database": "by hand: `agent-platform rotate`",
    "Cache": "by hand: `agent-platform rotate`",
}
"""Rotation of a secret that nothing rotates on a schedule, by its component."""


@dataclass(frozen=True)
class AllowedConnection:
    """Connection that a rule, a permission or a shared network allows, and the resource that does.

    `ports` is empty for a permission to call an interface of the cloud.
    """

    source: str
    target: str
    ports: str
    resource: str
    region: str = ""
    open: bool = False
    """True when the source or target is every address of the internet."""


@dataclass(frozen=True)
class GrantedRight:
    """Rights of an identity on a target."""

    identity: str
    rights: tuple[str, ...]
    target: str
    resource: str


@dataclass(frozen=True)
class DeclaredIdentity:
    """Identity of the stack, what uses it, and what may become it."""

    name: str
    user: str
    trusts: str
    resource: str


@dataclass(frozen=True)
class SecretReader:
    """Service or other part that may read a secret, and the resource that grants it."""

    name: str
    resource: str


@dataclass(frozen=True)
class StoredData:
    """Place where data is stored: `part` is a neutral name, or `logs` and `copies`."""

    part: str
    what: str
    key: str
    transit: str
    backup: str
    resource: str
    region: str = ""


@dataclass(frozen=True)
class EncryptionKey:
    """Key of the stack and its rotation."""

    name: str
    rotation: str
    resource: str
    region: str = ""


@dataclass(frozen=True)
class ReportSite(ResourceSet):
    """Stack that is reported: its resources, and for each URN the logical name of its component and its region."""

    stack: str
    spec: Platform
    owners: Mapping[str, str]
    regions: Mapping[str, str]

    def part(self, resource: DeclaredResource) -> str:
        """Return the logical name without that of its component; `main` for the component's main resource."""
        owner = self.owners.get(resource.urn, "")
        return resource.name.removeprefix(owner).removeprefix("-") or "main"

    def label(self, resource: DeclaredResource) -> str:
        """Return component and part: `database-password`; the part alone for identities and secrets of the stack file."""
        part = self.part(resource)
        component = self.cache_part(resource) or resource.component.lower()
        if component in ("identity", "secrets") or part.startswith(component):
            return part
        return component if part == "main" else f"{component}-{part}"

    def cache_part(self, resource: DeclaredResource) -> str:
        """Return the part of the cache that a resource belongs to, `cache` or `cache-answers`; empty for another component."""
        if resource.component != "Cache":
            return ""
        owner = self.owners.get(resource.urn, "")
        named = (each.part for each in self.spec.all_caches if each.name)
        return next((part for part in named if owner.endswith(f"-{part}")), CACHE)

    def cache_of(self, resource: DeclaredResource) -> str:
        """Return the neutral name of the cache that a resource belongs to: `cache` or `caches.answers`."""
        return self.cache_key(self.cache_part(resource))

    def cache_key(self, part: str) -> str:
        """Return the neutral name of a cache by its part; any other text as it is."""
        return next((each.key for each in self.spec.all_caches if each.part == part), part)

    def region(self, resource: DeclaredResource) -> str:
        """Return the region of a resource; empty when it has none."""
        return self.regions.get(resource.urn, "")

    def referred(self, value: object) -> DeclaredResource | None:
        """Return the first resource that a recorded value refers to; None when it refers to none of the stack."""
        match = REFERENCE.search(str(value))
        if match is None:
            return None
        return self._by_name.get((match["type"], match["name"]))

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], DeclaredResource]:
        return {(each.type, each.name): each for each in self.resources}

    def label_of(self, value: object) -> str:
        """Return the label of the resource that a value refers to; empty when it refers to none."""
        resource = self.referred(value)
        return self.label(resource) if resource is not None else ""


@dataclass(frozen=True)
class StoredSecret:
    """Stored secret; never its value."""

    name: str
    readers: tuple[SecretReader, ...]
    key: str
    rotation: str
    resource: str
    region: str = ""

    @classmethod
    def of(
        cls, site: ReportSite, secret: DeclaredResource, readers: Iterable[SecretReader], key: str, rotation: str = ""
    ) -> Self:
        """Return the record of a declared secret; without a rotation it is rotated by hand or never."""
        by_hand = ROTATIONS.get(secret.component, "none")
        region = site.region(secret)
        return cls(site.label(secret), tuple(readers), key, rotation or by_hand, evidence(secret), region)


def _none(_site: ReportSite) -> Iterator[EncryptionKey]:
    return iter(())


@dataclass(frozen=True)
class CloudFacts:
    """Readers of the facts on one cloud, and what its rules cannot distinguish, as sentences."""

    connections: Callable[[ReportSite], Iterable[AllowedConnection]]
    rights: Callable[[ReportSite], Iterable[GrantedRight]]
    identities: Callable[[ReportSite], Iterable[DeclaredIdentity]]
    secrets: Callable[[ReportSite], Iterable[StoredSecret]]
    data: Callable[[ReportSite], Iterable[StoredData]]
    keys: Callable[[ReportSite], Iterable[EncryptionKey]] = _none
    alarm_types: tuple[str, ...] = ()
    """Short types of alarms, whose names end with the key of their rule."""
    limits: tuple[str, ...] = ()
    """Connections that are wider than `calls` and `uses` on this cloud."""


def evidence(resource: DeclaredResource) -> str:
    """Return short type and logical name: `rds:Instance prod-database`."""
    return f"{resource.type} {resource.name}"


def is_anywhere(value: object) -> bool:
    """Return whether an address range or tag is the whole internet."""
    return value in ANYWHERE


def port_text(first: object, last: object) -> str:
    """Return one port or a range."""
    low, high = _whole(first), _whole(last)
    return low if low == high else f"{low}-{high}"


def _whole(port: object) -> str:
    return f"{port:g}" if isinstance(port, int | float) else str(port)
