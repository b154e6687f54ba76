"""Types of data that was read from YAML or JSON and is not validated.

Apart from the spec, whose models load pydantic: the command line and the stack files need these types without it.
"""

from typing import TypeGuard

Raw = dict[str, object]
"""Mapping of a stack file or a JSON document, not validated."""


def is_mapping(value: object) -> TypeGuard[Raw]:
    """Return whether a value is a mapping; the readers of stack files have refused keys that are not text."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Return whether a value is a list."""
    return isinstance(value, list)


def texts(value: object) -> list[str]:
    """Return the items of a list as text, a value that stands alone as one item, and no items for an empty value."""
    return [str(each) for each in value] if is_list(value) else [str(value)] if value else []


def mappings(value: object) -> list[Raw]:
    """Return the mappings of a list; none for any other value."""
    return [each for each in value if is_mapping(each)] if is_list(value) else []
