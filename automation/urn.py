"""Pulumi URNs: stack, type, logical name and component of a resource. Imports no SDK.

`urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`: a URN holds the types of all parents, so it is enough to
find the component of a resource.
"""

from providers.contract.declaration import kind_of as kind_of
from providers.contract.declaration import short_type as short_type

COMPONENT_PREFIX = "agent-platform:index:"
"""Type tokens of the platform's components begin with this."""
PROVIDER_PREFIX = "pulumi:providers:"
STACK_TYPE = "pulumi:pulumi:Stack"
STACK_COMPONENT = "Stack"
"""Component of resources that have none: the stack itself and its default providers."""


class Urn(str):
    """URN with its parts as properties; text that is no URN has empty parts and its whole text as name."""

    __slots__ = ()

    @classmethod
    def of_provider(cls, reference: str) -> "Urn":
        """Return the URN in a provider reference `<urn>::<id>`."""
        return cls(reference.rpartition("::")[0])

    @property
    def stack(self) -> str:
        """Stack name."""
        return self._part(0).rpartition(":")[2]

    @property
    def type(self) -> str:
        """Type token of the resource."""
        return self._part(2).rpartition("$")[2]

    @property
    def short_type(self) -> str:
        """Type without module path: `rds:Instance`."""
        return short_type(self.type)

    @property
    def parent_types(self) -> tuple[str, ...]:
        """Type tokens of the parents, outermost first; the stack is not among them."""
        return tuple(self._part(2).split("$")[:-1])

    @property
    def parent(self) -> str:
        """Type token of the parent; empty for a child of the stack."""
        return self.parent_types[-1] if self.parent_types else ""

    @property
    def name(self) -> str:
        """Logical name, which may contain any character."""
        return self.split("::", 3)[-1]

    @property
    def component(self) -> str:
        """Kind of the innermost component, as in `Network`; of a component, its own kind."""
        tokens = [token for token in self._part(2).split("$") if token.startswith(COMPONENT_PREFIX)]
        return kind_of(tokens[-1]) if tokens else STACK_COMPONENT

    @property
    def is_provider(self) -> bool:
        """True for a provider resource."""
        return self.type.startswith(PROVIDER_PREFIX)

    def _part(self, index: int) -> str:
        parts = self.split("::", 3)
        return parts[index] if len(parts) == 4 else ""
