"""The machine that a platform stands on, where that is nobody else's: one line for each subject that it was asked about."""

from collections.abc import Iterator

from automation.engine.case import Case
from automation.engine.findings import Finding, allowed, refused, unknown
from providers.contract.preflight import CheckResult


def machine_findings(case: Case) -> tuple[Finding, ...]:
    """Every line about the machine; none for a cloud whose machines are its own."""
    return tuple(finding for each in case.seen for finding in _findings(each))


def _findings(seen: CheckResult) -> Iterator[Finding]:
    for refusal in seen.diagnostics:
        told, _, advice = str(refusal).rstrip(".").partition("; ")
        yield refused(seen.subject, told, advice)
    if seen.unasked:
        yield unknown(seen.subject, seen.told, seen.unasked)
    elif not seen.diagnostics:
        yield allowed(seen.subject, seen.told)
