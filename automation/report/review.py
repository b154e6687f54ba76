"""Sections of a report for the reviewer: audit, accepted risks, adjustments, cost, and every resource. Pure."""

from collections.abc import Iterator

from automation.audit.evaluation import AuditedCheck, AuditResult, CheckVerdict
from automation.cost.estimate import NOT_INCLUDED, CostEstimate, component_total
from automation.plan.tree import facts_of, rank, without_prefix
from automation.report.content import (
    BAD,
    GOOD,
    NOTE,
    BulletList,
    Cell,
    Part,
    Prose,
    ReportRow,
    ReportSection,
    ReportTable,
    mono,
    names,
    row,
    table,
)
from automation.report.facts import ReportFacts
from providers.contract.cost import USAGE
from providers.contract.diagnostics import displayed

MARKS = {CheckVerdict.FAIL: BAD, CheckVerdict.PASSED: GOOD, CheckVerdict.NOT_APPLICABLE: NOTE}
MAX_EVIDENCE = 3
"""Pieces of evidence shown for a check that passes; of one that does not, all are shown."""


def audit(facts: ReportFacts) -> ReportSection:
    """Return the checks by group, failures first, with evidence, and everything that is accepted."""
    risks = (row(mono(each.key), each.problem, each.reason) for each in facts.summary.accepted_risks)
    accepted: Part = table(
        "Accepted risks", ("key", "risk", "reason"), risks, "The stack file accepts no risk (`accept_risk`)."
    )
    inputs = (
        row(mono(each.key), f"{each.type} {each.name}", mono(each.path), _shown(each.before), _shown(each.after))
        for each in facts.summary.overridden
    )
    head = ("key", "resource", "input", "without", "overridden by")
    overridden = table("Overridden inputs", head, inputs, "The stack file overrides no input (`overrides`).")
    if facts.audit is None:
        return ReportSection("audit", "Audit", (Prose(f"No audit: {facts.audit_problem}."), accepted, overridden))
    result = facts.audit
    counts = ", ".join(f"{len(result.with_verdict(each))} {each}" for each in CheckVerdict)
    useless: tuple[Part, ...] = (BulletList(tuple(map(str, result.useless))),) if result.useless else ()
    groups = dict.fromkeys(each.check.group for each in result.results)
    parts = (Prose(f"{len(result.results)} checks: {counts}."), *useless, *(_group(result, each) for each in groups))
    return ReportSection("audit", "Audit", (*parts, accepted, overridden))


def _shown(value: object) -> str:
    return "unset" if value is None else displayed(value)


def _group(result: AuditResult, group: str) -> ReportTable:
    order = list(CheckVerdict)
    checks = sorted(
        (each for each in result.results if each.check.group == group), key=lambda each: order.index(each.verdict)
    )
    head = ("check", "result", "severity", "evidence", "controls", "reason or fix")
    return table(group, head, (_check(each) for each in checks), "This group has no checks.")


def _check(each: AuditedCheck) -> ReportRow:
    shown = [finding for finding in each.findings if not finding.evidence.passed] or list(each.findings[:MAX_EVIDENCE])
    evidence = "; ".join(
        f"{finding.evidence.resource} {finding.evidence.property} = {finding.evidence.value}".strip()
        for finding in shown
    )
    more = f"; and {len(each.findings) - len(shown)} more that pass" if len(each.findings) > len(shown) else ""
    reasons = names(dict.fromkeys(finding.reason for finding in each.findings if finding.reason), "")
    fix = each.check.remediation if each.verdict is CheckVerdict.FAIL else ""
    return row(
        each.check.title, Cell(each.verdict.value, MARKS.get(each.verdict, "")), each.check.severity.value,
        f"{evidence}{more}" or each.note, names(each.controls), reasons or fix or each.note or "none",
    )  # fmt: skip


def adjustments(facts: ReportFacts) -> ReportSection:
    """Return the settings that are not declared exactly as written."""
    rows = (
        row(mono(each.adjustment.key), displayed(each.adjustment.requested), each.adjustment.effect.value, each.adjustment.reason,
            "stack file" if each.written else "default")
        for each in facts.summary.adjustments
    )  # fmt: skip
    none = "Every setting is declared as written."
    return ReportSection(
        "adjustments",
        "Approximations",
        (table("Adjusted settings", ("key", "requested", "effect", "reason", "from"), rows, none),),
    )


def cost(facts: ReportFacts) -> ReportSection:
    """Return the monthly cost by component with its assumptions."""
    estimate = facts.cost
    if estimate is None:
        return ReportSection("cost", "Cost", (Prose(f"No estimate: {facts.cost_problem}."),))
    rows = [
        *_components(estimate),
        row("Total", f"{estimate.total.minimum:,.2f}", f"{estimate.total.maximum:,.2f}", ""),
    ]
    unknown = (row(each.component, each.name, each.reason) for each in estimate.unknown)
    meanings = {key.name: key.meaning for key in USAGE}
    usage = (
        row(mono(key), f"{estimate.usage.values[key]:g}", estimate.usage.origin(key), meanings[key])
        for key in estimate.used_keys
    )
    budget = facts.summary.cost.budget_note
    notes = (
        f"Prices of {estimate.table.as_of} in {estimate.table.region}; {estimate.unverified_usd:,.0f} USD of the minimum rest on estimated prices.",
        f"Not included: {', '.join(NOT_INCLUDED)}.",
        f"Budget: {budget}." if budget else "Budget: covers the estimate, or none is set.",
    )
    parts = (
        table(
            "Monthly cost in USD",
            ("component", "minimum replicas", "maximum replicas", "largest part"),
            rows,
            "No part has a price.",
        ),
        table("No known price", ("component", "part", "reason"), unknown, "Every part has a price."),
        table("Assumed usage in a month", ("key", "value", "from", "meaning"), usage, "No price depends on usage."),
        BulletList(notes),
    )
    return ReportSection("cost", "Cost", parts)


def _components(estimate: CostEstimate) -> Iterator[ReportRow]:
    for component, lines in estimate.components.items():
        total, largest = component_total(lines), max(lines, key=lambda line: line.minimum)
        yield row(
            component, f"{total.minimum:,.2f}", f"{total.maximum:,.2f}", f"{largest.charge.what} {largest.minimum:,.2f}"
        )


def resources(facts: ReportFacts) -> ReportSection:
    """Return every declared resource by component."""
    inventory = facts.plan.inventory
    ordered = sorted(
        inventory.custom, key=lambda each: (rank(inventory.component_of(each)), each.short_type, each.name)
    )
    rows = (
        row(inventory.component_of(each) or "none", mono(each.short_type), without_prefix(each.name, inventory.stack),
            facts.site.regions.get(each.urn, "") or "none", facts_of(each) or "none", "protected" if each.protect else "no")
        for each in ordered
    )  # fmt: skip
    head = ("component", "type", "name", "region", "facts", "protection")
    return ReportSection(
        "resources", "Resources", (table(f"{len(ordered)} resources", head, rows, "The stack declares nothing."),)
    )
