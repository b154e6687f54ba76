"""Content of a report as data: sections with paragraphs, lists, tables and the picture. Text has code between backticks."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

GOOD, BAD, NOTE = "good", "bad", "note"
"""Classes of cells; the text of a cell says the same, so that no meaning is in the colour alone."""


@dataclass(frozen=True)
class Cell:
    """Cell of a table with its class."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class ReportRow:
    """Row of a table; the picture leads to its id."""

    cells: tuple[Cell, ...]
    id: str = ""


@dataclass(frozen=True)
class ReportTable:
    """Table; without rows, `none` is what that means."""

    title: str
    head: tuple[str, ...]
    rows: tuple[ReportRow, ...]
    none: str


@dataclass(frozen=True)
class Prose:
    """Paragraph."""

    text: str


@dataclass(frozen=True)
class BulletList:
    """List of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """Picture with its caption."""

    drawing: Markup
    caption: str


Part = ReportTable | Prose | BulletList | Drawing


@dataclass(frozen=True)
class ReportSection:
    """Section of the page; its id is part of links and does not change."""

    id: str
    title: str
    parts: tuple[Part, ...]


def row(*cells: str | Cell, id: str = "") -> ReportRow:
    """Return a row of texts and cells."""
    return ReportRow(tuple(each if isinstance(each, Cell) else Cell(each) for each in cells), id)


def table(title: str, head: tuple[str, ...], rows: Iterable[ReportRow], none: str) -> ReportTable:
    """Return a table."""
    return ReportTable(title, head, tuple(rows), none)


def names(values: Iterable[str], none: str = "none") -> str:
    """Return values with commas; `none` without any."""
    return ", ".join(values) or none


def mono(text: str) -> str:
    """Return a text as code; a backtick in it would end it."""
    return "`" + " ".join(text.replace("`", "'").split()) + "`" if text.strip() else ""
