"""Prometheus with the alert rules, its scraper, and Alertmanager, which sends notifications to the channels.

Docker attaches a container to a network only when it creates the container, and one server at a time can use the volume of the
history. The scraper is therefore a second Prometheus without history: it is in a network of each service with metrics, writes
what it collects to the first one, and is replaced beside its predecessor when a service is added. The first one reads its
rules again and keeps running.
"""

from collections.abc import Sequence

import pulumi

from providers.contract.component import Scope
from providers.contract.prometheus import rules_document, scrape_endpoint
from providers.docker.base.containers import ContainerSpec, Volume, create_container, create_volume, script, script_path
from providers.docker.base.live_files import LIVE_FOLDER, WRITTEN_FOLDER, create_live_files
from providers.docker.base.platform_images import ALERTMANAGER, PROMETHEUS
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import DockerProbe, platform_probe
from providers.docker.context import LOOPBACK
from providers.docker.monitoring.alarms import docker_rules_document
from providers.docker.naming import CONFIG_FOLDER
from providers.docker.network.flows import ALERTING, MONITORING, internal_network, prometheus_address
from providers.docker.observability.prometheus import (
    ALERTMANAGER_PORT,
    CONFIGURATION,
    DOCKER_RULES,
    PROMETHEUS_PORT,
    SHARED_RULES,
    prometheus_document,
    scraper_document,
)
from providers.docker.workloads import DockerWatched

PROMETHEUS_MEMORY_MIB, SCRAPER_MEMORY_MIB, ALERTMANAGER_MEMORY_MIB = 1024, 512, 128
RETENTION_DAYS = 30
"""Period of the service level objectives."""
SCRAPER_FOLDER = "/tmp/prometheus"  # noqa: S108  # in memory, private to the container
"""Folder for what the scraper has not written yet. runc before 1.1.8 makes a mount in memory read-only for a container's user
when it starts again, unless the image has the folder with the mode of /tmp (https://github.com/moby/moby/issues/20437)."""


def create_prometheus(scope: Scope, base: DockerBaseResources, watched: DockerWatched) -> None:
    """Prometheus in the monitoring network, and its scraper in the internal network of each service with metrics."""
    context, address = base.context, prometheus_address(base.context)
    volume = create_volume(scope, context, "metrics", base.image(PROMETHEUS))
    settings = _settings(scope, base, watched)
    container = ContainerSpec(
        image=base.image(PROMETHEUS),
        memory_mib=PROMETHEUS_MEMORY_MIB,
        vcpu=1,
        networks=[base.attachment(MONITORING, "prometheus", address=address)],
        entrypoint=["/bin/sh", script_path("prometheus")],
        command=[
            f"--config.file={LIVE_FOLDER}/{CONFIGURATION}",
            "--storage.tsdb.path=/prometheus",
            f"--storage.tsdb.retention.time={RETENTION_DAYS}d",
            # the scraper writes to it
            "--web.enable-remote-write-receiver",
            f"--web.listen-address={address}:{PROMETHEUS_PORT}",
        ],
        files={script_path("prometheus"): script("prometheus")},
        volumes={"/prometheus": volume.name, LIVE_FOLDER: settings.name},
        probe=_probe(address),
    )
    depends_on = [volume.ready, settings.ready]
    server = create_container(scope, context, "prometheus", container, depends_on, delete_before_replace=True)
    scraped = [name for name, service in base.spec.services.items() if scrape_endpoint(service) is not None]
    if scraped:
        _create_scraper(scope, base, scraped, server)


def _settings(scope: Scope, base: DockerBaseResources, watched: DockerWatched) -> Volume:
    """Configuration and rules, which are checked before Prometheus reads them."""
    context, image = base.context, base.image(PROMETHEUS)
    database_container = watched.database.container if watched.database else pulumi.Output.from_input("")
    files: dict[str, pulumi.Input[str]] = {
        CONFIGURATION: database_container.apply(lambda container_id: prometheus_document(context, container_id)),
        SHARED_RULES: rules_document(base.spec, context.alarm_rules),
        DOCKER_RULES: docker_rules_document(base.spec, context.alarm_rules),
    }
    check = ("promtool", "check", "config", f"{WRITTEN_FOLDER}/{CONFIGURATION}")
    return create_live_files(scope, context, "prometheus-settings", image, files, check)


def _create_scraper(scope: Scope, base: DockerBaseResources, scraped: Sequence[str], server: pulumi.Resource) -> None:
    """Prometheus without history, which keeps what it has not written yet in memory."""
    container = ContainerSpec(
        image=base.image(PROMETHEUS),
        memory_mib=SCRAPER_MEMORY_MIB,
        vcpu=0.5,
        networks=[base.attachment(MONITORING), *(base.attachment(internal_network(name)) for name in scraped)],
        command=[
            f"--config.file={CONFIG_FOLDER}/{CONFIGURATION}",
            f"--storage.tsdb.path={SCRAPER_FOLDER}",
            # the services that it scrapes cannot connect to it
            f"--web.listen-address={LOOPBACK}:{PROMETHEUS_PORT}",
        ],
        files={f"{CONFIG_FOLDER}/{CONFIGURATION}": scraper_document(base.context)},
        probe=_probe(LOOPBACK),
    )
    create_container(scope, base.context, "scraper", container, [server])


def _probe(address: str) -> DockerProbe:
    return platform_probe("wget", "-q", "-O", "/dev/null", f"http://{address}:{PROMETHEUS_PORT}/-/healthy")


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
