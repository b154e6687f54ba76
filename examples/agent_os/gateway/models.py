"""Model of the assistant: OpenAI's with a key, else one that answers by rule; both have the same metrics."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

from agno.metrics import MessageMetrics
from agno.models.base import Model
from agno.models.message import Message
from agno.models.openai import OpenAIChat
from agno.models.response import ModelResponse
from measures import ANSWERS, announce, count_call, count_failure
from pricing import Price, Usage
from redis.asyncio import Redis
from rules import Call, Reply, Turn, count_tokens, reply
from shared.answers import Answers, Question, answers_url

OPENAI_MODEL = "gpt-4.1-mini"
PROMPT_VERSION = "1"
"""Number to increase with a change that the messages do not show, such as another way to read an answer."""
ANSWER_PREFIX = "gateway:answers:"


class Counted:
    """Mixin that counts the asynchronous calls of a model class, the only ones that the gateway makes."""

    id: str
    prices: Mapping[str, Price]
    gen_ai_provider: str
    """Name of the provider in OpenTelemetry's conventions."""

    async def ainvoke(self, *args: Any, **kwargs: Any) -> ModelResponse:  # Agno's signature
        """Call the model."""
        with self._timed() as call:
            response = await super().ainvoke(*args, **kwargs)  # type: ignore[misc]  # the model class
            call.usage = response.response_usage
        return response

    async def ainvoke_stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ModelResponse]:  # Agno's signature
        """Call the model and stream the answer; the provider reports the usage with the last part."""
        with self._timed() as call:
            async for part in super().ainvoke_stream(*args, **kwargs):  # type: ignore[misc]  # the model class
                call.usage = part.response_usage or call.usage
                yield part

    @contextmanager
    def _timed(self) -> Generator["ModelCall"]:
        """Count a model call; a disconnected client (GeneratorExit, CancelledError) is not a failure of the model."""
        begun, call = time.perf_counter(), ModelCall()
        try:
            yield call
        except Exception as error:
            count_failure(self.id, self.gen_ai_provider, type(error).__name__, time.perf_counter() - begun)
            raise
        seconds = time.perf_counter() - begun
        count_call(self.id, self.gen_ai_provider, _usage(call.usage), seconds, self.prices)


@dataclass
class ModelCall:
    """Usage of a model call, as the provider reports it."""

    usage: MessageMetrics | None = None


class Remembered:
    """Mixin that answers an equal call from `answers`; a call of a tool is not kept, and neither is a stream."""

    id: str
    answers: Answers | None

    async def ainvoke(self, *args: Any, **kwargs: Any) -> ModelResponse:  # Agno's signature
        """Return a kept answer, whose usage is zero, or call the model."""
        call, run = super().ainvoke, kwargs.get("run_response")  # type: ignore[misc]  # the model class
        if self.answers is None or run is None:
            return await call(*args, **kwargs)
        found: list[ModelResponse] = []

        async def ask() -> str | None:
            found.append(await call(*args, **kwargs))
            text = found[0].content
            return text if isinstance(text, str) and not found[0].tool_calls else None

        text, kept = await self.answers.answer(self._question(run, kwargs), ask)
        if found:
            return found[0]
        return ModelResponse(role="assistant", content=text) if kept and text else await call(*args, **kwargs)

    def _question(self, run: Any, kwargs: Mapping[str, Any]) -> Question:  # the output of an agent or a team
        messages = cast(Sequence[Message], kwargs["messages"])
        offered = cast(Sequence[Mapping[str, Any]], kwargs.get("tools") or ())
        return Question(
            user=f"{run.user_id or ''}/{run.session_id if not run.user_id else ''}",
            agent=getattr(run, "agent_id", None) or "",
            model=self.id,
            prompt_version=PROMPT_VERSION,
            messages=[{"role": message.role, "content": message.get_content_string()} for message in messages],
            tools=[tool["function"]["name"] for tool in offered],
        )


@dataclass
class OpenAI(Remembered, Counted, OpenAIChat):
    """Model of OpenAI, or of a compatible server at OPENAI_BASE_URL."""

    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    answers: Answers | None = None
    gen_ai_provider: str = "openai"


