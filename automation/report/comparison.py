"""Section of a report with the changes from another stack, another cloud or an earlier release, by meaning. Pure."""

from automation.report.content import BAD, GOOD, Cell, Prose, ReportRow, ReportSection, row, table
from automation.report.posture import Posture, Shift, shifts


def changes(before: Posture | None, after: Posture) -> ReportSection:
    """Return what widens and what narrows; without another side, how to name one."""
    if before is None:
        text = "Nothing was compared: `--diff OTHER` names a stack, a cloud, or the bundle of an earlier release."
        return ReportSection("changes", "Changes", (Prose(text),))
    found = shifts(before, after)
    wider, narrower = [each for each in found if each.wider], [each for each in found if not each.wider]
    title = f"From {before.stack} on {before.cloud} {before.region} to {after.stack} on {after.cloud} {after.region}."
    clouds = (
        ()
        if before.cloud == after.cloud
        else (Prose("Rights of two clouds have no common names and are not compared; readers of secrets are."),)
    )
    head = ("topic", "change")
    parts = (
        Prose(title), *clouds,
        table("What widens", head, (_row(each) for each in wider), "No right, port, reader, retention or cost gets wider."),
        table("What narrows", head, (_row(each) for each in narrower), "Nothing gets narrower."),
    )  # fmt: skip
    return ReportSection("changes", "Changes", parts)


def _row(shift: Shift) -> ReportRow:
    return row(shift.topic, Cell(shift.statement, BAD if shift.wider else GOOD))


def widening_lines(before: Posture, after: Posture) -> list[str]:
    """Return one line for each change, `+` for what widens and `-` for what narrows, for the comment of a pull request."""
    return [f"{'+' if each.wider else '-'} {each.topic}: {each.statement}" for each in shifts(before, after)]
