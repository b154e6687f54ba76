"""Recovery plan of a stack from its file and its recorded inventory, without an account. Pure but for the plan."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from automation.cost.prices import prices_of
from automation.engine.target import target_of
from automation.plan.build import Plan
from automation.plan.inventory import plain
from automation.plan.summary import entry_url
from automation.recovery import own_steps
from providers import recovery
from providers.contract.recovery_plan import (
    CloudCommand,
    CloudSteps,
    Incident,
    Phase,
    RecoverySite,
    Scenario,
    Step,
    Variable,
    monthly_usd,
    planned_resource,
    promise_for,
)
from providers.contract.spec import Platform

CURL = ("curl", "--silent", "--show-error", "--output", "/dev/null", "--max-time", "10", "--write-out", "%{http_code}")
NO_ACCOUNT = "not known without an account"


@dataclass(frozen=True)
class RecoveryPlan:
    """Recovery plan: facts about the stack, and a scenario for each failure that it can have."""

    stack: str
    profile: str
    cloud: str
    region: str
    account: str
    mode: str
    standby: str
    contacts: tuple[str, ...]
    """Addresses and channels that receive the alarms; empty for none."""
    url: str
    scenarios: tuple[Scenario, ...]
    variables: tuple[Variable, ...]
    """Variables that the operator sets before the commands, each of them read by one."""
    usd_per_month: float | None
    """Monthly cost that the mode adds, as far as prices are known; None when none is, or when it adds nothing."""
    unknown_costs: tuple[str, ...]
    last_drill: str = NO_ACCOUNT

    def scenario(self, failure: Incident) -> Scenario:
        """Return the scenario of a failure; raises LookupError when the stack cannot have it."""
        return next(each for each in self.scenarios if each.failure is failure)


def recovery_plan(plan: Plan) -> RecoveryPlan:
    """Return the recovery plan of a planned stack."""
    spec, site = plan.stack.spec, site_of(plan)
    cloud = recovery(spec.cloud)
    _scheme, url = entry_url(spec, plan.inventory)
    by_failure, own = cloud.steps_for(site), own_steps.own_steps(cloud.place)
    scenarios = tuple(
        _scenario(site, failure, own[failure], by_failure[failure], url)
        for failure in Incident
        if failure in by_failure
    )
    usd, unknown = monthly_usd(tuple(cloud.costs(spec)), prices_of(spec.cloud, site.region))
    return RecoveryPlan(
        stack=site.stack,
        profile=spec.profile,
        cloud=spec.cloud,
        region=site.region,
        account=target_of(spec, site.stack).account,
        mode=spec.recovery.mode,
        standby=site.standby,
        contacts=contacts(spec),
        url=url,
        scenarios=scenarios,
        variables=tuple(_used([*own_steps.variables(site), *cloud.variables(site)], scenarios)),
        usd_per_month=usd,
        unknown_costs=unknown,
    )


def site_of(plan: Plan) -> RecoverySite:
    """Return the stack with its declared resources, secrets masked."""
    resources = tuple(
        planned_resource(each.name, each.type, plain(dict(each.inputs))) for each in plan.inventory.custom
    )
    return RecoverySite(plan.stack.name, plan.stack.spec, plan.region, plan.stack.spec.standby_region or "", resources)


def contacts(spec: Platform) -> tuple[str, ...]:
    """Return the channels that receive alarms."""
    slack = spec.monitoring.slack
    channel = (f"Slack channel {slack.channel} of the workspace {slack.workspace}",) if slack else ()
    return (*spec.monitoring.emails, *channel)


def _scenario(site: RecoverySite, failure: Incident, own: own_steps.OwnSteps, cloud: CloudSteps, url: str) -> Scenario:
    plain_pulumi = (_plain_pulumi(site),) if own.rebuilds else ()
    lost = _without_backups(site.spec, failure)
    cloud = CloudSteps(detect=cloud.detect) if lost else cloud
    recover = (own_steps.without_backups(),) if lost and failure is Incident.ROWS else own.recover(site)
    return Scenario(
        failure=failure,
        title=own.title,
        promise=promise_for(recovery(site.spec.cloud).promises, site.spec, failure),
        phases={
            Phase.DETECT: cloud.detect,
            Phase.ASSESS: (*own.assess(site), *cloud.assess),
            Phase.RECOVER: (*cloud.recover, *recover, *cloud.after, *_copied(site, failure, cloud)),
            Phase.VERIFY: (*cloud.verify, *_verified(site, failure, url)),
        },
        without_tool=(*cloud.without_tool, *plain_pulumi),
    )


def _without_backups(spec: Platform, failure: Incident) -> bool:
    """True for a loss in a database that keeps no backups."""
    database = spec.database
    return (
        failure in (Incident.DATABASE, Incident.ROWS) and database is not None and database.backup.retention_days == 0
    )


def _copied(site: RecoverySite, failure: Incident, cloud: CloudSteps) -> Iterator[Step]:
    """Yield the copy into the new stack where the cloud restores its database beside that of the stack."""
    beside = any(command.sets == own_steps.RESTORED_HOST for step in cloud.after for command in step.commands)
    if failure is Incident.REGION and beside:
        yield own_steps.copy_rows(site, "$NEW_STACK")


def _verified(site: RecoverySite, failure: Incident, url: str) -> Iterator[Step]:
    """Yield the steps that end every recovery; a new stack has another name, and no state is compared before it exists."""
    moved = failure is Incident.REGION and site.spec.recovery.mode == "warm"
    new = failure in (Incident.REGION, Incident.ACCOUNT) and not moved
    yield own_steps.drift(RecoverySite("$NEW_STACK", site.spec, site.region) if new else site)
    if not url.partition("://")[2]:
        return
    authority = ("--cacert", f".local/{site.stack}-ca.pem") if site.spec.cloud == "docker" else ()
    text = "The entry answers: 200, or 401 where it requires a key; 502, 503 and 000 are failures."
    yield Step(text, commands=(CloudCommand((*CURL, *authority, url)),))


def _plain_pulumi(site: RecoverySite) -> Step:
    text = (
        "Plain Pulumi creates what is missing, in the project's folder, with the variables of the backend. It does not refuse to "
        "replace data as `agent-platform up` does: read its preview."
    )
    of = ("--stack", site.stack)
    return Step(text, commands=(CloudCommand(("pulumi", "refresh", *of)), CloudCommand(("pulumi", "up", *of))))


def _used(variables: Sequence[Variable], scenarios: Sequence[Scenario]) -> Iterator[Variable]:
    """Yield the variables that a command reads and none sets before it."""
    names = {name for scenario in scenarios for name in unset_variables(scenario)}
    seen: set[str] = set()
    for variable in variables:
        if variable.name in names and variable.name not in seen:
            seen.add(variable.name)
            yield variable


def unset_variables(scenario: Scenario) -> tuple[str, ...]:
    """Return the variables that the operator must set for a scenario: read before a command sets them."""
    found: dict[str, None] = {}
    phases = [step for phase in Phase for step in scenario.phases.get(phase, ())]
    for steps in (phases, scenario.without_tool):
        known: set[str] = set()
        for command in (command for step in steps for command in commands_of(step)):
            found.update(dict.fromkeys(name for name in command.reads if name not in known))
            known |= {command.sets} if command.sets else set()
    return tuple(found)


def commands_of(step: Step) -> Iterator[CloudCommand]:
    """Yield the commands of a step in the order in which they are printed."""
    if step.own:
        yield CloudCommand(("agent-platform", *step.own))
    yield from step.commands
