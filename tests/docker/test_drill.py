"""Restore drill on Docker: settings, alarms and commands, and the script with a real PostgreSQL server."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from automation.plan.inventory import Inventory
from providers.contract.alarms import alarm_rules
from providers.contract.cli import CliCommand, CliFailure, DeployedStack
from providers.contract.prometheus import rules_document
from providers.contract.schedule import parse_schedule
from providers.docker.base.containers import script
from providers.docker.drill.control import CONTROL
from providers.docker.jobs.program import schedule_settings
from providers.docker.monitoring.alarms import docker_rules_document
from tests.docker.plans import container, files, variables
from tests.docker.specs import spec_of
from tests.planning import plan, production
from tests.postgres_server import DATABASE, USER, Host, needs_postgres, open_host, running_database

QUERY = "SELECT count(*) FROM sessions"
DRILL = {"recovery.drill": {"query": QUERY, "schedule": "30 4 * * 1", "max_age_days": 9}}


@pytest.fixture(scope="module")
def drilled() -> Inventory:
    return plan(production(DRILL, cloud="docker"))


def test_the_spec_sets_schedule_and_query(drilled: Inventory) -> None:
    settings = files(drilled, "backup-drill")["drill.conf"]
    assert f"drill_query='{QUERY}'" in settings
    for line in ("drill_minutes=30", "drill_hours=4", "drill_days='*'", "drill_weekdays=1"):
        assert line in settings.splitlines()
    assert variables(container(drilled, "backup-courier"))["DRILL_ON_REQUEST"] == "1"


def test_a_drill_changes_no_name(prod: Inventory, drilled: Inventory) -> None:
    assert {resource.urn for resource in prod.resources} == {resource.urn for resource in drilled.resources}


def test_without_the_key_every_dump_is_restored(prod: Inventory) -> None:
    assert "drill.conf" not in files(prod, "backup-drill")
    assert "DRILL_ON_REQUEST" not in variables(container(prod, "backup-courier"))


def test_the_alarm_has_the_age_of_the_spec_and_fires_in_silence() -> None:
    spec = spec_of(DRILL)
    groups = json.loads(rules_document(spec, alarm_rules(spec)))["groups"]
    rules = {rule["alert"]: rule for group in groups for rule in group["rules"]}
    rule = rules["database-backup-verified-age-seconds"]
    assert (
        rule["expr"].endswith("> 777600")
        and 'absent(backup_verified_timestamp_seconds{job="database"})' in rule["expr"]
    )
    assert rule["labels"]["severity"] == "critical"
    own = json.loads(docker_rules_document(spec, alarm_rules(spec)))["groups"][0]["rules"]
    assert "backup-not-verified" not in [each.get("alert") for each in own]


class DrillHost(Host):
    """Folders of the drill's container."""

    def drill(self, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """One round of the script, which ends at its first `sleep`."""
        self.fake("sleep", "kill $PPID")
        conf = "".join(f"{name}='{value}'\n" for name, value in settings.items())
        (self.folder / "drill.conf").write_text(conf, encoding="utf-8")
        text = script("drill").replace("=/tmp", f"={self.folder}/socket")
        for name in ("exchange", "scratch"):
            text = text.replace(f"/{name}", f"{self.folder}/{name}")
        (self.folder / "drill.sh").write_text(text, encoding="utf-8")
        return self.run("sh", f"{self.folder}/drill.sh")

    def evidence(self) -> dict[str, Any]:
        return json.loads((self.folder / "exchange" / "drill.json").read_text(encoding="utf-8"))

    def metrics(self) -> dict[str, int]:
        text = (self.folder / "exchange" / "drill.prom").read_text(encoding="utf-8")
        return {name: int(value) for name, value in (line.split() for line in text.splitlines())}


@pytest.fixture(scope="module")
def dump() -> Iterator[Path]:
    """Dump of a database with a table `sessions` of three rows, and an empty table `runs`."""
    with running_database() as host:
        file = host.folder / "socket" / "agents.dump"
        variables = {"PGHOST": f"{host.folder}/socket", "PGUSER": USER}
        result = host.run("pg_dump", "--format=custom", f"--file={file}", DATABASE, env=variables)
        assert result.returncode == 0, result.stderr
        yield file


@pytest.fixture
def host() -> Iterator[DrillHost]:
    with open_host("exchange", "scratch", "socket") as opened:
        host = DrillHost(opened.folder)
        yield host
        host.run("pg_ctl", f"--pgdata={host.folder}/scratch/data", "--mode=immediate", "--silent", "stop")


def settings(query: str = QUERY, schedule: str = "0 4 * * 0") -> dict[str, str]:
    return {**schedule_settings("drill", parse_schedule(schedule)), "drill_query": query}


def fetched(host: DrillHost, dump: Path, content: bytes | None = None) -> None:
    """Put a dump where the courier would."""
    exchange = host.folder / "exchange"
    (exchange / "in.dump").write_bytes(dump.read_bytes() if content is None else content)
    os.utime(exchange / "in.dump", (1_800_000_000, 1_800_000_000))
    (exchange / "in.name").write_text("20270115T080000Z.dump\n", encoding="utf-8")
    for name in ("in.dump", "in.name"):
        (exchange / name).chmod(0o644)


@pytest.mark.long(reason="needs a PostgreSQL server")
@needs_postgres
def test_a_good_backup_is_restored_queried_and_deleted(host: DrillHost, dump: Path) -> None:
    fetched(host, dump)
    result = host.drill(settings())
    evidence = host.evidence()
    assert evidence.pop("restore_seconds") >= 0, result.stderr
    assert evidence == {
        "verified": True, "recovery_point": "20270115T080000Z.dump", "recovery_point_time": "2027-01-15T08:00:00Z",
        "query_result": "3", "deleted": True, "problem": "",
    }  # fmt: skip
    assert host.metrics() == {
        "backup_verification_failed": 0, "backup_verified_timestamp_seconds": 1_800_000_000, "backup_drill_leftovers": 0,
    }  # fmt: skip
    assert not (host.folder / "scratch" / "data").exists()


@pytest.mark.long(reason="needs a PostgreSQL server")
@needs_postgres
@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("SELECT count(*) FROM runs", "the query returned 0, not one number above 0"),
        ("SELECT count(*) - 4 FROM sessions", "the query returned -1, not one number above 0"),
        ("SELECT id FROM runs", "the query returned no row, not one number above 0"),
        ("SELECT id FROM sessions ORDER BY id", "the query returned 1 2 3, not one number above 0"),
        ("SELECT 1, 2", "the query returned 1|2, not one number above 0"),
        ("SELECT 'yes'", "the query returned yes, not one number above 0"),
        ("SELECT count(*) FROM users", "the query failed: ERROR:  relation 'users' does not exist"),
        ("SELECT 1 / 0", "the query failed: ERROR:  division by zero"),
    ],
)
def test_a_query_that_returns_no_number_above_zero_is_no_success(
    host: DrillHost, dump: Path, query: str, problem: str
) -> None:
    fetched(host, dump)
    host.drill(settings(query.replace("'", "'\\''")))
    evidence = host.evidence()
    assert (evidence["verified"], evidence["deleted"], evidence["recovery_point"]) == (
        False,
        True,
        "20270115T080000Z.dump",
    )
    assert evidence["problem"].startswith(problem)
    assert host.metrics()["backup_verification_failed"] == 1


