"""Metrics endpoints of services that Prometheus scrapes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from providers.contract.spec import Service
from providers.contract.spec.service import Metrics

DEFAULT_PATH = "/metrics"


@dataclass(frozen=True)
class ScrapeEndpoint:
    """Path and port at which a replica serves its metrics."""

    path: str
    port: int


def scrape_endpoint(service: Service) -> ScrapeEndpoint | None:
    """Return the metrics endpoint of a service; None with `metrics: none`, without any port, and for an AgentOS by default."""
    if service.metrics == "none" or unscraped_reason(service):
        return None
    port = service.metrics.port or service.port if isinstance(service.metrics, Metrics) else service.port
    return None if port is None else ScrapeEndpoint(metrics_path(service), port)


def unscraped_reason(service: Service) -> str:
    """Return why a service without `metrics: none` is not scraped; empty for one that is.

    AgentOS (agno 3.1.10) answers `/metrics` with usage statistics as JSON, and with 401 to a request without its key.
    """
    if service.metrics is None and service.app == "agentos":
        return "AgentOS answers /metrics with JSON; set its `metrics` to the path and port of a Prometheus exporter"
    if service.metrics != "none" and service.port is None and not (service.metrics and service.metrics.port):
        return "it has no port"
    return ""


def routed_metrics_path(service: Service) -> str | None:
    """Return the metrics path on the port that the entry forwards to; None where no request from outside reaches metrics."""
    endpoint = scrape_endpoint(service)
    return endpoint.path if endpoint is not None and endpoint.port == service.port else None


def metrics_path(service: Service) -> str:
    """Path of the metrics of a service: `/metrics` unless set; Streamlit has them next to its health path."""
    if isinstance(service.metrics, Metrics):
        return service.metrics.path
    if service.app == "streamlit" and service.health.path:
        return f"{service.health.path.rpartition('/')[0]}/metrics"
    return DEFAULT_PATH


def path_setting(service: Service) -> Mapping[str, str]:
    """`metrics_path` of a scrape job, unless it is the default of Prometheus."""
    path = metrics_path(service)
    return {} if path == DEFAULT_PATH else {"metrics_path": path}
