"""Names of properties: camelCase in a package for every language, snake_case in the spec. Pure.

Names that users choose (services, environment variables, tags) are the same in both.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from pydantic import BaseModel

from providers.contract.spec import SpecModel

WORD = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
PLAIN_NAME = re.compile(r"[A-Za-z_][\w-]*")
Part = str | int
"""Key, name chosen by the user, or index of a list."""


def camel_case(name: str) -> str:
    """Return `requestTimeoutSeconds` for `request_timeout_seconds`."""
    first, *others = name.split("_")
    return first + "".join(other[:1].upper() + other[1:] for other in others)


def snake_case(name: str) -> str:
    """Return `request_timeout_seconds` for `requestTimeoutSeconds`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@cache
def fields_by_property(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the field of the spec for each property of an object."""
    return {camel_case(name): name for name in model.model_fields}


@cache
def _spec_words() -> frozenset[str]:
    """Keys of the spec with more than one word."""
    return frozenset(name for model in SpecModel.__subclasses__() for name in model.model_fields if "_" in name)


def in_camel_case(text: str) -> str:
    """Return a text about the spec with the names of its keys as properties; all other words stay."""
    words = _spec_words()
    return WORD.sub(lambda match: camel_case(match[0]) if match[0] in words else match[0], text)


def dotted(parts: Sequence[Part]) -> str:
    """Return `services.gateway.egress[0].host`, as diagnostics name a key."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def property_path(parts: Sequence[Part]) -> str:
    """Return a path as Pulumi writes it: `tags["cost.center"]` for a name that is not one word."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if PLAIN_NAME.fullmatch(part) else f'["{part}"]'
    return text.lstrip(".")
