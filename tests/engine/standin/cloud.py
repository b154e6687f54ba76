"""The objects of a cloud, in one file that every stand-in on this machine shares. SQLite, so that a kill loses nothing."""

import json
import os
import sqlite3
import time
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from automation.plan.inventory import Value

VARIABLE = "STANDIN_CLOUD"
"""Environment variable that names the folder of the cloud's file."""
TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    token TEXT, id TEXT, name TEXT, inputs TEXT, outputs TEXT, made REAL, changed INTEGER, PRIMARY KEY (token, id));
CREATE TABLE IF NOT EXISTS faults (kind TEXT, verb TEXT, token TEXT, name TEXT, left INTEGER);
CREATE TABLE IF NOT EXISTS calls (verb TEXT, token TEXT, name TEXT, at REAL);
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT);
"""


@dataclass(frozen=True)
class Object:
    """One object of the cloud; `inputs` and `outputs` are the wire's JSON text."""

    token: str
    id: str
    name: str
    inputs: str
    outputs: str
    changed: int = 0

    def input(self, key: str) -> Value:
        """One input, secrets as they are on the wire."""
        return cast("Mapping[str, Value]", json.loads(self.inputs)).get(key)


@dataclass(frozen=True)
class Cloud:
    """A cloud of stand-ins that keeps its objects in a folder."""

    folder: Path

    @classmethod
    def of_environment(cls) -> "Cloud":
        """The cloud that the environment names."""
        return cls(Path(os.environ[VARIABLE]))

    @contextmanager
    def _connected(self) -> Generator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.folder / "cloud.sqlite", timeout=60, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA journal_mode=WAL")
            yield connection

    def open(self) -> "Cloud":
        """The same cloud with its file made."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._connected() as connection:
            connection.executescript(TABLES)
        return self

    def objects(self, token: str = "") -> list[Object]:
        """Everything that stands, or everything of one type, oldest first."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT token, id, name, inputs, outputs, changed FROM objects "
                "WHERE ? IN ('', token) ORDER BY made, rowid", (token,),
            ).fetchall()  # fmt: skip
        return [Object(*row) for row in rows]

    def find(self, token: str, identity: str) -> Object | None:
        """The object of that type and id."""
        return next((found for found in self.objects(token) if found.id == identity), None)

    def put(self, thing: Object) -> None:
        """Make or change an object."""
        with self._connected() as connection:
            connection.execute(
                "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "inputs = excluded.inputs, outputs = excluded.outputs, changed = changed + 1",
                (thing.token, thing.id, thing.name, thing.inputs, thing.outputs, time.time(), 0),
            )

    def remove(self, token: str, identity: str) -> None:
        """Take an object away; one that is gone stays gone."""
        with self._connected() as connection:
            connection.execute("DELETE FROM objects WHERE token = ? AND id = ?", (token, identity))

    def change(self, token: str, name: str, key: str, value: Value) -> None:
        """Change an input of an object behind everybody's back."""
        for thing in self.objects(token):
            if thing.name == name:
                inputs, outputs = (json.loads(text) | {key: value} for text in (thing.inputs, thing.outputs))
                self.put(Object(token, thing.id, name, json.dumps(inputs), json.dumps(outputs)))

    def set(self, key: str, value: object) -> None:
        """A setting that stand-ins read at each call: `outputs`, `seconds_a_minute`, `account`."""
        with self._connected() as connection:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, json.dumps(value)))

    def setting(self, key: str, default: Value = None) -> Value:
        """The value of a setting."""
        with self._connected() as connection:
            row = connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return default if row is None else cast("Value", json.loads(cast("str", row[0])))

    def plan_fault(self, kind: str, verb: str, token: str, name: str = "", times: int = 1) -> None:
        """Have the next `times` calls of a verb on a type (and logical name) go wrong in one of the ways of `faults`."""
        with self._connected() as connection:
            connection.execute("INSERT INTO faults VALUES (?, ?, ?, ?, ?)", (kind, verb, token, name, times))

    def take_fault(self, verb: str, token: str, name: str) -> str:
        """The fault that this call must suffer, or nothing; each is taken as often as it was planned."""
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

    def note(self, verb: str, token: str, name: str) -> None:
        """Remember that a call was answered."""
        with self._connected() as connection:
            connection.execute("INSERT INTO calls VALUES (?, ?, ?, ?)", (verb, token, name, time.time()))

    def calls(self, verb: str) -> list[tuple[str, str]]:
        """Type and logical name of every call of a verb, in order."""
        with self._connected() as connection:
            return connection.execute("SELECT token, name FROM calls WHERE verb = ? ORDER BY at", (verb,)).fetchall()
