"""Cache of answers of the example: whose answer it is, how long it is kept, and what happens without Redis."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Awaitable, Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from examples.agent_os.shared import answers as module
from examples.agent_os.shared.answers import MAX_IN_MEMORY, Answers, Question, answers_url
from providers.contract.variables import cache_variable

QUESTION = Question("ada", "assistant", "gpt-4.1-mini", "1", [{"role": "user", "content": "What is 17 * 23?"}])
NEEDS_REDIS = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not on PATH")


class Model:
    """Model that counts its calls."""

    def __init__(self, answer: str | None = "391", seconds: float = 0, fails: bool = False) -> None:
        self.answer, self.seconds, self.fails, self.calls = answer, seconds, fails, 0

    async def ask(self) -> str | None:
        self.calls += 1
        await asyncio.sleep(self.seconds)
        if self.fails:
            raise ConnectionError("the model does not answer")
        return self.answer


class Dictionary:
    """Store in memory, which may raise or be slow."""

    def __init__(self, error: Exception | None = None, seconds: float = 0) -> None:
        self.values: dict[str, str] = {}
        self.expiries: dict[str, int] = {}
        self.error, self.seconds = error, seconds

    async def get(self, name: str) -> bytes | None:
        await self._work()
        value = self.values.get(name)
        return value.encode() if value is not None else None

    async def set(self, name: str, value: str, *, ex: int) -> None:
        await self._work()
        self.values[name], self.expiries[name] = value, ex

    async def _work(self) -> None:
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error


class Redis:
    """The two commands of Redis that the cache needs, over one connection each."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def _send(self, *words: str) -> bytes | None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [f"*{len(words)}", *(line for word in words for line in (f"${len(word.encode())}", word))]
        writer.write("".join(f"{line}\r\n" for line in lines).encode())
        head = (await reader.readline()).strip()
        size = int(head[1:]) if head.startswith(b"$") else -1
        value = await reader.readexactly(size) if size >= 0 else None
        writer.close()
        return value

    async def get(self, name: str) -> bytes | None:
        return await self._send("GET", name)

    async def set(self, name: str, value: str, *, ex: int) -> object:
        return await self._send("SET", name, value, "EX", str(ex))


def counted(store: module.Store | None, seconds: int = 60, outcomes: Counter[str] | None = None) -> Answers:
    counter = outcomes if outcomes is not None else Counter[str]()
    return Answers(store, seconds, lambda outcome: counter.update([outcome]))


async def both(*calls: Awaitable[tuple[str | None, bool]]) -> list[tuple[str | None, bool]]:
    return list(await asyncio.gather(*calls))


def test_answers_are_in_the_cache_that_may_evict_them_where_there_is_one() -> None:
    queue, answers = cache_variable("cache"), cache_variable("caches.answers")
    assert answers_url({queue: "redis://queue", answers: "redis://answers"}) == "redis://answers"
    assert (
        answers_url({queue: "redis://queue", answers: ""}) == answers_url({queue: "redis://queue"}) == "redis://queue"
    )
    assert answers_url({}) is None


def test_an_equal_question_is_answered_from_memory() -> None:
    async def scenario() -> None:
        model, outcomes = Model(), Counter[str]()
        answers = counted(None, outcomes=outcomes)
        assert await answers.answer(QUESTION, model.ask) == ("391", False)
        assert await answers.answer(QUESTION, model.ask) == ("391", True)
        assert (model.calls, outcomes) == (1, {"asked": 1, "memory": 1})

    asyncio.run(scenario())


OTHERS = (
    replace(QUESTION, user="grace"),
    replace(QUESTION, agent="editor"),
    replace(QUESTION, model="gpt-4.1"),
    replace(QUESTION, prompt_version="2"),
    replace(QUESTION, tools=["calculate"]),
    replace(QUESTION, messages=[{"role": "system", "content": "What is 17 * 23?"}]),
    replace(QUESTION, messages=[*QUESTION.messages, {"role": "assistant", "content": "391"}]),
)


@pytest.mark.parametrize("other", OTHERS, ids=["user", "agent", "model", "prompt", "tools", "role", "history"])
def test_a_question_that_differs_in_anything_has_its_own_answer(other: Question) -> None:
    async def scenario() -> None:
        first, second, store = Model("for ada"), Model("for another"), Dictionary()
        answers = counted(store)
        await answers.answer(QUESTION, first.ask)
        assert await answers.answer(other, second.ask) == ("for another", False)

    assert other.key != QUESTION.key
    asyncio.run(scenario())


def test_the_key_is_the_same_in_every_process_and_has_no_text_of_the_question() -> None:
    assert QUESTION.key == replace(QUESTION).key == "746663d3f113c6a69433f3b87e3675454eda40f808454d440bd6802b7d2cd45e"


