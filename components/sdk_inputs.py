"""Inputs of the resource classes of Pulumi SDKs, from their annotations: names, kinds of values, names on the wire.

Generated classes annotate their inputs in `_internal_init`, and nested ones (`...Args`) in `__init__`, by the Python names
of their documentation. An input has several forms there, such as the class, its dictionary and an Output of both.
"""

import inspect
import sys
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

import pulumi

from components.package.names import snake_case
from providers.contract.diagnostics import did_you_mean
from providers.contract.json_data import is_list, is_mapping

CONSTRUCTOR = "_internal_init"
"""Constructor of generated resource classes; `__init__` has overloads."""
NOT_INPUTS = ("self", "__self__", "resource_name", "opts", "__props__", "return")
WIRE_NAME = "_pulumi_name"
"""Attribute in which the SDK keeps the name on the wire of a property's getter."""
WORDS: Mapping[object, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
NAMESPACE: Mapping[str, object] = {"Output": pulumi.Output, "T": NoneType}
"""Names in the SDK's type `Input`, whose forward references are resolved in the module of a class."""


@dataclass(frozen=True)
class InputProblem:
    """Problem with the value of an input; `path` has Python names (`settings.ip_configuration`), `name` is the last of them."""

    path: str
    problem: str
    fix: str


@cache
def inputs_of(owner: type) -> Mapping[str, object]:
    """Return the annotated type of each input of a resource class or a nested class, by its Python name."""
    constructor: object = getattr(owner, CONSTRUCTOR, None) or owner.__init__
    hints = get_type_hints(constructor, localns=dict(NAMESPACE))
    return {name: hint for name, hint in hints.items() if name not in NOT_INPUTS}


@cache
def required_of(owner: type) -> frozenset[str]:
    """Return the inputs that a class requires; a resource class has those of its class of arguments."""
    module = vars(sys.modules[owner.__module__])
    arguments: object = module.get(f"{owner.__name__}Args") or module.get(f"{owner.__name__}InitArgs") or owner
    parameters = inspect.signature(arguments.__init__ if isinstance(arguments, type) else owner.__init__).parameters
    return frozenset(
        name
        for name, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty and parameter.kind is inspect.Parameter.KEYWORD_ONLY
    )


def forms_of(hint: object) -> tuple[object, ...]:
    """Return the forms of a value that YAML can have: plain types, nested classes, sequences and mappings."""
    if get_origin(hint) in (Union, UnionType):
        return tuple(form for member in get_args(hint) for form in forms_of(member))
    if hint is NoneType or get_origin(hint) in (Awaitable, pulumi.Output) or is_typeddict(hint):
        return ()
    is_output = isinstance(hint, type) and hint.__module__.endswith(".outputs")
    return () if is_output else (hint,)


def nested_class(hint: object) -> type | None:
    """Return the class of nested inputs; None for any other type."""
    return next((form for form in forms_of(hint) if isinstance(form, type) and form.__name__.endswith("Args")), None)


def value_hint(hint: object) -> object:
    """Return the type of the values of a mapping whose keys are free, or of the items of a list; `object` for any."""
    for form in forms_of(hint):
        arguments = get_args(form)
        if arguments and isinstance(get_origin(form), type):
            return arguments[-1]
    return object


def wire_name(owner: type | None, name: str) -> str:
    """Return the name on the wire of an input (`instanceClass`); the name itself where the class does not know it."""
    known: object = inspect.getattr_static(owner, name, None) if owner is not None else None
    getter = known.fget if isinstance(known, property) else None
    wire: object = vars(getter).get(WIRE_NAME, name) if getter is not None else name
    return str(wire)


def input_problems(owner: type, values: Mapping[str, object], path: str = "") -> Iterator[InputProblem]:
    """Yield unknown inputs of a class, with the nearest one, values of another kind, and removed ones that it requires."""
    known = inputs_of(owner)
    for name, value in values.items():
        here = f"{path}.{name}".lstrip(".")
        if name not in known:
            yield InputProblem(here, f"{_shown(owner)} has no input {name}{_nearest(name, known)}", _names(owner))
        elif value is None and name in required_of(owner):
            yield InputProblem(here, f"{_shown(owner)} requires it, so it cannot be removed", "set a value")
        elif value is not None:
            yield from _kind_problems(value, known[name], here)


def _nearest(name: str, known: Mapping[str, object]) -> str:
    meant = snake_case(name)
    return f" (did you mean {meant})" if meant in known else did_you_mean(meant, known)


def _shown(owner: type) -> str:
    """Return `Instance`, or `InstanceBlueGreenUpdate` for a nested class."""
    return owner.__name__.removesuffix("Args")


def _names(owner: type) -> str:
    package = owner.__module__.partition(".")[0]
    return f"use a Python name of the documentation of {package}, such as {', '.join(sorted(inputs_of(owner))[:3])}"


def _kind_problems(value: object, hint: object, path: str) -> Iterator[InputProblem]:
    forms, nested = forms_of(hint), nested_class(hint)
    if not forms or any(form in (object, Any) for form in forms):
        return  # any value
    if is_mapping(value) and nested is not None:
        yield from input_problems(nested, value, path)
    elif is_mapping(value) and any(_is_a(form, Mapping) for form in forms):
        for key, inner in value.items():
            if inner is not None:
                yield from _kind_problems(inner, value_hint(hint), f"{path}.{key}")
    elif is_list(value) and any(_is_a(form, Sequence) for form in forms):
        for index, inner in enumerate(value):
            yield from _kind_problems(inner, value_hint(hint), f"{path}[{index}]")
    elif not any(_is_scalar(value, form) for form in forms):
        expected = " or ".join(dict.fromkeys(_word(form) for form in forms))
        yield InputProblem(path, f"must be {expected}, not {_word_of(value)}", "write a value of that kind")


def _is_a(form: object, kind: type) -> bool:
    origin = get_origin(form)
    return isinstance(origin, type) and issubclass(origin, kind)


def _is_scalar(value: object, form: object) -> bool:
    if isinstance(form, type) and issubclass(form, Enum):
        return value in [member.value for member in form]
    if isinstance(value, bool):
        return form is bool
    return (isinstance(value, int | float) and form is float) or (type(value) is form and form in WORDS)


def _word(form: object) -> str:
    if isinstance(form, type) and issubclass(form, Enum):
        return ", ".join(str(member.value) for member in form)
    if _is_a(form, Sequence):
        return "a list"
    is_named = _is_a(form, Mapping) or nested_class(form) is not None
    return "a mapping" if is_named else WORDS.get(form, "what no stack file can have")


def _word_of(value: object) -> str:
    """Return the kind of a value in words; the value itself may be a secret."""
    return "a list" if is_list(value) else "a mapping" if is_mapping(value) else WORDS.get(type(value), "empty")


def merged(current: object, value: object, hint: object) -> object:
    """Return an input with an override: nested inputs and mappings are merged, anything else is replaced, None removes."""
    if not is_mapping(value) or not _takes_mappings(hint):
        return value
    if isinstance(current, pulumi.Output):
        return current.apply(lambda known: merged(known, value, hint))
    base = mapping_of(current)
    nested = nested_class(hint)
    inner = inputs_of(nested) if nested is not None else {}
    parts = {key: merged(base.get(key), part, inner.get(key, value_hint(hint))) for key, part in value.items()}
    return {key: part for key, part in {**base, **parts}.items() if part is not None}


def changes(current: object, value: object) -> bool:
    """Return whether an override differs from the input that is declared; an Output may have any value."""
    if is_mapping(value) and not isinstance(current, pulumi.Output):
        base = mapping_of(current)
        return any(changes(base.get(key), part) for key, part in value.items())
    return isinstance(current, pulumi.Output) or current != value


def mapping_of(value: object) -> Mapping[str, object]:
    """Return nested inputs by Python name; empty for any other value."""
    if isinstance(value, Mapping):
        return dict(value)
    return dict(vars(value)) if is_arguments(value) else {}


def is_arguments(value: object) -> bool:
    """Return whether a value is an object of a nested class."""
    return type(value).__name__.endswith("Args") and hasattr(value, "__dict__")


def _takes_mappings(hint: object) -> bool:
    return nested_class(hint) is not None or any(
        form in (object, Any) or _is_a(form, Mapping) for form in forms_of(hint)
    )
