"""Metrics, alarms, dashboard: Prometheus with the shared rules, Alertmanager, Grafana, and who shows what there is.

Every alarm of this machine is a rule of its Prometheus, which therefore stands whatever `monitoring.prometheus` says.
Prometheus listens in the network of monitoring alone; into the services' networks it only asks.
"""

import json

import pulumi

from providers.contract.component import Scope
from providers.contract.credentials import generated_password
from providers.contract.results import Entry, Monitoring
from providers.docker.base.containers import ContainerSpec, PublishedPort, create_container, create_volume
from providers.docker.base.platform_images import GRAFANA
from providers.docker.base.resources import DockerBaseResources
from providers.docker.context import DockerContext
from providers.docker.database.parameters import CONFIG
from providers.docker.monitoring.exporters import create_exporters
from providers.docker.monitoring.panels import SOURCE, UID, dashboard_document
from providers.docker.network.plan import DASHBOARD, MONITORING, prometheus_address
from providers.docker.observability.configuration import PROMETHEUS_PORT
from providers.docker.observability.metrics_collector import create_alertmanager, create_prometheus
from providers.docker.workloads import DockerWatched


def create_monitoring(scope: Scope, base: DockerBaseResources, watched: DockerWatched, entry: Entry) -> Monitoring:
    """Every alarm rule of the contract, burn rates, exporters, dashboard."""
    create_exporters(scope, base, watched)
    create_alertmanager(scope, base)
    create_prometheus(scope, base, watched)
    if not base.spec.monitoring.dashboards:
        return Monitoring(dashboard_url=pulumi.Output.from_input(""))
    return Monitoring(dashboard_url=pulumi.Output.from_input(create_grafana(scope, base)))


PORT = 3000
MEMORY_MIB = 512
LOOPBACK = "127.0.0.1"


def create_grafana(scope: Scope, base: DockerBaseResources) -> str:
    """The dashboard's address; whoever opens it signs in as `admin` with the password in the stack's state."""
    context = base.context
    volume = create_volume(scope, context, "grafana-data", base.image(GRAFANA))
    box = ContainerSpec(
        image=base.image(GRAFANA),
        memory_mib=MEMORY_MIB,
        vcpu=1,
        seats=[base.seat(MONITORING, "grafana"), base.seat(DASHBOARD)],
        environment={
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_PATHS_PROVISIONING": f"{CONFIG}/provisioning",
            "GF_SECURITY_ADMIN_PASSWORD__FILE": f"{CONFIG}/password",
            "GF_SERVER_CERT_FILE": f"{CONFIG}/server.crt",
            "GF_SERVER_CERT_KEY": f"{CONFIG}/server.key",
            "GF_SERVER_PROTOCOL": "https",
            "GF_SERVER_ROOT_URL": address(context),
        },
        files={
            f"{CONFIG}/dashboards/platform.json": dashboard_document(base.spec, context.stack, context.alarm_rules),
            f"{CONFIG}/password": generated_password(scope, "grafana-password"),
            f"{CONFIG}/provisioning/dashboards/platform.yaml": json.dumps(_dashboards()),
            f"{CONFIG}/provisioning/datasources/prometheus.yaml": json.dumps(_source(context)),
            f"{CONFIG}/server.crt": base.keys.entry.certificate,
            f"{CONFIG}/server.key": base.keys.entry.key,
        },
        volumes={"/var/lib/grafana": volume.name},
        ports=[PublishedPort(PORT, context.dashboard_port, LOOPBACK)],
    )
    create_container(scope, context, "grafana", box, [volume.ready], replace_first=True)
    return f"{address(context)}/d/{UID}"


def address(context: DockerContext) -> str:
    """Where Grafana answers."""
    return f"https://localhost:{context.dashboard_port}"


def _dashboards() -> dict[str, object]:
    options = {"path": f"{CONFIG}/dashboards"}
    return {"apiVersion": 1, "providers": [{"name": "platform", "type": "file", "options": options}]}


def _source(context: DockerContext) -> dict[str, object]:
    url = f"http://{prometheus_address(context)}:{PROMETHEUS_PORT}"
    found = {"name": "Prometheus", "access": "proxy", "url": url, "isDefault": True, "editable": False, **SOURCE}
    return {"apiVersion": 1, "datasources": [found]}
