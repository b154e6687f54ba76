"""Prometheus with its rules, and Alertmanager, which tells whom `channels` names."""

import pulumi

from providers.contract.component import Scope
from providers.contract.prometheus import rules_document
from providers.docker.base.containers import ContainerSpec, create_container, create_volume
from providers.docker.base.platform_images import ALERTMANAGER, PROMETHEUS
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import own_probe
from providers.docker.database.parameters import CONFIG
from providers.docker.monitoring.rules import own_rules
from providers.docker.network.plan import ALERTING, MONITORING, inside, prometheus_address
from providers.docker.observability.configuration import (
    ALERTMANAGER_PORT,
    OWN_RULES,
    PROMETHEUS_PORT,
    SHARED_RULES,
    prometheus_document,
)
from providers.docker.workloads import DockerWatched

MEMORY_MIB, ALERTMANAGER_MEMORY_MIB = 1024, 128
KEPT_DAYS = 30
"""As long as the promises of an SLO reach back."""


def create_prometheus(scope: Scope, base: DockerBaseResources, watched: DockerWatched) -> None:
    """Prometheus in the network of monitoring, asking into those of the services that listen."""
    context, address = base.context, prometheus_address(base.context)
    container = watched.database.container if watched.database else pulumi.Output.from_input("")
    volume = create_volume(scope, context, "metrics", base.image(PROMETHEUS))
    asked = [name for name, service in base.spec.services.items() if service.port is not None]
    box = ContainerSpec(
        image=base.image(PROMETHEUS),
        memory_mib=MEMORY_MIB,
        vcpu=1,
        seats=[
            base.seat(MONITORING, "prometheus", address=address),
            *(base.seat(inside(name)) for name in asked),
        ],
        command=[
            f"--config.file={CONFIG}/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            f"--storage.tsdb.retention.time={KEPT_DAYS}d",
            # whoever it asks cannot ask it
            f"--web.listen-address={address}:{PROMETHEUS_PORT}",
        ],
        files={
            f"{CONFIG}/prometheus.yml": container.apply(lambda known: prometheus_document(context, known)),
            f"{CONFIG}/{SHARED_RULES}": rules_document(base.spec, base.context.alarm_rules),
            f"{CONFIG}/{OWN_RULES}": own_rules(base.spec, base.context.alarm_rules),
        },
        volumes={"/prometheus": volume.name},
        probe=own_probe("wget", "-q", "-O", "/dev/null", f"http://{address}:{PROMETHEUS_PORT}/-/healthy"),
    )
    create_container(scope, context, "prometheus", box, [volume.ready], replace_first=True)


def create_alertmanager(scope: Scope, base: DockerBaseResources) -> None:
    """Alertmanager, with a way out to whom it tells."""
    volume = create_volume(scope, base.context, "alerts", base.image(ALERTMANAGER))
    box = ContainerSpec(
        image=base.image(ALERTMANAGER),
        memory_mib=ALERTMANAGER_MEMORY_MIB,
        vcpu=0.5,
        seats=[base.seat(MONITORING, "alertmanager"), base.seat(ALERTING)],
        command=[
            f"--config.file={CONFIG}/alertmanager.yml",
            "--storage.path=/alertmanager",
            # one alone has nobody to talk to
            "--cluster.listen-address=",
        ],
        files=base.channels.files,
        volumes={"/alertmanager": volume.name},
        probe=own_probe("wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{ALERTMANAGER_PORT}/-/healthy"),
    )
    create_container(scope, base.context, "alertmanager", box, [volume.ready], replace_first=True)
