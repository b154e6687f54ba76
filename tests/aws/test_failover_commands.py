"""Commands of a failover on AWS: what is asked, stopped, promoted, routed and deleted, each in one region."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import pytest

from providers import failover_control
from providers.aws.recovery.control import CONTROL, SCHEDULE_KEYS, newest_lag
from providers.contract.cli import CliCommand, CliFailure, DeployedResource, DeployedStack
from providers.contract.failover import Address, DatabaseState, Move, Notice
from providers.contract.spec.defaults import Raw
from tests.aws.plans import spec_of
from tests.planning import DROP, JOBS, ROOT

HOME, STANDBY = "us-west-2", "us-east-1"
RECOVERY: Mapping[str, object] = {"mode": "warm", "standby_region": STANDBY}
SERVICES = ("gateway", "chat", "worker")


class ScriptedAws:
    """AWS CLI that answers by the beginning of the command, and keeps every command."""

    def __init__(self, answers: Mapping[str, object] | None = None, *, reachable: bool = True) -> None:
        self.answers, self.reachable = answers or {}, reachable
        self.commands: list[CliCommand] = []

    def output(self, command: CliCommand) -> str:
        self.commands.append(command)
        text = " ".join(command.arguments[1:])
        return next((json.dumps(answer) for begin, answer in self.answers.items() if text.startswith(begin)), "")

    def succeeds(self, command: CliCommand) -> bool:
        self.commands.append(command)
        return self.reachable

    def stream(self, command: CliCommand) -> int:
        raise AssertionError(command)

    def sleep(self, seconds: float, /) -> None:
        raise AssertionError(seconds)

    @property
    def regions(self) -> set[str]:
        return {command.arguments[command.arguments.index("--region") + 1] for command in self.commands}

    def run(self) -> list[str]:
        return [" ".join(command.arguments[1:3]) for command in self.commands]


def resource(type_token: str, name: str, outputs: Raw) -> DeployedResource:
    return DeployedResource(name, type_token, f"{name}-id", outputs)


def stack(**changes: object) -> DeployedStack:
    spec = spec_of({"recovery": RECOVERY, **{key.replace("__", "."): value for key, value in changes.items()}})
    places = ("prod", f"prod-{STANDBY}")
    return DeployedStack(
        "prod",
        spec,
        (
            *(
                resource(
                    "aws:ecs/service:Service", f"{place}-compute-{name}", {"name": f"{place}-compute-{name}-1a2b3c4"}
                )
                for place in places
                for name in SERVICES
            ),
            *(
                resource(
                    "aws:lb/loadBalancer:LoadBalancer",
                    f"{place}-ingress",
                    {"dnsName": f"{place}.elb.amazonaws.com", "zoneId": f"Z-{place}"},
                )
                for place in places
            ),
            resource("aws:route53/record:Record", "prod-entry-us-west-2-name", {"zoneId": "Z123"}),
        ),
    )


def test_only_clouds_that_run_services_in_two_regions_have_a_control() -> None:
    assert failover_control("aws") is CONTROL
    assert failover_control("docker") is None


@pytest.mark.parametrize("reachable", [True, False])
def test_a_region_is_probed_once_with_short_timeouts(reachable: bool) -> None:
    shell = ScriptedAws(reachable=reachable)
    assert CONTROL.answers(stack(), HOME, shell) is reachable
    (command,) = shell.commands
    for option, seconds in (("--cli-connect-timeout", "5"), ("--cli-read-timeout", "10")):
        assert command.arguments[command.arguments.index(option) + 1] == seconds
    assert command.environment["AWS_MAX_ATTEMPTS"] == "1"
    assert shell.regions == {HOME}


REPLICA = {
    "DBInstanceStatus": "available",
    "ReadReplicaSourceDBInstanceIdentifier": "arn:aws:rds:us-west-2:1:db:prod-database",
}
PROMOTED = {"DBInstanceStatus": "available"}
NOW, EARLIER = "2026-11-28T22:10:00+00:00", ["2026-11-28T22:07:00+00:00", 7.0]
STATES: Mapping[str, tuple[object, object, DatabaseState]] = {
    "a replica": (REPLICA, [EARLIER, [NOW, 3.0]], DatabaseState(True, False, True, 3.0)),
    "a replica without a metric": (REPLICA, None, DatabaseState(True, False, True, None)),
    "a replica that was never connected": (REPLICA, [[NOW, -1.0]], DatabaseState(True, False, True, None)),
    "a replica that is modified": (
        {**REPLICA, "DBInstanceStatus": "modifying"},
        [[NOW, 0.0]],
        DatabaseState(True, False, False, 0.0),
    ),
    "a promoted one": (PROMOTED, [[NOW, 3.0]], DatabaseState(True, True, True, None)),
    "one that is deleted": ({"DBInstanceStatus": "deleting"}, None, DatabaseState(True, True, False, None)),
    "none": (None, None, DatabaseState(False)),
}


@pytest.mark.parametrize(("instance", "lag", "expected"), STATES.values(), ids=STATES)
def test_the_state_of_a_database(instance: object, lag: object, expected: DatabaseState) -> None:
    shell = ScriptedAws({"rds describe-db-instances": instance, "cloudwatch get-metric-statistics": lag})
    assert CONTROL.database(stack(), STANDBY, shell) == expected
    assert shell.regions == {STANDBY}


def test_what_a_replica_lacks_since_it_was_disconnected_is_its_last_delay_and_the_time_since() -> None:
    now = datetime.fromisoformat(NOW)
    assert newest_lag([EARLIER, ["2026-11-28T22:08:00+00:00", -1.0], [NOW, -1.0]], now) == 7.0 + 180.0
    assert newest_lag([[NOW, -1.0], ["2026-11-28T22:11:00+00:00", 2.0]], now) == 2.0


def bounds(shell: ScriptedAws) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for command in shell.commands:
        options = dict(zip(command.arguments[3::2], command.arguments[4::2], strict=False))
        if command.arguments[2] == "register-scalable-target":
            found[options["--resource-id"]] = (options["--min-capacity"], options["--max-capacity"])
    return found


def counts(shell: ScriptedAws) -> list[str]:
    return [
        command.arguments[command.arguments.index("--desired-count") + 1]
        for command in shell.commands
        if command.arguments[2] == "update-service"
    ]


def test_a_stopped_region_runs_no_task_and_autoscaling_starts_none() -> None:
    shell = ScriptedAws()
    CONTROL.stop(stack(), HOME, shell)
    assert bounds(shell) == {f"service/prod-agents/prod-compute-{name}-1a2b3c4": ("0", "0") for name in SERVICES}
    assert counts(shell) == ["0"] * 3
    assert shell.regions == {HOME}


def test_a_region_is_started_again_with_the_replicas_of_the_spec() -> None:
    shell = ScriptedAws()
    CONTROL.start(stack(), STANDBY, shell)
    services = stack().spec.services
    assert bounds(shell) == {
        f"service/prod-agents/prod-us-east-1-compute-{name}-1a2b3c4": (
            str(services[name].replicas.min),
            str(services[name].replicas.max),
        )
        for name in SERVICES
    }
    assert counts(shell) == [str(services[name].replicas.min) for name in services]


def test_a_service_with_a_fixed_number_of_replicas_has_no_autoscaling_to_change() -> None:
    shell = ScriptedAws()
    CONTROL.stop(stack(services__chat__replicas={"min": 3, "max": 3}), HOME, shell)
    assert not [key for key in bounds(shell) if "chat" in key]
    assert counts(shell) == ["0"] * 3


SCHEDULE: Raw = {
    "Arn": "arn", "CreationDate": "2026", "FlexibleTimeWindow": {"Mode": "OFF"}, "GroupName": "prod-nightly",
    "Name": "prod-nightly", "ScheduleExpression": "cron(0 3 * * ? *)", "State": "ENABLED", "Target": {"Arn": "machine"},
}  # fmt: skip


def test_a_schedule_keeps_its_settings_when_its_state_changes() -> None:
    shell = ScriptedAws({"scheduler get-schedule": SCHEDULE})
    CONTROL.stop(stack(jobs=JOBS), HOME, shell)
    (update,) = [command for command in shell.commands if command.arguments[2] == "update-schedule"]
    settings = json.loads(update.arguments[4])
    assert settings == {**{key: SCHEDULE[key] for key in SCHEDULE_KEYS if key in SCHEDULE}, "State": "DISABLED"}

    again = ScriptedAws({"scheduler get-schedule": {**SCHEDULE, "State": "DISABLED"}})
    CONTROL.stop(stack(jobs=JOBS), HOME, again)
    assert "scheduler update-schedule" not in again.run()


def test_a_schedule_that_cannot_be_read_is_a_failure() -> None:
    with pytest.raises(CliFailure, match="the schedule cannot be read"):
        CONTROL.stop(stack(jobs=JOBS), HOME, ScriptedAws())


def test_the_replica_is_promoted_with_the_backups_of_the_spec() -> None:
    shell = ScriptedAws()
    CONTROL.promote(stack(), STANDBY, shell, planned=True)
    (command,) = shell.commands
    assert command.arguments[1:3] == ("rds", "promote-read-replica")
    options = dict(zip(command.arguments[3::2], command.arguments[4::2], strict=False))
    database = stack().spec.database
    assert database is not None
    assert options["--db-instance-identifier"] == "prod-database"
    assert options["--backup-retention-period"] == str(database.backup.retention_days)
    assert shell.regions == {STANDBY}


def test_the_record_points_to_the_load_balancer_of_the_region_without_a_call_into_the_other() -> None:
    shell = ScriptedAws()
    CONTROL.route(stack(), STANDBY, shell)
    (command,) = shell.commands
    assert shell.regions == {STANDBY}
    assert command.arguments[command.arguments.index("--hosted-zone-id") + 1] == "Z123"
    (change,) = json.loads(command.arguments[command.arguments.index("--change-batch") + 1])["Changes"]
    assert change["Action"] == "UPSERT"
    assert change["ResourceRecordSet"] == {
        "Name": "agents.example.com",
        "Type": "A",
        "AliasTarget": {
            "HostedZoneId": "Z-prod-us-east-1",
            "DNSName": "prod-us-east-1.elb.amazonaws.com",
            "EvaluateTargetHealth": True,
        },
    }


def test_without_a_domain_nothing_is_routed() -> None:
    of = stack(ingress={}, accept_risk={"ingress.domain": "a trial"})
    shell = ScriptedAws()
    CONTROL.route(DeployedStack("prod", of.spec, of.resources[:-1]), STANDBY, shell)
    assert shell.commands == []
    assert CONTROL.address(of, STANDBY) == Address("prod-us-east-1.elb.amazonaws.com", 80)


def test_the_entry_of_a_region_is_its_load_balancer() -> None:
    assert CONTROL.address(stack(), HOME) == Address("prod.elb.amazonaws.com", 443)
    assert CONTROL.address(DeployedStack("prod", stack().spec), HOME) is None


def test_an_old_database_is_deleted_with_a_last_snapshot() -> None:
    shell = ScriptedAws()
    CONTROL.delete_database(stack(), HOME, shell)
    assert shell.run() == ["rds modify-db-instance", "rds delete-db-instance"]
    deletion = shell.commands[1].arguments
    assert deletion[deletion.index("--final-db-snapshot-identifier") + 1].startswith("prod-database-before-failback-2")
    assert "--skip-final-snapshot" not in deletion
    assert shell.regions == {HOME}


COPYING = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
SOURCE_ARN = "arn:aws:rds:us-west-2:1:db:prod-database"


def test_the_copying_of_backups_ends_before_their_source_is_deleted() -> None:
    of, name = stack(), f"prod-{STANDBY}-recovery-automated-backups"
    copied = replace(of, resources=(*of.resources, resource(COPYING, name, {"sourceDbInstanceArn": SOURCE_ARN})))
    assert (CONTROL.copies(copied, HOME), CONTROL.copies(copied, STANDBY), CONTROL.copies(of, HOME)) == ([name], [], [])
    shell = ScriptedAws(reachable=False)
    CONTROL.delete_database(copied, HOME, shell)
    assert shell.run() == [
        "rds stop-db-instance-automated-backups-replication", "rds modify-db-instance", "rds delete-db-instance",
    ]  # fmt: skip
    end = shell.commands[0].arguments
    assert end[end.index("--source-db-instance-arn") + 1] == SOURCE_ARN
    assert end[end.index("--region") + 1] == STANDBY


def test_a_service_that_is_not_in_the_state_is_named() -> None:
    with pytest.raises(CliFailure, match=r"services\.gateway: not deployed yet"):
        CONTROL.stop(DeployedStack("prod", stack().spec), HOME, ScriptedAws())


def test_the_commands_of_a_dry_run_are_those_that_are_run() -> None:
    of, move = stack(), Move(HOME, STANDBY)
    shown = CONTROL.commands(of, move, planned=True)
    actions: Mapping[str, tuple[object, Callable[[ScriptedAws], None]]] = {
        "stop": (shown.stop, lambda shell: CONTROL.stop(of, HOME, shell)),
        "promote": (shown.promote, lambda shell: CONTROL.promote(of, STANDBY, shell, planned=True)),
        "route": (shown.route, lambda shell: CONTROL.route(of, STANDBY, shell)),
    }
    for name, (commands, act) in actions.items():
        shell = ScriptedAws()
        act(shell)
        assert tuple(shell.commands) == commands, name
    assert set(shown.minutes) >= {"stop", "promote", "adopt", "test", "route", "finish", "delete", "seed"}


def test_a_platform_without_a_database_promotes_and_deletes_none() -> None:
    bare: Mapping[str, object] = {f"services__{name}__uses": [] for name in SERVICES}
    of = stack(database=DROP, **bare)
    shown = CONTROL.commands(of, Move(HOME, STANDBY), planned=True)
    assert (shown.promote, shown.delete) == ((), ())


NOTICE = Notice("prod: us-east-1 serves", "us-west-2 does not answer. Run `agent-platform failback prod` later.")
TOPICS = ("prod-channels-critical", f"prod-{STANDBY}-channels-critical")


def test_the_topics_of_notices_are_declared_under_their_names() -> None:
    tables = [ROOT / f"tests/contract/tables/names-{part}.txt" for part in ("prod", "standby")]
    declared = {line for table in tables for line in table.read_text(encoding="utf-8").splitlines()}
    assert {f"aws:sns/topic:Topic {name}" for name in TOPICS} <= declared


def with_topics(stack: DeployedStack) -> DeployedStack:
    topics = tuple(resource("aws:sns/topic:Topic", name, {"arn": f"arn:aws:sns:{name}"}) for name in TOPICS)
    return replace(stack, resources=(*stack.resources, *topics))


@pytest.mark.parametrize(("region", "topic"), list(zip((HOME, STANDBY), TOPICS, strict=True)))
def test_a_notice_is_published_to_the_topic_of_the_critical_alarms_in_one_region(region: str, topic: str) -> None:
    shell = ScriptedAws()
    assert CONTROL.notify(with_topics(stack()), region, NOTICE, shell)
    (command,) = shell.commands
    options = dict(zip(command.arguments[3::2], command.arguments[4::2], strict=False))
    assert (command.arguments[1:3], options["--topic-arn"]) == (("sns", "publish"), f"arn:aws:sns:{topic}")
    assert (options["--region"], options["--subject"]) == (region, NOTICE.subject)
    messages = json.loads(options["--message"])
    assert (options["--message-structure"], messages["default"]) == ("json", NOTICE.text)
    assert json.loads(messages["https"]) == {
        "version": "1.0",
        "source": "custom",
        "content": {"title": NOTICE.subject, "description": NOTICE.text},
    }


@pytest.mark.parametrize(
    "unheard",
    [stack(), with_topics(stack(monitoring__emails=[], monitoring__slack=DROP))],
    ids=["without a topic", "without a recipient"],
)
def test_a_notice_that_nobody_would_receive_is_not_published(unheard: DeployedStack) -> None:
    shell = ScriptedAws()
    assert not CONTROL.notify(unheard, STANDBY, NOTICE, shell)
    assert shell.commands == []
