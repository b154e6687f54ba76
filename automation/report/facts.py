"""Facts of a report: what the declared resources and the plan prove about a stack, computed once. Imports no SDK."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from automation.audit.evaluation import AuditResult, audit_of
from automation.cost.estimate import CostEstimate, estimate_of
from automation.cost.usage import DEFAULT_USAGE, Usage
from automation.plan.build import Plan
from automation.plan.inventory import Inventory, declared_resources
from automation.plan.summary import PlanSummary, summary_of
from automation.recovery.plan import RecoveryPlan, recovery_plan
from automation.urn import Urn
from providers import report_facts
from providers.contract.alarms import AlarmRule, alarm_rules
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.existing_stores import existing_stores
from providers.contract.report import (
    EVERY_SERVICE,
    MODELS,
    AllowedConnection,
    DeclaredIdentity,
    EncryptionKey,
    GrantedRight,
    ReportSite,
    StoredData,
    StoredSecret,
)
from providers.contract.spec import Platform


@dataclass(frozen=True)
class Mismatch:
    """Connection of the stack file without a rule, or a rule for a connection that the stack file does not have."""

    source: str
    target: str
    problem: str
    resource: str = ""


@dataclass(frozen=True)
class ReportFacts:
    """Everything that a report shows; `audit` and `cost` are None with the reason."""

    plan: Plan
    site: ReportSite
    summary: PlanSummary
    recovery: RecoveryPlan
    connections: tuple[AllowedConnection, ...]
    mismatches: tuple[Mismatch, ...]
    rights: tuple[GrantedRight, ...]
    identities: tuple[DeclaredIdentity, ...]
    secrets: tuple[StoredSecret, ...]
    data: tuple[StoredData, ...]
    keys: tuple[EncryptionKey, ...]
    alarms: tuple[AlarmRule, ...]
    audit: AuditResult | None
    audit_problem: str
    cost: CostEstimate | None
    cost_problem: str

    @property
    def spec(self) -> Platform:
        """Spec of the stack."""
        return self.plan.stack.spec

    @property
    def alarm_types(self) -> tuple[str, ...]:
        """Short types of the resources that are alarms."""
        return report_facts(self.spec.cloud).alarm_types

    @property
    def rule_limits(self) -> tuple[str, ...]:
        """Sentences about what the rules of the cloud cannot distinguish."""
        return report_facts(self.spec.cloud).limits

    @property
    def title(self) -> str:
        """Stack, cloud and region: `prod on aws us-west-2`."""
        return f"{self.plan.stack.name} on {self.spec.cloud} {self.plan.region}".rstrip()


def facts_of(plan: Plan, today: date, usage: Usage = DEFAULT_USAGE, now: datetime | None = None) -> ReportFacts:
    """Return the facts of a planned stack; raises InvalidConfiguration for usage in a region without prices."""
    spec = plan.stack.spec
    site = report_site(plan.stack.name, spec, plan.inventory)
    readers = report_facts(spec.cloud)
    connections = tuple(
        sorted(set(readers.connections(site)), key=lambda each: (each.source, each.target, each.resource))
    )
    audit, audit_problem = _audit(plan, today)
    cost, cost_problem = _cost(plan, usage)
    return ReportFacts(
        plan=plan,
        site=site,
        summary=summary_of(plan, now=now),
        recovery=recovery_plan(plan),
        connections=connections,
        mismatches=tuple(mismatches(spec, connections)),
        rights=tuple(sorted(set(readers.rights(site)), key=lambda each: (each.identity, each.target, each.rights))),
        identities=tuple(readers.identities(site)),
        secrets=tuple(sorted(readers.secrets(site), key=lambda each: (each.region, each.name))),
        data=(*readers.data(site), *_outside(spec)),
        keys=tuple(readers.keys(site)),
        alarms=tuple(alarm_rules(spec)),
        audit=audit,
        audit_problem=audit_problem,
        cost=cost,
        cost_problem=cost_problem,
    )


def _outside(spec: Platform) -> Iterator[StoredData]:
    """Yield the data stores that exist already, by the secrets with their URLs."""
    for store in existing_stores(spec):
        what, secret = f"existing server {store.address}", f"secret {store.server.url}"
        yield StoredData(store.part, what, "key of its owner", "as the URL says", "those of its owner", secret)


def report_site(stack: str, spec: Platform, inventory: Inventory) -> ReportSite:
    """Return the declared resources with component and region of each."""
    by_urn = inventory.by_urn
    resources = tuple(declared_resources(inventory))
    declared = [by_urn[each.urn] for each in resources]
    return ReportSite(
        resources=resources,
        stack=stack,
        spec=spec,
        owners={each.urn: by_urn[each.parent].name for each in declared if each.parent in by_urn},
        regions={each.urn: _region(stack, each.provider) for each in declared if each.provider},
    )


def _region(stack: str, provider: str) -> str:
    """Return the region of a provider, whose name is that of the stack and the region."""
    return Urn(Urn.of_provider(provider)).name.removeprefix(f"{stack}-")


def _audit(plan: Plan, today: date) -> tuple[AuditResult | None, str]:
    try:
        return audit_of(plan.stack.name, plan.stack.spec, plan.region, plan.inventory, today), ""
    except InvalidConfiguration as invalid:
        return None, invalid.diagnostics[0].problem


def _cost(plan: Plan, usage: Usage) -> tuple[CostEstimate | None, str]:
    """Return the estimate, or the reason why there is none; a usage file that cannot be applied is refused."""
    try:
        return estimate_of(plan.stack.spec, plan.region, plan.inventory, usage), ""
    except InvalidConfiguration as invalid:
        if usage.price_region:
            raise
        return None, f"{invalid.diagnostics[0].problem}; {invalid.diagnostics[0].fix}"


def mismatches(spec: Platform, connections: tuple[AllowedConnection, ...]) -> list[Mismatch]:
    """Compare `calls` and `uses` with what rules and permissions allow, both ways."""
    allowed = {(each.source, each.target): each for each in connections}
    desired = {(name, target) for name, service in spec.services.items() for target in (*service.calls, *service.uses)}
    known = {*spec.services, *(part for service in spec.services.values() for part in service.uses)}
    missing = [
        Mismatch(source, target, "the stack file allows it, and no rule or permission does")
        for source, target in sorted(desired)
        if not {(source, target), (EVERY_SERVICE, target), (EVERY_SERVICE, EVERY_SERVICE)} & allowed.keys()
        and not (target == MODELS and not spec.models)
    ]
    wider = [
        Mismatch(each.source, each.target, "a rule allows it, and the stack file does not", each.resource)
        for (source, target), each in sorted(allowed.items())
        if source in spec.services and target in known and (source, target) not in desired
    ]
    return [*missing, *wider]
