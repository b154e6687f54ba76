"""Decision which release commands an update must run, from the preview and the records of earlier runs. Imports no SDK.

A command runs again when its image, command or variables have changed. The preview shows what the spec does not: a task that
is new, or that changes although the spec does not, such as by a new version of a secret; and a database that is new.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from automation.deploy.events import SAME
from automation.deploy.results import Preview
from automation.release.record import ReleaseRecord, release_digest
from providers.contract.release import definition_name
from providers.contract.resource_traits import PASSWORD_TYPE
from providers.contract.spec import Platform, Release

CREATED = ("create", "import", "replace")


@dataclass(frozen=True)
class DueRelease:
    """Release command that must run; `new_task` is False when its task is deployed as it is."""

    service: str
    release: Release
    record: ReleaseRecord
    """Record of the run while it is open."""
    new_task: bool

    @property
    def timeout_seconds(self) -> float:
        """Seconds after which the command is stopped."""
        return self.release.timeout_minutes * 60.0


@dataclass(frozen=True)
class SkippedRelease:
    """Release command that need not run, and the record to store where it changes."""

    service: str
    reason: str
    record: ReleaseRecord | None = None


def decide(
    spec: Platform,
    preview: Preview,
    records: Mapping[str, ReleaseRecord],
    task_type: str,
    stateful_types: Collection[str],
) -> Iterator[DueRelease | SkippedRelease]:
    """Yield the decision on every release command, in the order of the file.

    `task_type` is the type of the resources that define the tasks, `stateful_types` are those whose data can be lost.
    """
    tasks = {change.name: change.operation for change in preview.changes if change.type == task_type}
    data = {token for token in stateful_types if token != PASSWORD_TYPE}
    new_database = any(
        change.component == "Database" and change.type in data and change.operation in CREATED
        for change in preview.effective
    )
    new_network = any(change.component == "Network" and change.operation == "replace" for change in preview.effective)
    for name, release in spec.releases.items():
        operation = tasks.get(definition_name(preview.stack, name), "create")
        record, digest = records.get(name), release_digest(spec.services[name])
        if record is None or operation == "create" or (new_database and "database" in spec.services[name].uses):
            yield DueRelease(name, release, ReleaseRecord(digest, done=False), operation != SAME)
            continue
        is_last = record.done and record.digest == digest
        if is_last and (operation == SAME or new_network):
            yield SkippedRelease(name, "image, command and environment have not changed")
        elif digest in record.succeeded and not is_last:
            reason = "it has succeeded with this image before"
            yield SkippedRelease(name, reason, record.followed_by(digest, done=True))
        else:
            yield DueRelease(name, release, record.followed_by(digest, done=False), operation != SAME)
