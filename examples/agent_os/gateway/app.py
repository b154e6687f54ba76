"""Gateway: AgentOS with one assistant, and the routes `/chat`, `/notes` and `/health`."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress

from agno.os import AgentOS
from agno.os.auth import get_authentication_dependency
from agno.os.settings import AgnoAPISettings
from assistant import create_assistant
from chat import chat_routes
from database import Database, open_database
from fastapi import Depends, FastAPI, HTTPException
from handover import Worker
from models import choose_model
from pricing import read_prices
from shared.serving import DRAINING
from shared.telemetry import measure_requests
from shared.tracing import trace_agents, trace_requests
from sqlalchemy.exc import SQLAlchemyError
from toolkit import ToolService, note_taker

LOG = logging.getLogger("uvicorn.error")
RETRY_SECONDS = 1


def create() -> FastAPI:
    """Create the service from the environment of this process."""
    return create_gateway(os.environ)


def create_gateway(environment: Mapping[str, str]) -> FastAPI:
    """Create the service; raises ValueError with a message when a variable is missing."""
    database = open_database(_needed(environment, "DATABASE_URL"))
    tools = ToolService(_needed(environment, "TOOLS_URL"))
    worker = Worker(environment.get("REDIS_URL"))
    prices = read_prices(environment.get("MODEL_PRICES"))
    agent = create_assistant(
        choose_model(environment, prices),
        database,
        [tools.look_up_order, tools.calculate, note_taker(database, worker)],
    )
    settings = AgnoAPISettings()
    app = FastAPI(title="gateway", lifespan=_lifespan(database, tools))
    measure_requests(app)
    trace_requests(app)
    trace_agents()
    _add_health_route(app, database)
    app.include_router(
        chat_routes(agent, database, worker, prices), dependencies=[Depends(get_authentication_dependency(settings))]
    )
    agent_os = AgentOS(
        id="agent-os",
        agents=[agent],
        db=database.agno,
        base_app=app,
        on_route_conflict="preserve_base_app",
        settings=settings,
        auto_provision_dbs=False,
        telemetry=False,
    )
    return agent_os.get_app()


def _add_health_route(app: FastAPI, database: Database) -> None:
    """Add `/health`, which answers 200 when a chat can be stored; AgentOS' own route always answers "ok"."""

    @app.get("/health")
    async def health() -> dict[str, str]:
        if DRAINING.is_set():
            raise HTTPException(503, "this copy is ending")
        if not await database.reachable():
            raise HTTPException(503, "the database does not answer")
        if not database.ready:
            raise HTTPException(503, "the tables are not there yet")
        return {"status": "ok"}


def _lifespan(database: Database, tools: ToolService):  # FastAPI's own type is a union of four
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        preparing = asyncio.create_task(_prepare(database))
        yield
        preparing.cancel()
        with suppress(asyncio.CancelledError):
            await preparing
        await tools.close()
        await database.close()

    return lifespan


async def _prepare(database: Database) -> None:
    """Create the tables as soon as the database is available."""
    while not database.ready:
        try:
            await database.prepare()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            LOG.warning("the tables cannot be made yet: %s", type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
    LOG.info("the tables are there")


def _needed(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise ValueError(f"{name} is not set; the platform sets it, and by hand it is exported before the start")
    return value
