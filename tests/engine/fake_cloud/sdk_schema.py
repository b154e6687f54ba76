"""Schema of a type in the installed SDKs: class, inputs with their types, required and replacing inputs."""

import json
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
from pulumi import _types  # the SDK's own reading of its annotations

REPLACES = re.compile(
    r"forces? (a )?new resource|forces? (the )?(creation of a )?(new|re-?creation)|requires replacement", re.IGNORECASE
)
"""Text of the docstrings in the bridged SDKs for a property whose change replaces the resource."""

TYPES_OF_PROGRAMS: Mapping[str, tuple[str, ...]] = {"random": ("random:index/randomPet:RandomPet",)}
"""Types by package that programs in YAML declare themselves."""
ANY = {"$ref": "pulumi.json#/Any"}
"""Property of any type in the schema of a package."""

IMPORT_LOCK = threading.RLock()


@dataclass(frozen=True)
class Shape:
    """Resource type: class, types of its inputs by wire name, required inputs, and inputs whose change replaces it."""

    resource: type[pulumi.Resource]
    inputs: Mapping[str, object]
    required: frozenset[str]
    replacing: frozenset[str]
    outputs: Mapping[str, object]


@cache
def sdk_version(package: str) -> str:
    """Return the version of the installed SDK, which is that of the plugin."""
    return version(f"pulumi-{package}")


def package_schema(package: str) -> str:
    """Return the schema of the types that programs in YAML declare: their host reads it from the provider."""
    resources: dict[str, object] = {}
    for token in TYPES_OF_PROGRAMS.get(package, ()):
        shape = shape_of(token)
        resources[token] = {
            "inputProperties": dict.fromkeys(shape.inputs, ANY),
            "properties": {name: ANY for name in shape.outputs if name not in ("id", "urn")},
            "requiredInputs": sorted(shape.required),
        }
    return json.dumps({"name": package, "version": sdk_version(package), "resources": resources})


def shape_of(token: str) -> Shape:
    """Return the schema of a type; raises LookupError for a type that the SDK does not have."""
    # a refresh reads all types at once, and a second thread would see a partially imported module
    with IMPORT_LOCK:
        return _shape_of(token)


@cache
def _shape_of(token: str) -> Shape:
    package, path, name = token.split(":")
    folder = path.partition("/")[0]
    folder = f"{folder}_" if keyword.iskeyword(folder) else folder
    root = f"pulumi_{package.replace('-', '_')}"
    module = import_module(root if folder == "index" else f"{root}.{folder}")
    resource = cast("type[pulumi.Resource] | None", getattr(module, name, None))
    if resource is None:
        raise LookupError(f"{root} has no type {token}")
    definitions = vars(import_module(resource.__module__))
    # the SDK uses `InitArgs` for the arguments of a resource when a nested type has the same name
    arguments = cast("type", definitions.get(f"{name}InitArgs") or definitions[f"{name}Args"])
    return Shape(
        resource=resource,
        inputs=cast("Mapping[str, object]", _types.input_type_types(arguments)),
        required=_types._required_property_names(arguments),  # noqa: SLF001
        replacing=_replacing(arguments),
        outputs=cast("Mapping[str, object]", _types.resource_types(resource)),
    )


def _replacing(arguments: type) -> frozenset[str]:
    """Return the wire names of the properties whose docstring documents a replacement."""
    names: set[str] = set()
    for wire_name, python_name in wire_names(arguments).items():
        if REPLACES.search(getattr(arguments, python_name).__doc__ or ""):
            names.add(wire_name)
    return frozenset(names)


@cache
def wire_names(arguments: type) -> Mapping[str, str]:
    """Return the Python names of the properties of an input type by wire name."""
    names = cast("Mapping[str, str]", _types.input_type_py_to_pulumi_names(arguments))
    return {wire: python for python, wire in names.items()}
