"""Failover on AWS by the AWS CLI: services and schedules by region, promotion of the replica, and the alias record.

Names that Pulumi completes come from the state, which holds them for both regions, so no region is asked for the names of the
other one. The record is one of Route 53, which is global.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter

from providers.aws.cli import aws
from providers.aws.context import AwsContext
from providers.aws.naming import cluster_name, database_identifier, job_name
from providers.contract.cli import CliCommand, CliFailure, DeployedResource, DeployedStack, Shell
from providers.contract.failover import (
    PROBE_SECONDS,
    Address,
    DatabaseState,
    FailoverCommands,
    FailoverControl,
    Move,
    Notice,
)
from providers.contract.json_data import is_mapping

INSTANCE, SERVICE = "aws:rds/instance:Instance", "aws:ecs/service:Service"
REPLICATION = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
TOPIC = "aws:sns/topic:Topic"
TARGET, SCHEDULE = "aws:appautoscaling/target:Target", "aws:scheduler/schedule:Schedule"
BALANCER, RECORD = "aws:lb/loadBalancer:LoadBalancer", "aws:route53/record:Record"
LAG_WINDOW_MINUTES = 10
"""Minutes of the metric that are read: it arrives once a minute, and a minute or two late."""
PROBE_OPTIONS = ("--cli-connect-timeout", "5", "--cli-read-timeout", str(PROBE_SECONDS))
SCHEDULE_KEYS = (
    "Description", "FlexibleTimeWindow", "GroupName", "Name", "ScheduleExpression", "ScheduleExpressionTimezone", "Target",
)  # fmt: skip
"""Members of a schedule that an update must repeat, or it resets them: EventBridge Scheduler API reference, `UpdateSchedule`."""
MINUTES = {
    "stop": 3.0,
    "promote": 10.0,
    "adopt": 5.0,
    "test": 3.0,
    "route": 1.0,
    "finish": 5.0,
    "delete": 15.0,
    "seed": 60.0,
}
"""Expected minutes; a copy of 100 GiB over the network takes about an hour. Estimates: a drill of them needs an account."""


class AwsFailover:
    """See `providers.contract.failover.FailoverControl` for each method."""

    def answers(self, stack: DeployedStack, region: str, shell: Shell) -> bool:
        """See `FailoverControl.answers`."""
        context = _context(stack, region)
        return shell.succeeds(
            _probe(context, "ecs", "describe-clusters", "--clusters", cluster_name(stack.name), *PROBE_OPTIONS)
        )

    def database(self, stack: DeployedStack, region: str, shell: Shell) -> DatabaseState:
        """See `FailoverControl.database`."""
        context = _context(stack, region)
        name = database_identifier(stack.name)
        query = f"DBInstances[?DBInstanceIdentifier=='{name}'] | [0]"
        found = _json(shell.output(_probe(context, "rds", "describe-db-instances", "--query", query, *PROBE_OPTIONS)))
        if not is_mapping(found):
            return DatabaseState(exists=False)
        writes = not found.get("ReadReplicaSourceDBInstanceIdentifier")
        available = found.get("DBInstanceStatus") == "available"
        return DatabaseState(True, writes, available, None if writes else _lag(context, name, shell))

    def stop(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """See `FailoverControl.stop`."""
        for command in _sizes(stack, region, stopped=True):
            shell.output(command)
        _set_schedules(stack, region, shell, "DISABLED")

    def start(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """See `FailoverControl.start`."""
        for command in _sizes(stack, region, stopped=False):
            shell.output(command)
        _set_schedules(stack, region, shell, "ENABLED")

    def promote(self, stack: DeployedStack, region: str, shell: Shell, *, planned: bool) -> None:
        """See `FailoverControl.promote`; RDS promotes a replica in one way."""
        shell.output(_promotion(stack, region))

    def route(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """See `FailoverControl.route`."""
        for command in _route(stack, region):
            shell.output(command)

    def address(self, stack: DeployedStack, region: str) -> Address | None:
        """See `FailoverControl.address`."""
        balancer = stack.resource(BALANCER, f"{stack.name_in(region)}-ingress")
        if balancer is None:
            return None
        return Address.of_entry(balancer.outputs.get("dnsName"), stack)

    def notify(self, stack: DeployedStack, region: str, notice: Notice, shell: Shell) -> bool:
        """See `FailoverControl.notify`; the topic of a region is one that its alarms use."""
        topic = stack.resource(TOPIC, f"{stack.name_in(region)}-channels-critical")
        channels = stack.spec.monitoring
        if topic is None or not (channels.emails or channels.slack):
            return False
        shell.output(_publication(_context(stack, region), _text(topic, "arn"), notice))
        return True

    def delete_database(self, stack: DeployedStack, region: str, shell: Shell) -> None:
        """See `FailoverControl.delete_database`."""
        for command in _end_of_copying(stack, region):
            shell.succeeds(command)  # it fails for one that has ended
        for command in _deletion(stack, region):
            shell.output(command)

    @property
    def reseeds(self) -> bool:
        """See `FailoverControl.reseeds`."""
        return True

    @property
    def shares_entry(self) -> bool:
        """See `FailoverControl.shares_entry`: each region has a load balancer."""
        return False

    def problem(self, stack: DeployedStack, region: str, shell: Shell) -> str:
        """See `FailoverControl.problem`: a request to the load balancer of the region shows it."""
        return ""

    def commanded_types(self) -> Collection[str]:
        """See `FailoverControl.commanded_types`."""
        return (SERVICE, TARGET, SCHEDULE)

    def copied_objects_minutes(self) -> int:
        """See `FailoverControl.copied_objects_minutes`."""
        return 15

    def database_type(self) -> str:
        """See `FailoverControl.database_type`."""
        return INSTANCE

    def copies(self, stack: DeployedStack, region: str) -> Sequence[str]:
        """See `FailoverControl.copies`."""
        return [each.name for each in _copying(stack, region)]

    def commands(self, stack: DeployedStack, move: Move, *, planned: bool) -> FailoverCommands:
        """See `FailoverControl.commands`."""
        has_database = stack.spec.database is not None
        return FailoverCommands(
            stop=tuple(_sizes(stack, move.source, stopped=True)),
            promote=(_promotion(stack, move.target),) if has_database else (),
            route=tuple(_route(stack, move.target)),
            delete=(*_end_of_copying(stack, move.target), *_deletion(stack, move.target)) if has_database else (),
            minutes=MINUTES,
        )


def _context(stack: DeployedStack, region: str) -> AwsContext:
    return AwsContext(stack.spec, stack.name, region)


def _probe(context: AwsContext, *arguments: str) -> CliCommand:
    """Command that gives up at once when the region does not answer."""
    command = aws(context, *arguments, "--output", "json")
    return replace(command, environment={**command.environment, "AWS_MAX_ATTEMPTS": "1"})


def _json(text: str) -> object:
    return json.loads(text or "null")


def _lag(context: AwsContext, identifier: str, shell: Shell) -> float | None:
    now = datetime.now(UTC).replace(microsecond=0)
    since = now - timedelta(minutes=LAG_WINDOW_MINUTES)
    metric = ("--namespace", "AWS/RDS", "--metric-name", "ReplicaLag", "--statistics", "Maximum", "--period", "60")
    of = ("--dimensions", f"Name=DBInstanceIdentifier,Value={identifier}")
    window = ("--start-time", since.isoformat(), "--end-time", now.isoformat())
    values = ("--query", "sort_by(Datapoints, &Timestamp)[].[Timestamp,Maximum]")
    command = _probe(context, "cloudwatch", "get-metric-statistics", *metric, *of, *window, *values, *PROBE_OPTIONS)
    return newest_lag(_json(shell.output(command)), now)


def newest_lag(points: object, now: datetime) -> float | None:
    """Return the delay in seconds of the newest point `[time, seconds]`; None without one.

    -1 is the delay of a replica that is not connected, as after the loss of its source: what it lacks is then at most the last
    known delay and the time since.
    """
    found = TypeAdapter(list[tuple[datetime, float]]).validate_python(points or [])
    if found and found[-1][1] >= 0:
        return found[-1][1]
    known = [seconds + (now - time).total_seconds() for time, seconds in found if seconds >= 0]
    return known[-1] if known else None


def _sizes(stack: DeployedStack, region: str, *, stopped: bool) -> Iterator[CliCommand]:
    """Yield the commands that stop the services of a region, or give them the replicas of the spec."""
    context = _context(stack, region)
    for name, service in stack.spec.services.items():
        deployed = stack.resource(SERVICE, f"{stack.name_in(region)}-compute-{name}")
        if deployed is None:
            raise stack.not_deployed(name)
        cluster, physical = cluster_name(stack.name), _text(deployed, "name")
        low, high = (0, 0) if stopped else (service.replicas.min, service.replicas.max)
        if service.replicas.max > service.replicas.min:
            target = ("--service-namespace", "ecs", "--scalable-dimension", "ecs:service:DesiredCount")
            of = ("--resource-id", f"service/{cluster}/{physical}")
            bounds = ("--min-capacity", str(low), "--max-capacity", str(high))
            yield aws(context, "application-autoscaling", "register-scalable-target", *target, *of, *bounds)
        update = ("ecs", "update-service", "--cluster", cluster, "--service", physical, "--desired-count", str(low))
        yield aws(context, *update, "--query", "service.desiredCount", "--output", "text")


def _set_schedules(stack: DeployedStack, region: str, shell: Shell, state: str) -> None:
    """Give the schedules of a region another state; an update of a schedule replaces all of its settings."""
    context = _context(stack, region)
    for job in stack.spec.jobs:
        name = job_name(stack.name, job)
        of = ("--name", name, "--group-name", name)
        found = _json(shell.output(aws(context, "scheduler", "get-schedule", *of, "--output", "json")))
        if not is_mapping(found):
            raise CliFailure(f"jobs.{job}", "the schedule cannot be read", f"run agent-platform up {stack.name}")
        if found.get("State") == state:
            continue
        settings = {**{key: found[key] for key in SCHEDULE_KEYS if found.get(key) is not None}, "State": state}
        shell.output(aws(context, "scheduler", "update-schedule", "--cli-input-json", json.dumps(settings)))


def _promotion(stack: DeployedStack, region: str) -> CliCommand:
    days = stack.spec.database.backup.retention_days if stack.spec.database else 1
    instance = ("--db-instance-identifier", database_identifier(stack.name))
    kept = ("--backup-retention-period", str(days), "--query", "DBInstance.DBInstanceStatus", "--output", "text")
    return aws(_context(stack, region), "rds", "promote-read-replica", *instance, *kept)


def _route(stack: DeployedStack, region: str) -> Iterator[CliCommand]:
    """Yield the command that points the alias record to the load balancer of a region; none without a domain."""
    home = stack.spec.home_region
    record = stack.resource(RECORD, f"{stack.name}-entry-{home}-name")
    balancer = stack.resource(BALANCER, f"{stack.name_in(region)}-ingress")
    if record is None or balancer is None:
        return
    alias = {
        "HostedZoneId": _text(balancer, "zoneId"),
        "DNSName": _text(balancer, "dnsName"),
        "EvaluateTargetHealth": True,
    }
    change = {
        "Action": "UPSERT",
        "ResourceRecordSet": {"Name": stack.spec.ingress.domain, "Type": "A", "AliasTarget": alias},
    }
    zone = ("--hosted-zone-id", _text(record, "zoneId"), "--change-batch", json.dumps({"Changes": [change]}))
    yield aws(_context(stack, region), "route53", "change-resource-record-sets", *zone, "--output", "json")


def _publication(context: AwsContext, topic: str, notice: Notice) -> CliCommand:
    """Command that publishes a message; the chat service reads only its own schema, which it receives over HTTPS.

    Source: Amazon Q Developer in chat applications, "Custom notifications".
    """
    content = {"title": notice.subject, "description": notice.text}
    custom = {"version": "1.0", "source": "custom", "content": content}
    messages = {"default": notice.text, "https": json.dumps(custom)}
    message = ("--message-structure", "json", "--message", json.dumps(messages))
    subject = ("--subject", notice.subject)
    return aws(context, "sns", "publish", "--topic-arn", topic, *subject, *message, "--output", "json")


def _copying(stack: DeployedStack, region: str) -> list[DeployedResource]:
    """Return the replication of automated backups from a region, which starts again with a new instance."""
    name = f"{stack.name_in(stack.spec.standby_region or region)}-recovery-automated-backups"
    found = stack.resource(REPLICATION, name) if region == stack.spec.home_region else None
    return [] if found is None else [found]


def _end_of_copying(stack: DeployedStack, region: str) -> Iterator[CliCommand]:
    """Yield the command that ends the replication, in the region that receives it; the provider finds it no more then."""
    context = _context(stack, stack.spec.standby_region or region)
    for replication in _copying(stack, region):
        source = ("--source-db-instance-arn", _text(replication, "sourceDbInstanceArn"))
        status = ("--query", "DBInstanceAutomatedBackup.Status", "--output", "text")
        yield aws(context, "rds", "stop-db-instance-automated-backups-replication", *source, *status)


def _deletion(stack: DeployedStack, region: str) -> Sequence[CliCommand]:
    context, instance = _context(stack, region), ("--db-instance-identifier", database_identifier(stack.name))
    snapshot = f"{database_identifier(stack.name)}-before-failback-{datetime.now(UTC):%Y%m%d%H%M}"
    status = ("--query", "DBInstance.DBInstanceStatus", "--output", "text")
    return (
        aws(
            context, "rds", "modify-db-instance", *instance, "--no-deletion-protection", "--apply-immediately", *status
        ),
        aws(context, "rds", "delete-db-instance", *instance, "--final-db-snapshot-identifier", snapshot, *status),
    )


def _text(resource: DeployedResource, key: str) -> str:
    value = resource.outputs.get(key)
    if not isinstance(value, str):
        raise CliFailure(
            resource.name, f"its {key} is missing in the state", "run agent-platform refresh for the stack"
        )
    return value


CONTROL: FailoverControl = AwsFailover()
