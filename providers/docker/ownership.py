"""Ownership of Docker objects: the containers, networks and volumes of a host that belong to one stack of one checkout.

Two checkouts of one project have stacks of the same name, so an object has the labels of its stack and of the folder whose
`.local` has the state. Every selection of objects, by the API or by Docker's client, is made here. An object without the
second label is of a release before that label or of a stack in another backend; it counts as the stack's own, and what would
delete it names it first.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from providers.contract.spec.defaults import is_list, is_mapping
from providers.docker.naming import CHECKOUT_LABEL, PROJECT, checkout_of, state_file
from providers.docker.resource_traits import CONTAINER


@dataclass(frozen=True)
class Owner:
    """Stack, and the folders whose label its objects have; none with a backend that is not of one folder.

    After a move of the folder, objects have the label of the old one until they are replaced, and volumes keep it.
    """

    stack: str
    checkouts: frozenset[str] = frozenset()
    copied_from: str = ""
    """Folder that still has the state from which the one of this folder was copied; empty without one."""

    def owns(self, labels: object) -> bool:
        """True for an object with these labels."""
        named = labels if is_mapping(labels) else {}
        return (named.get("project"), named.get("stack")) == (PROJECT, self.stack) and self.has_checkout(
            str(named.get(CHECKOUT_LABEL, ""))
        )

    def has_checkout(self, checkout: str) -> bool:
        """True for an object of the stack with this label of a checkout, or without one."""
        return not checkout or checkout in self.checkouts

    def lines(self, listed: str) -> list[str]:
        """Lines of the output of `listing` that are of this owner, without their last column."""
        columns = (line.partition("\t") for line in listed.splitlines() if line)
        return [text for text, _, checkout in columns if self.has_checkout(checkout)]


def owner_of_state(stack: str, environment: Mapping[str, str]) -> Owner:
    """Return the owner of the objects of a stack, by the variables of the engine."""
    folder = checkout_of(environment)
    if not folder:
        return Owner(stack)
    resources = _recorded(state_file(Path(folder), stack))
    recorded = {checkout: kind for kind, checkout in resources if checkout != folder}
    copied = [checkout for checkout, kind in recorded.items() if kind == CONTAINER and _has_state(checkout, stack)]
    moved = {checkout for checkout in recorded if not _has_state(checkout, stack)}
    return Owner(stack, frozenset({folder, *moved}), copied[0] if copied else "")


def listing(stack: str, *options: str, columns: str = "{{.Names}}") -> tuple[str, ...]:
    """Return the command of Docker's client that lists containers of a stack of every checkout; `Owner.lines` selects."""
    labels = (f"label=project={PROJECT}", f"label=stack={stack}")
    filters = (word for label in labels for word in ("--filter", label))
    return ("docker", "ps", *filters, *options, "--format", f'{columns}\t{{{{.Label "{CHECKOUT_LABEL}"}}}}')


def _has_state(folder: str, stack: str) -> bool:
    return state_file(Path(folder), stack).is_file()


def _recorded(state: Path) -> Iterator[tuple[str, str]]:
    """Yield type and checkout label of the resources in a state file; nothing for one that cannot be read.

    Containers come last, so that a mapping by checkout has their type. The engine reports a damaged file.
    """
    try:
        document: object = json.loads(state.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    checkpoint = document.get("checkpoint") if is_mapping(document) else None
    latest = checkpoint.get("latest") if is_mapping(checkpoint) else None
    resources = latest.get("resources") if is_mapping(latest) else None
    rows = [each for each in resources if is_mapping(each)] if is_list(resources) else []
    for row in sorted(rows, key=lambda each: each.get("type") == CONTAINER):
        inputs = row.get("inputs")
        labels = inputs.get("labels") if is_mapping(inputs) else None
        yield from ((str(row.get("type")), checkout) for checkout in _checkouts(labels if is_list(labels) else ()))


def _checkouts(labels: Iterable[object]) -> Iterator[str]:
    for label in labels:
        if is_mapping(label) and label.get("label") == CHECKOUT_LABEL:
            yield str(label.get("value", ""))
