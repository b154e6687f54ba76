"""Scripts of the drill on Azure with a Resource Manager that answers as Azure does, and a real PostgreSQL server."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from providers.azure.drill.resources import FOLDER
from providers.contract.drill import QUERY_SCRIPT, DrillEvidence, evidence_of
from tests.postgres_server import DATABASE, USER, Host, needs_postgres, open_host, running_database

pytestmark = pytest.mark.long(reason="the scripts wait for a real PostgreSQL server, which not every machine has")

GROUP = "/subscriptions/s/resourceGroups/prod-agents-eastus2-drill"
SERVERS = f"{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers"
SOURCE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/flexibleServers/prod-database-1a2b3c"
PREFIX = "prod-drill-1a2b3c-"
FAKE_AZ = '''
"""Resource Manager behind `az`: servers by name in a file; one is Ready after `polls` questions for its state."""
import json, os, sys
from urllib.parse import urlsplit

folder = os.environ["FAKE_FOLDER"]
file = os.path.join(folder, "cloud.json")
cloud = json.load(open(file))
words = sys.argv[1:]
cloud["calls"].append(words)


def end(code=0, text="", error=""):
    with open(file + ".new", "w") as new:
        json.dump(cloud, new)
    os.replace(new.name, file)  # the test reads it at any time, and may end this process
    sys.stdout.write(text)
    sys.stderr.write(error)
    sys.exit(code)


def option(name):
    return words[words.index(name) + 1] if name in words else ""


if words[0] == "login":
    end(1 if cloud["no_login"] else 0)
method, path, query = option("--method"), urlsplit(option("--url")).path, option("--query")
parent, _, name = path.rpartition("/")
if parent.endswith("/jobs"):
    end(text=cloud["created"])
if name == "executions":
    end(text="\\n".join(cloud["succeeded"]))
if name == "flexibleServers":
    end(text="\\n".join(cloud["servers"]))
server = cloud["servers"].get(name)
if method == "put":
    if cloud["refused"]:
        end(1, error="ERROR: (AuthorizationFailed) no \\"join\\"\\n")
    cloud["body"] = json.loads(option("--body"))
    if not cloud["lost"]:
        cloud["servers"][name] = {"polls": cloud["polls"]}
    end()
if server is None:
    end(3, error="ERROR: Not Found(ResourceNotFound)\\n")
if method == "delete":
    if not cloud["kept"]:
        del cloud["servers"][name]
    end()
if query == "properties.state":
    server["polls"] -= 1
    if server["polls"] == 0 and cloud["vanishes"]:
        del cloud["servers"][name]
    end(text="Ready" if server["polls"] < 0 else "Provisioning")
end(text=cloud["host"] if query else "")
'''


class Cloud:
    """Files of the fake command, and the folder that both containers share."""

    def __init__(self, host: Host) -> None:
        self.host, self.file, self.exchange = host, host.folder / "fake" / "cloud.json", host.folder / "exchange"
        program = host.folder / "fake" / "az.py"
        program.write_text(FAKE_AZ, encoding="utf-8")
        # the user of the scripts cannot enter the folder of this project's interpreter
        host.fake(
            "az", f'exec {shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable} {program} "$@"'
        )
        for each in self.exchange.iterdir():
            each.unlink()
        self.save(
            {
                "servers": {}, "calls": [], "polls": 2, "host": f"{host.folder}/socket", "succeeded": [], "created": "",
                **dict.fromkeys(("no_login", "refused", "lost", "kept", "vanishes"), False),
            }
        )  # fmt: skip

    def save(self, state: Mapping[str, Any]) -> None:
        self.file.write_text(json.dumps(state), encoding="utf-8")
        self.host.give(self.file)

    def change(self, **values: object) -> None:
        self.save({**self.state, **values})

    @property
    def state(self) -> dict[str, Any]:
        return json.loads(self.file.read_text(encoding="utf-8"))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "FAKE_FOLDER": str(self.file.parent), "TMPDIR": str(self.host.folder / "scratch"), "API_VERSION": "2025-08-01",
            "AZURE_CLIENT_ID": "client", "COPY_PREFIX": PREFIX, "DRILL_GROUP_ID": GROUP, "DRILL_TAGS": '{"stack": "prod"}',
            "EXCHANGE": str(self.exchange), "LOCATION": "eastus2", "MAX_DRILL_SECONDS": "21600", "POINT_SECONDS": "600",
            "QUERY_SECONDS": "20", "RESTORE_SECONDS": "10", "SOURCE_ID": SOURCE, "START_SECONDS": "1",
            "SUBNET_ID": "/subnet", "ZONE_ID": "/zone", "DRILL_POLL_SECONDS": "0.2", "QUERY_POLL_SECONDS": "0.2", "AGE_METRIC": "backup_verified_age_seconds",
            "LEFTOVERS_METRIC": "backup_drill_leftovers", "LEFTOVER_SECONDS": "86400", "JOB_ID": "/g/jobs/drill-1a2b3c",
            "JOB_API_VERSION": "2025-01-01",
        }  # fmt: skip

    def start(self, script: str, **variables: str) -> subprocess.Popen[str]:
        """Start a script as its container does."""
        text = (FOLDER / script).read_text(encoding="utf-8")
        return subprocess.Popen(
            ["sh", "-c", text], env={"PATH": self.host.path, **self.environment, **variables}, cwd=self.host.folder,
            user=self.host.user, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def drill(self, query: str, **variables: str) -> tuple[int, DrillEvidence]:
        """Run both containers of a drill, and return the exit code of the one that restores, and the evidence."""
        queries = self.start(
            "wait_and_query.sh", DRILL_QUERY=query, QUERY_SCRIPT=QUERY_SCRIPT.read_text(encoding="utf-8"), PGUSER=USER,
            PGDATABASE=DATABASE, DRILL_ATTEMPTS="2", DRILL_PAUSE_SECONDS="0",
        )  # fmt: skip
        restores = self.start("restore.sh", **variables)
        output, _errors = restores.communicate(timeout=60)
        queries.communicate(timeout=20)
        assert queries.returncode == 0
        return restores.returncode, evidence_of(output)


@pytest.fixture(scope="module")
def database() -> Iterator[Host]:
    with running_database() as host:
        host.make_folders("fake", "exchange", "scratch")
        yield host


@pytest.fixture
def cloud(database: Host) -> Cloud:
    return Cloud(database)


def digits(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S")


@needs_postgres
def test_a_good_backup_is_restored_queried_and_deleted(cloud: Cloud) -> None:
    before = datetime.now(UTC)
    code, evidence = cloud.drill("SELECT count(*) FROM sessions")
    assert (code, evidence.succeeded, evidence.query_result, evidence.problem) == (0, True, "3", "")
    assert evidence.restore_seconds is not None and cloud.state["servers"] == {}
    point = datetime.fromisoformat(evidence.recovery_point_time or "")
    assert timedelta(seconds=599) <= before - point + timedelta(seconds=1) <= timedelta(seconds=660)
    assert evidence.recovery_point == f"prod-database-1a2b3c@{evidence.recovery_point_time}"
    assert cloud.state["body"] == {
        "location": "eastus2",
        "tags": {"stack": "prod"},
        "properties": {
            "createMode": "PointInTimeRestore",
            "sourceServerResourceId": SOURCE,
            "pointInTimeUTC": evidence.recovery_point_time,
            "network": {"delegatedSubnetResourceId": "/subnet", "privateDnsZoneArmResourceId": "/zone"},
        },
    }
    changed = [call for call in cloud.state["calls"] if {"put", "delete"} & set(call)]
    paths = [re.sub(r"\d{14}\?.*", "*", call[call.index("--url") + 1]) for call in changed]
    assert set(paths) == {f"https://management.azure.com{SERVERS}/{PREFIX}*"}


@needs_postgres
@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT count(*) FROM runs", "the query returned 0, not one number above 0"),
        ('SELECT "a" FROM users', 'ERROR:  relation "users" does not exist'),
    ],
)
def test_a_query_that_fails_is_a_backup_that_is_not_verified(cloud: Cloud, query: str, reason: str) -> None:
    code, evidence = cloud.drill(query)
    assert (code, evidence.verified, evidence.deleted, evidence.query_result) == (1, False, True, None)
    assert reason in evidence.problem and cloud.state["servers"] == {}


@needs_postgres
@pytest.mark.parametrize(
    ("fault", "problem", "has_point"),
    [
        ({"no_login": True}, "the identity of the drill could not sign in", False),
        ({"refused": True}, 'the restore could not start: ERROR: (AuthorizationFailed) no "join"', True),
        ({"lost": True}, "the restore failed; the activity log of the resource group has the reason", True),
        ({"vanishes": True}, "the restore failed; the activity log of the resource group has the reason", True),
        ({"polls": 1000}, "the restore did not end within 10 seconds", True),
        ({"host": ""}, "the restored server has no address", True),
    ],
    ids=["login", "refused", "never seen", "vanished", "late", "no address"],
)
def test_a_restore_that_fails_leaves_nothing_and_says_why(
    cloud: Cloud, fault: dict[str, object], problem: str, has_point: bool
) -> None:
    cloud.change(**fault)
    code, evidence = cloud.drill("SELECT 1")
    assert (code, evidence.verified, evidence.deleted, evidence.problem) == (1, False, True, problem)
    assert (evidence.recovery_point is not None) is has_point
    assert cloud.state["servers"] == {}


@needs_postgres
def test_a_server_that_cannot_be_deleted_is_named(cloud: Cloud) -> None:
    cloud.change(kept=True)
    code, evidence = cloud.drill("SELECT 1", DRILL_POLL_SECONDS="0")
    (name,) = cloud.state["servers"]
    assert (code, evidence.verified, evidence.deleted) == (0, True, False)
    assert evidence.problem == f"the restored server {name} could not be deleted"


@needs_postgres
def test_leftovers_of_interrupted_drills_are_deleted_and_nothing_else(cloud: Cloud) -> None:
    now = datetime.now(UTC)
    names = {
        "old": f"{PREFIX}{digits(now - timedelta(hours=7))}",
        "running": f"{PREFIX}{digits(now - timedelta(hours=5))}",
        "other": f"prod-drill-ffffff-{digits(now - timedelta(days=9))}",
        "own": "prod-database-1a2b3c",
    }
    cloud.change(servers={name: {"polls": 0} for name in names.values()})
    assert cloud.drill("SELECT 1")[0] == 0
    assert set(cloud.state["servers"]) == {names["running"], names["other"], names["own"]}


@needs_postgres
def test_a_drill_that_is_stopped_deletes_its_server(cloud: Cloud) -> None:
    cloud.change(polls=1000)
    running = cloud.start("restore.sh")
    deadline = time.monotonic() + 20
    while not cloud.state["servers"] and time.monotonic() < deadline:
        time.sleep(0.1)
    running.terminate()
    output, _ = running.communicate(timeout=30)
    evidence = evidence_of(output)
    assert (running.returncode, evidence.problem) == (1, "the drill was stopped before its end")
    assert evidence.deleted and cloud.state["servers"] == {}


@needs_postgres
def test_a_query_that_never_ends_is_given_up(cloud: Cloud) -> None:
    restores = cloud.start("restore.sh", QUERY_SECONDS="4")
    evidence = evidence_of(restores.communicate(timeout=60)[0])
    assert (evidence.problem, evidence.deleted) == ("the query did not end within 4 seconds", True)


@pytest.fixture
def reporter() -> Iterator[Cloud]:
    with open_host("fake", "exchange", "scratch", "socket") as host:
        yield Cloud(host)


def report(cloud: Cloud) -> dict[str, int]:
    running = cloud.start("report.sh")
    output, errors = running.communicate(timeout=30)
    assert running.returncode == 0, errors
    return json.loads(output)


def test_the_age_is_that_of_the_newest_success_and_of_the_time_it_restored(reporter: Cloud) -> None:
    now = datetime.now(UTC)
    times = [(now - timedelta(days=days)).isoformat() for days in (9, 2, 16)]
    reporter.change(succeeded=times)
    age = report(reporter)["backup_verified_age_seconds"]
    assert 2 * 86400 + 600 <= age <= 2 * 86400 + 630


def test_before_the_first_success_the_age_is_that_of_the_declaration(reporter: Cloud) -> None:
    reporter.change(created=(datetime.now(UTC) - timedelta(hours=3)).isoformat())
    assert 3 * 3600 <= report(reporter)["backup_verified_age_seconds"] <= 3 * 3600 + 30


def test_servers_of_drills_that_are_older_than_a_day_are_leftovers(reporter: Cloud) -> None:
    now = datetime.now(UTC)
    names = [
        f"{PREFIX}{digits(now - timedelta(hours=25))}",
        f"{PREFIX}{digits(now - timedelta(hours=23))}",
        f"other-{digits(now - timedelta(days=9))}",
    ]
    reporter.change(created=now.isoformat(), servers={name: {"polls": 0} for name in names})
    assert report(reporter)["backup_drill_leftovers"] == 1


def test_a_report_without_an_answer_is_silence(reporter: Cloud) -> None:
    reporter.change(no_login=True)
    running = reporter.start("report.sh")
    assert running.communicate(timeout=30)[0] == "" and running.returncode != 0
