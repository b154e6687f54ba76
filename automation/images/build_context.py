"""Fingerprint of an image's source: a build context by the rules of .dockerignore, its Dockerfile and its arguments. Pure
but for reading files.

An image with the same fingerprint is not built again. The fingerprint is no label of the image: services can share a
context, and a label would give all of their images a new identity after an edit that concerns one.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

from providers.docker.naming import STATE_FOLDER

ARGUMENT = re.compile(r"^\s*ARG\s+(?P<name>\w+)(?:=(?P<value>\S+))?", re.IGNORECASE | re.MULTILINE)
FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(?P<image>\S+)", re.IGNORECASE | re.MULTILINE)
VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<plain>\w+))")
COPY = re.compile(r"^\s*(?:COPY|ADD)\s+(?P<words>\S.*)$", re.IGNORECASE | re.MULTILINE)
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class IgnoreRules:
    """Rules of a .dockerignore file in their order; the last one that matches a path or a folder above it decides.

    Source: https://docs.docker.com/build/concepts/context/#dockerignore-files and github.com/moby/patternmatcher.
    """

    rules: tuple[tuple[re.Pattern[str], bool], ...] = ()
    """Pattern, and whether it excludes."""

    @classmethod
    def parse(cls, text: str) -> "IgnoreRules":
        """Read the lines of a file; empty lines and lines that begin with # are no rules."""
        lines = [line.strip() for line in text.removeprefix("\ufeff").splitlines() if not line.startswith("#")]
        return cls(tuple(_rule(line) for line in lines if line))

    def excludes(self, path: str) -> bool:
        """Return whether a path, relative to the context and with slashes, stays outside of the image."""
        excluded, parts = False, path.split("/")
        above = ["/".join(parts[: index + 1]) for index in range(len(parts))]
        for pattern, excludes in self.rules:
            if excludes != excluded and any(pattern.fullmatch(each) for each in above):
                excluded = excludes
        return excluded

    @property
    def has_exceptions(self) -> bool:
        """True when a file inside an excluded folder can be included."""
        return not all(excludes for _, excludes in self.rules)


def declared_arguments(dockerfile: str, environment: Mapping[str, str], names: Sequence[str]) -> Mapping[str, str]:
    """Return the build arguments among `names` that a Dockerfile declares and the environment sets."""
    declared = {match["name"] for match in ARGUMENT.finditer(dockerfile)}
    return {name: environment[name] for name in names if name in declared and environment.get(name)}


def base_images(dockerfile: str, arguments: Mapping[str, str]) -> tuple[str, ...]:
    """Return the images that the stages of a Dockerfile begin with, where its arguments name them."""
    values: dict[str, str] = {}
    for match in ARGUMENT.finditer(dockerfile):
        values[match["name"]] = _filled(arguments.get(match["name"]) or (match["value"] or "").strip("\"'"), values)
    return tuple(dict.fromkeys(_filled(match["image"], values) for match in FROM.finditer(dockerfile)))


def copies(dockerfile: str, path: str) -> bool:
    """Return whether a Dockerfile copies a path of the build context, a part of it, or a folder above it into the image."""
    for match in COPY.finditer(dockerfile.replace("\\\n", " ")):
        words = [word.strip("[]\",'") for word in match["words"].split()]
        if any(word.startswith("--from") for word in words):
            continue
        sources = [os.path.normpath(word).lstrip("/") for word in words if not word.startswith("--")][:-1]
        above = (each in (".", "") or fnmatch(path, each) or f"{path}/".startswith(f"{each}/") for each in sources)
        if any(above) or any(each.startswith(f"{path}/") for each in sources):
            return True
    return False


def rules_of(context: Path, dockerfile: Path) -> Sequence[IgnoreRules]:
    """Return the rules of the files that a build may read.

    BuildKit prefers the file beside the Dockerfile, and the classic builder does not know it.
    """
    files = (context / ".dockerignore", dockerfile.with_name(f"{dockerfile.name}.dockerignore"))
    return [
        IgnoreRules.parse(path.read_text(encoding="utf-8", errors="replace"))
        for path in dict.fromkeys(files)
        if path.is_file()
    ]


def fingerprint(context: Path, dockerfile: Path, extra: Iterable[str]) -> str:
    """Return the hash of what a build reads, and of `extra`: such as arguments and base images."""
    digest = sha256()
    for text in extra:
        digest.update(_framed(text.encode()))
    digest.update(_framed(dockerfile.read_bytes()))
    for path in _included(context, rules_of(context, dockerfile)):
        digest.update(_framed(path.relative_to(context).as_posix().encode()))
        digest.update(_framed(_content(path)))
    return digest.hexdigest()


def _included(context: Path, rules: Sequence[IgnoreRules]) -> Iterator[Path]:
    """Yield files, links and folders that any of the rules includes, in order."""
    for folder, folders, files in os.walk(context):
        above = Path(folder)

        def is_included(path: Path) -> bool:
            relative = path.relative_to(context).as_posix()
            return not rules or any(not each.excludes(relative) for each in rules)

        yield from (above / name for name in sorted(files) if is_included(above / name))
        yield from (above / name for name in sorted(folders) if is_included(above / name))
        folders[:] = sorted(
            name
            for name in folders
            # the state changes with every update, and no image may contain it
            if name != STATE_FOLDER and (is_included(above / name) or any(each.has_exceptions for each in rules))
        )


def _content(path: Path) -> bytes:
    """Return kind, permissions and content; links are not followed, as in a build."""
    status = path.lstat()
    if path.is_symlink():
        return b"link " + os.fsencode(path.readlink())
    if not path.is_file():
        return f"folder {status.st_mode:o}".encode()
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return f"file {status.st_mode:o} ".encode() + digest.digest()


def _framed(content: bytes) -> bytes:
    """Return a content with its length, so that two contents in a row have one reading."""
    return len(content).to_bytes(8, "big") + content


def _filled(text: str, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda match: values.get(match["braced"] or match["plain"], ""), text)


def _rule(line: str) -> tuple[re.Pattern[str], bool]:
    excludes = not line.startswith("!")
    pattern = os.path.normpath(line.removeprefix("!").strip()).replace(os.sep, "/").lstrip("/")
    return re.compile(_expression(pattern)), excludes


def _expression(pattern: str) -> str:
    """Return the regular expression of a pattern: `*` and `?` stay in a folder, `**` does not."""
    expression, rest = "", pattern
    while rest:
        if rest.startswith("**"):
            rest = rest[2:].removeprefix("/")
            expression += "(?:.*/)?" if rest else ".*"
        elif rest[0] == "*":
            expression, rest = f"{expression}[^/]*", rest[1:]
        elif rest[0] == "?":
            expression, rest = f"{expression}[^/]", rest[1:]
        elif rest[0] == "[" and "]" in rest[1:]:
            end = rest.index("]", 1) + 1
            expression, rest = expression + rest[:end], rest[end:]
        elif rest[0] == "\\" and len(rest) > 1:
            expression, rest = expression + re.escape(rest[1]), rest[2:]
        else:
            expression, rest = expression + re.escape(rest[0]), rest[1:]
    return expression
