"""Database of the gateway: sessions, runs and memories of Agno, the notes, and a health check.

Every wait has a timeout. Without one a request hangs for minutes after the network to the database fails, until TCP
times out.
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
"""Health checks within this time share one result."""
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
    """Connection pool, and a separate connection for the health check, which must not wait for the pool."""

    engine: AsyncEngine
    checking: AsyncEngine
    agno: AsyncPostgresDb
    ready: bool = False
    """True when the tables exist."""
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
        """Create the tables, one replica at a time; raises SQLAlchemyError when the database cannot be reached."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": notes.NOTES_LOCK})
            try:
                # AgentOS creates them at start only, and not later if the database was unavailable then.
                await self.agno._create_all_tables()  # noqa: SLF001
                await connection.execute(text(notes.CREATE))
                await connection.execute(text(notes.CREATE_INDEX))
                await connection.commit()
            finally:
                await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": notes.NOTES_LOCK})
        self.ready = True

    async def is_stored(self, run_id: str) -> bool:
        """True when the run and its session are stored.

        Agno only logs a failed write, so its answer does not show it.
        """
        query = STORED.format(
            schema=self.agno.db_schema, runs=self.agno.runs_table_name, sessions=self.agno.session_table_name
        )
        async with self.engine.connect() as connection:
            return (await connection.execute(text(query), {"run_id": run_id})).first() is not None

    async def add_note(self, body: str, session_id: str | None) -> UUID:
        """Store a note and return its id."""
        note = uuid4()
        async with self.engine.begin() as connection:
            await connection.execute(text(notes.INSERT), {"id": note, "session_id": session_id, "body": body})
        return note

    async def note(self, note: UUID) -> dict[str, object] | None:
        """Return a note; None when it does not exist."""
        async with self.engine.connect() as connection:
            row = (await connection.execute(text(notes.SELECT), {"id": note})).mappings().first()
        return dict(row) if row else None

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()
        await self.checking.dispose()


def open_database(url: str) -> Database:
    """Database of DATABASE_URL; it is not connected yet."""
    engine = create_async_postgres_engine(
        url, pool_size=10, max_overflow=5, pool_timeout=5, pool_recycle=600, connect_args=CONNECTION
    )
    checking = create_async_postgres_engine(url, pool_size=1, max_overflow=0, pool_timeout=1, connect_args=CONNECTION)
    return Database(engine, checking, AsyncPostgresDb(db_engine=engine))
