"""The text of a stack file with another configuration in it; comments, order and quotes of what stays are kept.

ruamel.yaml is the one library that writes YAML back as it was read. What it has written is read again by PyYAML, as the
rest of the platform reads it, and compared, so that no value can change its meaning between the two.
"""

import json
from collections.abc import Mapping
from difflib import SequenceMatcher
from io import StringIO
from typing import Any, cast

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from automation.plan.inventory import Value
from providers.contract.diagnostics import InvalidConfiguration, legacy_error
from providers.contract.spec.defaults import Raw

INDENTATIONS = ((2, 0), (4, 2))
"""How far the items of a block list stand in, and its dashes: the two ways in use."""
WIDEST = 1 << 20
"""Columns after which a line would be broken: never."""


def config_of(text: str, file: str) -> Raw:
    """The configuration that a stack file's text holds; raises InvalidConfiguration."""
    try:
        document = cast("object", yaml.safe_load(text))
    except yaml.YAMLError:
        raise InvalidConfiguration([legacy_error(file, None, "is not YAML; mend its syntax")]) from None
    config = cast("Raw", document).get("config") if isinstance(document, dict) else None
    if not isinstance(config, dict):
        raise InvalidConfiguration([legacy_error(f"{file}: config", config, "must hold the stack's configuration")])
    return cast("Raw", config)


def with_config(text: str, file: str, wanted: Mapping[str, Value]) -> str:
    """The text with the configuration `wanted` in it; raises InvalidConfiguration when it cannot be written so."""
    present = config_of(text, file)
    if _same(present, wanted):
        return text
    form = _form(text)
    document = form.load(text)
    _become(document["config"], present, wanted)
    changed = _dumped(form, document)
    if not _holds(changed, file, wanted):
        advice = "cannot be changed without changing more than was asked for (anchors do that); change it by hand"
        raise InvalidConfiguration([legacy_error(file, None, advice)])
    return changed


def _holds(text: str, file: str, wanted: Mapping[str, Value]) -> bool:
    try:
        return _same(config_of(text, file), wanted)
    except InvalidConfiguration:
        return False


def _become(node: CommentedMap, present: Mapping[str, Value], wanted: Mapping[str, Value]) -> None:
    """Make a mapping what is wanted, touching nothing that is so already.

    `present` is the same mapping as PyYAML reads it: ruamel.yaml takes `on` for text, which it is not to anybody else.
    """
    for key in [key for key in present if key not in wanted]:
        del node[key]
    for key, value in wanted.items():
        here = present.get(key)
        if key in present and _same(here, value):
            continue
        beneath = cast("Raw", node).get(key)
        if isinstance(beneath, CommentedMap) and isinstance(here, Mapping) and isinstance(value, Mapping):
            _become(beneath, cast("Mapping[str, Value]", here), cast("Mapping[str, Value]", value))
        else:
            node[key] = _written(value, like=beneath)


def _written(value: Value, like: Value = None) -> Value:
    """A new value in the style of the one that it takes the place of."""
    if isinstance(value, str):
        return value if _reads_as_itself(value) else DoubleQuotedScalarString(value)
    if isinstance(value, Mapping):
        inner = cast("Mapping[str, Value]", value)
        return CommentedMap({key: _written(part) for key, part in inner.items()})
    if isinstance(value, list | tuple):
        items = CommentedSeq([_written(item) for item in cast("list[Value]", value)])
        if not isinstance(like, CommentedSeq) or _style(like).flow_style():
            _style(items).set_flow_style()
        return items
    return value


def _style(node: CommentedSeq) -> Any:  # ruamel.yaml types its formats as Any
    return cast("Any", node).fa


def _reads_as_itself(value: str) -> bool:
    """False for text that a reader of YAML 1.1 takes for something else, such as `on`, `1_000` or, in braces, `:0`."""
    try:
        return cast("object", yaml.safe_load(f"{{key: {value}, list: [{value}]}}")) == {"key": value, "list": [value]}
    except yaml.YAMLError:
        return False


def _form(text: str) -> Any:  # ruamel.yaml types its documents as Any
    """The reader and writer whose indentation is the text's own, or comes nearest to it."""
    return max((_round_trip(*indentation) for indentation in INDENTATIONS), key=lambda form: _likeness(form, text))


def _round_trip(items: int, dashes: int) -> Any:  # ruamel.yaml types its settings as Any
    form = cast("Any", YAML())
    form.preserve_quotes, form.width = True, WIDEST
    form.indent(mapping=2, sequence=items, offset=dashes)
    return form


def _likeness(form: Any, text: str) -> float:  # see `_form`
    form.explicit_start = text.startswith("---") or "\n---" in text
    written = _dumped(form, form.load(text))
    return SequenceMatcher(None, text.splitlines(), written.splitlines(), autojunk=False).ratio()


def _dumped(form: Any, document: object) -> str:  # see `_form`
    out = StringIO()
    form.dump(document, out)
    return out.getvalue()


def _same(one: Value, other: Value) -> bool:
    """True when both are the same configuration: YAML's dates are text, as for the engine."""
    return _plain(one) == _plain(other)


def _plain(value: Value) -> Value:
    return cast("Value", json.loads(json.dumps(value, default=str)))
