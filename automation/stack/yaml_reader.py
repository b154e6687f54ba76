"""Strict and bounded reader of YAML: the only place of the program that parses it.

It accepts what PyYAML's SafeLoader accepts, except for content that has no one meaning: duplicate keys, keys that YAML does
not read as text, several documents, and tags other than the standard ones. Depth, nodes and size are bounded, so a file
cannot exhaust time or memory. A message names line and column and repeats no value, which may be a secret.
"""

import copy
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.json_data import Raw, is_list, is_mapping

MAX_BYTES = 128 * 1024
MAX_NODES = 20_000
"""Scalars, lists and mappings of one file, those that aliases repeat included."""
MAX_DEPTH = 32
MAX_NUMBER_CHARACTERS = 40
"""A longer number is text: no setting needs it, and Python refuses to convert thousands of digits."""
YAML_TAG = "tag:yaml.org,2002:"
KEY_KINDS = {"bool": "true or false", "int": "a number", "float": "a number", "null": "null", "timestamp": "a date"}
HINTS = {
    "mapping values are not allowed": 'put a value that contains ": " in quotes, or correct the indentation',
    "character '\\t'": "indent with spaces instead of tabs",
    "cannot start any token": "put the value in quotes",
    "while scanning a quoted scalar": "close the quotation mark",
    "unknown escape character": "use single quotes, or write a backslash as two",
    "could not find expected ':'": 'add ": " after the key, or correct the indentation',
    "while parsing a flow sequence": "add the missing comma or closing bracket",
    "while parsing a flow mapping": "add the missing comma or closing brace",
    "while parsing a block": "correct the indentation",
    "while scanning an alias": "put a value that begins with * in quotes",
    "while scanning an anchor": "put a value that begins with & in quotes",
    "tag": "put a value that begins with ! in quotes",
}
"""Fix for a parser message that contains the words; the first that fits."""

TOKENS = {
    "'<stream end>'": "the end of the file",
    "'\\x00'": "the end of the file",
    "<block end>": "the end of the block",
    "'\\t'": "TAB",
    "the node content": "a value",
}
"""Words for what the parser calls by its own names."""


@dataclass(frozen=True)
class Yaml:
    """Content of a YAML text; `source` has the numbers that are written in another form than JSON's, by dotted path."""

    value: object
    source: Mapping[str, str] = field(default_factory=dict[str, str])


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file of bounded size; raises InvalidConfiguration."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        problem = f"cannot be read: {(error.strerror or type(error).__name__).lower()}"
        raise InvalidConfiguration([ConfigError(path.name, problem)]) from error
    if len(content) > MAX_BYTES:
        raise InvalidConfiguration([ConfigError(path.name, f"larger than {MAX_BYTES // 1024} KiB")])
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidConfiguration([ConfigError(path.name, "encoded in UTF-16", "save it as UTF-8")])
    try:
        # an editor on Windows may begin the file with a byte order mark
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = (
            f"not encoded in UTF-8 (byte 0x{content[error.start]:02x} at line {content[: error.start].count(10) + 1})"
        )
        raise InvalidConfiguration([ConfigError(path.name, problem, "save it as UTF-8")]) from None


def parse(text: str, name: str, root: tuple[str, ...] = (), *, foreign: bool = False) -> Yaml:
    """Return the content of a YAML text; raises InvalidConfiguration with every fault that does not stop the parser.

    `name` is what a message calls the text; keys inside `root` are named from there on, as the platform's are. In a
    `foreign` text, which is another tool's, keys such as `on` are text, and a tag such as `!Sub` is a function of
    CloudFormation: its value becomes `{"Fn::Sub": value}`.
    """
    try:
        return _Composer(text, name, root, foreign=foreign).document()
    except yaml.YAMLError as error:
        raise InvalidConfiguration([_syntax_error(error, text, name)]) from None


def read_mapping(path: Path, *, foreign: bool = False) -> Raw:
    """Return the content of a YAML file that holds a mapping (`foreign`: as in `parse`); raises InvalidConfiguration."""
    value = parse(read_text(path), path.name, foreign=foreign).value
    if not is_mapping(value):
        raise InvalidConfiguration([ConfigError(path.name, "not a mapping", "write it as keys and values")])
    return value


