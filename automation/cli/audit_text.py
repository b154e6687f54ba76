"""Result of an audit as lines, as JSON, and as SARIF 2.1.0, which code scanning of GitHub and editors read."""

from collections.abc import Iterator, Mapping

from automation.audit.evaluation import AuditedCheck, AuditResult, CheckFinding, CheckVerdict
from providers.contract.audit import Severity

SCHEMA = 1
"""Version of the JSON document."""
MAX_FINDINGS = 5
"""Pieces of evidence shown for one check; --full and the JSON have all of them."""
TITLES = {
    CheckVerdict.FAIL: "Failed",
    CheckVerdict.ACCEPTED: "Accepted",
    CheckVerdict.ONLY_LIVE: "Checked in the account only",
    CheckVerdict.PASSED: "Passed",
    CheckVerdict.NOT_APPLICABLE: "Not applicable",
}

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
SCORES = {Severity.LOW: "3.0", Severity.MEDIUM: "5.5", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}
"""Score by severity: GitHub documentation, "SARIF support for code scanning", `security-severity`."""


def audit_lines(result: AuditResult, *, full: bool) -> Iterator[str]:
    """Yield the verdicts, failures with evidence first; with `full`, the evidence of every check."""
    counts = ", ".join(f"{len(result.with_verdict(verdict))} {verdict}" for verdict in CheckVerdict)
    yield f"{result.stack}  {result.cloud} {result.region}  {len(result.results)} checks: {counts}"
    for error in (*result.useless, *result.unanswered):
        yield str(error)
    for verdict, title in TITLES.items():
        results = result.with_verdict(verdict)
        if results:
            yield ""
            yield title
        for each in results:
            yield from _check_lines(each, full=full)


def audit_json(result: AuditResult) -> Mapping[str, object]:
    """Return an audit as JSON data."""
    return {
        "schema": SCHEMA,
        "stack": result.stack,
        "cloud": result.cloud,
        "region": result.region,
        "failed": result.failed,
        "counts": {verdict.value: len(result.with_verdict(verdict)) for verdict in CheckVerdict},
        "uselessAcceptances": [str(error) for error in result.useless],
        "unanswered": [str(error) for error in result.unanswered],
        "checks": [_check_json(each) for each in result.results],
    }


def _check_lines(each: AuditedCheck, *, full: bool) -> Iterator[str]:
    check = each.check
    controls = f"  {', '.join(each.controls)}" if each.controls else ""
    yield f"  {check.id}  {check.severity}  {check.title}{controls}"
    if each.note:
        yield f"      {each.note}"
    bad = [finding for finding in each.findings if not finding.evidence.passed]
    shown = list(each.findings) if full else bad[:MAX_FINDINGS]
    yield from (f"      {_evidence(finding)}" for finding in shown)
    if len(bad) > MAX_FINDINGS and not full:
        yield f"      and {len(bad) - MAX_FINDINGS} more; --full lists them"
    if each.verdict is CheckVerdict.FAIL:
        yield f"      fix: {check.remediation}"


def _evidence(finding: CheckFinding) -> str:
    evidence = finding.evidence
    subject = f"{evidence.resource}: " if evidence.resource else ""
    why = f" ({evidence.why})" if evidence.why else ""
    reason = f"; accepted: {finding.reason}" if finding.reason else ""
    return f"{subject}{evidence.property} = {evidence.value}{why}{reason}"


def _check_json(each: AuditedCheck) -> Mapping[str, object]:
    check = each.check
    return {
        "id": check.id,
        "title": check.title,
        "group": check.group,
        "severity": check.severity.value,
        "verdict": each.verdict.value,
        "controls": list(each.controls),
        "remediation": check.remediation,
        "note": each.note or None,
        "evidence": [
            {**vars(finding.evidence), "verdict": finding.verdict.value, "reason": finding.reason or None}
            for finding in each.findings
        ],
    }


def sarif(result: AuditResult, version: str) -> Mapping[str, object]:
    """Return the log of one run; an accepted failure is suppressed with its reason."""
    failed = [each for each in result.results if each.verdict in (CheckVerdict.FAIL, CheckVerdict.ACCEPTED)]
    results = [
        _sarif_result(result, each, finding)
        for each in failed
        for finding in each.findings
        if not finding.evidence.passed
    ]
    driver = {
        "name": "agent-platform audit",
        "version": version,
        "rules": [_sarif_rule(each) for each in result.results],
    }
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _sarif_rule(each: AuditedCheck) -> Mapping[str, object]:
    check = each.check
    return {
        "id": check.id,
        "shortDescription": {"text": check.title},
        "help": {"text": f"{check.remediation[:1].upper()}{check.remediation[1:]}."},
        "defaultConfiguration": {"level": LEVELS[check.severity]},
        "properties": {"security-severity": SCORES[check.severity], "tags": ["security", *each.controls]},
    }


def _sarif_result(audit: AuditResult, each: AuditedCheck, finding: CheckFinding) -> Mapping[str, object]:
    evidence = finding.evidence
    subject = evidence.resource or audit.stack
    text = f"{subject}: {evidence.property} is {evidence.value}: {evidence.why}"
    location = {"artifactLocation": {"uri": f"Pulumi.{audit.stack}.yaml"}, "region": {"startLine": 1}}
    return {
        "ruleId": each.check.id,
        "level": LEVELS[each.check.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": location, "logicalLocations": [{"fullyQualifiedName": subject}]}],
        "partialFingerprints": {"check": f"{each.check.id}/{subject}/{evidence.property}"},
        **({"suppressions": [{"kind": "external", "justification": finding.reason}]} if finding.reason else {}),
    }
