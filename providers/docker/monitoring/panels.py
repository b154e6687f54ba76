"""Dashboard of a Docker host, whose Grafana and Prometheus belong to one platform. Pure."""

from providers.contract import grafana
from providers.contract.alarms import AlarmRules
from providers.contract.spec import Platform

DASHBOARD_UID = "agent-platform"
DATA_SOURCE = {"type": "prometheus", "uid": "prometheus"}
SITE = grafana.GrafanaSite(DASHBOARD_UID, DATA_SOURCE, no_bill="A Docker host has no bill.")


def dashboard_document(spec: Platform, stack: str, rules: AlarmRules) -> str:
    """Dashboard of the platform."""
    return grafana.dashboard_document(spec, stack, rules, SITE)
