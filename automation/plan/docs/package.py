"""Schema of the Pulumi package for programs in every language, generated from the spec and the classes of the outputs.

Defaults are in descriptions only: an SDK would send a default of the schema as a value of the user, in place of that of the
profile. Ranges and patterns, which the schema of a package cannot state, are checked by the component.
Source: Pulumi documentation, "Package schema".
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import pulumi

from automation.plan.docs.schema import Node, PlatformSchema, platform_schema
from components.details import SECRET_DETAILS, PlatformDetails
from components.package.inputs import SECRETS
from components.package.names import camel_case, in_camel_case
from components.package.provider import TOKEN
from components.validation.schema import inner_type, model_of, own_documentation, value_type
from providers.contract.component import TYPE_PREFIX
from providers.contract.spec import Platform, SpecModel

PACKAGE_FILE = "plugin/schema.json"
PACKAGE = TYPE_PREFIX.partition(":")[0]
NAMESPACE = "acme"
"""Owner in the names of the SDKs, such as `@acme/agent-platform`.

Without it the engine takes the owner from the address of a repository, and a path would give other names than an address.
"""
SUFFIXES = ("Spec", "Block")
"""Endings of classes of the spec, which types of the package do not have."""
PRIMITIVES: Mapping[object, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
ANY = {"$ref": "pulumi.json#/Any"}
"""Value of any type, such as an input of a resource in `overrides`."""
SECRETS_DESCRIPTION = (
    "Values of the secrets that services list, that images need for their registry and that the cloud's own parts "
    "need, by name; they are secret in the state."
)
LANGUAGES = {
    "csharp": {"respectSchemaVersion": True},
    "go": {"respectSchemaVersion": True},
    "java": {"respectSchemaVersion": True},
    "nodejs": {"respectSchemaVersion": True},
    "python": {"respectSchemaVersion": True, "pyproject": {"enabled": True}},
}
Schema = dict[str, Any]
"""Part of the document, which is JSON."""


def package_text(root: Path) -> str:
    """Return the schema file; `root` is the folder of pyproject.toml, which has the version."""
    project = cast("Schema", tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"])
    return json.dumps(package_schema(str(project["version"])), indent=2) + "\n"


def package_schema(version: str) -> Schema:
    """Return the schema of the package in a version."""
    types = PackageTypes(platform_schema())
    inputs = types.properties_of(Platform)
    inputs[SECRETS] = {**_map({"type": "string"}), "description": SECRETS_DESCRIPTION, "secret": True}
    component = {
        "isComponent": True,
        "description": _summary(Platform),
        "inputProperties": dict(sorted(inputs.items())),
        "requiredInputs": required(Platform),
        **types.outputs_of(PlatformDetails),
    }
    return {
        "name": PACKAGE,
        "namespace": NAMESPACE,
        "displayName": "Agent platform",
        "version": version,
        "description": "AI-agent services in production on AWS, Google Cloud, Azure, Kubernetes or a Docker host.",
        "keywords": ["pulumi", "category/infrastructure", "kind/component"],
        "license": "Apache-2.0",
        "language": LANGUAGES,
        "types": dict(sorted(types.types.items())),
        "resources": {TOKEN: component},
    }


class PackageTypes:
    """Types of the package by token: objects and enumerations of the spec, and objects of the outputs."""

    def __init__(self, documented: PlatformSchema) -> None:
        self._documented = documented
        self.types: dict[str, Schema] = {}
        self._enumerations: dict[tuple[object, ...], str] = {}

    def properties_of(self, model: type[SpecModel]) -> dict[str, Schema]:
        """Return the properties of a class of the spec, with the documentation of its fields."""
        root, definitions = self._documented["root"], self._documented["definitions"]
        nodes = root if model is Platform else definitions[model.__name__]
        return {
            camel_case(name): {
                **self.type_of(field.annotation, f"{_type_name(model)}{_pascal(name)}"),
                "description": _description(nodes.get("properties", {})[name]),
            }
            for name, field in model.model_fields.items()
        }

    def type_of(self, annotation: object, name: str) -> Schema:
        """Return the type of a value; `name` is that of an enumeration that is found there first."""
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self.type_of(arguments[0], name)
        if origin in (Union, UnionType):
            return self._union([each for each in arguments if each is not type(None)], name)
        if origin is Literal:
            return self._enumeration(arguments, name)
        if origin is tuple:
            return {"type": "array", "items": self.type_of(arguments[0], name)}
        if origin is dict:
            return _map(self.type_of(arguments[1], name))
        model = model_of(annotation)
        if model is not None:
            return self._object(cast("type[SpecModel]", model))
        return ANY if annotation is object else {"type": PRIMITIVES[annotation]}

    def _union(self, members: list[object], name: str) -> Schema:
        if len(members) == 1:
            return self.type_of(members[0], name)
        # a number of the schema can be a whole one, and one word needs no enumeration unless it is one of several
        kinds = [
            {"type": "string"} if get_origin(each) is Literal and str not in members else self.type_of(each, name)
            for each in members
            if not (each is int and float in members)
        ]
        return {"oneOf": kinds}

    def _object(self, model: type[SpecModel]) -> Schema:
        token = _token(_type_name(model))
        if token not in self.types:
            self.types[token] = {}
            self.types[token] |= {
                "type": "object",
                "description": _text(_summary(model)),
                "properties": self.properties_of(model),
                "required": required(model),
            }
        return _reference(token)

    def _enumeration(self, values: tuple[object, ...], name: str) -> Schema:
        """Return an enumeration, which the same values share; its values have the names that languages write."""
        token = self._enumerations.setdefault(values, _token(name.removeprefix("Platform")))
        kind = "integer" if all(isinstance(value, int) for value in values) else "string"
        names = [_pascal(f"value_{value}" if isinstance(value, int) else str(value)) for value in values]
        named = [{"name": each, "value": value} for each, value in zip(names, values, strict=True)]
        self.types[token] = {"type": kind, "enum": named}
        return _reference(token)

    def outputs_of(self, described: type) -> Schema:
        """Return properties and required ones of a class of outputs."""
        documentation, hints = dict(own_documentation(described)), get_type_hints(described)
        names = [field.name for field in fields(described)]
        properties = {
            camel_case(name): {
                **self._output_type(hints[name]),
                "description": _text(documentation[name]),
                **({"secret": True} if name in SECRET_DETAILS else {}),
            }
            for name in names
        }
        always = [camel_case(name) for name in names if type(None) not in get_args(hints[name])]
        return {"properties": properties, "required": sorted(always)}

    def _output_type(self, hint: object) -> Schema:
        kind = inner_type(hint)
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is pulumi.Output:
            return {"type": PRIMITIVES[arguments[0]]}
        if origin is tuple:
            return {"type": "array", "items": self._output_type(value_type(kind))}
        if origin is not None:
            return _map(self._output_type(arguments[1]))
        if isinstance(kind, type) and is_dataclass(kind):
            token = _token(kind.__name__)
            self.types[token] = {
                "type": "object",
                "description": _text(_summary(kind)),
                **self.outputs_of(kind),
            }
            return _reference(token)
        return {"type": PRIMITIVES[kind]}


def required(model: type[SpecModel]) -> list[str]:
    """Return the properties that a caller must set; an image is completed from `build`."""
    names = [name for name, field in model.model_fields.items() if field.is_required()]
    return sorted(camel_case(name) for name in names if (model.__name__, name) != ("Service", "image"))


def _description(node: Node) -> str:
    """Return the documentation of a key with its default, where that is one plain value."""
    text, default = _text(node.get("description", "")), node.get("default")
    if default is None or isinstance(default, (dict, list)) or "Default: " in text:
        return text
    return f"{text} Default: {json.dumps(default)}."


def _text(text: str) -> str:
    return in_camel_case(" ".join(text.split()))


def _summary(described: type) -> str:
    """Return the first paragraph of the docstring of a class."""
    return (described.__doc__ or "").strip().partition("\n\n")[0]


def _type_name(model: type[SpecModel]) -> str:
    name = model.__name__
    return next((name.removesuffix(ending) for ending in SUFFIXES if name.endswith(ending)), name)


def _pascal(text: str) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in text).split()
    return "".join(word[:1].upper() + word[1:] for word in words)


def _token(name: str) -> str:
    return f"{TYPE_PREFIX}:{name}"


def _reference(token: str) -> Schema:
    return {"$ref": f"#/types/{token}"}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}
