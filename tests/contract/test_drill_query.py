"""Script of the query of a drill on the clouds, with a real PostgreSQL server in place of the restored database."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.contract.drill import QUERY_SCRIPT
from tests.postgres_server import DATABASE, USER, Host, needs_postgres, running_database

pytestmark = [needs_postgres, pytest.mark.long(reason="needs a PostgreSQL server")]


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with running_database() as host:
        yield host


def query(host: Host, text: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "DRILL_QUERY": text, "DRILL_ATTEMPTS": "3", "DRILL_PAUSE_SECONDS": "0", "TMPDIR": f"{host.folder}/socket",
        "PGHOST": f"{host.folder}/socket", "PGUSER": USER, "PGDATABASE": DATABASE, **variables,
    }  # fmt: skip
    return host.run("sh", "-c", QUERY_SCRIPT.read_text(encoding="utf-8"), env=environment)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SELECT count(*) FROM sessions", "3"),
        ("WITH n AS (SELECT 1) SELECT 0.5 FROM n", "0.5"),
        ("select 'it''s', 1", ""),
    ],
)
def test_one_number_above_zero_is_a_success(host: Host, text: str, number: str) -> None:
    result = query(host, text)
    assert (result.returncode == 0) is bool(number), result.stderr
    assert result.stdout == (f"the query returned {number}\n" if number else "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT count(*) FROM runs", "the query returned 0, not one number above 0"),
        ("SELECT -1", "the query returned -1, not one number above 0"),
        ("SELECT id FROM runs", "the query returned no row, not one number above 0"),
        ("SELECT id FROM sessions", "the query returned 1 2 3, not one number above 0"),
        ("SELECT 1, 2", "the query returned 1|2, not one number above 0"),
        ("SELECT NULL", "the query returned no row, not one number above 0"),
        ("SELECT count(*) FROM users", 'relation "users" does not exist'),
        ("SELECT pg_sleep(1) /", "syntax error"),
    ],
)
def test_anything_else_is_a_failure_with_its_reason(host: Host, text: str, reason: str) -> None:
    result = query(host, text)
    assert (result.returncode, result.stdout) == (1, "")
    assert reason in result.stderr


def test_a_server_that_does_not_answer_is_asked_again(host: Host, tmp_path: Path) -> None:
    host.fake("sleep", f"echo waited >> {host.folder}/socket/waits")
    result = query(host, "SELECT 1", PGHOST=f"{host.folder}/nowhere")
    assert result.returncode == 1 and "nowhere" in result.stderr
    assert (host.folder / "socket" / "waits").read_text(encoding="utf-8") == "waited\n" * 2


def test_a_password_of_another_day_is_named(host: Host) -> None:
    host.fake("psql", "echo 'FATAL:  password authentication failed for user \"platform\"' >&2; exit 2")
    try:
        result = query(host, "SELECT 1")
    finally:
        (host.folder / "bin" / "psql").unlink()
    assert result.returncode == 1 and "newer than the last rotation" in result.stderr