@dataclass
class Rules(Model):
    """Model without a provider: `rules.reply` behind Agno's interface."""

    id: str = "local-rules"
    name: str | None = "Rules"
    provider: str | None = "Local"
    delay_seconds: float = 0

    def invoke(self, *args: Any, **kwargs: Any) -> ModelResponse:  # Agno's signature
        """Return the complete reply."""
        turns = [_turn(message) for message in cast(Sequence[Message], kwargs["messages"])]
        offered = cast(Sequence[Mapping[str, Any]], kwargs.get("tools") or ())
        found = reply(turns, [tool["function"]["name"] for tool in offered])
        usage = MessageMetrics(input_tokens=count_tokens(*(turn.text for turn in turns)), output_tokens=_spoken(found))
        usage.total_tokens = usage.input_tokens + usage.output_tokens
        if isinstance(found, Call):
            return ModelResponse(role="assistant", tool_calls=[_tool_call(found)], response_usage=usage)
        return ModelResponse(role="assistant", content=found.text, response_usage=usage)

    async def ainvoke(self, *args: Any, **kwargs: Any) -> ModelResponse:  # Agno's signature
        """Return the complete reply after LOCAL_MODEL_DELAY_SECONDS."""
        await asyncio.sleep(self.delay_seconds)
        return self.invoke(*args, **kwargs)

    def invoke_stream(self, *args: Any, **kwargs: Any) -> Iterator[ModelResponse]:  # Agno's signature
        """Stream the reply word by word, with the usage in the last part."""
        whole = self.invoke(*args, **kwargs)
        if whole.tool_calls:
            yield whole
            return
        words = str(whole.content).split(" ")
        for word in words[:-1]:
            yield ModelResponse(role="assistant", content=f"{word} ")
        yield ModelResponse(role="assistant", content=words[-1], response_usage=whole.response_usage)

    async def ainvoke_stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ModelResponse]:  # Agno's signature
        """Stream the reply word by word after LOCAL_MODEL_DELAY_SECONDS."""
        await asyncio.sleep(self.delay_seconds)
        for part in self.invoke_stream(*args, **kwargs):
            yield part

    def _parse_provider_response(self, response: ModelResponse, **_: Any) -> ModelResponse:
        return response

    def _parse_provider_response_delta(self, response: ModelResponse) -> ModelResponse:
        return response


@dataclass
class Local(Remembered, Counted, Rules):
    """Model that answers by rule, with metrics."""

    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    answers: Answers | None = None
    gen_ai_provider: str = "local"


def choose_model(environment: Mapping[str, str], prices: Mapping[str, Price]) -> Model:
    """Return OpenAI's model with OPENAI_API_KEY (named by OPENAI_MODEL), else the local one."""
    model = _model(environment, prices)
    announce(model.id, model.gen_ai_provider)
    return model


def _model(environment: Mapping[str, str], prices: Mapping[str, Price]) -> "OpenAI | Local":
    answers = _answers(environment)
    if environment.get("OPENAI_API_KEY"):
        name = environment.get("OPENAI_MODEL") or OPENAI_MODEL
        return OpenAI(id=name, prices=prices, answers=answers, timeout=60, max_retries=2)
    return Local(prices=prices, answers=answers, delay_seconds=_delay_seconds(environment))


def _answers(environment: Mapping[str, str]) -> Answers | None:
    """Return the cache of answers for ANSWER_CACHE_SECONDS; None without it."""
    value, url = environment.get("ANSWER_CACHE_SECONDS", "0"), answers_url(environment)
    if not re.fullmatch(r"\d+", value):
        raise ValueError(f'ANSWER_CACHE_SECONDS is "{value}": a whole number of seconds is needed, 0 for no cache')
    if value == "0":
        return None
    store = Redis.from_url(url) if url else None
    return Answers(store, int(value), lambda outcome: ANSWERS.labels(outcome).inc(), ANSWER_PREFIX)


def _delay_seconds(environment: Mapping[str, str]) -> float:
    value = environment.get("LOCAL_MODEL_DELAY_SECONDS", "0")
    if not re.fullmatch(r"\d+(\.\d+)?", value):
        raise ValueError(f'LOCAL_MODEL_DELAY_SECONDS is "{value}": a number of seconds is needed, 0 or more')
    return float(value)


def _turn(message: Message) -> Turn:
    role = message.role if message.role in ("system", "user", "assistant", "tool") else "system"
    return Turn(role, message.get_content_string(), message.tool_name)


def _spoken(found: Reply) -> int:
    return (
        count_tokens(json.dumps(dict(found.arguments)), found.tool)
        if isinstance(found, Call)
        else count_tokens(found.text)
    )


def _tool_call(call: Call) -> dict[str, Any]:
    function = {"name": call.tool, "arguments": json.dumps(dict(call.arguments))}
    return {"id": f"call-{uuid4().hex}", "type": "function", "function": function}


def _usage(metrics: MessageMetrics | None) -> Usage:
    if metrics is None:
        return Usage(0, 0)
    return Usage(metrics.input_tokens or 0, metrics.output_tokens or 0, metrics.cache_read_tokens or 0)
