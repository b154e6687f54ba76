"""Recovery plan of a stack as data: failures, what each loses and how long it takes, and the steps of the recovery. Pure.

Every `providers/<cloud>/recovery/plan.py` ends with `RECOVERY: CloudRecovery = ...`: the promises of the cloud, one table
from which `plan`, `recovery plan` and docs/recovery.md are made, and the commands of the cloud's own command line with the
names of the stack. The neutral steps are in `automation.recovery.own_steps`. No account is needed.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Literal

from providers.contract.json_data import is_mapping
from providers.contract.spec import Platform

MODES = ("none", "backup", "warm")
"""Recovery modes that have promises."""
HOUR_MINUTES = 60.0
DAY_MINUTES = 24 * HOUR_MINUTES
MAX_MINUTES_SHOWN = 120
VARIABLE = re.compile(r"\$\{?([A-Z][A-Z0-9_]*)\}?")
COMPUTED = re.compile(r"[<\[]")
"""Part of a recorded input that only the engine or the cloud can compute."""


class Incident(StrEnum):
    """Failure that a recovery plan covers."""

    ZONE = auto()
    REGION = auto()
    ACCOUNT = auto()
    HOST = auto()
    DATABASE = auto()
    ROWS = auto()
    BUCKET = auto()
    CACHE = auto()
    SECRET = auto()
    SERVICE = auto()
    REGISTRY = auto()
    KEY = auto()
    STATE = auto()
    SECRETS_KEY = auto()
    BY_HAND = auto()


class Phase(StrEnum):
    """Stage of a recovery, in order."""

    DETECT = "Detect"
    ASSESS = "Assess"
    RECOVER = "Recover"
    VERIFY = "Verify"


@dataclass(frozen=True)
class Bound:
    """Upper bound in minutes of a data loss or an outage; None when nothing limits it."""

    minutes: float | None

    def __str__(self) -> str:
        if self.minutes is None:
            return "no limit"
        if self.minutes == 0:
            return "0"
        if self.minutes < 1:
            return f"{self.minutes * 60:g} s"
        if self.minutes <= MAX_MINUTES_SHOWN:
            return f"{self.minutes:g} min"
        return f"{self.minutes / HOUR_MINUTES:g} h"


NO_LIMIT = Bound(None)
NOTHING = Bound(0)


@dataclass(frozen=True)
class Promise:
    """Recovery point (data lost at most) and recovery time (outage at most) after a failure, with what both assume.

    `by_itself` describes what happens without a command. `measured` is true for numbers that tests of this project have
    measured; the others are the vendor's or estimates, as `assumption` says.
    """

    rpo: Bound
    rto: Bound
    assumption: str
    by_itself: str
    measured: bool = False


@dataclass(frozen=True)
class Condition:
    """Property of a spec on which a promise depends; `text` continues "with ..." and is empty for every spec."""

    text: str
    holds: Callable[[Platform], bool]


ALWAYS = Condition("", lambda _spec: True)


@dataclass(frozen=True)
class PromiseRow:
    """Promise for a failure under a condition and in some modes; the first row that matches a spec is its promise."""

    failure: Incident
    promise: Promise
    when: Condition = ALWAYS
    modes: tuple[str, ...] = MODES

    def matches(self, spec: Platform) -> bool:
        """True when the row applies to a spec."""
        return spec.recovery.mode in self.modes and self.when.holds(spec)


@dataclass(frozen=True)
class CostItem:
    """Part of the monthly cost of a recovery mode: units of a SKU of the price table; without a SKU the price is unknown."""

    what: str
    quantity: float
    sku: str = ""


@dataclass(frozen=True)
class CloudCommand:
    """Command of another program; `sets` is the shell variable that receives its output."""

    arguments: tuple[str, ...]
    sets: str = ""

    @property
    def text(self) -> str:
        """Command as it is typed into a POSIX shell."""
        command = " ".join(_quoted(argument) for argument in self.arguments)
        return f"{self.sets}=$({command})" if self.sets else command

    @property
    def reads(self) -> tuple[str, ...]:
        """Shell variables that the command reads, each once."""
        return tuple(dict.fromkeys(name for argument in self.arguments for name in VARIABLE.findall(argument)))


def _quoted(argument: str) -> str:
    """Quote for a POSIX shell; variables are expanded, and everything else is text.

    Single quotes in an argument are readable in double quotes, in which an interactive bash would expand `!`.
    """
    if not VARIABLE.search(argument) and ("'" not in argument or "!" in argument):
        return shlex.quote(argument)
    escaped = re.sub(r'(["\\`]|\$(?!\{?[A-Z]))', r"\\\1", argument)
    return f'"{escaped}"'


@dataclass(frozen=True)
class Step:
    """Step of a phase: text, arguments of `agent-platform`, and commands of other programs.

    `text` is one or more sentences in which backticks mark code.
    """

    text: str
    own: tuple[str, ...] = ()
    commands: tuple[CloudCommand, ...] = ()


@dataclass(frozen=True)
class Variable:
    """Shell variable that the operator sets before the commands: its meaning and an example."""

    name: str
    meaning: str
    example: str


@dataclass(frozen=True)
class Scenario:
    """Recovery from one failure: phases with this project's commands, and the recovery without them."""

    failure: Incident
    title: str
    promise: Promise
    phases: Mapping[Phase, tuple[Step, ...]]
    without_tool: tuple[Step, ...] = ()
    """Steps with the cloud's own commands or with plain Pulumi where `agent-platform` is not available."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Steps of all phases, then those without the tool."""
        return (*(step for phase in Phase for step in self.phases.get(phase, ())), *self.without_tool)