def test_words_that_move_between_messages_are_another_question() -> None:
    one = replace(QUESTION, messages=[{"role": "user", "content": "ab"}, {"role": "user", "content": "c"}])
    other = replace(QUESTION, messages=[{"role": "user", "content": "a"}, {"role": "user", "content": "bc"}])
    assert one.key != other.key


def test_questions_that_arrive_together_ask_the_model_once() -> None:
    async def scenario() -> None:
        model, outcomes = Model(seconds=0.05), Counter[str]()
        answers = counted(Dictionary(), outcomes=outcomes)
        found = await both(*(answers.answer(QUESTION, model.ask) for _ in range(20)))
        assert [answer for answer, _ in found] == ["391"] * 20
        assert (model.calls, outcomes) == (1, {"asked": 1, "shared": 19})

    asyncio.run(scenario())


def test_the_cancellation_of_a_caller_ends_no_call_of_the_others() -> None:
    async def scenario() -> None:
        model = Model(seconds=0.1)
        answers = counted(None)
        first = asyncio.create_task(answers.answer(QUESTION, model.ask))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(answers.answer(QUESTION, model.ask))
        await asyncio.sleep(0.01)
        first.cancel()
        assert await second == ("391", True)
        assert model.calls == 1

    asyncio.run(scenario())


def test_a_failure_is_raised_and_not_kept() -> None:
    async def scenario() -> None:
        answers, model = counted(Dictionary()), Model()
        with pytest.raises(ConnectionError):
            await answers.answer(QUESTION, Model(fails=True).ask)
        assert await answers.answer(QUESTION, model.ask) == ("391", False)

    asyncio.run(scenario())


def test_an_answer_that_must_not_be_kept_is_asked_again() -> None:
    async def scenario() -> None:
        store, model = Dictionary(), Model(answer=None)
        answers = counted(store)
        for _ in range(2):
            assert await answers.answer(QUESTION, model.ask) == (None, False)
        assert (model.calls, store.values) == (2, {})

    asyncio.run(scenario())


def test_an_answer_expires() -> None:
    async def scenario() -> None:
        model = Model()
        answers = counted(None, seconds=1)
        await answers.answer(QUESTION, model.ask)
        await asyncio.sleep(1.1)
        assert await answers.answer(QUESTION, model.ask) == ("391", False)
        assert model.calls == 2

    asyncio.run(scenario())


def test_memory_holds_the_latest_answers_only() -> None:
    async def scenario() -> None:
        model = Model()
        answers = counted(None)
        for number in range(MAX_IN_MEMORY + 1):
            await answers.answer(replace(QUESTION, user=str(number)), model.ask)
        assert (await answers.answer(replace(QUESTION, user=str(MAX_IN_MEMORY)), model.ask))[1]
        assert not (await answers.answer(replace(QUESTION, user="0"), model.ask))[1]

    asyncio.run(scenario())


@pytest.mark.parametrize("store", [Dictionary(ConnectionError("down")), Dictionary(seconds=5)], ids=["down", "slow"])
def test_without_redis_the_model_is_asked(store: Dictionary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)

    async def scenario() -> None:
        outcomes = Counter[str]()
        assert await counted(store, outcomes=outcomes).answer(QUESTION, Model().ask) == ("391", False)
        assert outcomes == {"asked": 1, "unavailable": 2}

    asyncio.run(scenario())


def test_a_value_in_redis_has_the_prefix_and_an_expiry() -> None:
    async def scenario() -> None:
        store = Dictionary()
        await Answers(store, 60, lambda _: None, prefix="prod:answers:").answer(QUESTION, Model().ask)
        assert store.values == {f"prod:answers:{QUESTION.key}": "391"}
        assert list(store.expiries.values()) == [60]

    asyncio.run(scenario())


@contextmanager
def redis_server(folder: Path) -> Generator[int]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder),
               "--maxmemory-policy", "volatile-lru"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                with closing(socket.socket()) as client:
                    if client.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()


@NEEDS_REDIS
def test_another_process_has_the_answer_from_redis_until_it_expires(tmp_path: Path) -> None:
    async def scenario(port: int) -> None:
        outcomes, model = Counter[str](), Model("Gr\u00fc\u00dfe, 391")
        await counted(Redis(port), seconds=2).answer(QUESTION, model.ask)
        assert await counted(Redis(port), outcomes=outcomes).answer(QUESTION, model.ask) == (
            "Gr\u00fc\u00dfe, 391",
            True,
        )
        assert (model.calls, outcomes) == (1, {"redis": 1})
        await asyncio.sleep(2.2)
        await counted(Redis(port)).answer(QUESTION, model.ask)
        assert model.calls == 2

    with redis_server(tmp_path) as port:
        asyncio.run(scenario(port))
