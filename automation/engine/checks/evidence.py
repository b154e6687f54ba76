"""Evidence for a check: the answer of a provider function, else the output of the cloud's command line, else none."""

from collections.abc import Sequence
from dataclasses import dataclass

from automation.engine.checks.project import NO_CLI
from automation.engine.findings import CheckInput, Finding, unknown

COMMAND_TIMEOUT_SECONDS = 20.0
VALUES = "values"
"""Field of an answer with words that are separated by spaces."""


@dataclass(frozen=True)
class Question:
    """Query of the provider, and a command that prints the same words, each on a line or separated by white space."""

    query: str
    command: tuple[str, ...]


def words(facts: CheckInput, question: Question) -> frozenset[str] | None:
    """Return the words of the answer, empty when the object does not exist; None when neither way answers."""
    answer = facts.answers.answers.get(question.query)
    if answer is not None:
        return frozenset(str(answer.get(VALUES, "")).split())
    error = facts.answers.errors.get(question.query)
    if error is not None and error.kind == "missing":
        return frozenset()
    completed = facts.run_tool(question.command, COMMAND_TIMEOUT_SECONDS)
    return frozenset(completed.stdout.split()) if completed.exit_code == 0 else None


def unanswered(facts: CheckInput, subject: str, question: Question) -> Finding:
    """Return the finding of a question that neither the provider nor the command line answers."""
    cause = NO_CLI if facts.engine is None else f"cannot query it: {facts.answers.error(question.query).cause}"
    return unknown(subject, cause, f"check it with `{shown(question.command)}`")


def shown(command: Sequence[str]) -> str:
    """Return a command as a user types it."""
    return " ".join(f'"{word}"' if any(mark in word for mark in " []?&|'<>*") else word for word in command)