@dataclass(frozen=True)
class PlannedResource:
    """Resource that the stack declares: logical name, type token and inputs in wire format, secrets masked."""

    name: str
    type: str
    inputs: Mapping[str, object]

    def text(self, key: str) -> str:
        """Return an input that is known before the deployment; empty when it is not."""
        value = self.inputs.get(key)
        return value if isinstance(value, str) and not COMPUTED.search(value) else ""


@dataclass(frozen=True)
class RecoverySite:
    """Stack that a plan is for: its name, spec, home region, standby region (empty for none) and resources."""

    stack: str
    spec: Platform
    region: str
    standby: str = ""
    resources: tuple[PlannedResource, ...] = ()
    moved: bool = False
    """True when `region` is the standby region, whose logical names contain it."""

    def declared(self, type_token: str) -> tuple[PlannedResource, ...]:
        """Return the resources of a type, in the order of their names."""
        return tuple(sorted((each for each in self.resources if each.type == type_token), key=lambda each: each.name))

    def name_of(self, type_token: str, logical: str, key: str) -> str:
        """Return the physical name of a resource; raises LookupError when the stack does not declare it with one."""
        found = [each for each in self.declared(type_token) if each.name == logical]
        text = found[0].text(key) if found else ""
        if not text:
            raise LookupError(f"{logical} ({type_token}) has no {key} that is known before the deployment")
        return text


@dataclass(frozen=True)
class CloudSteps:
    """Steps of one failure that depend on the cloud, by phase, and the recovery without `agent-platform`."""

    detect: tuple[Step, ...] = ()
    assess: tuple[Step, ...] = ()
    recover: tuple[Step, ...] = ()
    """Steps before the neutral ones, which end with `up`."""
    after: tuple[Step, ...] = ()
    """Steps after the neutral ones."""
    verify: tuple[Step, ...] = ()
    without_tool: tuple[Step, ...] = ()


@dataclass(frozen=True)
class BackupQuestion:
    """Question for the newest backup, copy or drill of a part; the last command prints times (ISO 8601)."""

    subject: str
    commands: tuple[CloudCommand, ...]


def _no_costs(_spec: Platform) -> Iterable[CostItem]:
    return ()


def _no_questions(_site: RecoverySite) -> Iterable[BackupQuestion]:
    return ()


@dataclass(frozen=True)
class EntryProblem:
    """Region that requests cannot leave while it is lost, and the reason as a clause."""

    region: str
    reason: str


def _no_problem(_spec: Platform) -> EntryProblem | None:
    return None


def _no_login(_site: RecoverySite) -> CloudCommand | None:
    return None


def _no_variables(_site: RecoverySite) -> Iterable[Variable]:
    return ()


