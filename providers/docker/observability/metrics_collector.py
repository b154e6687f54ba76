"""Prometheus with the alert rules, and Alertmanager, which sends notifications to the channels."""

import pulumi

from providers.contract.component import Scope
from providers.contract.prometheus import rules_document, scrape_endpoint
from providers.docker.base.containers import ContainerSpec, create_container, create_volume
from providers.docker.base.platform_images import ALERTMANAGER, PROMETHEUS
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import platform_probe
from providers.docker.monitoring.alarms import docker_rules_document
from providers.docker.naming import CONFIG_FOLDER
from providers.docker.network.flows import ALERTING, MONITORING, internal_network, prometheus_address
from providers.docker.observability.prometheus import (
    ALERTMANAGER_PORT,
    DOCKER_RULES,
    PROMETHEUS_PORT,
    SHARED_RULES,
    prometheus_document,
)
from providers.docker.workloads import DockerWatched

PROMETHEUS_MEMORY_MIB, ALERTMANAGER_MEMORY_MIB = 1024, 128
RETENTION_DAYS = 30
"""Period of the service level objectives."""


def create_prometheus(scope: Scope, base: DockerBaseResources, watched: DockerWatched) -> None:
    """Prometheus in the monitoring network, attached to the internal network of each service with metrics."""
    context, address = base.context, prometheus_address(base.context)
    database_container = watched.database.container if watched.database else pulumi.Output.from_input("")
    volume = create_volume(scope, context, "metrics", base.image(PROMETHEUS))
    scraped = [name for name, service in base.spec.services.items() if scrape_endpoint(service) is not None]
    container = ContainerSpec(
        image=base.image(PROMETHEUS),
        memory_mib=PROMETHEUS_MEMORY_MIB,
        vcpu=1,
        networks=[
            base.attachment(MONITORING, "prometheus", address=address),
            *(base.attachment(internal_network(name)) for name in scraped),
        ],
        command=[
            f"--config.file={CONFIG_FOLDER}/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            f"--storage.tsdb.retention.time={RETENTION_DAYS}d",
            # the services that it scrapes cannot connect to it
            f"--web.listen-address={address}:{PROMETHEUS_PORT}",
        ],
        files={
            f"{CONFIG_FOLDER}/prometheus.yml": database_container.apply(
                lambda container_id: prometheus_document(context, container_id)
            ),
            f"{CONFIG_FOLDER}/{SHARED_RULES}": rules_document(base.spec, context.alarm_rules),
            f"{CONFIG_FOLDER}/{DOCKER_RULES}": docker_rules_document(base.spec, context.alarm_rules),
        },
        volumes={"/prometheus": volume.name},
        probe=platform_probe("wget", "-q", "-O", "/dev/null", f"http://{address}:{PROMETHEUS_PORT}/-/healthy"),
    )
    create_container(scope, context, "prometheus", container, [volume.ready], delete_before_replace=True)


def create_alertmanager(scope: Scope, base: DockerBaseResources) -> None:
    """Alertmanager, with outbound access to its receivers."""
    volume = create_volume(scope, base.context, "alerts", base.image(ALERTMANAGER))
    container = ContainerSpec(
        image=base.image(ALERTMANAGER),
        memory_mib=ALERTMANAGER_MEMORY_MIB,
        vcpu=0.5,
        networks=[base.attachment(MONITORING, "alertmanager"), base.attachment(ALERTING)],
        command=[
            f"--config.file={CONFIG_FOLDER}/alertmanager.yml",
            "--storage.path=/alertmanager",
            # a single instance needs no cluster
            "--cluster.listen-address=",
        ],
        files=base.channels.files,
        volumes={"/alertmanager": volume.name},
        probe=platform_probe("wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{ALERTMANAGER_PORT}/-/healthy"),
    )
    create_container(scope, base.context, "alertmanager", container, [volume.ready], delete_before_replace=True)