@pytest.mark.long(reason="needs a PostgreSQL server")
@needs_postgres
def test_a_dump_that_cannot_be_restored_keeps_the_time_of_the_last_success(host: DrillHost, dump: Path) -> None:
    (host.folder / "exchange" / "drill.prom").write_text(
        "backup_verified_timestamp_seconds 1700000000\n", encoding="utf-8"
    )
    fetched(host, dump, b"no dump")
    host.drill(settings())
    assert (host.evidence()["verified"], host.evidence()["problem"]) == (False, "the newest dump cannot be restored")
    assert host.metrics()["backup_verified_timestamp_seconds"] == 1_700_000_000


@pytest.mark.long(reason="needs a PostgreSQL server")
@needs_postgres
def test_a_copy_that_cannot_be_deleted_is_reported(host: DrillHost, dump: Path) -> None:
    fetched(host, dump)
    # the first deletion, before the restore, works; the second one does not
    host.fake(
        "rm",
        f'case "$*" in *scratch/data) [ -e {host.folder}/scratch/log ] && exit 1;; esac; /bin/rm "$@"',
    )
    host.drill(settings())
    assert (host.evidence()["verified"], host.evidence()["deleted"]) == (True, False)
    assert "could not be deleted" in host.evidence()["problem"]


@pytest.mark.long(reason="needs a PostgreSQL server")
@needs_postgres
def test_the_next_drill_deletes_what_the_last_one_left(host: DrillHost, dump: Path) -> None:
    left = host.folder / "scratch" / "data"
    left.mkdir()
    (left / "PG_VERSION").write_text("15", encoding="utf-8")
    host.give(left)
    fetched(host, dump)
    host.drill(settings())
    assert host.evidence()["verified"] and not left.exists()


