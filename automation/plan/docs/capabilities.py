"""Effect of each key of the spec on each cloud, measured by changing the key and planning again.

honoured: the declared resources change, or the images, rollouts and failovers that the commands carry out, or accepted risks and checks. adjusted: the plan lists an adjustment of the key. refused: nothing is declared
and an error names the key. ignored would be a fault of this program: a key that is accepted and changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from os import cpu_count
from pathlib import Path
from typing import Literal

from automation.plan.build import accepted_risks
from automation.plan.docs.reference import code, table
from automation.plan.inventory import Inventory
from automation.plan.recorder import record
from automation.plan.spec_keys import CLOUD_KEY, LEAVES, Leaf
from automation.stack.document import Stack, stack_of
from automation.stack.workdir import PROGRAM
from components.adjustments import adjustments
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import Raw

CAPABILITIES_FILE = "docs/capabilities.md"
STACK = "trial"
Recording = Callable[[Stack], Inventory]
"""Recorder of a stack; tests share the recordings of one with each other."""
Support = Literal["honoured", "adjusted", "refused", "ignored"]
HEAD = f"""# Supported keys by cloud

Made by `agent-platform config capabilities --write`: each key is changed in a small platform, and the plans before and
after are compared. `{CLOUD_KEY}` selects the column; a cloud's own block has no effect on the others (`-`).

- **honoured**: the declared resources change
- **adjusted**: ignored, adjusted or partially applied; the plan gives the reason, listed below
- **refused**: an error, and nothing is declared; listed below
"""


@dataclass(frozen=True)
class KeySupport:
    """Result of changing a key on a cloud, and the messages about it."""

    kind: Support
    messages: tuple[str, ...] = ()


def key_support(leaf: Leaf, cloud: str, recorded: Recording) -> KeySupport:
    """Change the key on `cloud`; raises InvalidConfiguration if an error concerns another key.

    Recording plans takes most of the time, so they are compared only for keys without error or adjustment.
    """
    try:
        before = _stack(leaf.before(cloud))
    except InvalidConfiguration as invalid:
        if not all(error.key in leaf.context for error in invalid.diagnostics):
            raise
        # the cloud refuses what the key is a part of
        return KeySupport("refused", tuple(str(error) for error in invalid.diagnostics))
    try:
        after = _stack(leaf.after(cloud))
    except InvalidConfiguration as invalid:
        if not all(_concerns(error.key, leaf) for error in invalid.diagnostics):
            raise
        return KeySupport("refused", tuple(str(error) for error in invalid.diagnostics))
    messages = tuple(str(note) for note in adjustments(after.spec) if _concerns(note.key, leaf))
    if messages:
        return KeySupport("adjusted", messages)
    return KeySupport("honoured" if _declared(after, recorded) != _declared_before(before, recorded) else "ignored")


def _concerns(path: str, leaf: Leaf) -> bool:
    """True if one of `path` and the leaf's path contains the other."""
    parts, key = path.replace("[", ".[").split("."), leaf.path.split(".")
    shorter = min(len(parts), len(key))
    return parts[:shorter] == key[:shorter]


def _stack(raw: Raw) -> Stack:
    return stack_of(STACK, {PLATFORM_KEY: raw})


def _declared(stack: Stack, recorded: Recording) -> object:
    """Return the whole plan with what no resource shows: accepted risks and checks, and what commands carry out."""
    inventory = recorded(stack)
    commands = [(name, service.build, service.rollout) for name, service in stack.spec.services.items()]
    accepted = accepted_risks(stack.spec), stack.spec.accept_checks
    return inventory.resources, inventory.outputs, accepted, commands, stack.spec.recovery.failover_timeout_minutes


_before: dict[str, object] = {}
"""Plans without the change by configuration, recorded once in each process: many keys share one."""


def _declared_before(stack: Stack, recorded: Recording) -> object:
    raw = stack.config[PLATFORM_KEY]
    if raw not in _before:
        _before[raw] = _declared(stack, recorded)
    return _before[raw]


def capabilities_text(folder: Path) -> str:
    """Return the document for every key and every available cloud, measured on all processors."""
    cases = [(leaf, cloud) for cloud in AVAILABLE for leaf in LEAVES if leaf.block in (None, cloud)]
    with ProcessPoolExecutor(cpu_count()) as pool:
        results = pool.map(partial(_case_support, folder), cases, chunksize=8)
        return document(dict(zip(cases, results, strict=True)))


def _case_support(folder: Path, case: tuple[Leaf, str]) -> KeySupport:
    return key_support(*case, partial(_record, folder))


def _record(folder: Path, stack: Stack) -> Inventory:
    return record(folder / PROGRAM, stack.name, stack.config, stack.secret_keys)


def document(results: Mapping[tuple[Leaf, str], KeySupport]) -> str:
    """Return the document of these results."""
    rows = [row(leaf, {cloud: results.get((leaf, cloud)) for cloud in AVAILABLE}) for leaf in LEAVES]
    lines = [line for (leaf, cloud), support in results.items() for line in message_lines(leaf, cloud, support)]
    return f"{HEAD}\n{table(('key', *AVAILABLE), rows)}\n\n{_sections(lines)}"


def row(leaf: Leaf, by_cloud: Mapping[str, KeySupport | None]) -> tuple[str, ...]:
    """Return one row of the table."""
    return (f"`{leaf.key}`", *(support.kind if support else "-" for support in by_cloud.values()))


def message_lines(leaf: Leaf, cloud: str, support: KeySupport) -> list[tuple[str, str]]:
    """Return the cloud and, with the changed value, each message about the key."""
    value = leaf.values.get(cloud, leaf.value)
    return [(cloud, f"- `{leaf.key}` as {code(value)}: {message}") for message in support.messages]


def _sections(lines: Iterable[tuple[str, str]]) -> str:
    by_cloud: dict[str, list[str]] = {cloud: [] for cloud in AVAILABLE}
    for cloud, line in lines:
        by_cloud[cloud].append(line)
    return "\n".join(f"## {cloud}\n\n" + "\n".join(lines) + "\n" for cloud, lines in by_cloud.items() if lines)
