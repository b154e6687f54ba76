"""What the installed SDKs say of a type token: its class, its inputs with their types, which ones are required."""

import keyword
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from typing import cast

import pulumi
from pulumi import _types  # pyright: ignore[reportPrivateUsage]  # the SDK's own reading of its annotations

REPLACES = re.compile(
    r"forces? (a )?new resource|forces? (the )?(creation of a )?(new|re-?creation)|requires replacement", re.IGNORECASE
)
"""How the docstrings of the bridged SDKs tell that a property cannot be changed in place."""

LOADING = threading.RLock()


@dataclass(frozen=True)
class Shape:
    """One resource type: its class, its inputs by wire name, the required ones, those that replace when changed."""

    resource: type[pulumi.Resource]
    inputs: Mapping[str, object]
    required: frozenset[str]
    replacing: frozenset[str]
    outputs: Mapping[str, object]


@cache
def sdk_version(package: str) -> str:
    """Version of the installed SDK, which the program asks of the plugin."""
    return version(f"pulumi-{package}")


def shape_of(token: str) -> Shape:
    """The shape of a type token; raises LookupError for a type that the SDK does not have."""
    # a refresh asks for everything at once, and two threads that load one module of an SDK find it half loaded
    with LOADING:
        return _shape_of(token)


@cache
def _shape_of(token: str) -> Shape:
    package, module, name = token.split(":")
    folder = module.partition("/")[0]
    folder = f"{folder}_" if keyword.iskeyword(folder) else folder
    root = f"pulumi_{package.replace('-', '_')}"
    found = import_module(root if folder == "index" else f"{root}.{folder}")
    resource = cast("type[pulumi.Resource] | None", getattr(found, name, None))
    if resource is None:
        raise LookupError(f"{root} has no type {token}")
    beside = vars(import_module(resource.__module__))
    # where a bag of settings has the resource's name, the SDK calls the resource's own arguments otherwise
    arguments = cast("type", beside.get(f"{name}InitArgs") or beside[f"{name}Args"])
    return Shape(
        resource=resource,
        inputs=cast("Mapping[str, object]", _types.input_type_types(arguments)),
        required=_types._required_property_names(arguments),  # pyright: ignore[reportPrivateUsage]
        replacing=_replacing(arguments),
        outputs=cast("Mapping[str, object]", _types.resource_types(resource)),
    )


def _replacing(arguments: type) -> frozenset[str]:
    """Wire names of the properties whose docstring says that a change makes a new resource."""
    found: set[str] = set()
    for wire_name, python_name in wire_names(arguments).items():
        told = getattr(arguments, python_name).__doc__ or ""
        if REPLACES.search(told):
            found.add(wire_name)
    return frozenset(found)


@cache
def wire_names(arguments: type) -> Mapping[str, str]:
    """Python names of an input type's properties by wire name."""
    names = cast("Mapping[str, str]", _types.input_type_py_to_pulumi_names(arguments))
    return {wire: python for python, wire in names.items()}
