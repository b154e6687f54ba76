"""HTTP service with the assistant's tools, orders and arithmetic. It stores nothing and calls no other service."""

from dataclasses import asdict

import arithmetic
import orders
from fastapi import FastAPI, HTTPException
from prometheus_client import Counter
from pydantic import BaseModel, Field
from shared.serving import DRAINING
from shared.telemetry import measure_requests
from shared.tracing import trace_requests

CALLS = Counter("tool_calls_total", "Calls of a tool, by tool and outcome.", ("tool", "outcome"))


class Expression(BaseModel):
    """Expression to calculate."""

    expression: str = Field(min_length=1, max_length=arithmetic.LONGEST)


def create() -> FastAPI:
    """Create the service."""
    app = FastAPI(title="tools")
    measure_requests(app)
    trace_requests(app)

    @app.get("/health")
    async def health() -> dict[str, str]:
        if DRAINING.is_set():
            raise HTTPException(503, "this copy is ending")
        return {"status": "ok"}

    @app.get("/orders/{number}")
    async def order(number: str) -> dict[str, object]:
        found = orders.find(number)
        CALLS.labels("orders", "found" if found else "unknown").inc()
        if found is None:
            raise HTTPException(404, f"there is no order {number}")
        return asdict(found)

    @app.post("/calculate")
    async def calculate(body: Expression) -> dict[str, float]:
        try:
            result = arithmetic.value(body.expression)
        except ValueError as refused:
            CALLS.labels("calculate", "refused").inc()
            raise HTTPException(422, str(refused)) from None
        CALLS.labels("calculate", "done").inc()
        return {"value": result}

    return app
