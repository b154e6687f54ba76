"""The spec's classes read by key: fields, allowed words and kinds of the value at a location of a stack file."""

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from providers.contract.spec import Platform, SpecModel
from providers.contract.spec.defaults import Raw, is_mapping

Location = Sequence[int | str]
"""Keys, names and indices from the platform down to a value."""


def field_at(location: Location) -> FieldInfo | None:
    """Return the field of the last key: an index or a user's own name belongs to the field before it."""
    owner, name = _owner_at(location)
    return owner.model_fields[name] if owner else None


def _owner_at(location: Location) -> tuple[type[BaseModel] | None, str]:
    """Return the class and the name of the field of the last key."""
    annotation: object = Platform
    found: tuple[type[BaseModel] | None, str] = (None, "")
    for part in location:
        owner = model_of(annotation)
        if owner is not None and str(part) in owner.model_fields:
            found = owner, str(part)
            annotation = inner_type(owner.model_fields[str(part)].annotation)
        elif owner is None and annotation is not None:
            annotation = value_type(annotation)
        else:
            break
    return found


def keys_at(location: Location) -> list[str]:
    """Return the keys of the mapping at a location, in alphabetical order."""
    annotation: object = Platform
    for part in location:
        owner = model_of(annotation)
        field = owner.model_fields.get(str(part)) if owner else None
        annotation = inner_type(field.annotation) if field else value_type(annotation)
    owner = model_of(annotation)
    return sorted(owner.model_fields) if owner else []


def forms_at(location: Location) -> tuple[str, ...]:
    """Return pydantic's names of the forms of a value that is a mapping or a short form, such as `metrics: none`."""
    field = field_at(location)
    members = get_args(field.annotation) if field and get_origin(field.annotation) in (Union, UnionType) else ()
    models = [model.__name__ for model in map(model_of, members) if model is not None]
    words = [f"literal[{','.join(map(repr, get_args(each)))}]" for each in members if get_origin(each) is Literal]
    return (*models, *words, *(["bool"] if bool in members else [])) if models else ()


def words_at(location: Location) -> tuple[object, ...]:
    """Return the values that a key with a fixed list of them takes."""
    field = field_at(location)
    return _literals(field.annotation) if field else ()


def described(location: Location) -> str:
    """Return the first clause of the documentation of a key, for the middle of a sentence."""
    owner, name = _owner_at(location)
    text = documentation(owner).get(name, "").partition(";")[0].rstrip(".") if owner else ""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


@cache
def documentation(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the docstring of each field of a class, from its source.

    pydantic's own option for it reads and parses the source of every class at each start; few commands need any.
    """
    classes = [each for each in reversed(model.__mro__) if issubclass(each, SpecModel) and each is not SpecModel]
    return {name: text for each in classes for name, text in own_documentation(each)}


def own_documentation(model: type) -> Iterator[tuple[str, str]]:
    """Yield name and docstring of each field that a class declares itself."""
    (definition,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(definition, ast.ClassDef)
    for field, text in pairwise(definition.body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(documented))):
                yield name, inspect.cleandoc(documented)
            case _:
                pass


def with_empty_blocks(platform: Raw) -> Raw:
    """Return a platform in which a key without a value (`database:`) is the empty block, mapping or list that it means.

    The block of a cloud that is not chosen stays absent. A single value (`profile:`) stays null and is refused.
    """
    chosen = platform.get("cloud")
    blocks = {name for name in words_at(["cloud"]) if name != chosen}
    present = {key: value for key, value in platform.items() if not (value is None and key in blocks)}
    return _filled_model(present, Platform)


def _filled(value: object, annotation: object) -> object:
    kind = inner_type(annotation)
    model = model_of(kind)
    is_dict = get_origin(kind) is dict
    if value is None:
        return {} if model is not None or is_dict else [] if get_origin(kind) is tuple else None
    if model is not None and is_mapping(value):
        return _filled_model(value, model)
    if is_dict and is_mapping(value):
        return {key: _filled(part, value_type(kind)) for key, part in value.items()}
    return value


def _filled_model(values: Raw, model: type[BaseModel]) -> Raw:
    fields = model.model_fields
    return {key: _filled(part, fields[key].annotation) if key in fields else part for key, part in values.items()}


def model_of(annotation: object) -> type[BaseModel] | None:
    """Return a class of the spec; None for any other type."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def inner_type(annotation: object) -> object:
    """Return the type inside Annotated and `| None`."""
    if get_origin(annotation) is Annotated:
        return inner_type(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return inner_type(members[0])
    return annotation


def value_type(annotation: object) -> object:
    """Return the type of the values of a dict or of the items of a tuple."""
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return inner_type(arguments[1])
    return inner_type(arguments[0]) if arguments else None


def _literals(annotation: object) -> tuple[object, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(word for inner in get_args(annotation) for word in _literals(inner))
