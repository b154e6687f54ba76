"""Sidecar container that scrapes a service every 30 seconds and writes to Managed Service for Prometheus.

Google operates the storage and the queries; the metrics are read with PromQL. The collector reads its configuration only
from a file, so the file is a secret, although its content is not confidential. The document's name becomes the `job`
label of every series.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.prometheus import ScrapeEndpoint, metrics_path, scrape_endpoint
from providers.contract.results import SecretRef
from providers.gcp.base.resources import GcpBaseResources, create_secret
from providers.gcp.compute.limits import SIDECAR_SIZE
from providers.gcp.naming import run_name

IMAGE = "us-docker.pkg.dev/cloud-ops-agents-artifacts/cloud-run-gmp-sidecar/cloud-run-gmp-sidecar:1.2.0"
"""Collector image of Google: Cloud Run documentation, "Write Prometheus metrics with the Prometheus sidecar"."""
CONTAINER, VOLUME = "metrics", "metrics-config"
DIRECTORY, FILE = "/etc/rungmp", "config.yaml"
INTERVAL_SECONDS = 30


@dataclass(frozen=True)
class MetricsSidecar:
    """Container, its configuration volume, and the configuration as a secret."""

    container: gcp.cloudrunv2.ServiceTemplateContainerArgs
    volume: gcp.cloudrunv2.ServiceTemplateVolumeArgs
    config: SecretRef


def create_metrics_sidecar(scope: Scope, base: GcpBaseResources, name: str, app: str) -> MetricsSidecar:
    """Create the configuration of the service `name`; its sidecar starts after the container `app`."""
    service = base.spec.services[name]
    endpoint = scrape_endpoint(service) or ScrapeEndpoint(metrics_path(service), service.port or 0)
    document = pulumi.Output.from_input(collector_config(run_name(base.context.stack, name), endpoint))
    config = create_secret(scope, base, f"metrics-{name}", document, [name], copied=False)
    return MetricsSidecar(_container(app), _volume(config), config)


def collector_config(job: str, endpoint: ScrapeEndpoint) -> str:
    """RunMonitoring document as YAML (in its JSON form), with labels for service, revision and replica."""
    return json.dumps(
        {
            "apiVersion": "monitoring.googleapis.com/v1beta",
            "kind": "RunMonitoring",
            "metadata": {"name": job},
            "spec": {
                "endpoints": [{"port": endpoint.port, "path": endpoint.path, "interval": f"{INTERVAL_SECONDS}s"}],
                "targetLabels": {"metadata": ["service", "revision", "instance"]},
            },
        }
    )


def _container(app: str) -> gcp.cloudrunv2.ServiceTemplateContainerArgs:
    return gcp.cloudrunv2.ServiceTemplateContainerArgs(
        name=CONTAINER,
        image=IMAGE,
        depends_ons=[app],
        resources=gcp.cloudrunv2.ServiceTemplateContainerResourcesArgs(limits=SIDECAR_SIZE.limits, cpu_idle=False),
        volume_mounts=[gcp.cloudrunv2.ServiceTemplateContainerVolumeMountArgs(name=VOLUME, mount_path=DIRECTORY)],
    )


def _volume(config: SecretRef) -> gcp.cloudrunv2.ServiceTemplateVolumeArgs:
    item = gcp.cloudrunv2.ServiceTemplateVolumeSecretItemArgs(path=FILE, version=config.version)
    secret = gcp.cloudrunv2.ServiceTemplateVolumeSecretArgs(secret=config.reference, items=[item])
    return gcp.cloudrunv2.ServiceTemplateVolumeArgs(name=VOLUME, secret=secret)
