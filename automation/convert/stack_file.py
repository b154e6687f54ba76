"""Text of a converted stack file, checked by the reader of stack files.

What the chosen target refuses among optional settings is left out and noted with the refusal's own words. Other errors
remain in the file: they need a decision of the user, such as a size or a domain, and are listed with their fixes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from automation.convert.conversion import Conversion, Note, SettingOutcome
from automation.stack.document import REMOVE, StackDocument, is_written, with_values
from automation.stack.yaml_reader import dump
from components.configuration import PLATFORM_KEY
from providers.contract.diagnostics import Diagnostic, InvalidConfiguration
from providers.contract.json_data import Raw, is_mapping, texts

REMOVABLE = re.compile(
    r"(services\.[^.]+\.(?:size|replicas|autoscaling|architecture|health\.(?!path)\w+|metrics|streaming)"
    r"|database\.(?:version|size|storage_gib|max_storage_gib|parameters)|cache\.memory_gib|tags\.[^.]+|network\.zones)"
    r"(?:[.\[].*)?"
)
"""Settings that have a default, without which the stack has no less protection."""
MAX_ROUNDS = 8
"""Refusals that show only after others are removed; each round removes at least one setting."""


@dataclass(frozen=True)
class ConvertedStack:
    """Text of a stack file, the notes of its conversion, and what the user has to decide before the first plan."""

    text: str
    notes: tuple[Note, ...]
    decisions: tuple[Diagnostic, ...]
    secrets: tuple[str, ...]


def converted_stack(
    conversion: Conversion, name: str, cloud: str, block: Mapping[str, str], profile: str, path: Path
) -> ConvertedStack:
    """Return the stack file of a conversion for a target; `path` is that of the file to be written."""
    platform = _platform(conversion, cloud, block, profile)
    notes = list(conversion.notes)
    errors: Sequence[Diagnostic] = ()
    for _ in range(MAX_ROUNDS):
        errors = _errors(platform, conversion.file, name, path)
        removable = {key: error for error in errors if (key := _removable(error.key, platform)) is not None}
        if not removable:
            break
        platform = with_values(platform, dict.fromkeys(removable, REMOVE))
        for key, error in removable.items():
            notes.append(Note(key, SettingOutcome.OMITTED, "", f"{error.problem}; the default applies"))
    secrets = dict.fromkeys(name for service in conversion.services.values() for name in texts(service.get("secrets")))
    return ConvertedStack(_text(platform, conversion.file, name), tuple(notes), tuple(errors), tuple(secrets))


def _platform(conversion: Conversion, cloud: str, block: Mapping[str, str], profile: str) -> Raw:
    """Return the platform in the order of the documentation; parts that no service uses are left out."""
    sections = dict(conversion.sections)
    for part in ("database", "cache", "storage"):
        users = [service for service in conversion.services.values() if part in texts(service.get("uses"))]
        if part in sections and not users:
            del sections[part]
            conversion.omit(part, f"no service names it; add `uses: [{part}]` to the services that need it")
    queue = sections.get("cache")
    if is_mapping(queue) and any(service.get("app") == "celery" for service in conversion.services.values()):
        sections["cache"] = {**queue, "eviction": "noeviction"}
        conversion.adjust("cache", "cache.eviction", "noeviction, because the cache keeps the queue of a Celery worker")
    head: Raw = {"cloud": cloud, cloud: dict(block), "profile": profile}
    order = ("tags", "network", "ingress")
    first = {key: sections.pop(key) for key in order if key in sections}
    jobs = {"jobs": conversion.jobs} if conversion.jobs else {}
    return {**head, **first, "services": conversion.services, **jobs, **sections}


def _errors(platform: Raw, file: str, name: str, path: Path) -> tuple[Diagnostic, ...]:
    try:
        StackDocument.parse(_text(platform, file, name), path).stack(name)
    except InvalidConfiguration as invalid:
        return invalid.diagnostics
    return ()


def _removable(key: str, platform: Raw) -> str | None:
    """Return the optional setting that an error is about; None for a required one or a default."""
    match = REMOVABLE.fullmatch(key)
    return match[1] if match and is_written(platform, match[1]) else None


def _text(platform: Raw, file: str, name: str) -> str:
    heading = (
        f"# Stack {name}, converted from {file}; docs/migrating.md describes what comes next.\n"
        f"# Every key: docs/configuration.md. Check it: agent-platform plan {name}\n"
    )
    return heading + dump({"config": {PLATFORM_KEY: platform}})
