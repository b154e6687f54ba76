"""Objects of the fake cloud, in one SQLite file that all fake providers share, so that a killed process loses nothing."""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from automation.plan.inventory import Value

FOLDER_VARIABLE = "FAKE_CLOUD"
"""Environment variable that names the folder of the cloud's file."""
ANSWER = "answer: "
"""Beginning of the kind of a fault that fails with the text after it."""
POLL_SECONDS = 0.05
TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    token TEXT, id TEXT, name TEXT, inputs TEXT, outputs TEXT, created_at REAL, changed INTEGER, PRIMARY KEY (token, id));
CREATE TABLE IF NOT EXISTS faults (kind TEXT, verb TEXT, token TEXT, name TEXT, left INTEGER);
CREATE TABLE IF NOT EXISTS calls (verb TEXT, token TEXT, name TEXT, at REAL);
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT);
"""


@dataclass(frozen=True)
class FakeObject:
    """Object of the cloud; `inputs` and `outputs` are JSON in the wire format."""

    token: str
    id: str
    name: str
    inputs: str
    outputs: str
    changed: int = 0

    def input(self, key: str) -> Value:
        """Return one input in the wire format."""
        return cast("Mapping[str, Value]", json.loads(self.inputs)).get(key)


@dataclass(frozen=True)
class FakeCloud:
    """Fake cloud whose objects are stored in a folder."""

    folder: Path

    @classmethod
    def from_environment(cls) -> "FakeCloud":
        """Return the cloud in the folder that the environment names."""
        return cls(Path(os.environ[FOLDER_VARIABLE]))

    @contextmanager
    def _connected(self) -> Generator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.folder / "cloud.sqlite", timeout=60, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA journal_mode=WAL")
            yield connection

    def create(self) -> "FakeCloud":
        """Create the file of the cloud."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._connected() as connection:
            connection.executescript(TABLES)
        return self

    def objects(self, token: str = "") -> list[FakeObject]:
        """All objects, or all of one type, oldest first."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT token, id, name, inputs, outputs, changed FROM objects "
                "WHERE ? IN ('', token) ORDER BY created_at, rowid", (token,),
            ).fetchall()  # fmt: skip
        return [FakeObject(*row) for row in rows]

    def find(self, token: str, identity: str) -> FakeObject | None:
        """Return the object of a type and id."""
        return next((each for each in self.objects(token) if each.id == identity), None)

    def put(self, item: FakeObject) -> None:
        """Create or update an object."""
        with self._connected() as connection:
            connection.execute(
                "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "inputs = excluded.inputs, outputs = excluded.outputs, changed = changed + 1",
                (item.token, item.id, item.name, item.inputs, item.outputs, time.time(), 0),
            )

    def remove(self, token: str, identity: str) -> None:
        """Delete an object if it exists."""
        with self._connected() as connection:
            connection.execute("DELETE FROM objects WHERE token = ? AND id = ?", (token, identity))

    def change(self, token: str, name: str, key: str, value: Value) -> None:
        """Change an input of an object outside the engine."""
        for item in self.objects(token):
            if item.name == name:
                inputs, outputs = (json.loads(text) | {key: value} for text in (item.inputs, item.outputs))
                self.put(FakeObject(token, item.id, name, json.dumps(inputs), json.dumps(outputs)))

    def set(self, key: str, value: object) -> None:
        """Store a setting that the providers read at each call.

        Keys are `outputs`, `seconds_a_minute`, `account`, `search`, `dns_zone`, `second_region`, in which names may be taken
        again, `lost_region`, whose providers do not answer, `zone_subscription`, which has the DNS zone, and `network`, with
        which a network made by hand answers.
        """
        with self._connected() as connection:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, json.dumps(value)))

    def setting(self, key: str, default: Value = None) -> Value:
        """Return the value of a setting."""
        with self._connected() as connection:
            row = connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return default if row is None else cast("Value", json.loads(cast("str", row[0])))

    def plan_fault(self, kind: str, verb: str, token: str, name: str = "", times: int = 1) -> None:
        """Plan a fault for the next calls of a verb on a type and logical name.

        Kinds are fail, offline, hang (until it is cancelled), stuck (until the provider ends), drop, rollback, replace
        (of a diff), and ANSWER followed by the error's text.
        """
        with self._connected() as connection:
            connection.execute("INSERT INTO faults VALUES (?, ?, ?, ?, ?)", (kind, verb, token, name, times))

    def take_fault(self, verb: str, token: str, name: str) -> str:
        """Return the planned fault of a call, or an empty string, and count it as used."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute(
                "SELECT rowid, kind FROM faults WHERE verb = ? AND token = ? AND name IN ('', ?) AND left > 0",
                (verb, token, name),
            ).fetchone()
            if row is not None:
                connection.execute("UPDATE faults SET left = left - 1 WHERE rowid = ?", (row[0],))
            connection.execute("COMMIT")
        return "" if row is None else cast("str", row[1])

    def wait_for_fault(self, verb: str, token: str, seconds: float, ended: Callable[[], object] = bool) -> None:
        """Wait until calls have taken every planned fault of a verb on a type, which may be some time after they began.

        Fails after `seconds`, and when the process that makes the calls has ended. A process that is killed before its call
        takes a fault would leave it to the next one, which would then hang.
        """
        query = "SELECT 1 FROM faults WHERE verb = ? AND token = ? AND left > 0"
        deadline = time.monotonic() + seconds
        while True:
            has_ended = ended()
            with self._connected() as connection:
                if connection.execute(query, (verb, token)).fetchone() is None:
                    return
            assert not has_ended, f"the process ended before its {verb} of {token}"
            assert time.monotonic() < deadline, f"no {verb} of {token}"
            time.sleep(POLL_SECONDS)

    def record_call(self, verb: str, token: str, name: str) -> None:
        """Record a call to a provider."""
        with self._connected() as connection:
            connection.execute("INSERT INTO calls VALUES (?, ?, ?, ?)", (verb, token, name, time.time()))

    def calls(self, verb: str) -> list[tuple[str, str]]:
        """Type and logical name of every recorded call of a verb, in order."""
        with self._connected() as connection:
            return connection.execute("SELECT token, name FROM calls WHERE verb = ? ORDER BY at", (verb,)).fetchall()

    def changes(self) -> list[tuple[str, str, str]]:
        """Verb, type and logical name of every recorded change, in order."""
        query = "SELECT verb, token, name FROM calls WHERE verb IN ('create', 'update', 'delete') ORDER BY at"
        with self._connected() as connection:
            return connection.execute(query).fetchall()
