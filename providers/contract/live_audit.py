"""Questions of the audit to a cloud's command line: what only the account shows, and properties of deployed resources. Pure.

Every `providers/<cloud>/audit/live.py` ends with `LIVE: CloudLiveAudit = ...`.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from providers.contract.audit import CheckEvidence, Test, shown
from providers.contract.cli import CliCommand, DeployedResource, DeployedStack
from providers.contract.json_data import is_list, is_mapping

ACCOUNT = "account-baseline"
"""Check that only the account answers."""
LiveEvidence = tuple[str, CheckEvidence]
"""ID of a check, and evidence for it."""


@dataclass(frozen=True)
class LiveQuery:
    """Command that reads the account or one resource and changes nothing, and the evidence in its JSON answer."""

    command: CliCommand
    read: Callable[[object], Iterable[LiveEvidence]]
    absent: str = ""
    """Text of an error that is an answer too: what is asked for does not exist."""


@dataclass(frozen=True)
class CloudLiveAudit:
    """Account of a login, and the questions about a deployed stack.

    `account` prints the account of the login, or fails without one; `expected` is the stack's. `key` is its key.
    """

    key: str
    account: Callable[[DeployedStack], CliCommand]
    expected: Callable[[DeployedStack], str]
    queries: Callable[[DeployedStack], Iterator[LiveQuery]]


def answer_of(text: str) -> object:
    """Return the JSON of an answer; None for an empty one, or for text that is no JSON."""
    try:
        return json.loads(text) if text.strip() else None
    except ValueError:
        return None


def in_account(subject: str, value: object, passed: bool, why: str) -> LiveEvidence:
    """Return evidence about the account."""
    return ACCOUNT, CheckEvidence("", subject, shown(value), passed, "" if passed else why)


def of_resource(
    check: str, resource: DeployedResource, type_name: str, answer: object, path: str, test: Test, why: str
) -> LiveEvidence:
    """Return evidence about a property of a deployed resource, by its dotted path in the answer."""
    value = answer
    for key in path.split("."):
        value = value.get(key) if is_mapping(value) else None
    passed = test(value)
    return check, CheckEvidence(
        f"{type_name} {resource.name}", f"deployed {path}", shown(value), passed, "" if passed else why
    )


def first(answer: object, key: str) -> object:
    """Return the first item of a list in an answer; None when there is none."""
    items = answer.get(key) if is_mapping(answer) else None
    return items[0] if is_list(items) and items else None


def items(answer: object, key: str = "") -> list[dict[str, object]]:
    """Return the objects of an answer that is a list, or that has one under a key."""
    value = answer.get(key) if key and is_mapping(answer) else answer
    return [each for each in value if is_mapping(each)] if is_list(value) else []


def deployed(stack: DeployedStack, type_token: str) -> Iterator[DeployedResource]:
    """Yield the deployed resources of a type, in the order of the state."""
    return (each for each in stack.resources if each.type == type_token)
