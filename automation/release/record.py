"""Records of release commands, in one tag of the stack for each service: `release.gateway`.

A tag holds the digests of what was run: `done 4f..` or `open 4f..` for the last one, then those of earlier successes, so that
a rollback does not repeat a command of an older image.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from automation.deploy.tags import TaggedStack, read_tags, set_tag, tag_of
from providers.contract.spec import Service

DIGEST_CHARACTERS = 16
MAX_EARLIER = 8
"""Earlier successes that fit into a tag with the last one."""
PATTERN = re.compile(r"(?P<state>done|open) (?P<digests>[0-9a-f]{16}( [0-9a-f]{16})*)")


@dataclass(frozen=True)
class ReleaseRecord:
    """Last run of a release command: `digest` of what it ran, whether it succeeded, and the digests of earlier successes."""

    digest: str
    done: bool
    earlier: tuple[str, ...] = ()

    @property
    def succeeded(self) -> tuple[str, ...]:
        """Digests of every success, the last one first."""
        others = tuple(each for each in self.earlier if each != self.digest)
        return (self.digest, *others) if self.done else self.earlier

    def followed_by(self, digest: str, *, done: bool) -> "ReleaseRecord":
        """Return the record of a next run."""
        return ReleaseRecord(digest, done, tuple(each for each in self.succeeded if each != digest)[:MAX_EARLIER])

    def dump(self) -> str:
        """Return the value of the tag."""
        return " ".join(("done" if self.done else "open", self.digest, *self.earlier))

    @classmethod
    def parse(cls, text: str) -> "ReleaseRecord | None":
        """Return the record in a tag; None for text that is none, after which the command runs again."""
        match = PATTERN.fullmatch(text)
        if match is None:
            return None
        digest, *earlier = match["digests"].split()
        return cls(digest, match["state"] == "done", tuple(earlier))


def release_digest(service: Service) -> str:
    """Return the digest of what a release command depends on: image, command and the variables of its environment."""
    command = service.release.command if service.release else ()
    environment = service.model_dump(
        mode="json", include={"app", "image", "port", "environment", "secrets", "uses", "calls"}
    )
    content = json.dumps([command, environment], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:DIGEST_CHARACTERS]


class ReleaseStore:
    """Records in the tags of one stack."""

    def __init__(self, stack: TaggedStack) -> None:
        self.stack = stack

    def read(self, services: Mapping[str, Service]) -> Mapping[str, ReleaseRecord]:
        """Return the records of services; raises CommandError."""
        tags = read_tags(self.stack)
        parsed = {name: ReleaseRecord.parse(tags.get(tag_of("release", name), "")) for name in services}
        return {name: record for name, record in parsed.items() if record is not None}

    def write(self, service: str, record: ReleaseRecord) -> None:
        """Store the record of a service."""
        set_tag(self.stack, tag_of("release", service), record.dump())
