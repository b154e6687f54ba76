"""Platform in two regions of the fake cloud of AWS, and the AWS CLI of a failover, whose commands change the cloud's objects."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from automation.deploy.deployment import Deployment
from automation.deploy.failover_record import FailoverRecord, Kind
from automation.failover.begin import begin, recorded
from automation.failover.driver import FailoverDriver
from automation.failover.stack_failover import StackFailover
from automation.plan.inventory import Value
from automation.shell import command_text
from providers.contract.cli import CliCommand
from providers.contract.failover import Address
from tests.automation.scripted_rollout import FakeClock
from tests.engine.failover_project import phase
from tests.engine.fake_cloud.cloud import FakeObject
from tests.engine.project import STACK, EngineProject, small_platform
from tests.engine.rollout_ecs import option
from tests.planning import JOBS

HOME, STANDBY = "us-west-2", "us-east-1"
RECOVERY = {"mode": "warm", "standby_region": STANDBY, "standby_replicas": 0}
INSTANCE, RECORD = "aws:rds/instance:Instance", "aws:route53/record:Record"
SERVICE, SCALING = "aws:ecs/service:Service", "aws:appautoscaling/target:Target"
REPLICATION = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
SCHEDULE = "aws:scheduler/schedule:Schedule"
CHANGING = (
    "write", "stop", "start", "promote", "adopt", "route", "converge", "delete_database", "forget_database",
)  # fmt: skip
"""Methods of `StackFailover` that change the cloud, the state or the record."""


class FailoverShell:
    """AWS CLI of one stack. A region that is lost answers nothing, and no command may be sent there but a probe."""

    def __init__(self, project: EngineProject, echo: Callable[[str], object] = len) -> None:
        self.project, self.echo = project, echo
        self.commands: list[tuple[str, str]] = []
        """Operation and region of each command."""
        self.snapshots: list[str] = []
        self.lag = 0.0
        """Delay of the replica in seconds."""

    def succeeds(self, command: CliCommand) -> bool:
        """See `Shell.succeeds`: the probe of a region, and the end of copies that may have ended."""
        self.echo(f"$ {command_text(command)}")
        region = option(command, "--region")
        if command.arguments[2] == "stop-db-instance-automated-backups-replication":
            return self._end_copies(region, option(command, "--source-db-instance-arn"))
        assert command.arguments[1:3] == ("ecs", "describe-clusters"), command
        return region != self.lost

    def output(self, command: CliCommand) -> str:
        """See `Shell.output`."""
        self.echo(f"$ {command_text(command)}")
        operation, region = " ".join(command.arguments[1:3]), option(command, "--region")
        assert region != self.lost, f"{operation} in {region}, which does not answer"
        self.commands.append((operation, region))
        answers: Mapping[str, Callable[[CliCommand, str], object]] = {
            "rds describe-db-instances": lambda _, region: self._described(region),
            "cloudwatch get-metric-statistics": lambda _, __: [[datetime.now(UTC).isoformat(), self.lag]],
            "application-autoscaling register-scalable-target": self._scale,
            "ecs update-service": self._size,
            "scheduler get-schedule": self._schedule,
            "scheduler update-schedule": self._set_schedule,
            "rds promote-read-replica": self._promote,
            "route53 change-resource-record-sets": self._route,
            "rds modify-db-instance": lambda _, region: self._change_database(region, "deletionProtection", False),
            "rds delete-db-instance": self._delete,
        }
        return json.dumps(answers[operation](command, region))

    def stream(self, command: CliCommand) -> int:
        """See `Shell.stream`."""
        raise AssertionError(command)

    def sleep(self, seconds: float, /) -> None:
        """See `Shell.sleep`."""
        raise AssertionError(seconds)

    @property
    def lost(self) -> str:
        """Region that does not answer."""
        return str(self.project.cloud.setting("lost_region", ""))

    def objects(self, token: str, region: str) -> list[FakeObject]:
        """Objects of a type in a region."""
        return self.project.cloud.objects(stored(token, region))

    def database(self, region: str) -> FakeObject | None:
        """Database of a region."""
        return next(iter(self.objects(INSTANCE, region)), None)

    def _described(self, region: str) -> object:
        found = self.database(region)
        if found is None:
            return None
        source = found.input("replicateSourceDb")
        return {
            "DBInstanceStatus": "available",
            **({"ReadReplicaSourceDBInstanceIdentifier": source} if source else {}),
        }

    def _change_database(self, region: str, key: str, value: Value) -> None:
        found = self.database(region)
        assert found is not None
        self.project.cloud.change(found.token, found.name, key, value)

    def _promote(self, command: CliCommand, region: str) -> None:
        self._change_database(region, "replicateSourceDb", None)
        self._change_database(region, "backupRetentionPeriod", int(option(command, "--backup-retention-period")))

    def _delete(self, command: CliCommand, region: str) -> None:
        found = self.database(region)
        assert found is not None and found.input("deletionProtection") is False
        self.snapshots.append(option(command, "--final-db-snapshot-identifier"))
        self.project.cloud.remove(found.token, found.id)

    def _end_copies(self, region: str, source: str) -> bool:
        found = [each for each in self.objects(REPLICATION, region) if each.input("sourceDbInstanceArn") == source]
        for each in found:
            self.project.cloud.remove(each.token, each.id)
        return bool(found)

    def _scale(self, command: CliCommand, region: str) -> None:
        found = self._with(SCALING, region, "resourceId", option(command, "--resource-id"))
        for key, name in (("minCapacity", "--min-capacity"), ("maxCapacity", "--max-capacity")):
            self.project.cloud.change(found.token, found.name, key, int(option(command, name)))

    def _size(self, command: CliCommand, region: str) -> None:
        found = self._with(SERVICE, region, "name", option(command, "--service"))
        self.project.cloud.change(found.token, found.name, "desiredCount", int(option(command, "--desired-count")))

    def _schedule(self, command: CliCommand, region: str) -> object:
        found = self._with(SCHEDULE, region, "name", option(command, "--name"))
        return {"Name": found.input("name"), "State": found.input("state") or "ENABLED", "Target": {}}

    def _set_schedule(self, command: CliCommand, region: str) -> None:
        settings = json.loads(option(command, "--cli-input-json"))
        found = self._with(SCHEDULE, region, "name", settings["Name"])
        # the provider has ENABLED as the default, which the program does not set
        state = None if settings["State"] == "ENABLED" else settings["State"]
        self.project.cloud.change(found.token, found.name, "state", state)

    def _route(self, command: CliCommand, _region: str) -> None:
        (change,) = json.loads(option(command, "--change-batch"))["Changes"]
        target = change["ResourceRecordSet"]["AliasTarget"]
        alias = {
            "name": target["DNSName"],
            "zoneId": target["HostedZoneId"],
            "evaluateTargetHealth": target["EvaluateTargetHealth"],
        }
        for record in self.project.cloud.objects(RECORD):
            if record.input("name") == change["ResourceRecordSet"]["Name"] and record.input("aliases"):
                self.project.cloud.change(RECORD, record.name, "aliases", [alias])

    def _with(self, token: str, region: str, key: str, value: Value) -> FakeObject:
        return next(each for each in self.objects(token, region) if each.input(key) == value)


def stored(token: str, region: str) -> str:
    """Return the type under which the fake cloud stores an object of a region."""
    return f"{token}@{STANDBY}" if region == STANDBY else token


def answering(_address: Address, _domain: str, _path: str) -> str:
    """Entry that answers every request."""
    return ""


@dataclass
class WarmStack:
    """Deployed stack in two regions; a process has the notes and the clock, and everything else is in the project."""

    project: EngineProject
    time: FakeClock = field(default_factory=FakeClock)
    notes: list[str] = field(default_factory=list[str])
    points: list[tuple[str, "WarmStack"]] = field(default_factory=list[tuple[str, "WarmStack"]])
    """Copies of the project before each change, with what was to be done."""

    def __post_init__(self) -> None:
        self.shell = FailoverShell(self.project)

    @property
    def deployment(self) -> Deployment:
        """Deployment of a new process."""
        return Deployment(STACK, self.project.folder, environment=self.project.environment, clock=self.time.clock)

    @property
    def failover(self) -> StackFailover:
        """Operations of a new process."""
        return StackFailover(self.deployment, self.notes.append, phase, shell=self.shell, probe=answering)

    def move(
        self, kind: Kind = "failover", *, planned: bool = True, force: bool = False, copies: Path | None = None
    ) -> FailoverRecord:
        """Do what the command does: continue what is recorded, or begin; copy the project before each change to `copies`."""
        port = self.failover
        if copies is not None:
            self._copy_before_changes(port, copies)
        record = recorded(port, kind)
        if record is not None:
            port.resume()
        else:
            record, _ = begin(port, kind, planned=planned, force=force)
        return FailoverDriver(STACK, port, self.time.clock, self.notes.append, force=force).run(record)

    def copy(self, home: Path) -> "WarmStack":
        """Copy of the stack in another folder, with a new process."""
        return WarmStack(self.project.copy(home))

    def lose(self, region: str = HOME) -> None:
        """Let a region answer nothing; an empty name lets all answer."""
        self.project.cloud.set("lost_region", region)

    def promote_by_hand(self, region: str) -> None:
        """Do what `aws rds promote-read-replica` does; nothing to an instance that writes already."""
        found = self.shell.database(region)
        assert found is not None
        if found.input("replicateSourceDb"):
            self.project.cloud.change(found.token, found.name, "replicateSourceDb", None)

    def writes(self, region: str) -> bool:
        """Return whether the database of a region takes writes."""
        found = self.shell.database(region)
        return found is not None and not found.input("replicateSourceDb")

    @property
    def served(self) -> str:
        """Region to which the domain points."""
        balancers = {
            json.loads(each.outputs)["dnsName"]: region
            for region in (HOME, STANDBY)
            for each in self.shell.objects("aws:lb/loadBalancer:LoadBalancer", region)
        }
        (alias,) = [found for each in self.project.cloud.objects(RECORD) if (found := each.input("aliases"))]
        return balancers[json.loads(json.dumps(alias))[0]["name"]]

    @property
    def capacities(self) -> Mapping[str, set[tuple[Value, Value]]]:
        """Bounds of the replicas of the services by region."""
        return {
            region: {
                (each.input("minCapacity"), each.input("maxCapacity")) for each in self.shell.objects(SCALING, region)
            }
            for region in (HOME, STANDBY)
        }

    def _copy_before_changes(self, port: StackFailover, copies: Path) -> None:
        for method in CHANGING:
            setattr(port, method, self._copying(getattr(port, method), method, copies))

    def _copying(self, original: Callable[..., None], method: str, copies: Path) -> Callable[..., None]:
        def call(*arguments: object, **options: object) -> None:
            what = arguments[0].phase if arguments and isinstance(arguments[0], FailoverRecord) else ""
            home = copies / str(len(self.points))
            home.mkdir(parents=True)
            self.points.append((f"{method} {what}".strip(), self.copy(home)))
            original(*arguments, **options)

        return call


def deploy_warm(home: Path) -> tuple[WarmStack, WarmStack]:
    """Deploy a platform in one region, then give it a standby region; return a copy from before, and the stack."""
    project = EngineProject.create(home / "warm")
    project.cloud.set("second_region", STANDBY)
    project.init_with(platform())
    project.up()
    single = WarmStack(project.copy(home / "single"))
    project.write(platform(recovery=RECOVERY))
    project.set_missing_secrets()
    project.up()
    return single, WarmStack(project)


def platform(**changes: object) -> dict[str, object]:
    """Return the small platform with a job."""
    return small_platform("aws", jobs=JOBS, **changes)
