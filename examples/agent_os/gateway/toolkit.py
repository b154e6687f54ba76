"""Tools of the assistant: orders and arithmetic of the tool service, and notes for the worker."""

from collections.abc import Awaitable, Callable

import httpx
from database import Database
from handover import Worker
from measures import TOOL_CALLS
from shared.logs import pass_request_id

TIMEOUT = httpx.Timeout(5, connect=2)
UNAVAILABLE = "The tool service cannot be reached at the moment; please ask again later."

Tool = Callable[[str], Awaitable[str]]


class ToolService:
    """Tool service at TOOLS_URL; when it does not answer, the result is a sentence and not an error."""

    def __init__(self, url: str) -> None:
        # Idle connections are kept for less time than by the server, so that none is reused while the server closes it.
        limits = httpx.Limits(max_connections=50, keepalive_expiry=30)
        hooks = {"request": [pass_request_id]}
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT, limits=limits, event_hooks=hooks)

    async def look_up_order(self, number: str) -> str:
        """Returns status, items and total of an order.

        Args:
            number: The order's number, for example A-1001.
        """
        found = await self._ask("look_up_order", "GET", f"/orders/{number}")
        if found is None:
            return UNAVAILABLE
        if "detail" in found:
            return f"No such order: {number}."
        return f"Order {found['number']} is {found['status']}: {found['items']} items, {found['total_usd']:.2f} USD."

    async def calculate(self, expression: str) -> str:
        """Calculates an arithmetic expression.

        Args:
            expression: Numbers, + - * / % ** and brackets.
        """
        found = await self._ask("calculate", "POST", "/calculate", {"expression": expression})
        if found is None:
            return UNAVAILABLE
        return f"{found['detail']}." if "detail" in found else f"{expression} = {found['value']:.12g}"

    async def _ask(
        self, tool: str, method: str, path: str, body: dict[str, str] | None = None
    ) -> dict[str, object] | None:
        """Return the answer of the service; None when it does not answer or fails."""
        try:
            response = await self._http.request(method, path, json=body)
        except httpx.HTTPError:
            TOOL_CALLS.labels(tool, "unreachable").inc()
            return None
        if response.status_code >= 500:
            TOOL_CALLS.labels(tool, "failed").inc()
            return None
        TOOL_CALLS.labels(tool, "answered").inc()
        return response.json()

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()


def note_taker(database: Database, worker: Worker) -> Tool:
    """Tool that stores a note."""

    async def take_note(text: str) -> str:
        """Stores a note, which is summarised a little later.

        Args:
            text: The note.
        """
        note = await database.add_note(text, None)
        await worker.wake()
        TOOL_CALLS.labels("take_note", "answered").inc()
        return f"Noted as {note}."

    return take_note
