"""Names of the environment variables that the platform hands to a service; the values come later, by reference."""

from providers.contract.spec import Service

PORT = "PORT"
WEB_CONCURRENCY = "WEB_CONCURRENCY"
DATABASE_URL = "DATABASE_URL"
REDIS_URL = "REDIS_URL"
REDIS_CA_FILE = "/etc/agent-platform/redis/ca.pem"
"""Where a cache's own certificate authority stands as a file; `REDIS_URL` names it, so clients need no setting."""
STORAGE_BUCKET = "STORAGE_BUCKET"
STORAGE_ENDPOINT_URL = "STORAGE_ENDPOINT_URL"
BY_PART = {"database": (DATABASE_URL,), "cache": (REDIS_URL,), "storage": (STORAGE_BUCKET, STORAGE_ENDPOINT_URL)}


def call_variable(callee: str) -> str:
    """`CHAT_URL` for `chat`, `TOOL_API_URL` for `tool-api`."""
    return f"{callee.upper().replace('-', '_')}_URL"


def generated_names(service: Service) -> frozenset[str]:
    """Variables that only the platform sets; WEB_CONCURRENCY is not among them: a user's own value wins."""
    parts = (name for part in service.uses for name in BY_PART.get(part, ()))
    calls = (call_variable(callee) for callee in service.calls)
    return frozenset((PORT, *parts, *calls)) if service.port is not None else frozenset((*parts, *calls))
