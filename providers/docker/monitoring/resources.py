"""Monitoring: exporters, Prometheus with its alert rules, Alertmanager, Tempo for traces, and Grafana.

Every alarm is a rule of Prometheus, which therefore runs even when `monitoring.prometheus` is false. Prometheus listens
in the monitoring network only; in the networks of the services it only opens connections.
"""

import json

import pulumi

from providers.contract.component import Scope
from providers.contract.credentials import generated_password
from providers.contract.results import Monitoring
from providers.docker.base.containers import (
    ContainerSpec,
    PublishedPort,
    create_container,
    create_volume,
    script,
    script_path,
)
from providers.docker.base.live_files import LIVE_FOLDER, create_live_files
from providers.docker.base.platform_images import GRAFANA
from providers.docker.base.resources import DockerBaseResources
from providers.docker.context import LOOPBACK, DockerContext
from providers.docker.monitoring.exporters import create_exporters
from providers.docker.monitoring.log_searches import searches_document
from providers.docker.monitoring.panels import DASHBOARD_UID, DATA_SOURCE, dashboard_document
from providers.docker.naming import CONFIG_FOLDER
from providers.docker.network.flows import DASHBOARD, MONITORING, log_query_address, prometheus_address, tempo_address
from providers.docker.observability import log_store, tempo
from providers.docker.observability.log_store import create_log_store
from providers.docker.observability.metrics_collector import create_alertmanager, create_prometheus
from providers.docker.observability.prometheus import PROMETHEUS_PORT
from providers.docker.observability.tempo import create_tempo
from providers.docker.workloads import DockerWatched

GRAFANA_PORT = 3000
GRAFANA_MEMORY_MIB = 512


def create_monitoring(scope: Scope, base: DockerBaseResources, watched: DockerWatched) -> Monitoring:
    """Alarm rules of the contract, burn-rate rules, exporters and dashboard."""
    create_exporters(scope, base, watched)
    create_alertmanager(scope, base)
    create_prometheus(scope, base, watched)
    create_tempo(scope, base)
    create_log_store(scope, base)
    dashboard_url = _grafana(scope, base) if base.spec.monitoring.dashboards else ""
    return Monitoring(dashboard_url=pulumi.Output.from_input(dashboard_url))


def _grafana(scope: Scope, base: DockerBaseResources) -> str:
    """Create Grafana and return the URL of the dashboard; user `admin`, password in the stack's state.

    Grafana is reached over HTTPS on the loopback address of the host only.
    """
    context = base.context
    volume = create_volume(scope, context, "grafana-data", base.image(GRAFANA))
    dashboards = {
        "platform.json": dashboard_document(base.spec, context.stack, context.alarm_rules),
        "logs.json": searches_document(base.spec, context.stack),
    }
    live = create_live_files(scope, context, "grafana-dashboards", base.image(GRAFANA), dashboards)
    container = ContainerSpec(
        image=base.image(GRAFANA),
        memory_mib=GRAFANA_MEMORY_MIB,
        vcpu=1,
        networks=[base.attachment(MONITORING, "grafana"), base.attachment(DASHBOARD)],
        entrypoint=["/bin/sh", script_path("grafana")],
        environment={
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_PLUGINS_PREINSTALL": log_store.PLUGIN,
            "GF_PATHS_PROVISIONING": f"{CONFIG_FOLDER}/provisioning",
            "GF_SECURITY_ADMIN_PASSWORD__FILE": f"{CONFIG_FOLDER}/password",
            "GF_SERVER_CERT_FILE": f"{CONFIG_FOLDER}/server.crt",
            "GF_SERVER_CERT_KEY": f"{CONFIG_FOLDER}/server.key",
            "GF_SERVER_PROTOCOL": "https",
            "GF_SERVER_ROOT_URL": _grafana_url(context),
        },
        files={
            f"{CONFIG_FOLDER}/password": generated_password(scope, "grafana-password"),
            f"{CONFIG_FOLDER}/provisioning/dashboards/platform.yaml": json.dumps(_dashboard_provider()),
            f"{CONFIG_FOLDER}/provisioning/datasources/prometheus.yaml": json.dumps(_data_sources(context)),
            f"{CONFIG_FOLDER}/server.crt": base.keys.entry.certificate,
            f"{CONFIG_FOLDER}/server.key": base.keys.entry.key,
            script_path("grafana"): script("grafana"),
        },
        volumes={"/var/lib/grafana": volume.name, LIVE_FOLDER: live.name},
        ports=[PublishedPort(GRAFANA_PORT, context.dashboard_port, LOOPBACK)],
    )
    create_container(scope, context, "grafana", container, [volume.ready, live.ready], delete_before_replace=True)
    return f"{_grafana_url(context)}/d/{DASHBOARD_UID}"


def _grafana_url(context: DockerContext) -> str:
    return f"https://localhost:{context.dashboard_port}"


def _dashboard_provider() -> dict[str, object]:
    # files that change are read again at this interval
    provider = {"name": "platform", "type": "file", "updateIntervalSeconds": 10, "options": {"path": LIVE_FOLDER}}
    return {"apiVersion": 1, "providers": [provider]}


def _data_sources(context: DockerContext) -> dict[str, object]:
    traced = context.spec.monitoring.tracing is not None
    traces = [tempo.data_source(tempo_address(context), log_store.lines_of_trace())] if traced else []
    logs = log_store.data_source(log_query_address(context), traced=traced)
    prometheus = {
        "name": "Prometheus",
        "access": "proxy",
        "url": f"http://{prometheus_address(context)}:{PROMETHEUS_PORT}",
        "isDefault": True,
        "editable": False,
        **DATA_SOURCE,
    }
    return {"apiVersion": 1, "datasources": [prometheus, logs, *traces]}
