"""Recovery plan as blocks of a document: headings, paragraphs, tables and commands. Pure.

Text contains code between backticks. What users write (addresses, domains, names) is in code, without backticks of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from automation.recovery.plan import RecoveryPlan, commands_of
from providers.contract.recovery_plan import Phase, Promise, Scenario, Step


@dataclass(frozen=True)
class Heading:
    """Heading of level 1 to 3."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Paragraph of text."""

    text: str


@dataclass(frozen=True)
class Grid:
    """Table with a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ShellLines:
    """Lines of a shell."""

    lines: tuple[str, ...]


Block = Heading | Paragraph | Grid | ShellLines

INTRODUCTION = (
    "Made from the stack file by `{command}`; `--check` compares this file with the stack. RPO is the time before the failure "
    "whose data is lost at most, RTO the time until the platform answers again at most. Numbers are the vendor's or estimates, "
    "unless the assumption says that they are measured; only a drill in an account measures them."
)
COMMANDS_NOTE = (
    "Run the commands in the project's folder, in a POSIX shell. `NAME=$(...)` keeps an answer for the commands after it. "
    "Cloud commands that change something change it at once; those of `agent-platform` ask first."
)
NO_CONTACT = "No channel is set, so no person is notified. Set `monitoring.emails` or `monitoring.slack`."


def code(text: str) -> str:
    """Return a text as code; a backtick in it would end it."""
    return "`" + " ".join(text.replace("`", "'").split()) + "`" if text else ""


def document(plan: RecoveryPlan) -> Iterator[Block]:
    """Yield the blocks of a recovery plan; the same plan always has the same blocks."""
    yield Heading(1, f"Recovery plan of {plan.stack}")
    command = f"agent-platform recovery plan {plan.stack}"
    yield Paragraph(INTRODUCTION.format(command=command))
    yield Grid(("", ""), tuple(_facts(plan)))
    yield Heading(2, "Failures")
    yield Grid(("failure", "RPO", "RTO", "by itself"), tuple(_summary(scenario) for scenario in plan.scenarios))
    yield Heading(2, "Before the commands")
    yield Paragraph(COMMANDS_NOTE)
    if plan.variables:
        yield Paragraph("Variables that you set, where a recovery reads them:")
        rows = ((code(each.name), each.meaning, code(f"{each.name}={each.example}")) for each in plan.variables)
        yield Grid(("variable", "meaning", "example"), tuple(rows))
    for number, scenario in enumerate(plan.scenarios, start=1):
        yield from _scenario(number, scenario)


def promise_text(promise: Promise) -> str:
    """Return the numbers of a promise with their assumption."""
    return f"RPO {promise.rpo}, RTO {promise.rto}: {promise.assumption}."


def costs_text(plan: RecoveryPlan) -> str:
    """Return the monthly cost of the mode; what has no known price is named and never counted as free."""
    if plan.mode == "none":
        return "the mode adds none"
    known = f"at least {plan.usd_per_month:.2f} USD a month" if plan.usd_per_month is not None else "unknown"
    return f"{known}; unknown: {', '.join(plan.unknown_costs)}" if plan.unknown_costs else known


def _facts(plan: RecoveryPlan) -> Iterator[tuple[str, str]]:
    place = " ".join(part for part in (plan.cloud, plan.region, plan.account and f"account {plan.account}") if part)
    yield "Stack", f"{plan.stack}, {plan.profile} on {place}"
    yield "Entry", code(plan.url) if plan.url.partition("://")[2] else "address assigned by the cloud, or none"
    yield "Mode", f"`recovery.mode: {plan.mode}`" + (f", standby in {plan.standby}" if plan.standby else ", no standby")
    yield "Cost", costs_text(plan)
    contacts = ", ".join(code(contact) for contact in plan.contacts)
    yield "Notified", f"alarms, critical and warning: {contacts}" if contacts else NO_CONTACT
    status = f"`agent-platform recovery status {plan.stack}`"
    yield "Last drill", f"{plan.last_drill}; {status} shows backups, copies and drills"


def _summary(scenario: Scenario) -> tuple[str, ...]:
    promise = scenario.promise
    return scenario.title, str(promise.rpo), str(promise.rto), promise.by_itself


def _scenario(number: int, scenario: Scenario) -> Iterator[Block]:
    yield Heading(2, f"{number}. {scenario.title}")
    yield Paragraph(f"By itself: {scenario.promise.by_itself}")
    yield Paragraph(promise_text(scenario.promise))
    for phase in Phase:
        steps = scenario.phases.get(phase, ())
        if steps:
            yield Heading(3, phase)
            yield from _steps(steps)
    if scenario.without_tool:
        yield Heading(3, "Recover without agent-platform")
        shown = scenario.phases.get(Phase.RECOVER, ())
        for step in scenario.without_tool:
            yield from [Paragraph(f"As above: {step.text}")] if step in shown else _steps((step,))


def _steps(steps: tuple[Step, ...]) -> Iterator[Block]:
    for step in steps:
        yield Paragraph(step.text)
        lines = tuple(command.text for command in commands_of(step))
        if lines:
            yield ShellLines(lines)
