"""Documents as Markdown, HTML or text. Pure.

Everything is escaped outside code: a name that a user writes can neither add HTML, nor a link, nor end a table.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from textwrap import wrap

from automation.pages.renderer import CODE, render
from automation.plan.markdown import escape
from automation.recovery.document import Block, Grid, Heading, Paragraph, ShellLines

WIDTH = 120


def markdown(blocks: Iterable[Block]) -> str:
    """Return a document as Markdown."""
    return "\n\n".join(_markdown_block(block) for block in blocks) + "\n"


def _markdown_block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_inline(block.text, _markdown_code, escape)}"
    if isinstance(block, Paragraph):
        return "\n".join(
            wrap(_inline(block.text, _markdown_code, escape), WIDTH, break_long_words=False, break_on_hyphens=False)
        )
    if isinstance(block, ShellLines):
        return "\n".join(["```sh", *block.lines, "```"])
    rows = [[_inline(cell, _table_code, escape) for cell in row] for row in (block.head, *block.rows)]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(block.head), *lines[1:]])


def _markdown_code(text: str) -> str:
    return f"`{text}`"


def _table_code(text: str) -> str:
    """Return code in a cell; a table ends a cell at a bar even inside code (GitHub Flavored Markdown, 4.10)."""
    return _markdown_code(text.replace("|", "\\|"))


def html_page(blocks: Sequence[Block]) -> str:
    """Return a document as one HTML page without links to other files, to be printed."""
    title = next((block.text for block in blocks if isinstance(block, Heading)), "")
    return render("document.html", {"title": title, "blocks": blocks})


def text(blocks: Iterable[Block]) -> str:
    """Return a document as text for a terminal."""
    return "\n\n".join("\n".join(_text_block(block)) for block in blocks) + "\n"


def _text_block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield _plain(block.text.upper() if block.level < 3 else block.text)
    elif isinstance(block, Paragraph):
        yield from wrap(_plain(block.text), WIDTH, break_long_words=False, break_on_hyphens=False)
    elif isinstance(block, ShellLines):
        yield from (f"    {_printable(line)}" for line in block.lines)
    else:
        yield from _text_table(block)


def _text_table(grid: Grid) -> Iterator[str]:
    """Yield a table; the last column is wrapped."""
    rows = [tuple(_plain(cell) for cell in row) for row in (grid.head, *grid.rows) if any(row)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(grid.head) - 1)]
    indentation = sum(widths) + 2 * len(widths)
    for row in rows:
        lead = "".join(f"{cell:<{width}}  " for cell, width in zip(row, widths, strict=False))
        lines = wrap(row[-1], max(WIDTH - indentation, 40), break_long_words=False) or [""]
        yield f"{lead}{lines[0]}".rstrip()
        yield from (f"{'':<{indentation}}{line}" for line in lines[1:])


def _plain(marked: str) -> str:
    """Return text without the marks of code."""
    return _printable(marked.replace("`", ""))


def _printable(text: str) -> str:
    """Return text without control characters, which a terminal would interpret."""
    return "".join(character for character in text if character.isprintable())


def _inline(marked: str, as_code: Callable[[str], str], escaped: Callable[[str], str]) -> str:
    """Return a text with its code and everything else escaped; CODE splits it into text and code in turn."""
    parts = CODE.split(marked)
    return "".join(as_code(part) if number % 2 else _keep_spaces(part, escaped) for number, part in enumerate(parts))


def _keep_spaces(part: str, escaped: Callable[[str], str]) -> str:
    """Return escaped text with the space at either end, which joins it to code."""
    inner = part.strip()
    start, end = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
    return f"{start}{escaped(inner)}{end}" if inner else part
