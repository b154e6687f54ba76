"""Declared resource as data, which the charges and the checks of a cloud read. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from providers.contract.json_data import is_list, is_mapping

COMPUTED = ("<", "[")
"""Beginnings of recorded inputs that only the engine or the cloud can compute, or that are secret."""


@dataclass(frozen=True)
class DeclaredResource:
    """Declared resource: short type, logical name, component and inputs in wire format, secrets masked."""

    urn: str
    type: str
    name: str
    component: str
    inputs: Mapping[str, object]
    depends_on: frozenset[str] = frozenset()
    """URNs of the resources that it refers to."""
    protect: bool = False

    def value(self, *path: str) -> object:
        """Return an input by its path; None when it is not set."""
        value: object = self.inputs
        for key in path:
            value = value.get(key) if is_mapping(value) else None
        return value

    def text(self, *path: str) -> str:
        """Return a text that is known before the deployment; raises LookupError for any other input."""
        value = self.value(*path)
        if not isinstance(value, str) or value.startswith(COMPUTED):
            raise LookupError(f"{'.'.join(path)} is not known before the deployment")
        return value

    def number(self, *path: str) -> float:
        """Return a number that is known before the deployment; raises LookupError for any other input."""
        value = self.value(*path)
        if not isinstance(value, int | float):
            raise LookupError(f"{'.'.join(path)} is not known before the deployment")
        return value

    def items(self, *path: str) -> tuple[Mapping[str, object], ...]:
        """Return the objects of a list; none when it is not set."""
        value = self.value(*path)
        return tuple(item for item in value if is_mapping(item)) if is_list(value) else ()

    def length(self, *path: str) -> int:
        """Return the length of a list; 0 when it is not set."""
        value = self.value(*path)
        return len(value) if is_list(value) else 0


@dataclass(frozen=True)
class ResourceSet:
    """Declared resources of a stack, found by type."""

    resources: tuple[DeclaredResource, ...]

    @cached_property
    def _by_type(self) -> Mapping[str, tuple[DeclaredResource, ...]]:
        by_type: dict[str, list[DeclaredResource]] = {}
        for resource in self.resources:
            by_type.setdefault(resource.type, []).append(resource)
        return {name: tuple(resources) for name, resources in by_type.items()}

    def of_type(self, *short_types: str) -> tuple[DeclaredResource, ...]:
        """Return the resources of some short types."""
        return tuple(each for name in short_types for each in self._by_type.get(name, ()))


def kind_of(token: str) -> str:
    """Return `Network` for `agent-platform:index:Network`."""
    return token.rpartition(":")[2]


def short_type(token: str) -> str:
    """Return `rds:Instance` for `aws:rds/instance:Instance`, and `random:RandomPassword` for the module `index`."""
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    folder = module.partition("/")[0]
    return f"{package if folder in ('', 'index') else folder}:{name}"


@dataclass(frozen=True)
class Override:
    """Override of one key: the inputs of the resources that the key names."""

    key: str
    inputs: Mapping[str, object]

    @property
    def path(self) -> str:
        """Key in the stack file."""
        return f"overrides.{self.key}"

    @property
    def rank(self) -> int:
        """Order of application: a type first, then a name, then a type with a name, so that the closer one wins."""
        return 2 if " " in self.key else 0 if ":" in self.key else 1

    def names(self, token: str, name: str) -> bool:
        """Return whether the key names a resource: by type, in full or short, by logical name, or by both."""
        first, _, second = self.key.partition(" ")
        types = (token, short_type(token))
        return first in types and second == name if second else self.key in (*types, name)
