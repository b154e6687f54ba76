"""Paths in an image of the files of its build context, from the COPY instructions of the Dockerfile. Pure but for `is_dir`.

The last stage counts, with the stages that it begins with. What a variable of the base image decides is taken from the
built image. Source: https://docs.docker.com/reference/dockerfile/.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from providers.contract.spec.defaults import is_list

DEPENDENCIES = (
    "requirements*.txt", "requirements*.in", "constraints*.txt", "pyproject.toml", "setup.py", "setup.cfg", "Pipfile",
    "*.lock", "package.json", "package-lock.json", "environment.y*ml",
)  # fmt: skip
"""Files that a build installs from: a change of one needs another image."""
SYSTEM_FOLDERS = (
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/tmp",  # noqa: S108  # compared, never written
    "/usr",
    "/var",
)
"""Folders whose mount would hide the programs of an image; a working folder below one may be mounted."""
HEREDOC = re.compile(r"<<-?[\"']?(?P<word>\w+)[\"']?")
VARIABLE = re.compile(r"(?<!\\)\$(?:\{(?P<braced>\w+)(?::?-(?P<default>[^}]*))?\}|(?P<plain>\w+))")
INSTRUCTION = re.compile(r"\s*(?P<name>[A-Za-z]+)\s+(?P<text>.*)", re.DOTALL)
ASSIGNMENT = re.compile(r"(?P<name>\w+)=(?P<value>\"[^\"]*\"|'[^']*'|\S*)")


@dataclass(frozen=True)
class Copy:
    """Source of a COPY instruction, relative to the context, and its absolute target in the image."""

    source: str
    target: str
    into_folder: bool
    """True when the target is a folder that gets the file `source`."""
    mounted: bool = False
    """True when the target is in a folder that a `dev` session mounts."""

    def target_of(self, path: str) -> str | None:
        """Return the place of a file of the context in the image; None when this instruction does not copy it."""
        parts, pattern = PurePosixPath(path).parts, PurePosixPath(self.source).parts
        if len(parts) < len(pattern) or not all(
            PurePosixPath(part).match(each) for part, each in zip(parts, pattern, strict=False)
        ):
            return None
        below = parts[len(pattern) :]
        if below:
            return str(PurePosixPath(self.target, *below))
        return str(PurePosixPath(self.target, parts[-1])) if self.into_folder else self.target


@dataclass(frozen=True)
class ImageLayout:
    """Copies of a Dockerfile in their order, and the folders of the image that a `dev` session mounts."""

    copies: tuple[Copy, ...]
    folders: tuple[str, ...]
    build_files: tuple[str, ...] = ()
    """Files that a build reads besides those that it copies: the Dockerfile and the ignore rules."""

    def targets_of(self, path: str) -> tuple[str, ...]:
        """Return the places of a file in the mounted folders."""
        found = (copy.target_of(path) for copy in self.copies if copy.mounted)
        return tuple(dict.fromkeys(target for target in found if target is not None))

    def needs_build(self, path: str) -> bool:
        """Return whether a change of a file needs another image."""
        if path in self.build_files or any(PurePosixPath(path).match(pattern) for pattern in DEPENDENCIES):
            return True
        return not self.targets_of(path) and any(copy.target_of(path) is not None for copy in self.copies)


@dataclass(frozen=True)
class _Stage:
    base: str
    name: str
    instructions: tuple[tuple[str, str], ...]


def image_layout(
    text: str, context: Path, build_files: Sequence[str], variables: Mapping[str, str], working_folder: str
) -> ImageLayout:
    """Return the layout of an image with these variables and this working folder; without folders when none is known."""
    chain, others = _final_stages(_stages(text))
    final = list(_copies(chain, context, variables, working_folder))
    elsewhere = [copy for stage in others for copy in _copies([stage], context, variables, working_folder)]
    folders = _mounted_folders(final, context, working_folder)
    copies = (
        Copy(copy.source, copy.target, copy.into_folder, any(_is_below(copy.target, each) for each in folders))
        for copy in final
    )
    return ImageLayout((*copies, *elsewhere), folders, tuple(build_files))


def named_layout(target: str) -> ImageLayout:
    """Return the layout of a folder whose content is at `target`."""
    return ImageLayout((Copy("", target, into_folder=False, mounted=True),), (target,))


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of each instruction; lines are joined, comments and here-documents left out."""
    lines, joined = iter(text.splitlines()), ""
    for line in lines:
        if line.lstrip().startswith("#"):
            continue
        joined += line
        if joined.rstrip().endswith("\\"):
            joined = joined.rstrip()[:-1] + " "
            continue
        match = INSTRUCTION.match(joined)
        joined = ""
        if match is None:
            continue
        yield match["name"].upper(), match["text"].strip()
        for word in HEREDOC.findall(match["text"]):
            for inside in lines:
                if inside.strip() == word:
                    break


