"""What a urn tells: the resource's type, its logical name, and the room it stands in. Pure.

The engine writes the types of all parents into a urn, so an event needs no other resource to be placed in its room.
"""

from automation.plan.inventory import kind_of

COMPONENTS = "agent-platform:index:"
"""How the type tokens of the platform's own components begin."""
OUTSIDE = "Stack"
"""Room of what stands in no component: the stack itself."""


def type_of(urn: str) -> str:
    """Type token of the resource itself."""
    return _qualified(urn).rpartition("$")[2]


def name_of(urn: str) -> str:
    """Logical name of the resource, which may hold any character."""
    return urn.split("::", 3)[-1]


def component_of(urn: str) -> str:
    """Kind of the innermost component on the way to the resource (`Network`); of a component, its own."""
    kinds = [kind_of(token) for token in _qualified(urn).split("$") if token.startswith(COMPONENTS)]
    return kinds[-1] if kinds else OUTSIDE


def _qualified(urn: str) -> str:
    parts = urn.split("::", 3)
    return parts[2] if len(parts) == 4 else ""