def dump(document: object) -> str:
    """Return a document as YAML text without comments, its keys in their order."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1 << 20)


class _Composer:
    """Builds the content of one text from the parser's events, which need no recursion of the parser."""

    def __init__(self, text: str, name: str, root: tuple[str, ...], *, foreign: bool = False) -> None:
        self.name, self.root, self.foreign = name, root, foreign
        self.loader: Any = yaml.SafeLoader(text)  # types-PyYAML leaves most of its methods without types
        self.resolve: Callable[..., object] = self.loader.resolve
        self.events: Iterator[yaml.Event] = iter(self.loader.get_event, None)
        self.anchors: dict[str, object] = {}
        self.open_anchors: set[str] = set()
        self.source: dict[str, str] = {}
        self.errors: list[ConfigError] = []
        self.nodes = 0

    def document(self) -> Yaml:
        """Return the content of the text's only document; None for an empty one."""
        value: object = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error(event, "a second YAML document begins", "keep one document in the file")
                value = self._node(next(self.events), ())
        if self.errors:
            raise InvalidConfiguration(self.errors)
        return Yaml(value, self.source)

    def _node(self, event: yaml.Event, path: tuple[str, ...]) -> object:
        self._count(event, 1, len(path))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, len(path))
        assert isinstance(event, yaml.NodeEvent)
        function = self._function(event)
        if function is not None:
            return {function: self._node(event, path)}
        anchor = event.anchor
        if anchor is not None:
            self.open_anchors.add(anchor)
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event, path)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event, "seq")
            value = self._sequence(path)
        else:
            self._check_tag(event, "map")
            value = self._mapping(path)
        if anchor is not None:
            self.open_anchors.discard(anchor)
            self.anchors[anchor] = value
        return value

    def _function(self, event: yaml.NodeEvent) -> str | None:
        """Return the long name of a function and remove its tag from the event; None for a value without one.

        Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
        """
        tag: object = getattr(event, "tag", None)
        if not self.foreign or not isinstance(tag, str) or not re.fullmatch(r"![A-Za-z]+", tag):
            return None
        if isinstance(event, yaml.ScalarEvent):
            event.tag, event.implicit = None, (event.style is None, event.style is not None)
        elif isinstance(event, yaml.CollectionStartEvent):
            event.tag = None
        return tag[1:] if tag in ("!Ref", "!Condition") else f"Fn::{tag[1:]}"

    def _alias(self, event: yaml.AliasEvent, level: int) -> object:
        anchor = event.anchor
        if anchor in self.open_anchors:
            raise self._error(event, "an alias refers to a value that contains it", "write the value out")
        if anchor not in self.anchors:
            raise self._error(event, "undefined alias", "put a value that begins with * in quotes")
        value = self.anchors[anchor]
        nodes, depth = _extent(value)
        self._count(event, nodes, depth + level)
        return copy.deepcopy(value)

    def _sequence(self, path: tuple[str, ...]) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, f"[{len(items)}]")))
        return items

    def _mapping(self, path: tuple[str, ...]) -> Raw:
        values: Raw = {}
        merged: list[Raw] = []
        lines: dict[str, int] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if _is_merge(event):
                value = self._node(next(self.events), path)
                parts = value if is_list(value) else [value]
                if not all(is_mapping(part) for part in parts):
                    raise self._error(event, "a merge key (<<) needs a mapping", "write the values out")
                merged += [part for part in parts if is_mapping(part)]
                continue
            key, line = self._key(event, path), _line(event)
            if key in lines:
                problem = f"set twice, at line {lines[key]} and at line {line}"
                self.errors.append(ConfigError(self._shown((*path, key)), problem, "keep one of the two"))
            lines.setdefault(key, line)
            values[key] = self._node(next(self.events), (*path, key))
        for part in merged:
            values = {**part, **values}
        return values

    def _key(self, event: yaml.Event, path: tuple[str, ...]) -> str:
        """Return the key of an entry, which must be text; a key that is not is reported and taken as its text."""
        if isinstance(event, yaml.AliasEvent):
            value = self._alias(event, len(path))
            if isinstance(value, str):
                return value
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, "a key is not text", "put the key in quotes")
        self._count(event, 1, len(path))
        text, kind = event.value, self._kind(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = text
        if kind not in KEY_KINDS or (self.foreign and text):
            return text
        shown = text or "(empty)"
        problem = f"YAML reads the key at line {_line(event)} as {KEY_KINDS[kind]}, not as text"
        fix = f'put it in quotes: "{text}"' if text else "write a key before the colon"
        self.errors.append(ConfigError(self._shown((*path, shown)), problem, fix))
        return text

    def _scalar(self, event: yaml.ScalarEvent, path: tuple[str, ...]) -> object:
        text, kind = event.value, self._kind(event)
        unusable = re.search("[\0\ud800-\udfff]", text)
        if unusable:
            raise self._error(event, f"the value contains the character U+{ord(unusable[0]):04X}", "remove it")
        if kind == "null":
            return None
        if kind not in ("bool", "int", "float") or len(text) > MAX_NUMBER_CHARACTERS or ":" in text:
            # 22:30 is a number of base 60 in YAML 1.1, and text in YAML 1.2, which the engine reads
            return text
        try:
            node = yaml.ScalarNode(f"{YAML_TAG}{kind}", text)
            value: object = getattr(self.loader, f"construct_yaml_{kind}")(node)
        except (ValueError, KeyError):
            return text
        if isinstance(value, float) and not math.isfinite(value):
            return text
        if text != json.dumps(value):
            self.source[self._shown(path)] = text
        return value

    def _kind(self, event: yaml.ScalarEvent) -> str:
        """Return the kind of a scalar by YAML's own rules: str, null, bool, int, float, timestamp, ..."""
        if event.tag is not None and event.tag != "!":
            return self._check_tag(event, "str", "null", "bool", "int", "float")
        tag = self.resolve(yaml.ScalarNode, event.value, event.implicit)
        return str(tag).removeprefix(YAML_TAG)

    def _check_tag(self, event: yaml.NodeEvent, *allowed: str) -> str:
        tag: object = getattr(event, "tag", None)
        kind = allowed[0] if tag in (None, "!") else str(tag).removeprefix(YAML_TAG)
        if kind not in allowed:
            raise self._error(event, "tags are not supported", "put a value that begins with ! in quotes")
        return kind

    def _count(self, event: yaml.Event, nodes: int, depth: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise self._error(event, f"more than {MAX_NODES} values", "remove what is not needed")
        if depth > MAX_DEPTH:
            raise self._error(event, f"nested more than {MAX_DEPTH} levels deep", "remove the inner levels")

    def _shown(self, path: tuple[str, ...]) -> str:
        """Return the dotted path of a key, from `root` on where it is inside."""
        inner = path[len(self.root) :] if path[: len(self.root)] == self.root and len(path) > len(self.root) else path
        return ".".join(inner).replace(".[", "[")

    def _error(self, event: yaml.Event, problem: str, fix: str) -> InvalidConfiguration:
        where = f"line {_line(event)}, column {event.start_mark.column + 1 if event.start_mark else 1}"
        return InvalidConfiguration([*self.errors, ConfigError(self.name, f"invalid YAML at {where}: {problem}", fix)])


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _is_merge(event: yaml.Event) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.style is None


def _extent(value: object) -> tuple[int, int]:
    """Return the number of nodes of a value and its depth."""
    if is_mapping(value):
        inner = [_extent(part) for part in value.values()]
    elif is_list(value):
        inner = [_extent(part) for part in value]
    else:
        return 1, 0
    return 1 + sum(nodes for nodes, _ in inner), 1 + max((depth for _, depth in inner), default=0)


def _syntax_error(error: yaml.YAMLError, text: str, name: str) -> ConfigError:
    """Return the message for what the parser refuses, with its own words and no part of the text."""
    if isinstance(error, yaml.reader.ReaderError):
        line, column = _position(text, error.position)
        problem = f"line {line}, column {column} contains the character U+{ord(text[error.position]):04X}"
        return ConfigError(name, problem, "remove it, and save the file as UTF-8 text")
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return ConfigError(name, "invalid YAML", "correct the syntax")
    said = f"{error.context or ''}: {error.problem or ''}"
    unclosed = "unexpected end of stream" in said and error.context_mark is not None
    mark = error.context_mark if unclosed and error.context_mark is not None else error.problem_mark
    problem = "the quotation mark is not closed" if unclosed else _without_content(error.problem or "")
    fix = next((hint for words, hint in HINTS.items() if words in said), "correct the syntax")
    return ConfigError(name, f"invalid YAML at line {mark.line + 1}, column {mark.column + 1}: {problem}", fix)


def _without_content(problem: str) -> str:
    """Return a parser message without the names that it quotes from the text, and with plain words for its tokens."""
    for token, words in TOKENS.items():
        problem = problem.replace(token, words)
    return re.sub(r"tag handle '.*", "tag handle", re.sub(r"'<([^'>]+)>'", r"a \1", problem))


def _position(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1
