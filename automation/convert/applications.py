"""Kind of an application, and the store that a public image is, from images, commands and a Dockerfile."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from providers.contract.presets import PRESETS, App

IMAGE_NAME = re.compile(r"(?:.*/)?(?P<name>[^/:@]+)(?::(?P<tag>[^@]+))?(?:@.*)?")
POSTGRES_VERSION = re.compile(r"(?:^|pg|postgres|[^0-9.])(1[4-8])(?:$|[.\-_])")
DATABASE_IMAGES = ("postgres", "postgresql", "pgvector", "postgis", "timescaledb", "timescaledb-ha", "pgautoupgrade")
CACHE_IMAGES = ("redis", "redis-stack", "redis-stack-server", "redismod", "valkey", "keydb", "dragonfly")
STORAGE_IMAGES = ("minio", "seaweedfs", "localstack")
PROXY_IMAGES = (
    "nginx",
    "traefik",
    "caddy",
    "haproxy",
    "envoy",
    "nginx-proxy",
    "openresty",
    "letsencrypt-nginx-proxy-companion",
)
OTHER_STORES = {
    "mysql": "MySQL", "mariadb": "MariaDB", "percona": "MySQL", "mssql": "SQL Server", "azure-sql-edge": "SQL Server", "redpanda": "Kafka",
    "mongo": "MongoDB", "mongodb": "MongoDB", "cassandra": "Cassandra", "neo4j": "Neo4j", "qdrant": "Qdrant",
    "weaviate": "Weaviate", "chroma": "Chroma", "milvus": "Milvus", "elasticsearch": "Elasticsearch",
    "opensearch": "OpenSearch", "rabbitmq": "RabbitMQ", "kafka": "Kafka", "cp-kafka": "Kafka", "zookeeper": "ZooKeeper",
    "nats": "NATS", "memcached": "Memcached", "influxdb": "InfluxDB", "clickhouse-server": "ClickHouse",
    "etcd": "etcd", "consul": "Consul",
}  # fmt: skip
"""Stores and brokers that the platform does not offer, by the last part of their image's name."""
TOOLS = {
    "pgadmin4": "`agent-platform psql STACK` opens the database",
    "pgadmin": "`agent-platform psql STACK` opens the database",
    "adminer": "`agent-platform psql STACK` opens the database",
    "phpmyadmin": "`agent-platform psql STACK` opens the database",
    "prometheus": "monitoring.prometheus collects the metrics",
    "grafana": "monitoring.dashboards creates the dashboard",
    "grafana-oss": "monitoring.dashboards creates the dashboard",
    "jaeger": "monitoring.tracing receives the spans",
    "all-in-one": "monitoring.tracing receives the spans",
    "tempo": "monitoring.tracing receives the spans",
    "loki": "every target stores the logs of the services",
    "fluentd": "every target stores the logs of the services",
    "fluent-bit": "every target stores the logs of the services",
    "cadvisor": "every target has metrics of the services",
    "node-exporter": "every target has metrics of the services",
    "watchtower": "images are changed in the stack file",
    "autoheal": "the platform replaces unhealthy replicas",
    "certbot": "the platform issues and renews the certificate of ingress.domain",
    "datadog-agent": "monitoring.tracing and the target's metrics replace a container beside the service",
    "xray-daemon": "monitoring.tracing receives the spans",
    "aws-xray-daemon": "monitoring.tracing receives the spans",
    "aws-for-fluent-bit": "every target stores the logs of the services",
    "aws-otel-collector": "monitoring.tracing receives the spans",
}
"""Containers whose task the platform has a setting or a command for."""


@dataclass(frozen=True)
class Role:
    """Task of a container: `service`, `database`, `cache`, `storage`, `proxy`, `store` (not offered) or `tool`."""

    kind: str
    detail: str = ""
    """Version of PostgreSQL, name of a store that is not offered, or what replaces a tool."""


def role_of(image: str) -> Role:
    """Return the task of a container by the name of its public image; `service` for every other one."""
    match = IMAGE_NAME.fullmatch(image)
    name, tag = (match["name"].lower(), match["tag"] or "") if match else ("", "")
    if name in DATABASE_IMAGES:
        version = POSTGRES_VERSION.search(tag)
        return Role("database", version[1] if version else "")
    for kind, names in (("cache", CACHE_IMAGES), ("storage", STORAGE_IMAGES), ("proxy", PROXY_IMAGES)):
        if name in names:
            return Role(kind, name)
    if name in TOOLS:
        return Role("tool", TOOLS[name])
    return Role("store", OTHER_STORES[name]) if name in OTHER_STORES else Role("service")


