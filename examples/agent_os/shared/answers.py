"""Cache of the answers of a model: in the memory of the process (L1), then in Redis (L2), for some time. Imports no library.

A key has everything that an answer depends on and whom it is for: user, agent, model, version of the prompt, tools and the
whole list of messages. Equal questions of two users have two keys, so no answer reaches another user. A key of Redis has a
prefix, because one Redis may serve several purposes, and a time to live, so that `volatile-lru` may evict it and keeps the
queue. A CDN (L3) is for static files: an answer to a POST is never in one.

Requests for one key that arrive together ask the model once. A Redis that does not answer is as good as an empty one.
"""

import asyncio
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

LOG = logging.getLogger("uvicorn.error")
PATIENCE_SECONDS = 0.5
"""Time for Redis to answer; a model takes longer."""
MAX_IN_MEMORY = 256
MAX_CHARACTERS = 64_000


class Store(Protocol):
    """Part of `redis.asyncio.Redis` that is used here."""

    def get(self, name: str) -> Awaitable[bytes | None]:
        """Return the value of a key."""
        ...

    def set(self, name: str, value: str, *, ex: int) -> Awaitable[object]:
        """Set a key for `ex` seconds."""
        ...


@dataclass(frozen=True)
class Question:
    """Everything that an answer depends on; `user` is the user, or the session of one without a name."""

    user: str
    agent: str
    model: str
    prompt_version: str
    messages: Sequence[Mapping[str, str]]
    tools: Sequence[str] = ()

    @property
    def key(self) -> str:
        """SHA-256 of the question; Python's `hash` differs between processes."""
        parts = (self.user, self.agent, self.model, self.prompt_version, list(self.tools), [*map(dict, self.messages)])
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def answers_url(environment: Mapping[str, str]) -> str | None:
    """Return the URL of the Redis for answers: a cache that may evict any entry where there is one, else that of the queue."""
    return environment.get("ANSWERS_REDIS_URL") or environment.get("REDIS_URL")


Ask = Callable[[], Awaitable[str | None]]
"""Call of the model; None for an answer that must not be kept, such as a call of a tool."""


class Answers:
    """Answers by question; `count` is called with the outcome: memory, redis, shared, asked or unavailable."""

    def __init__(
        self, store: Store | None, seconds: int, count: Callable[[str], object], prefix: str = "answers:"
    ) -> None:
        self._store, self._seconds, self._count, self._prefix = store, seconds, count, prefix
        self._memory: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._pending: dict[str, asyncio.Future[tuple[str | None, bool]]] = {}

    async def answer(self, question: Question, ask: Ask) -> tuple[str | None, bool]:
        """Return the answer, and whether it was already there; raises what `ask` raises."""
        key = self._prefix + question.key
        kept = self._in_memory(key)
        if kept is not None:
            self._count("memory")
            return kept, True
        if key in self._pending:
            self._count("shared")
            # the cancellation of one caller does not end the call of the others
            return (await asyncio.shield(self._pending[key]))[0], True
        call = self._pending[key] = asyncio.ensure_future(self._find(key, ask))
        call.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(call)

    def _forget(self, key: str, done: asyncio.Future[tuple[str | None, bool]]) -> None:
        self._pending.pop(key, None)
        if not done.cancelled():
            done.exception()  # every caller that waits has it; without one it would be reported as lost

    async def _find(self, key: str, ask: Ask) -> tuple[str | None, bool]:
        kept = await self._in_redis(key)
        if kept is not None:
            self._count("redis")
            self._remember(key, kept)
            return kept, True
        self._count("asked")
        answer = await ask()
        if answer is not None and len(answer) <= MAX_CHARACTERS:
            self._remember(key, answer)
            await self._keep(key, answer)
        return answer, False

    def _in_memory(self, key: str) -> str | None:
        until, answer = self._memory.get(key, (0.0, ""))
        return answer if time.monotonic() < until else None

    def _remember(self, key: str, answer: str) -> None:
        self._memory[key] = time.monotonic() + self._seconds, answer
        self._memory.move_to_end(key)
        while len(self._memory) > MAX_IN_MEMORY:
            self._memory.popitem(last=False)

    async def _in_redis(self, key: str) -> str | None:
        if self._store is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                value = await self._store.get(key)
        except Exception as error:  # whatever the client raises, the model can still be asked
            return self._unavailable(error)
        return value.decode() if value is not None else None

    async def _keep(self, key: str, answer: str) -> None:
        if self._store is None:
            return
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._store.set(key, answer, ex=self._seconds)
        except Exception as error:  # see above
            self._unavailable(error)

    def _unavailable(self, error: Exception) -> None:
        self._count("unavailable")
        LOG.warning("the cache of answers does not answer: %s", type(error).__name__)
