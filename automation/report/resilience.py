"""Sections of a report on data and failures: stores, backups, and what is lost and when it is back. Pure."""

from collections.abc import Iterator

from automation.report.content import BAD, NOTE, BulletList, Cell, Prose, ReportRow, ReportSection, mono, row, table
from automation.report.facts import ReportFacts
from providers.contract.recovery_plan import Incident, Promise
from providers.contract.report import CACHE, DATABASE, STORAGE
from providers.contract.variables import CACHES

FAILURES = {DATABASE: Incident.DATABASE, CACHE: Incident.CACHE, STORAGE: Incident.BUCKET}
"""Failure whose promise a store has, by its part; an additional cache has that of the cache."""


def data(facts: ReportFacts) -> ReportSection:
    """Return every place with data: key, transit, backup, recovery point and time, last restore test."""
    head = ("data", "region", "key", "in transit", "backup", "RPO", "RTO", "evidence")
    rows = (_store(facts, number) for number in range(len(facts.data)))
    drill = facts.spec.recovery.drill
    tested = (
        f"Restores are tested on the schedule `{drill.schedule}` (UTC)."
        if drill
        else "Restore test: none is scheduled (`recovery.drill`)."
    )
    if facts.spec.cloud == "docker" and facts.spec.database is not None and facts.spec.database.backup.retention_days:
        tested = "Every dump of the database is restored once on the host."
    status = f"Last restore test: {facts.recovery.last_drill}; `agent-platform recovery status {facts.plan.stack.name}` asks the cloud."
    parts = (table("Data stores", head, rows, "The stack stores no data."), BulletList((tested, status)))
    return ReportSection("data", "Data, encryption and backups", parts)


def _store(facts: ReportFacts, number: int) -> ReportRow:
    each = facts.data[number]
    failure = FAILURES.get(CACHE if each.part.startswith(CACHES) else each.part)
    promise = facts.summary.recovery.get(failure) if failure is not None else None
    return row(
        f"{each.part}: {each.what}",
        each.region or "this host",
        each.key,
        each.transit,
        Cell(each.backup, BAD if each.backup == "none" and failure is not None else ""),
        str(promise.rpo) if promise else Cell("not a store of the platform", NOTE),
        str(promise.rto) if promise else Cell("not a store of the platform", NOTE),
        mono(each.resource),
    )


def failures(facts: ReportFacts) -> ReportSection:
    """Return what each failure costs, with the numbers of the recovery plan."""
    stack, plan = facts.plan.stack.name, facts.recovery
    head = ("failure", "by itself", "RPO", "RTO", "assumption", "runbook")
    rows = (
        row(each.title, each.promise.by_itself, str(each.promise.rpo), str(each.promise.rto), _assumption(each.promise), f"section {number}")
        for number, each in enumerate(plan.scenarios, start=1)
    )  # fmt: skip
    runbook = f"The runbook of each failure is a section of `agent-platform recovery plan {stack} -o recovery.html`."
    mode = (
        f"Mode: `recovery.mode: {plan.mode}`, {f'standby in {plan.standby}' if plan.standby else 'no standby region'}."
    )
    notified = "Alarms notify " + (", ".join(map(mono, plan.contacts)) or "no one: no channel is set") + "."
    return ReportSection(
        "failures",
        "Failures and recovery",
        (
            table("Failures", head, rows, "No failure is covered."),
            BulletList((mode, notified, runbook)),
            Prose(_definition()),
        ),
    )


def _assumption(promise: Promise) -> str:
    return f"{promise.assumption}{' (measured)' if promise.measured else ''}"


def _definition() -> str:
    return (
        "RPO is the time before the failure whose data is lost at most, RTO the time until the platform answers again at most; "
        "`no limit` means that nothing of the stack limits it."
    )


def alarms(facts: ReportFacts) -> ReportSection:
    """Return every alarm rule with threshold, window, severity and channel, and the resource that declares it."""
    head = ("alarm", "subject", "condition", "holds for", "severity", "notifies", "evidence")
    channel = ", ".join(map(mono, facts.recovery.contacts)) or "no one"
    evidence = _alarm_resources(facts)
    rows = (
        row(
            mono(rule.key), f"{rule.subject} {rule.name}" if rule.subject in ("service", "job") else rule.name, rule.summary,
            f"{rule.periods} times {rule.period_seconds} s", rule.severity, channel, evidence.get(rule.key) or "rule of Prometheus",
        )
        for rule in facts.alarms
    )  # fmt: skip
    counts = [f"{len(facts.site.of_type(each))} {each}" for each in facts.alarm_types if facts.site.of_type(each)]
    declared = f"Declared: {', '.join(counts) or 'rules in the configuration of Prometheus'}."
    slo = facts.spec.monitoring.slo
    burn = (
        f"SLO: {slo.availability_percent:g} % of requests over 30 days; alarms on the burn rate over 1, 6 and 24 hours."
        if slo and facts.spec.public
        else "SLO: none."
    )
    budget = f"Budget: {facts.spec.budget.monthly_usd:,.0f} USD a month." if facts.spec.budget else "Budget: none."
    return ReportSection(
        "alarms",
        "Alarms",
        (table("Alarm rules", head, rows, "No alarm is declared."), BulletList((declared, burn, budget))),
    )


def _alarm_resources(facts: ReportFacts) -> dict[str, str]:
    """Return the resource of each rule, whose name ends with the key of the rule."""
    declared = list(_alarms(facts))
    found: dict[str, str] = {}
    for rule in facts.alarms:
        name = next((each for each in declared if each[1].endswith(f"-{rule.key}")), None)
        found[rule.key] = mono(f"{name[0]} {name[1]}") if name is not None else ""
    return found


def _alarms(facts: ReportFacts) -> Iterator[tuple[str, str]]:
    for kind in facts.alarm_types:
        for each in facts.site.of_type(kind):
            yield kind, each.name
