"""The worst night: the database's volume is gone. The last dump brings the conversation back."""

import time
from uuid import uuid4

from tests.local.machine import Machine, docker
from tests.local.reliability import note
from tests.local.waiting import eventually

READY_SECONDS, DRILLED_SECONDS = 90, 180


def test_a_lost_database_comes_back_from_its_last_dump(machine: Machine) -> None:
    session = uuid4().hex
    machine.said("My name is Grace", session)
    dump, courier = machine.container("backup-dump"), machine.container("backup-courier")
    docker("exec", dump, "sh", "/etc/agent-platform/dump.sh", "now")
    docker("exec", courier, "sh", "/etc/agent-platform/courier.sh", "send")

    start = time.monotonic()
    _lose(machine)
    machine.deployment.refresh()
    machine.deployment.up()
    eventually(lambda: machine.ask("/health").status == 200, READY_SECONDS)
    assert machine.ask("/chat", {"message": "What is my name?", "session_id": session}).status == 503

    dump, courier = machine.container("backup-dump"), machine.container("backup-courier")
    docker("exec", courier, "sh", "/etc/agent-platform/courier.sh", "fetch")
    docker("exec", dump, "sh", "/etc/agent-platform/dump.sh", "restore", "/exchange/restore.dump")
    eventually(lambda: machine.ask("/health").status == 200, READY_SECONDS)
    assert machine.said("What is my name?", session) == "Your name is Grace."
    note("the database's volume is lost: up, then the last dump", "", None, time.monotonic() - start)


def test_the_newest_dump_is_restored_beside_and_its_age_told(machine: Machine) -> None:
    before = time.time()
    docker("exec", machine.container("backup-dump"), "sh", "/etc/agent-platform/dump.sh", "now")
    verified = 'backup_verified_timestamp_seconds{job="database"}'
    eventually(lambda: any(value >= before for _, value in machine.prometheus(verified)), DRILLED_SECONDS)
    ((_, age),) = machine.prometheus("backup_verified_age_seconds")
    assert 0 <= age < DRILLED_SECONDS


def _lose(machine: Machine) -> None:
    """Server and volume, as a disk that dies takes them."""
    server = machine.container("database-server")
    volumes = docker("volume", "ls", "--quiet", "--filter", "name=machine-database-data").split()
    docker("rm", "--force", server)
    users = docker("ps", "--all", "--quiet", "--filter", f"volume={volumes[0]}").split()
    docker("rm", "--force", *users)
    docker("volume", "rm", *volumes)
