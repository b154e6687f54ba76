"""Changes of a stack file: the edited text with its comments, shown as a diff, then written as a whole or not at all.

ruamel.yaml is the one library that writes YAML back as it was read. Its result is read again by the platform's own reader
and compared, so that no value can change its meaning between the two.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from io import StringIO
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from automation.stack.yaml_reader import parse, read_text
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.json_data import Raw, is_list, is_mapping

INDENTATIONS = ((2, 0), (4, 2))
"""Indentation of the items of a block list and of its dashes: the two styles in use."""
NEW_FILE_MODE = 0o644
"""Mode of a file that is created: a stack file has no secret in clear text."""
MAX_COLUMNS = 1 << 20
"""Columns after which a line would be broken: never."""


@dataclass(frozen=True)
class Proposal:
    """A file, its text as it is and as it would be, and notes to read before agreeing."""

    path: Path
    before: str
    after: str
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """False when the file is as it would be."""
        return self.before != self.after

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty when there is none."""
        name = self.path.name
        lines = unified_diff(self.before.splitlines(), self.after.splitlines(), f"a/{name}", f"b/{name}", lineterm="")
        return "\n".join(lines)

    def write(self) -> None:
        """Write the change; raises InvalidConfiguration when the file has changed in the meantime."""
        if read_text(self.path) != self.before:
            problem = "the file has changed since the change was shown"
            raise InvalidConfiguration([ConfigError(self.path.name, problem, "run the same command again")])
        replace_text(self.path, self.after)


def replace_text(path: Path, text: str) -> None:
    """Replace a file's text and keep its mode, or create it; a reader finds the old text or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    new = Path(name)
    new.chmod(path.stat().st_mode if path.exists() else NEW_FILE_MODE)
    new.replace(path)


def edited_text(text: str, file: str, content: Mapping[str, object]) -> str:
    """Return a YAML text with other content and what is unchanged kept; raises InvalidConfiguration where it cannot be."""
    present = parse(text, file).value
    if not is_mapping(present) or _is_same(present, content):
        return text
    style = _style_of(text)
    document = style.load(text)
    _edit(document, present, content)
    changed = _dumped(style, document)
    if not _reads_as(changed, content):
        problem = "the change would alter other values too, as where an anchor repeats a value"
        raise InvalidConfiguration([ConfigError(file, problem, "change the file by hand")])
    return changed


def _edit(node: CommentedMap, present: Mapping[str, object], content: Mapping[str, object]) -> None:
    """Give a mapping other content, touching nothing that is the same already.

    `present` is the same mapping as the platform's reader has it: ruamel.yaml takes `on` for text.
    """
    for key in [key for key in present if key not in content]:
        del node[key]
    for key, value in content.items():
        current = present.get(key)
        if key in present and _is_same(current, value):
            continue
        child = cast("Raw", node).get(key)
        if isinstance(child, CommentedMap) and is_mapping(current) and is_mapping(value):
            _edit(child, current, value)
        else:
            node[key] = _styled(value, like=child)


def _styled(value: object, like: object = None) -> object:
    """Return a new value in the style of the one that it replaces."""
    if isinstance(value, str):
        # text that a reader takes for something else, such as `on`, `1_000` or, in braces, `:0`, needs quotes
        plain = _reads_as(f"{{key: {value}, list: [{value}]}}", {"key": value, "list": [value]})
        return value if plain else DoubleQuotedScalarString(value)
    if is_mapping(value):
        return CommentedMap({key: _styled(part) for key, part in value.items()})
    if is_list(value):
        items = CommentedSeq([_styled(item) for item in value])
        if not isinstance(like, CommentedSeq) or _format(like).flow_style():
            _format(items).set_flow_style()
        return items
    return value


def _format(node: CommentedSeq) -> Any:  # ruamel.yaml types its formats as Any
    return cast("Any", node).fa


def _style_of(text: str) -> Any:  # ruamel.yaml types its documents as Any
    """Return the reader and writer whose indentation is the text's own, or comes nearest to it."""
    return max((_round_trip(*indentation) for indentation in INDENTATIONS), key=lambda style: _likeness(style, text))


def _round_trip(items: int, dashes: int) -> Any:  # ruamel.yaml types its settings as Any
    style = cast("Any", YAML())
    style.preserve_quotes, style.width = True, MAX_COLUMNS
    style.indent(mapping=2, sequence=items, offset=dashes)
    return style


def _likeness(style: Any, text: str) -> float:  # see `_style_of`
    style.explicit_start = text.startswith("---") or "\n---" in text
    written = _dumped(style, style.load(text))
    return SequenceMatcher(None, text.splitlines(), written.splitlines(), autojunk=False).ratio()


def _dumped(style: Any, document: object) -> str:  # see `_style_of`
    out = StringIO()
    style.dump(document, out)
    return out.getvalue()


def _reads_as(text: str, content: object) -> bool:
    """Return whether the platform's reader reads the text as this content."""
    try:
        return _is_same(parse(text, "").value, content)
    except InvalidConfiguration:
        return False


def _is_same(one: object, other: object) -> bool:
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)
