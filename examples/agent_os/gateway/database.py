"""The gateway's database: Agno's sessions, runs and memories, the notes, and whether it can be reached.

Every wait is bounded. Without bounds a request hangs for minutes when the network to the database is cut, because TCP
itself only gives up then.
"""

import asyncio
import time
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from agno.db.postgres import AsyncPostgresDb
from agno.db.postgres.engine import create_async_postgres_engine
from shared import notes
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

PING_SECONDS = 2
PING_LASTS_SECONDS = 1
"""Health checks of several askers within this time share one answer."""
CONNECTION = {
    "connect_timeout": 3,
    "tcp_user_timeout": 5000,
    "keepalives_idle": 10,
    "options": "-c statement_timeout=10000 -c lock_timeout=5000",
}
STORED = """
SELECT 1 FROM {schema}.{runs} r JOIN {schema}.{sessions} s USING (session_id)
WHERE r.run_id = :run_id AND r.status = 'COMPLETED'
"""


@dataclass
class Database:
    """One pool for the work, and one connection beside it for the health check, which must not wait for the work."""

    engine: AsyncEngine
    checking: AsyncEngine
    agno: AsyncPostgresDb
    ready: bool = False
    """True once the tables are there."""
    _pinged_at: float = field(default=float("-inf"), repr=False)
    _reachable: bool = field(default=False, repr=False)
    _pinging: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def reachable(self) -> bool:
        """True when the database answers within two seconds."""
        async with self._pinging:
            if time.monotonic() - self._pinged_at > PING_LASTS_SECONDS:
                self._reachable = await self._ping()
                self._pinged_at = time.monotonic()
            return self._reachable

    async def _ping(self) -> bool:
        try:
            async with asyncio.timeout(PING_SECONDS), self.checking.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError, TimeoutError):
            return False
        return True

    async def prepare(self) -> None:
        """Makes the tables, one copy at a time; raises SQLAlchemyError where the database cannot be reached."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": notes.NOTES_LOCK})
            try:
                # AgentOS would make them itself at start, but not again when the database was away at that moment.
                await self.agno._create_all_tables()
                await connection.execute(text(notes.CREATE))
                await connection.execute(text(notes.CREATE_INDEX))
                await connection.commit()
            finally:
                await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": notes.NOTES_LOCK})
        self.ready = True

    async def is_stored(self, run_id: str) -> bool:
        """True when the run and its session stand in the database.

        Agno logs what it could not write and goes on, so its own answer does not tell.
        """
        query = STORED.format(
            schema=self.agno.db_schema, runs=self.agno.runs_table_name, sessions=self.agno.session_table_name
        )
        async with self.engine.connect() as connection:
            return (await connection.execute(text(query), {"run_id": run_id})).first() is not None

    async def add_note(self, body: str, session_id: str | None) -> UUID:
        """Stores a note and gives its id."""
        note = uuid4()
        async with self.engine.begin() as connection:
            await connection.execute(text(notes.INSERT), {"id": note, "session_id": session_id, "body": body})
        return note

    async def note(self, note: UUID) -> dict[str, object] | None:
        """A note as it stands; None where there is none."""
        async with self.engine.connect() as connection:
            row = (await connection.execute(text(notes.SELECT), {"id": note})).mappings().first()
        return dict(row) if row else None

    async def close(self) -> None:
        """Ends all connections."""
        await self.engine.dispose()
        await self.checking.dispose()


def open_database(url: str) -> Database:
    """The database behind DATABASE_URL; nothing is connected yet."""
    engine = create_async_postgres_engine(
        url, pool_size=10, max_overflow=5, pool_timeout=5, pool_recycle=600, connect_args=CONNECTION
    )
    checking = create_async_postgres_engine(url, pool_size=1, max_overflow=0, pool_timeout=1, connect_args=CONNECTION)
    return Database(engine, checking, AsyncPostgresDb(db_engine=engine))