def words(command: object) -> list[str]:
    """Return the words of a command that is a list or a line of a shell; the line itself where its quotes are open."""
    if isinstance(command, str):
        try:
            return shlex.split(command)
        except ValueError:
            return command.split()
    return [str(word) for word in command] if isinstance(command, list) else []


def app_of(command: Sequence[str], image: str, name: str = "") -> App:
    """Return the kind of application by its command, else by the names of image and service.

    A kind whose preset replaces the command of the image is returned only where the source has a command.
    """
    line = " ".join(command)
    if re.search(r"\bcelery\b", line) and re.search(r"\bworker\b", line):
        return "celery"
    kinds: tuple[tuple[App, str], ...] = (
        ("streamlit", r"\bstreamlit\b"),
        ("django", r"\bmanage\.py\b|\bwsgi\b|\bdaphne\b"),
        ("fastapi", r"\buvicorn\b|\bfastapi\b|\bhypercorn\b|UvicornWorker"),
    )
    for app, form in kinds:
        if re.search(form, line):
            return app
    if command:
        return "custom"
    named = f"{image} {name}".lower()
    app = "agentos" if "agentos" in named or "agent-os" in named else "fastapi" if "fastapi" in named else "custom"
    return app


def exposed_ports(dockerfile: Path) -> tuple[int, ...]:
    """Return the TCP ports of the instruction EXPOSE; none for an absent file."""
    if not dockerfile.is_file():
        return ()
    text = dockerfile.read_text(encoding="utf-8", errors="replace")
    lines = re.findall(r"^\s*EXPOSE\s+(.+)$", text, re.MULTILINE | re.IGNORECASE)
    found = re.findall(r"\b(\d+)(?:/tcp)?(?!\S)", " ".join(lines))
    return tuple(int(port) for port in found if 0 < int(port) <= 65535)


def health_path(command: Sequence[str]) -> str | None:
    """Return the path of an HTTP health check that a command such as `curl -f http://localhost:8000/health` asks."""
    match = re.search(r"https?://[^/\s\"']+(/[^\s\"'|;&)]*)", " ".join(command))
    return match[1] if match else None


def default_health_path(app: object) -> str:
    """Return the health path of the preset of a kind of application, or `/`, which most applications answer."""
    return next((preset.health_path for name, preset in PRESETS.items() if name == app), None) or "/"


def seconds(text: object) -> int | None:
    """Return the seconds of a duration such as `30s`, `1m30s`, `1.5h` or 30; None where it is none."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return round(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|us|h|m|s)", str(text))
    if not parts:
        return int(str(text)) if str(text).isdigit() else None
    factors = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 0.000001}
    return round(sum(float(number) * factors[unit] for number, unit in parts))


def gibibytes(text: object) -> float | None:
    """Return the GiB of a size such as `512M`, `1.5g`, `1gb` or a number of bytes; None where it is none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?", str(text).strip().lower())
    if not match:
        return None
    powers = {"": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4}
    return round(float(match[1]) * 1024 ** powers[match[2]] / 1024**3, 3)


def bounded_health(
    path: str | None, interval: object = None, timeout: object = None, start: object = None, retries: object = None
) -> dict[str, object]:
    """Return a health check within the bounds of the spec; settings that the source lacks are absent."""
    health: dict[str, object] = {"path": path} if path else {}
    bounds = (
        ("interval_seconds", seconds(interval), 5, 300),
        ("timeout_seconds", seconds(timeout), 2, 120),
        ("start_period_seconds", seconds(start), 0, 300),
        ("unhealthy_threshold", seconds(retries), 2, 10),
    )
    for key, value, low, high in bounds:
        if value is not None:
            health[key] = min(max(value, low), high)
    limit = health.get("interval_seconds", 30)
    if isinstance(limit, int) and isinstance(health.get("timeout_seconds", 5), int):
        timeout_seconds = health.get("timeout_seconds", 5)
        if isinstance(timeout_seconds, int) and timeout_seconds >= limit:
            health["interval_seconds"] = min(timeout_seconds + 1, 300)
    return health
