"""Smallest AgentOS: one agent that keeps its sessions in the platform's PostgreSQL."""

import os

from agno.agent import Agent
from agno.db.postgres import PostgresDb
from agno.models.openai import OpenAIChat
from agno.os import AgentOS

assistant = Agent(
    name="assistant",
    model=OpenAIChat(id=os.environ.get("MODEL", "gpt-4.1-mini")),
    db=PostgresDb(db_url=os.environ["DATABASE_URL"]),
    instructions="Answer in one sentence.",
    add_history_to_context=True,
)
agent_os = AgentOS(agents=[assistant])
app = agent_os.get_app()
