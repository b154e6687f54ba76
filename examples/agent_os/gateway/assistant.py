"""Assistant: one Agno agent with sessions, history and memories in PostgreSQL."""

from collections.abc import Callable, Sequence
from typing import Any

from agno.agent import Agent
from agno.models.base import Model
from agno.run.agent import RunOutput
from agno.session import AgentSession
from database import Database
from measures import RUNS, RUNS_STARTED, SESSIONS

ID = "assistant"
INSTRUCTIONS = (
    "Answer in one or two sentences.",
    "Use look_up_order for questions about an order and calculate for arithmetic; never invent a result.",
    "Use take_note when the user wants something noted down.",
    "Keep facts about the user with update_user_memory when the user asks you to remember them.",
)


def create_assistant(model: Model, database: Database, tools: Sequence[Callable[..., Any]]) -> Agent:
    """Create the agent, whose runs are counted."""
    return Agent(
        id=ID,
        name="Assistant",
        model=model,
        db=database.agno,
        tools=list(tools),
        instructions=list(INSTRUCTIONS),
        add_history_to_context=True,
        num_history_runs=20,
        enable_agentic_memory=True,
        add_memories_to_context=True,
        tool_call_limit=8,
        pre_hooks=[run_began],
        post_hooks=[run_ended],
        telemetry=False,
    )


def run_began(session: AgentSession) -> None:
    """Count a run, and its session on the first run."""
    RUNS_STARTED.labels(ID).inc()
    if not session.runs:
        SESSIONS.labels(ID).inc()


def run_ended(run_output: RunOutput) -> None:
    """Count a completed run."""
    RUNS.labels(ID).inc()
