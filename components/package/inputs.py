"""Inputs of a caller in any language, read as a spec: names of properties, Outputs, and diagnostics in the caller's spelling.

An Output whose value is known is the value, because callers cannot avoid Outputs where their language wraps whole objects. Its
secrecy and dependencies stay with the values that can be Outputs in a spec: images, environment values and tags.
"""

from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyErrorDetails
from pulumi.output import Unknown

from components.package.names import (
    Part,
    camel_case,
    dotted,
    fields_by_property,
    in_camel_case,
    property_path,
    snake_case,
)
from components.program_settings import Secrets, output_kind
from components.validation.schema import inner_type, model_of, value_type
from providers.contract.diagnostics import ConfigError, Diagnostic, sentences
from providers.contract.json_data import Raw, is_list, is_mapping
from providers.contract.spec import Platform

T = TypeVar("T")
Outputs = tuple[pulumi.Output[object], ...]
SECRETS = "secrets"
"""Input with the values of the secrets, which is no key of the spec."""
IN_CLEAR_TEXT = "a secret, which would be declared in clear text"
CLEAR_TEXT_FIX = "pass it in `secrets`, or use a plain value; environment values, images and tags can be secret"


@dataclass(frozen=True)
class InputPlace:
    """Place of a value: in the spec, as the caller writes it, and the type that the spec has there."""

    key: tuple[Part, ...] = ()
    written: tuple[Part, ...] = ()
    annotation: object = Platform

    def inside(self, part: Part, annotation: object, written: Part | None = None) -> "InputPlace":
        """Return the place of a part of the value."""
        return InputPlace((*self.key, part), (*self.written, part if written is None else written), annotation)

    @property
    def takes_output(self) -> bool:
        """True where the value can be unknown until the update."""
        return output_kind(tuple(map(str, self.key))) is not None

    @property
    def takes_outputs_inside(self) -> bool:
        """True for a mapping all of whose values can be unknown until the update."""
        return output_kind((*map(str, self.key), "NAME")) in ("tags", "environment")


@dataclass
class CallerInputs:
    """Inputs of one platform; `spelling` has the property path of each key that the caller wrote."""

    spelling: dict[str, str] = field(default_factory=dict[str, str])
    errors: list[ConfigError] = field(default_factory=list[ConfigError])

    def spec(self, inputs: Mapping[str, object]) -> Raw:
        """Return the platform with the keys of a stack file; Outputs remain where their values are not plain."""
        values = {name: value for name, value in inputs.items() if name != SECRETS}
        return self._object(values, InputPlace(), ())

    def secrets(self, value: object) -> Secrets:
        """Return the values of the secrets by name; of an unknown mapping, the names are known in the update only."""
        if value is None:
            return {}
        if isinstance(value, Unknown):
            return unknown()
        if isinstance(value, pulumi.Output):
            names = now(value.future())
            return {name: _item(value, name) for name in sorted(names)} if is_mapping(names) else value
        return {name: self._secret(name, value[name]) for name in sorted(value)} if is_mapping(value) else {}

    def _secret(self, name: str, value: object) -> pulumi.Input[str]:
        if isinstance(value, Unknown):
            return unknown()
        if isinstance(value, pulumi.Output):
            return value
        if not isinstance(value, str):
            self.errors.append(ConfigError(f"{SECRETS}.{name}", "must be text", "put it in quotes"))
        return str(value)

    def _value(self, value: object, place: InputPlace, outer: Outputs) -> object:
        self.spelling[dotted(place.key)] = property_path(place.written)
        kind = inner_type(place.annotation)
        model = model_of(kind)
        if isinstance(value, Unknown):
            return unknown()
        if isinstance(value, pulumi.Output):
            return self._output(value, place, outer)
        if is_mapping(value) and model is not None:
            return self._object(value, place, outer)
        inner = value_type(kind)
        if is_mapping(value):
            # an object of a request has no order, and names of several services in one value must keep theirs
            return {name: self._value(value[name], place.inside(name, inner), outer) for name in sorted(value)}
        if is_list(value):
            return [self._value(each, place.inside(index, inner), outer) for index, each in enumerate(value)]
        if not isinstance(value, (str, int, float, bool)):
            problem = "neither text, a number, true, false, a list nor an object"
            self.errors.append(ConfigError(dotted(place.key), problem, "use a value of the schema"))
            return ""
        if outer and place.takes_output:
            return pulumi.Output.all(value, *outer).apply(lambda parts: parts[0])
        # every number of a request is a decimal one
        return int(value) if isinstance(value, float) and value == int(value) else value

    def _object(self, values: Mapping[str, object], place: InputPlace, outer: Outputs) -> Raw:
        model = model_of(inner_type(place.annotation)) or Platform
        properties, result = fields_by_property(model), Raw()
        for name, value in sorted(values.items()):
            key = properties.get(name) or snake_case(name)
            inner = place.inside(key, model.model_fields[key].annotation if key in model.model_fields else None, name)
            if name not in properties and key in model.model_fields:
                problem = f"unknown property (did you mean {camel_case(key)})"
                self.errors.append(ConfigError(dotted(inner.key), problem, "write it as the schema does"))
            result[key] = self._value(value, inner, outer)
        return result

    def _output(self, output: pulumi.Output[object], place: InputPlace, outer: Outputs) -> object:
        """Return the value of an Output that is known; where the spec takes Outputs, one with dependencies or secrecy."""
        known, secret = now(output.is_known()), now(output.is_secret())
        linked = secret or bool(now(output.resources()))
        if place.takes_output and (linked or outer or not known):
            return pulumi.Output.all(output, *outer).apply(lambda parts: parts[0]) if outer else output
        if not known:
            # refused with the other mistakes of the spec
            return output
        if secret and not place.takes_outputs_inside:
            self.errors.append(ConfigError(dotted(place.key), IN_CLEAR_TEXT, CLEAR_TEXT_FIX))
        return self._value(now(output.future()), place, (*outer, output) if linked else outer)

    def refusal(self, diagnostics: Sequence[Diagnostic]) -> InputPropertiesError:
        """Return the error with every diagnostic at its property, the first one of each key."""
        by_key: dict[str, Diagnostic] = {}
        for each in (*self.errors, *diagnostics):
            by_key.setdefault(each.key, each)
        details = [
            InputPropertyErrorDetails(property_path=self._written(key), reason=_reason(each))
            for key, each in by_key.items()
        ]
        return InputPropertiesError("the platform cannot be declared", details)

    def _written(self, key: str) -> str:
        """Return a key as the caller writes it; parts that the caller left out are properties of the schema."""
        known = max((each for each in self.spelling if _begins(key, each)), key=len, default="")
        rest = in_camel_case(key[len(known) :])
        return f"{self.spelling.get(known, '')}{rest}".lstrip(".")


def _reason(diagnostic: Diagnostic) -> str:
    """Return problem and fix with the names of properties, without the key."""
    text = str(diagnostic).removeprefix(f"{diagnostic.key}: ")
    return in_camel_case(text if text else sentences("", diagnostic.problem, diagnostic.fix))


def _begins(key: str, start: str) -> bool:
    return key == start or key.startswith((f"{start}.", f"{start}["))


def _item(values: pulumi.Output[Any], name: str) -> pulumi.Output[str]:
    return values.apply(lambda known: known[name])


def unknown() -> pulumi.Output[Any]:
    """Return the Output of a value that is not known in a preview."""
    return pulumi.Output.from_input(Unknown())


def now(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that has nothing to wait for: inputs of a provider are complete when it is called."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise RuntimeError("an input of the component is not complete")
