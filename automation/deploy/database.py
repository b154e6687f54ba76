"""Comparison of the requested database with that of the state.

A larger disk is applied. A smaller one, an older version and what only a new server can have are refused.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from automation.deploy.events import Event, ResourceState, StepStarted
from automation.plan.inventory import Value
from providers import resource_traits
from providers.contract.database_disk import DISK_KEY, DatabaseDisk
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.spec import Platform
from providers.contract.spec.defaults import is_mapping

VERSION_KEY = "database.version"


class AppliedProperties(Protocol):
    """Properties whose changes the program declares although it ignores them otherwise."""

    def applies(self, path: str) -> bool:
        """Return whether the program declares the changes of a property."""
        ...

    def apply(self, paths: Sequence[str]) -> None:
        """Let the program declare the changes of properties."""
        ...


def disk_of(spec: Platform) -> DatabaseDisk | None:
    """Return the disk that a spec requests; None without a database, and where its disk is that of the host."""
    disk = resource_traits(spec.cloud).disk
    return disk(spec.database) if disk is not None and spec.database is not None else None


def enlarge_disk(
    events: Iterable[Event],
    spec: Platform,
    properties: AppliedProperties,
    last_disk: Callable[[], DatabaseDisk | None],
) -> bool:
    """Apply a disk that is larger than that of the state in a preview, and return whether there is one.

    Raises InvalidConfiguration for a disk that is smaller than that of the last update. The state alone cannot decide:
    after a refresh its declared size is that of a disk that has grown by itself.
    """
    disk = disk_of(spec)
    deployed = deployed_gib(events, disk) if disk is not None else None
    if disk is None or deployed is None:
        return False
    declared, current = deployed
    if disk.gib < declared:
        last = last_disk()
        refuse_smaller_disk(disk, last.gib if last is not None else 0)
    if disk.gib <= current or properties.applies(disk.path):
        return False
    properties.apply((disk.path,))
    return True


def deployed_gib(events: Iterable[Event], disk: DatabaseDisk) -> tuple[int, int] | None:
    """Return the size that the last update declared and the current size; None for a database that does not exist."""
    for event in events:
        if isinstance(event, StepStarted) and event.step.type == disk.type and event.step.old is not None:
            declared, current = _sizes(event.step.old, disk.path)
            if declared:
                return declared, max(declared, current)
    return None


def refuse_smaller_disk(disk: DatabaseDisk, last_gib: int) -> None:
    """Raise InvalidConfiguration when the last update requested a larger disk."""
    if disk.gib < last_gib:
        problem = f"{disk.gib} GiB is below the {last_gib} GiB of the last update; a disk cannot shrink"
        fix = f"use {last_gib} or more, or restore a backup into a new stack with a smaller disk"
        raise InvalidConfiguration([ConfigError(DISK_KEY, problem, fix)])


def refuse_older_version(events: Iterable[Event], spec: Platform) -> None:
    """Raise InvalidConfiguration for a lower major version than that of the server in a preview: no cloud goes back to one."""
    server = resource_traits(spec.cloud).database_version
    for event in events:
        if server is None or not isinstance(event, StepStarted) or event.step.type != server[0]:
            continue
        deployed, requested = (_major_version(each, server[1]) for each in (event.step.old, event.step.new))
        if requested < deployed:
            problem = f"{requested} is below the {deployed} of the deployed server, and a server cannot go back to an older version"
            fix = f"use {deployed}, or restore a dump into a new stack with {requested}"
            raise InvalidConfiguration([ConfigError(VERSION_KEY, problem, fix)])


def refuse_other_creation(events: Iterable[Event], spec: Platform) -> None:
    """Raise InvalidConfiguration when a resource in a preview was created without an input that the spec now requires."""
    choices = [choice for choice in resource_traits(spec.cloud).creation_choices if choice.required(spec) is not None]
    for event in events:
        if not isinstance(event, StepStarted) or event.step.old is None:
            continue
        for choice in choices:
            if event.step.type != choice.type:
                continue
            deployed = _value_at(event.step.old.inputs, choice.path) or choice.absent
            if deployed not in (None, choice.required(spec)):
                raise InvalidConfiguration([ConfigError(choice.key, choice.problem, choice.fix)])


def _major_version(state: ResourceState | None, key: str) -> int:
    """Return the first number in `17`, `17.4` or `POSTGRES_17`; 0 without a state."""
    number = re.search(r"\d+", str(state.inputs.get(key))) if state is not None else None
    return int(number[0]) if number is not None else 0


def _sizes(state: ResourceState, path: str) -> tuple[int, int]:
    return _number_at(state.inputs, path), _number_at(state.outputs, path)


def _value_at(values: Value, path: str) -> Value:
    for key in path.split("."):
        values = values.get(key) if is_mapping(values) else None
    return values


def _number_at(values: Value, path: str) -> int:
    values = _value_at(values, path)
    return int(values) if isinstance(values, int | float | str) and str(values).replace(".", "", 1).isdigit() else 0
