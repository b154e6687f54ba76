"""Status of a stack's recovery: mode, regions, copies in the state, age of the newest backups, last drill.

The state and the cloud may not answer; what is not known has the reason, and is never left out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from automation.deploy.errors import DeploymentFailed
from automation.engine.target import target_of
from automation.stack.document import Stack
from providers import drill_control, recovery
from providers.contract.cli import CliCommand, CliFailure, DeployedResource, DeployedStack, Shell
from providers.contract.recovery_plan import (
    VARIABLE,
    BackupQuestion,
    CloudCommand,
    Incident,
    Promise,
    RecoverySite,
    promises_of,
)

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)|\d{8}T\d{6}Z")
NO_DRILL = "no drill is known"
NO_SUCCESS = "no drill has succeeded yet"
NEVER = "the cloud lists none"


@dataclass(frozen=True)
class BackupResource:
    """Resource of the state that holds backups or copies, and their meaning."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class NewestBackup:
    """Newest backup of a part; `problem` is the reason when it is not known, a clause without a full stop."""

    subject: str
    time: datetime | None = None
    problem: str = ""

    def age_minutes(self, now: datetime) -> float | None:
        """Return the age; None when the time is not known."""
        return None if self.time is None else max(0.0, (now - self.time).total_seconds() / 60)


@dataclass(frozen=True)
class RecoveryStatus:
    """Status at a time. `copies` is None when the state cannot be read, for the reason `state_problem`."""

    stack: str
    cloud: str
    mode: str
    home: str
    standby: str
    promises: Mapping[Incident, Promise]
    copies: tuple[BackupResource, ...] | None
    state_problem: str
    backups: tuple[NewestBackup, ...]
    drill: NewestBackup
    time: datetime
    regions: tuple[str, ...] = ()
    """Lines about a warm standby: the region that serves, the last failover, and the database of each region."""


def recovery_status(
    stack: Stack,
    site: RecoverySite,
    resources: Sequence[DeployedResource] | None,
    shell: Shell,
    *,
    state_problem: str = "",
    now: datetime | None = None,
    regions: Sequence[str] = (),
) -> RecoveryStatus:
    """Return the status of a stack; the cloud is asked only for a stack that is deployed."""
    cloud = recovery(stack.spec.cloud)
    questions = tuple(cloud.questions(site))
    reason = _not_asked(stack, site, resources, shell, state_problem)
    asker = BackupAsker(shell, reason)
    copies = None if resources is None else tuple(_copies(resources, cloud.copies))
    return RecoveryStatus(
        stack=stack.name,
        cloud=stack.spec.cloud,
        mode=stack.spec.recovery.mode,
        home=site.region,
        standby=stack.spec.standby_region or "",
        promises=promises_of(cloud.promises, stack.spec),
        copies=copies,
        state_problem=state_problem,
        backups=tuple(asker.newest(question) for question in questions),
        drill=_last_drill(stack, site, resources or (), asker),
        time=now or datetime.now(UTC),
        regions=tuple(regions),
    )


@dataclass(frozen=True)
class BackupAsker:
    """Asks a cloud for the newest backups with its command line; `reason` is set when it must not be asked."""

    shell: Shell
    reason: str = ""

    def newest(self, question: BackupQuestion) -> NewestBackup:
        """Return the newest time in the answer of a question."""
        if self.reason:
            return NewestBackup(question.subject, problem=self.reason)
        try:
            answer = self._answer(question.commands)
        except DeploymentFailed as failure:
            return NewestBackup(question.subject, problem=failure.problem)
        times = [parse_time(text) for text in TIME.findall(answer)]
        return NewestBackup(question.subject, max(times)) if times else NewestBackup(question.subject, problem=NEVER)

    def _answer(self, commands: Sequence[CloudCommand]) -> str:
        values: dict[str, str] = {}
        answer = ""
        for command in commands:
            answer = self.shell.output(CliCommand(with_values(command, values), environment={"AWS_PAGER": ""}))
            if command.sets:
                values[command.sets] = answer.strip()
        return answer


def _last_drill(
    stack: Stack, site: RecoverySite, resources: Sequence[DeployedResource], asker: BackupAsker
) -> NewestBackup:
    """Return the newest backup that a drill has verified; a host without `recovery.drill` has a drill of its own."""
    control = drill_control(stack.spec.cloud) if stack.spec.recovery.drill is not None else None
    if control is None:
        questions = tuple(recovery(stack.spec.cloud).drill(site))
        return asker.newest(questions[-1]) if questions else NewestBackup("database", problem=NO_DRILL)
    if asker.reason:
        return NewestBackup("database", problem=asker.reason)
    deployed = DeployedStack(stack.name, stack.spec, tuple(resources))
    try:
        verified = control.last_verified(deployed, asker.shell)
    except (CliFailure, DeploymentFailed) as failure:
        return NewestBackup("database", problem=failure.problem)
    return NewestBackup("database", verified) if verified else NewestBackup("database", problem=NO_SUCCESS)


def with_values(command: CloudCommand, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the arguments of a command with the variables that earlier commands have set."""
    return tuple(VARIABLE.sub(lambda name: values.get(name[1], ""), argument) for argument in command.arguments)


def parse_time(text: str) -> datetime:
    """Return a time in UTC."""
    if "-" not in text:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def _not_asked(
    stack: Stack, site: RecoverySite, resources: Sequence[DeployedResource] | None, shell: Shell, state_problem: str
) -> str:
    """Return the reason why the cloud is not asked: the state, or a login to another account; empty for none."""
    if resources is None:
        return state_problem or "the state cannot be read"
    if not resources:
        return "the stack is not deployed"
    command = recovery(stack.spec.cloud).login(site)
    if command is None:
        return ""
    try:
        account = shell.output(CliCommand(command.arguments, environment={"AWS_PAGER": ""})).strip()
    except DeploymentFailed as failure:
        return failure.problem
    expected = target_of(stack.spec, stack.name).account
    return "" if account == expected else f"the login is one of account {account}, and the stack is in {expected}"


def _copies(resources: Sequence[DeployedResource], meanings: Mapping[str, str]) -> list[BackupResource]:
    return [BackupResource(each.name, each.type, meanings[each.type]) for each in resources if each.type in meanings]
