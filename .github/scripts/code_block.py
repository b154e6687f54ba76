"""Text that nobody vouches for, as the body of a comment or an issue: cut, cleaned and fenced.

`code_block.py KIND TITLE < text`: a mark by which the next run finds its own comment, the title, the text in a code block
whose fence is longer than any in the text. In it nothing is rendered, linked or mentioned. Standard library only, for it
runs where nothing is installed.
"""

import re
import sys

LONGEST = 60_000
"""Characters of the text; GitHub takes 65,536 of a whole body."""
NOT_SHOWN = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Colours, control characters, and those that reorder or hide text."""


def body(kind: str, title: str, text: str) -> str:
    """The whole body in Markdown."""
    clean = NOT_SHOWN.sub("", text)
    cut = clean[:LONGEST] + ("\n... cut here, the run's log has all of it" if len(clean) > LONGEST else "")
    longest = max((len(run) for run in re.findall("`+", cut)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"<!-- agent-platform: {kind} -->\n{title}\n\n{fence}diff\n{cut.rstrip()}\n{fence}\n"


def main() -> None:
    """Read the text, write the body."""
    kind, title = sys.argv[1:]
    # Four bytes a character at most; what is beyond is never read.
    text = sys.stdin.buffer.read(4 * LONGEST + 1).decode("utf-8", errors="replace")
    sys.stdout.write(body(kind, title, text))


if __name__ == "__main__":
    main()
