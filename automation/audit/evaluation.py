"""Results of an audit: the verdict of every check, with evidence and acceptances. Pure.

A check fails when one of its pieces of evidence does and no acceptance covers it. An acceptance that has expired, or that
accepts nothing, fails as well: it would hide a later fault.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from automation.plan.inventory import Inventory, declared_resources
from components.validation.risks import risks
from providers import audit
from providers.contract.audit import (
    CHECKS,
    Answer,
    AuditSite,
    Check,
    CheckEvidence,
    CloudCheck,
    NotApplicable,
    OnlyLive,
    acceptance_key,
)
from providers.contract.authentication import authentication_of
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.images import parse_image
from providers.contract.live_audit import LiveEvidence
from providers.contract.spec import Acceptance, Platform


class CheckVerdict(StrEnum):
    """Verdict of a check, the worst first."""

    FAIL = "fail"
    ACCEPTED = "accepted"
    ONLY_LIVE = "only live"
    PASSED = "pass"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class CheckFinding:
    """Evidence with its verdict, and the reason of an acceptance."""

    evidence: CheckEvidence
    verdict: CheckVerdict
    reason: str = ""


@dataclass(frozen=True)
class AuditedCheck:
    """Check with its findings; `note` is why it does not apply, or what must be checked in the account."""

    check: Check
    verdict: CheckVerdict
    controls: tuple[str, ...]
    findings: tuple[CheckFinding, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class AuditResult:
    """Result of every check, and acceptances that are of no use."""

    stack: str
    cloud: str
    region: str
    results: tuple[AuditedCheck, ...]
    useless: tuple[ConfigError, ...]
    """Acceptances that have expired or accept nothing."""
    unanswered: tuple[ConfigError, ...] = ()
    """Questions to the account that have no answer."""

    @property
    def failed(self) -> bool:
        """True with a failed check, a useless acceptance, or a question to the account without an answer."""
        return bool(self.useless or self.unanswered) or any(
            result.verdict is CheckVerdict.FAIL for result in self.results
        )

    def with_verdict(self, verdict: CheckVerdict) -> tuple[AuditedCheck, ...]:
        """Return the results with a verdict."""
        return tuple(result for result in self.results if result.verdict is verdict)


@dataclass
class LiveAnswers:
    """Evidence by check, and the questions without an answer."""

    evidence: dict[str, tuple[CheckEvidence, ...]] = field(default_factory=dict[str, tuple[CheckEvidence, ...]])
    unanswered: tuple[ConfigError, ...] = ()

    def add(self, found: LiveEvidence) -> None:
        """Add evidence for a check."""
        check, evidence = found
        self.evidence[check] = (*self.evidence.get(check, ()), evidence)

    def fail(self, error: ConfigError) -> None:
        """Add a question that has no answer."""
        self.unanswered = (*self.unanswered, error)


def audit_of(
    stack: str,
    spec: Platform,
    region: str,
    inventory: Inventory,
    today: date,
    live: LiveAnswers | None = None,
) -> AuditResult:
    """Return the audit of what a platform declares; raises InvalidConfiguration on a cloud without checks.

    `live` are the answers of the account, whose evidence counts as that of the declared resources.
    """
    answers = audit(spec.cloud)
    if answers is None:
        problem = f"there are no security checks for {spec.cloud}"
        raise InvalidConfiguration([ConfigError("cloud", problem, "use --cloud aws, gcp or azure")])
    site = audit_site(spec, inventory)
    accepted = Acceptances(spec, today)
    live = live or LiveAnswers()
    every = {**answers, **PLATFORM_CHECKS}
    results = tuple(
        _result(check, _with(every[check.id], live.evidence.get(check.id)), site, accepted) for check in CHECKS
    )
    return AuditResult(stack, spec.cloud, region, results, tuple(accepted.useless()), live.unanswered)


def _with(answer: Answer, found: tuple[CheckEvidence, ...] | None) -> Answer:
    """Return an answer that also yields the evidence of the account."""
    if not found or isinstance(answer, NotApplicable):
        return answer
    declared = answer.run if isinstance(answer, CloudCheck) else lambda _site: ()
    return CloudCheck(lambda site: (*declared(site), *found), answer.controls)


def audit_site(spec: Platform, inventory: Inventory) -> AuditSite:
    """Return the resources of an inventory as checks read them."""
    return AuditSite(tuple(declared_resources(inventory)), spec)


class Acceptances:
    """Acceptances of a spec that apply to its cloud, and which of them were used."""

    def __init__(self, spec: Platform, today: date) -> None:
        self._entries: dict[str, Acceptance] = {
            key: entry for key, entry in spec.accept_checks.items() if acceptance_key(key).cloud in ("", spec.cloud)
        }
        self._today = today
        self._used: set[str] = set()

    def reason(self, check: str, resource: str) -> str:
        """Return the reason for which a failure is accepted; empty when it is not."""
        for key, entry in self._entries.items():
            parts = acceptance_key(key)
            if parts.check != check or (parts.resource and parts.resource != resource.rpartition(" ")[2]):
                continue
            self._used.add(key)
            if not self._expired(entry):
                return entry.reason
        return ""

    def useless(self) -> Iterator[ConfigError]:
        """Yield an error for each acceptance that has expired or accepted nothing."""
        for key, entry in self._entries.items():
            path = f"accept_checks.{key}"
            if key not in self._used:
                yield ConfigError(path, "accepts nothing: the check does not fail", "remove it")
            elif self._expired(entry):
                yield ConfigError(
                    path, f"expired on {entry.until}", "fix the failure, or set a later date with the reason"
                )

    def _expired(self, entry: Acceptance) -> bool:
        return entry.until is not None and date.fromisoformat(entry.until) < self._today


def _result(check: Check, answer: Answer, site: AuditSite, accepted: Acceptances) -> AuditedCheck:
    if isinstance(answer, NotApplicable):
        return AuditedCheck(check, CheckVerdict.NOT_APPLICABLE, (), note=answer.reason)
    if isinstance(answer, OnlyLive):
        return AuditedCheck(check, CheckVerdict.ONLY_LIVE, answer.controls, note=answer.reason)
    return _judged(check, answer, site, accepted)


def _judged(check: Check, answer: CloudCheck, site: AuditSite, accepted: Acceptances) -> AuditedCheck:
    findings = tuple(_finding(check, evidence, accepted) for evidence in answer.run(site))
    elsewhere = answer.in_existing_network if site.spec.network.existing is not None else ""
    elsewhere = elsewhere or (answer.in_existing_registry if site.spec.stored_images else "")
    if not findings and elsewhere:
        return AuditedCheck(check, CheckVerdict.ONLY_LIVE, answer.controls, note=elsewhere)
    if not findings:
        return AuditedCheck(check, CheckVerdict.NOT_APPLICABLE, answer.controls, note="the stack has no such resource")
    verdicts = {finding.verdict for finding in findings}
    worst = next(verdict for verdict in CheckVerdict if verdict in verdicts)
    return AuditedCheck(check, worst, answer.controls, findings)


def _finding(check: Check, evidence: CheckEvidence, accepted: Acceptances) -> CheckFinding:
    if evidence.passed:
        return CheckFinding(evidence, CheckVerdict.PASSED)
    reason = accepted.reason(check.id, evidence.resource)
    return CheckFinding(evidence, CheckVerdict.ACCEPTED if reason else CheckVerdict.FAIL, reason)


ANY_ADDRESS = "0.0.0.0/0"


def entry_knows_its_caller(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the authentication of every public service; known client addresses replace it."""
    ranges = site.spec.ingress.allowed_cidrs
    limited = ANY_ADDRESS not in ranges
    for name, service in site.spec.public.items():
        known = str(authentication_of(site.spec, service)) or (", ".join(ranges) if limited else "")
        why = "" if known else "every client can call it, unless its code authenticates them"
        yield CheckEvidence(f"service {name}", "authentication", known or "none", bool(known), why)


