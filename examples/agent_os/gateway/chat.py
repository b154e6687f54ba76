"""`POST /chat`: one message and one answer, with status 200 only when the run is stored.

AgentOS' own routes also answer 200 to a run that failed, with the failure in the body, and to one that could not be
written to the database. Retrying proxies, alarms and users who rely on the memory need a status code.
"""

import logging
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID, uuid4

import measures
from agno.agent import Agent
from agno.os.middleware.user_scope import assert_session_writable
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from database import Database
from fastapi import APIRouter, HTTPException
from handover import Worker
from pricing import Price, Usage, cost_usd
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

LOG = logging.getLogger("uvicorn.error")
Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\w.@:-]+$")]
AWAY = HTTPException(503, "the conversation could not be stored; ask again", headers={"Retry-After": "2"})


class Question(BaseModel):
    """Message; the same `session_id` continues a conversation, and `user_id` owns it and its memories."""

    message: str = Field(min_length=1, max_length=8000)
    session_id: Identifier | None = None
    user_id: Identifier | None = None


class Answer(BaseModel):
    """Answer of the assistant with its usage; `cost_usd` is null for a model without a price."""

    answer: str
    session_id: str
    run_id: str
    model: str
    tools: list[str]
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


class Note(BaseModel):
    """Text of a note."""

    text: str = Field(min_length=1, max_length=8000)
    session_id: Identifier | None = None


def chat_routes(agent: Agent, database: Database, worker: Worker, prices: Mapping[str, Price]) -> APIRouter:
    """Routes of the page and of other clients."""
    router = APIRouter(tags=["Chat"])

    @router.post("/chat")
    async def chat(question: Question) -> Answer:
        session_id = question.session_id or str(uuid4())
        # Agno keeps the memories of all runs without a user under one name, so different users would share them.
        user_id = question.user_id or f"session:{session_id}"
        try:
            await assert_session_writable(database.agno, session_id, user_id)
            run = await agent.deep_copy().arun(question.message, session_id=session_id, user_id=user_id, stream=False)
            stored = await database.is_stored(run.run_id or "")
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise _not_stored(error) from None
        if run.status != RunStatus.completed:
            LOG.error("run %s ended as %s", run.run_id, run.status)
            raise AWAY if not await database.reachable() else HTTPException(502, "the model did not answer; ask again")
        if not stored:
            raise _not_stored(None)
        return _answer(run, session_id, prices)

    @router.post("/notes", status_code=202)
    async def add_note(note: Note) -> dict[str, object]:
        try:
            identifier = await database.add_note(note.text, note.session_id)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise _not_stored(error) from None
        return {"id": identifier, "worker_woken": await worker.wake()}

    @router.get("/notes/{note}")
    async def get_note(note: UUID) -> dict[str, object]:
        try:
            found = await database.note(note)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise _not_stored(error) from None
        if found is None:
            raise HTTPException(404, f"there is no note {note}")
        return found

    return router


def _not_stored(error: Exception | None) -> HTTPException:
    """Return the type of an error; the text of a database error has the address and the statement."""
    measures.UNSTORED.inc()
    LOG.error("not stored: %s", type(error).__name__ if error else "the run is not in the database")
    return AWAY


def _answer(run: RunOutput, session_id: str, prices: Mapping[str, Price]) -> Answer:
    model, metrics = run.model or "", run.metrics
    usage = Usage(metrics.input_tokens, metrics.output_tokens, metrics.cache_read_tokens) if metrics else Usage(0, 0)
    return Answer(
        answer=run.get_content_as_string(),
        session_id=session_id,
        run_id=run.run_id or "",
        model=model,
        tools=[tool.tool_name or "" for tool in run.tools or []],
        input_tokens=usage.input,
        output_tokens=usage.output,
        cost_usd=cost_usd(model, usage, prices),
    )
