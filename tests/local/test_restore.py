"""Loss of the database's volume, and recovery of the conversations from the last dump."""

import time
from uuid import uuid4

from tests.local.host_stack import STACK, HostStack, docker
from tests.local.poll import eventually
from tests.local.reliability import record

READY_SECONDS, DRILL_SECONDS, RULE_SECONDS = 90, 180, 60
AGE = "backup_verified_age_seconds"


def test_a_lost_database_is_restored_from_its_last_dump(stack: HostStack) -> None:
    session = uuid4().hex
    stack.answer_text("My name is Grace", session)
    dump, courier = stack.container("backup-dump"), stack.container("backup-courier")
    docker("exec", dump, "sh", "/etc/agent-platform/dump.sh", "now")
    docker("exec", courier, "sh", "/etc/agent-platform/courier.sh", "send")

    start = time.monotonic()
    _delete_database(stack)
    up = stack.command("up", STACK, "--yes")
    assert up.returncode == 0, up.stderr
    assert "empty, without the data of the database" in up.stdout
    eventually(lambda: stack.ask("/health").status == 200, READY_SECONDS)
    assert stack.ask("/chat", {"message": "What is my name?", "session_id": session}).status == 503

    dump, courier = stack.container("backup-dump"), stack.container("backup-courier")
    docker("exec", courier, "sh", "/etc/agent-platform/courier.sh", "fetch")
    docker("exec", dump, "sh", "/etc/agent-platform/dump.sh", "restore", "/exchange/restore.dump")
    eventually(lambda: stack.ask("/health").status == 200, READY_SECONDS)
    assert stack.answer_text("What is my name?", session) == "Your name is Grace."
    record("the database's volume is lost: up, then the last dump", "", None, time.monotonic() - start)


def test_the_newest_dump_is_verified_and_its_age_is_measured(stack: HostStack) -> None:
    before = time.time()
    docker("exec", stack.container("backup-dump"), "sh", "/etc/agent-platform/dump.sh", "now")
    verified = 'backup_verified_timestamp_seconds{job="database"}'
    eventually(lambda: any(value >= before for _, value in stack.prometheus(verified)), DRILL_SECONDS)
    # the recording rule of the age is evaluated after the next scrape
    eventually(lambda: any(0 <= age < DRILL_SECONDS for _, age in stack.prometheus(AGE)), RULE_SECONDS)
    assert len(stack.prometheus(AGE)) == 1


def _delete_database(stack: HostStack) -> None:
    """Delete server and volume, as after a disk failure."""
    server = stack.container("database-server")
    volumes = docker("volume", "ls", "--quiet", "--filter", "name=machine-database-data").split()
    docker("rm", "--force", "--volumes", server)
    users = docker("ps", "--all", "--quiet", "--filter", f"volume={volumes[0]}").split()
    docker("rm", "--force", "--volumes", *users)
    docker("volume", "rm", *volumes)
