"""Printing of text, trees and JSON lines on standard output."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPED_WIDTH = 120
"""Columns of output that is not a terminal."""


def console() -> "Console":
    """Return a console on standard output; without colours if it is no terminal or NO_COLOR is set."""
    from rich.console import Console

    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def show(content: "RenderableType") -> None:
    """Print text or a tree; the terminal wraps long lines of text, so that they can be copied."""
    from rich.text import Text

    console().print(content, soft_wrap=isinstance(content, Text))


def print_json_line(document: object) -> None:
    """Print a document as one line of JSON."""
    print(json.dumps(document, default=str), flush=True)
