"""Functions over URN text; to be replaced by `automation.urn.Urn`."""

from automation.urn import STACK_COMPONENT as OUTSIDE
from automation.urn import Urn

__all__ = ["OUTSIDE", "component_of", "name_of", "type_of"]


def type_of(urn: str) -> str:
    """Return the type token."""
    return Urn(urn).type


def name_of(urn: str) -> str:
    """Return the logical name."""
    return Urn(urn).name


def component_of(urn: str) -> str:
    """Return the kind of the innermost component."""
    return Urn(urn).component
