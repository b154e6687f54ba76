"""What each cloud does with each key of the spec: found by changing the key and planning again.

honoured: what is declared changes. approximated: the plan tells in numbers what the key becomes. refused: nothing is
declared and a sentence says why. There is no fourth: a key that is accepted and changes nothing is a mistake of ours.
"""

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from os import cpu_count
from pathlib import Path
from typing import Literal

from automation.plan.build import PROGRAM, accepted_risks
from automation.plan.docs.tables import code, table
from automation.plan.recorder import record
from automation.plan.spec_keys import CHOOSING, LEAVES, Leaf
from automation.stack.document import Stack, stack_of
from components.adjustments import adjustments
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import Raw

CAPABILITIES_FILE = "docs/capabilities.md"
STACK = "trial"
Kind = Literal["honoured", "adjusted", "refused", "ignored"]
HEAD = f"""# What each cloud does with each key

Made by `agent-platform config capabilities --write`: each key is changed in a small platform, and the plans before and
after are compared. `{CHOOSING}` chooses the column; a cloud's own block means nothing to the others (`-`).

- **honoured**: what is declared changes
- **adjusted**: honoured in another way, which the plan tells in numbers; the sentences stand below
- **refused**: nothing is declared, and a sentence says why; the sentences stand below
"""


@dataclass(frozen=True)
class Verdict:
    """What a cloud does with a key, and its sentences about it."""

    kind: Kind
    sentences: tuple[str, ...] = ()


def verdict(leaf: Leaf, cloud: str, folder: Path) -> Verdict:
    """What `cloud` does with the key; raises InvalidConfiguration where it refuses something else than the key.

    Plans are made only where neither a refusal nor an approximation tells: they are what takes the time.
    """
    before = _stack(leaf.before(cloud))
    try:
        after = _stack(leaf.after(cloud))
    except InvalidConfiguration as invalid:
        if not all(_about(refusal.key, leaf) for refusal in invalid.diagnostics):
            raise
        return Verdict("refused", tuple(str(refusal) for refusal in invalid.diagnostics))
    notes = tuple(str(note) for note in adjustments(after.spec) if _about(note.key, leaf))
    if notes:
        return Verdict("adjusted", notes)
    return Verdict("honoured" if _declared(after, folder) != _declared_before(before, folder) else "ignored")


def _about(path: str, leaf: Leaf) -> bool:
    """True when a sentence about `path` is about the key: the key itself, one beneath it or one above it."""
    words, key = path.replace("[", ".[").split("."), leaf.path.split(".")
    shorter = min(len(words), len(key))
    return words[:shorter] == key[:shorter]


def _stack(raw: Raw) -> Stack:
    return stack_of(STACK, {PLATFORM_KEY: raw})


def _declared(stack: Stack, folder: Path) -> object:
    """All that a plan says; the risks it takes are part of it, as nothing else shows an acceptance."""
    inventory = record(folder / PROGRAM, stack.name, stack.config, stack.secret_keys)
    return inventory.resources, inventory.outputs, accepted_risks(stack.spec)


BEFORE: dict[str, object] = {}
"""What platforms without a change declare, by their configuration: many keys are changed in the same one."""


def _declared_before(stack: Stack, folder: Path) -> object:
    """The same of a platform without the change, made once."""
    raw = stack.config[PLATFORM_KEY]
    if raw not in BEFORE:
        BEFORE[raw] = _declared(stack, folder)
    return BEFORE[raw]


def capabilities_text(folder: Path) -> str:
    """The table of every key and every available cloud, found anew on all processors."""
    asked = [(leaf, cloud) for cloud in AVAILABLE for leaf in LEAVES if leaf.block in (None, cloud)]
    with ProcessPoolExecutor(cpu_count()) as pool:
        found = pool.map(partial(_verdict, folder), asked, chunksize=8)
        return told(dict(zip(asked, found, strict=True)))


def _verdict(folder: Path, asked: tuple[Leaf, str]) -> Verdict:
    return verdict(*asked, folder)


def told(found: dict[tuple[Leaf, str], Verdict]) -> str:
    """The document of these verdicts."""
    rows = [row(leaf, {cloud: found.get((leaf, cloud)) for cloud in AVAILABLE}) for leaf in LEAVES]
    notes = [note for (leaf, cloud), verdict in found.items() for note in sentences(leaf, cloud, verdict)]
    return f"{HEAD}\n{table(('key', *AVAILABLE), rows)}\n\n{_sections(notes)}"


def row(leaf: Leaf, verdicts: dict[str, Verdict | None]) -> tuple[str, ...]:
    """One line of the table."""
    return (f"`{leaf.key}`", *(verdict.kind if verdict else "-" for verdict in verdicts.values()))


def sentences(leaf: Leaf, cloud: str, verdict: Verdict) -> list[tuple[str, str]]:
    """The cloud and, with the value that was tried, each sentence it says about a key."""
    return [(cloud, f"- `{leaf.key}` as {code(leaf.value)}: {sentence}") for sentence in verdict.sentences]


def _sections(notes: Iterable[tuple[str, str]]) -> str:
    by_cloud: dict[str, list[str]] = {cloud: [] for cloud in AVAILABLE}
    for cloud, sentence in notes:
        by_cloud[cloud].append(sentence)
    return "\n".join(f"## {cloud}\n\n" + "\n".join(lines) + "\n" for cloud, lines in by_cloud.items() if lines)
