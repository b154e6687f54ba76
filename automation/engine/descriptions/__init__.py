"""Existing networks and registries as the command line of a cloud describes them, for the checks before an update.

A reader runs a command that prints JSON and returns it as a model; it raises `NotRead` with the command where there is no answer.
The properties are those that the update checks by the same functions.
"""

from collections.abc import Callable
from typing import TypeVar

from pydantic import TypeAdapter

ModelT = TypeVar("ModelT")
Run = Callable[[tuple[str, ...]], str | None]
"""Runs a command and returns its output; None where it fails or the program is missing."""


class NotRead(Exception):
    """Command without an answer that can be read."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.command = command
        super().__init__(command[0])


class Reader:
    """Reads what commands print as JSON."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def read(self, kind: type[ModelT], *command: str) -> ModelT:
        """Return the answer of a command; raises NotRead."""
        text = self._run(command)
        if text is None:
            raise NotRead(command)
        try:
            return TypeAdapter(kind).validate_json(text)
        except ValueError:
            raise NotRead(command) from None
