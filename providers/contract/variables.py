"""Environment variables that the platform sets for a service."""

from providers.contract.spec import Service

PORT = "PORT"
WEB_CONCURRENCY = "WEB_CONCURRENCY"
DATABASE_URL = "DATABASE_URL"
PGHOST, PGPORT, PGDATABASE, PGUSER = "PGHOST", "PGPORT", "PGDATABASE", "PGUSER"
PGSSLMODE = "PGSSLMODE"
PGPASSWORD = "PGPASSWORD"  # the name of a variable
LIBPQ = (PGHOST, PGPORT, PGDATABASE, PGUSER, PGSSLMODE, PGPASSWORD)
"""Variables of libpq (https://www.postgresql.org/docs/17/libpq-envars.html): psql, psycopg, Node's pg and many others read them."""
MODELS = "MODELS"
"""Model IDs of the cloud's block, separated by commas."""
REDIS_URL = "REDIS_URL"
REDIS_CA_FILE = "/etc/agent-platform/redis/ca.pem"
"""Path of the cache's certificate authority in the container; `REDIS_URL` refers to it, so clients need no setting."""
CACHES = "caches."
"""Beginning of the word of `uses` for a cache of `caches`."""
DOCS_ENABLED = "DOCS_ENABLED"
"""Read by AgentOS: false removes /docs, /redoc and /openapi.json (agno 3.1.10, `AgnoAPISettings.docs_enabled`)."""
STORAGE_BUCKET = "STORAGE_BUCKET"
STORAGE_ENDPOINT_URL = "STORAGE_ENDPOINT_URL"
PLAIN = (
    PORT, WEB_CONCURRENCY, PGHOST, PGPORT, PGDATABASE, PGUSER, PGSSLMODE, MODELS, STORAGE_BUCKET, STORAGE_ENDPOINT_URL,
)  # fmt: skip
"""Variables whose values are no secret."""
BY_PART = {"database": (DATABASE_URL,), "cache": (REDIS_URL,), "storage": (STORAGE_BUCKET, STORAGE_ENDPOINT_URL)}


def cache_variable(key: str) -> str:
    """`REDIS_URL` for `cache`, `ANSWERS_REDIS_URL` for `caches.answers`."""
    name = key.removeprefix(CACHES)
    return REDIS_URL if name == key else f"{name.upper().replace('-', '_')}_{REDIS_URL}"


def cache_ca_file(key: str) -> str:
    """Path of the certificate authority of a cache in the container; each has a folder of its own."""
    name = key.removeprefix(CACHES)
    return REDIS_CA_FILE if name == key else f"/etc/agent-platform/redis-{name}/ca.pem"


def part_variables(part: str) -> tuple[str, ...]:
    """Variables by a word of `uses`, which only the platform may set."""
    return (cache_variable(part),) if part.startswith(CACHES) else BY_PART.get(part, ())


def call_variable(callee: str) -> str:
    """`CHAT_URL` for `chat`, `TOOL_API_URL` for `tool-api`."""
    return f"{callee.upper().replace('-', '_')}_URL"


def generated_names(service: Service) -> frozenset[str]:
    """Variables that only the platform may set; WEB_CONCURRENCY, those of libpq and of the models give way to a user's."""
    parts = (name for part in service.uses for name in part_variables(part))
    calls = (call_variable(callee) for callee in service.calls)
    return frozenset((PORT, *parts, *calls)) if service.port is not None else frozenset((*parts, *calls))