StepsOf = Callable[[RecoverySite], CloudSteps]

PARTS: Mapping[Incident, Callable[[Platform], bool]] = {
    Incident.DATABASE: lambda spec: spec.database is not None,
    Incident.ROWS: lambda spec: spec.database is not None,
    Incident.BY_HAND: lambda spec: spec.database is not None,
    Incident.BUCKET: lambda spec: spec.storage is not None,
    Incident.CACHE: lambda spec: bool(spec.all_caches),
    Incident.SECRET: lambda spec: bool(spec.secrets),
}
"""Failures of a part that a platform may not have."""


def can_have(spec: Platform, failure: Incident) -> bool:
    """Return whether a platform has the part that fails."""
    part = PARTS.get(failure)
    return part is None or part(spec)


Place = Literal["cloud", "host", "cluster"]


@dataclass(frozen=True)
class CloudRecovery:
    """Promises and commands of one cloud."""

    promises: tuple[PromiseRow, ...]
    steps: Mapping[Incident, StepsOf]
    """Steps by failure, for stacks that can have it."""
    place: Place = "cloud"
    """Kind of environment that the stack runs in: a cloud, one host or a cluster."""
    registry: str = ""
    """Type token of a repository, without one of which a stack has no registry to lose; empty where it may always lose images."""
    variables: Callable[[RecoverySite], Iterable[Variable]] = _no_variables
    """Variables that the operator sets, beside those that commands set."""
    costs: Callable[[Platform], Iterable[CostItem]] = _no_costs
    """Monthly cost that the mode of the spec adds."""
    questions: Callable[[RecoverySite], Iterable[BackupQuestion]] = _no_questions
    """Questions for the newest backups, which need the cloud's command line and a login."""
    drill: Callable[[RecoverySite], Iterable[BackupQuestion]] = _no_questions
    """Question for the newest backup that a restore drill has verified."""
    login: Callable[[RecoverySite], CloudCommand | None] = _no_login
    """Command that prints the account of the login, where commands do not name the account themselves."""
    entry_problem: Callable[[Platform], EntryProblem | None] = _no_problem
    """Region that requests cannot leave while it is lost; None where they can leave each of both."""
    copies: Mapping[str, str] = field(default_factory=dict[str, str])
    """Meaning of resources that hold a backup or a copy, by type token."""

    def steps_for(self, site: RecoverySite) -> Mapping[Incident, CloudSteps]:
        """Return the steps of each failure that a stack can have: a platform without a cache cannot lose it."""
        lost = [failure for failure in self.steps if can_have(site.spec, failure)]
        if self.registry and not site.declared(self.registry):
            lost.remove(Incident.REGISTRY)
        return {failure: self.steps[failure](site) for failure in lost}


def promise_for(rows: Sequence[PromiseRow], spec: Platform, failure: Incident) -> Promise:
    """Return the promise of a spec for a failure; raises LookupError when the table has none."""
    for row in rows:
        if row.failure is failure and row.matches(spec):
            return row.promise
    raise LookupError(f"no promise for {failure} with recovery.mode {spec.recovery.mode}")


def promises_of(rows: Sequence[PromiseRow], spec: Platform) -> dict[Incident, Promise]:
    """Return the promise for each failure that a spec can have on the cloud of the table."""
    failures = {row.failure for row in rows}
    return {
        failure: promise_for(rows, spec, failure)
        for failure in Incident
        if failure in failures and can_have(spec, failure)
    }


def monthly_usd(
    items: Sequence[CostItem], usd_of: Callable[[str], float | None]
) -> tuple[float | None, tuple[str, ...]]:
    """Return the sum of the known prices, None when none is known, and what has none; `usd_of` is the price of a SKU."""
    prices = [usd_of(item.sku) for item in items]
    known = [item.quantity * usd for item, usd in zip(items, prices, strict=True) if usd is not None]
    unknown = tuple(item.what for item, usd in zip(items, prices, strict=True) if usd is None)
    return (round(sum(known), 2) if known else None), unknown


def planned_resource(name: str, type_token: str, inputs: object) -> PlannedResource:
    """Return a resource of a recorded inventory."""
    return PlannedResource(name, type_token, inputs if is_mapping(inputs) else {})