def restore_is_tested(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the restore drill of a platform with a database."""
    if site.spec.database is not None:
        drill = site.spec.recovery.drill
        why = "" if drill else "it is unknown whether the backups can be restored"
        yield CheckEvidence("", "recovery.drill", drill.schedule if drill else "none", drill is not None, why)


def images_are_pinned(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the digest of every image; an image to build is pinned when it is pushed."""
    for name, service in site.spec.services.items():
        digest = parse_image(service.image).digest or ""
        why = "" if digest or not service.built else "the tag can be moved to another image"
        yield CheckEvidence(f"service {name}", "image", digest or "no digest", not why, why)


def risks_have_reasons(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the accepted risks with their reasons."""
    for risk in risks(site.spec):
        reason = site.spec.accept_risk.get(risk.path, "")
        yield CheckEvidence(risk.path, "accept_risk", reason or "none", bool(reason), "" if reason else risk.danger)


PLATFORM_CHECKS: Mapping[str, Answer] = {
    "entry-knows-its-caller": CloudCheck(entry_knows_its_caller),
    "restore-is-tested": CloudCheck(restore_is_tested),
    "images-are-pinned": CloudCheck(images_are_pinned),
    "risks-have-reasons": CloudCheck(risks_have_reasons),
    "people": NotApplicable("outside of a program: training, periodic reviews and assessments are the team's"),
}
"""Answers that the stack file alone has, the same on every cloud, by check."""