def _stages(text: str) -> list[_Stage]:
    stages: list[_Stage] = []
    for name, rest in _instructions(text):
        if name == "FROM":
            words = [word for word in rest.split() if not word.startswith("--")]
            alias = words[2] if len(words) > 2 and words[1].upper() == "AS" else str(len(stages))
            stages.append(_Stage(words[0] if words else "", alias, ()))
        elif stages:
            last = stages[-1]
            stages[-1] = _Stage(last.base, last.name, (*last.instructions, (name, rest)))
    return stages


def _final_stages(stages: Sequence[_Stage]) -> tuple[list[_Stage], list[_Stage]]:
    """Return the last stage after those that it begins with, and the other stages."""
    chain: list[_Stage] = []
    current = stages[-1] if stages else None
    while current is not None:
        chain.insert(0, current)
        before = stages[: stages.index(current)]
        current = next((stage for stage in before if stage.name.lower() == chain[0].base.lower()), None)
    return chain, [stage for stage in stages if stage not in chain]


def _copies(
    stages: Sequence[_Stage], context: Path, variables: Mapping[str, str], working_folder: str
) -> Iterator[Copy]:
    values = dict(variables)
    instructions = [each for stage in stages for each in stage.instructions]
    sets_folder = any(name == "WORKDIR" for name, _ in instructions)
    # without WORKDIR the folder of the image is that of its base
    folder = "/" if sets_folder else working_folder or "/"
    for name, text in instructions:
        if name in ("ARG", "ENV"):
            for match in ASSIGNMENT.finditer(text):
                value = _filled(match["value"].strip("\"'"), values)
                values[match["name"]] = values.get(match["name"], value) if name == "ARG" else value
        elif name == "WORKDIR":
            folder = str(PurePosixPath(folder, _filled(text, values)))
        elif name in ("COPY", "ADD"):
            yield from _copied(_filled(text, values), context, folder)


def _copied(text: str, context: Path, folder: str) -> Iterator[Copy]:
    words = text.split()
    flags = [word for word in words if word.startswith("--")]
    if any(flag.startswith("--from") for flag in flags) or HEREDOC.search(text):
        return
    rest = text.split("[", 1)
    listed: object = _json(f"[{rest[1]}") if len(rest) == 2 else None
    paths = [str(each) for each in listed] if is_list(listed) else [word for word in words if word not in flags]
    if len(paths) < 2:
        return
    *sources, target = paths
    for source in sources:
        if "://" in source:
            continue
        path = str(PurePosixPath(source.lstrip("/")))
        path = "" if path == "." else path
        is_folder = not path or (context / path).is_dir()
        absolute = str(PurePosixPath(folder, target))
        several = len(sources) > 1 or any(each in path for each in "*?[")
        into = not is_folder and (target.endswith(("/", ".")) or absolute == folder or several)
        yield Copy(path, absolute, into)


def _mounted_folders(copies: Sequence[Copy], context: Path, working_folder: str) -> tuple[str, ...]:
    """Return the folders that source is copied to, without those inside another one."""
    found: set[str] = set()
    for copy in copies:
        if any(PurePosixPath(copy.source).match(pattern) for pattern in DEPENDENCIES if copy.source):
            continue
        is_folder = copy.into_folder or not copy.source or (context / copy.source).is_dir()
        found.add(copy.target if is_folder else str(PurePosixPath(copy.target).parent))
    allowed = {folder for folder in found if _is_mountable(folder, working_folder)}
    return tuple(sorted(each for each in allowed if not any(_is_below(each, other) for other in allowed - {each})))


def _is_mountable(folder: str, working_folder: str) -> bool:
    if folder == "/":
        return False
    is_work = working_folder not in ("", "/") and _is_below(folder, working_folder)
    return is_work or not any(_is_below(folder, system) for system in SYSTEM_FOLDERS)


def _is_below(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda match: values.get(match["braced"] or match["plain"]) or match["default"] or "", text)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