def times(host: DrillHost, clock: str) -> None:
    """Let `date` show a time: minute, hour, day, month and day of week."""
    host.fake("date", f'case "$*" in *%w*) echo "{clock}";; *) echo 1800000000;; esac')


@pytest.mark.parametrize(
    ("clock", "asked"), [("00 04 15 01 0", True), ("01 04 15 01 0", False), ("00 04 16 01 1", False)]
)
def test_the_newest_dump_is_requested_at_the_times_of_the_schedule(host: DrillHost, clock: str, asked: bool) -> None:
    times(host, clock)
    host.drill(settings())
    assert (host.folder / "exchange" / "wanted").exists() is asked


def test_the_age_counts_from_the_first_start_until_the_first_success(host: DrillHost) -> None:
    times(host, "01 04 15 01 0")
    host.drill(settings())
    assert host.metrics() == {
        "backup_verification_failed": 0, "backup_verified_timestamp_seconds": 1_800_000_000, "backup_drill_leftovers": 0,
    }  # fmt: skip


class FakeDocker:
    """Shell with the container of a drill, and the output of the command in it."""

    def __init__(self, output: str, *, running: bool = True) -> None:
        self.commands: list[tuple[str, ...]] = []
        self.answer, self.state = output, "running" if running else "exited"

    def output(self, command: CliCommand) -> str:
        self.commands.append(command.arguments)
        return self.answer if "exec" in command.arguments else f"local-backup-drill-1a2b3c4 {self.state}\n"


STACK = DeployedStack("local", spec_of(DRILL))


def test_a_drill_runs_in_the_container_and_its_evidence_is_read() -> None:
    shell: Any = FakeDocker(
        'restored\n{"verified": true, "recovery_point": "a.dump", "deleted": true, "restore_seconds": 4}\n'
    )
    evidence = CONTROL.run(STACK, shell)
    assert (evidence.succeeded, evidence.restore_seconds, evidence.recovery_point) == (True, 4, "a.dump")
    assert shell.commands[-1][:3] == ("docker", "exec", "local-backup-drill-1a2b3c4")


def test_a_drill_without_its_container_says_what_to_do() -> None:
    shell: Any = FakeDocker("", running=False)
    with pytest.raises(CliFailure, match="agent-platform up local"):
        CONTROL.run(STACK, shell)


@pytest.mark.parametrize(("output", "year"), [("", None), ("1800000000\n", 2027)])
def test_the_last_success_is_read_from_the_metrics(output: str, year: int | None) -> None:
    shell: Any = FakeDocker(output)
    last = CONTROL.last_verified(STACK, shell)
    assert (last.year if last else None) == year
