"""Body of a comment or an issue with untrusted text: truncated, cleaned and in a code block.

`code_block.py KIND TITLE < text` prints a marker by which the next run finds its comment, the title, and the text in a code
block whose fence is longer than any in the text, so that nothing in it is rendered, linked or mentioned. Standard library
only, because it runs where nothing is installed.
"""

import re
import sys

MAX_CHARACTERS = 60_000
"""Length of the text; GitHub accepts a body of 65,536 characters."""
HIDDEN = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Colour codes, control characters, and characters that reorder or hide text."""


def body(kind: str, title: str, text: str) -> str:
    """Return the body in Markdown."""
    clean = HIDDEN.sub("", text)
    cut = clean[:MAX_CHARACTERS] + (
        "\n... truncated; the log of the run has the full text" if len(clean) > MAX_CHARACTERS else ""
    )
    longest = max((len(run) for run in re.findall("`+", cut)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"<!-- agent-platform: {kind} -->\n{title}\n\n{fence}diff\n{cut.rstrip()}\n{fence}\n"


def main() -> None:
    """Read the text from the standard input and print the body."""
    kind, title = sys.argv[1:]
    # A character has at most four bytes; the rest of the input is not read.
    text = sys.stdin.buffer.read(4 * MAX_CHARACTERS + 1).decode("utf-8", errors="replace")
    sys.stdout.write(body(kind, title, text))


if __name__ == "__main__":
    main()
