"""Tags of a stack, in which commands keep records that another process reads.

A tag is no part of the state: it is written without the stack's lock, and file backends keep it too. Pulumi Cloud accepts 40
characters as name and 256 bytes as value (pulumi/pkg/util/validation/stack.go).
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Protocol

from pydantic import TypeAdapter

MAX_TAG_CHARACTERS, MAX_VALUE_BYTES = 40, 256
TAGS = TypeAdapter(dict[str, str])


class TaggedStack(Protocol):
    """Stack under the engine whose tags can be read and written."""

    name: str

    def run_command(self, *arguments: str) -> str:
        """Return the standard output of a command of the engine about this stack; raises CommandError."""
        ...


def tag_of(kind: str, service: str) -> str:
    """Return the name of a service's tag, such as `rollout.gateway`; a long one ends with a digest."""
    name = f"{kind}.{service}"
    if len(name) <= MAX_TAG_CHARACTERS:
        return name
    digest = hashlib.sha256(service.encode()).hexdigest()[:8]
    return f"{name[: MAX_TAG_CHARACTERS - len(digest) - 1]}-{digest}"


def read_tags(stack: TaggedStack) -> Mapping[str, str]:
    """Return the tags of a stack; raises CommandError."""
    return TAGS.validate_python(json.loads(stack.run_command("stack", "tag", "ls", "--json") or "{}"))


def set_tag(stack: TaggedStack, name: str, value: str) -> None:
    """Set a tag of a stack; raises CommandError."""
    stack.run_command("stack", "tag", "set", name, value)


def remove_tag(stack: TaggedStack, name: str) -> None:
    """Remove a tag of a stack, which must exist; raises CommandError."""
    stack.run_command("stack", "tag", "rm", name)
