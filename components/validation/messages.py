"""One sentence per mistake of shape: where, what was found, what is allowed, and the nearest word that is.

What is allowed comes from the spec itself: the keys of the model, the words of a Literal, the field's own docstring.
"""

from collections.abc import Sequence
from types import UnionType
from typing import Annotated, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from providers.contract.diagnostics import ConfigError, did_you_mean, legacy_error, listed
from providers.contract.spec import Platform
from providers.contract.spec.defaults import Raw

BOUNDS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "needs at least {min_length} entry",
    "string_too_long": "must be at most {max_length} characters long",
}
TYPES = {
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be an object of keys and values",
    "model_type": "must be an object of keys and values",
    "model_attributes_type": "must be an object of keys and values",
}
NAMES = {
    "services": "use lower-case letters, digits and hyphens, beginning with a letter, 40 at most",
    "environment": "use capital letters, digits and underscores, as environment variables do",
    "parameters": "use PostgreSQL's own names, in lower-case letters, digits, dots and underscores",
}
"""Rule for the names that users choose, by the key above them."""


NO_KEYS = ("[key]", "str", "int", "float", "bool")
"""Parts of a location that name no key: a mark, and the members of the one union in the spec."""


def mistake_of(error: ErrorDetails, raw: Raw) -> ConfigError:
    """The sentence for one pydantic error on `raw`."""
    loc = tuple(part for part in error["loc"] if part not in NO_KEYS)
    path, found = locate(loc, raw)
    return legacy_error(path, found, _advice(error, loc, found))


def _advice(error: ErrorDetails, loc: Sequence[int | str], found: object) -> str:
    kind, context = error["type"], error.get("ctx", {})
    means = _described(loc)
    if error["loc"][-1] == "[key]" and kind != "extra_forbidden":
        return f"stands under a name that cannot be used here; {NAMES[str(error['loc'][-3])]}"
    if kind == "extra_forbidden":
        keys = sorted(_keys_at(loc[:-1]))
        return f"stands under an unknown key{did_you_mean(loc[-1], keys)}; the keys here are {listed(keys, 'and')}"
    if kind == "missing":
        return f"is set here, and it is needed; {means}".rstrip("; ")
    if kind == "literal_error":
        words = [str(word) for word in _words_at(loc)]
        return f"is not one of the allowed words{did_you_mean(found, words)}; use {listed(words)}"
    if kind in BOUNDS:
        return f"{BOUNDS[kind].format(**context)}; {means}".rstrip("; ")
    if kind in TYPES:
        return f"{TYPES[kind]}; {means}".rstrip("; ")
    if kind == "value_error":
        return str(context["error"])
    return f"does not fit; {means}".rstrip("; ")


def locate(loc: Sequence[int | str], raw: Raw) -> tuple[str, object]:
    """The path as users write it and the value found there; parts that name no key (union members) are dropped."""
    path, found = "", cast("object", raw)
    for part in loc:
        entries = _entries(found)
        if entries is None:
            break
        path = f"{path}[{part}]" if isinstance(part, int) else f"{path}.{part}".lstrip(".")
        found = entries.get(part)
    return path, found


def _entries(place: object) -> dict[int | str, object] | None:
    if isinstance(place, dict):
        return cast("dict[int | str, object]", place)
    return dict(enumerate(cast("list[object]", place))) if isinstance(place, list) else None


def _field_at(loc: Sequence[int | str]) -> FieldInfo | None:
    """Field of the last part that names one: an index or a user's own name belongs to the field before it."""
    model: object = Platform
    field: FieldInfo | None = None
    for part in loc:
        owner = _as_model(model)
        if owner is not None and str(part) in owner.model_fields:
            field = owner.model_fields[str(part)]
            model = _inner(field.annotation)
        elif owner is None and model is not None:
            model = _value_type(model)
        else:
            break
    return field


def _keys_at(loc: Sequence[int | str]) -> list[str]:
    """Keys of the model at `loc`, walking through `services.<name>` and the like."""
    model: object = Platform
    for part in loc:
        owner = _as_model(model)
        field = owner.model_fields.get(str(part)) if owner else None
        model = _inner(field.annotation) if field else _value_type(model)
    owner = _as_model(model)
    return list(owner.model_fields) if owner else []


def _described(loc: Sequence[int | str]) -> str:
    field = _field_at(loc)
    text = (field.description or "") if field else ""
    starts_with_word = text[1:2].islower()
    return (text[:1].lower() + text[1:] if starts_with_word else text).rstrip(".")


def _words_at(loc: Sequence[int | str]) -> tuple[object, ...]:
    field = _field_at(loc)
    return _literals(field.annotation) if field else ()


def _literals(annotation: object) -> tuple[object, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(word for inner in get_args(annotation) for word in _literals(inner))


def _as_model(annotation: object) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _inner(annotation: object) -> object:
    """The type beneath Annotated and `| None`."""
    if get_origin(annotation) is Annotated:
        return _inner(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return _inner(members[0])
    return annotation


def _value_type(annotation: object) -> object:
    """The type of the values of a dict or of the items of a tuple."""
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return _inner(arguments[1])
    return _inner(arguments[0]) if arguments else None
