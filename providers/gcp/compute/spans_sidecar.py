"""Sidecar container that receives a service's spans and writes them to Cloud Trace (Google-Built OpenTelemetry Collector).

The sidecar of the metrics is configured for Prometheus only, so this is a second one. It has the smallest size of a container
in a service whose replicas answer more than one request at a time. Its configuration holds no secret and is a variable, which the
collector reads (`env` is one of its providers). It writes as the account of the service, whose role for traces has no other
permission (`base.identity.TELEMETRY_ROLES`).
"""

import json

import pulumi_gcp as gcp

from providers.contract.spans import HTTP_PORT, content_processor
from providers.contract.spec.operations import Tracing
from providers.gcp.compute.limits import SIDECAR_SIZE
from providers.gcp.context import GcpContext

IMAGE = "us-docker.pkg.dev/cloud-ops-agents-artifacts/google-cloud-opentelemetry-collector/otelcol-google:0.160.0"
"""Collector image of Google: Google Cloud Observability documentation, "Deploy Google-Built OpenTelemetry Collector on Cloud
Run"; its components are in GoogleCloudPlatform/opentelemetry-operations-collector, `manifest.yaml`."""
CONTAINER = "spans"
CONFIGURATION = "OTELCOL_CONFIGURATION"
MEMORY_PERCENT, SPIKE_PERCENT = 65, 20
"""Memory above which the collector refuses spans, so that a burst does not stop the replica."""


def spans_container(context: GcpContext, tracing: Tracing, app: str) -> gcp.cloudrunv2.ServiceTemplateContainerArgs:
    """Return the sidecar of a service; it starts after the container `app`."""
    return gcp.cloudrunv2.ServiceTemplateContainerArgs(
        name=CONTAINER,
        image=IMAGE,
        args=[f"--config=env:{CONFIGURATION}"],
        envs=[
            gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(
                name=CONFIGURATION, value=collector_config(context.project, tracing)
            )
        ],
        depends_ons=[app],
        resources=gcp.cloudrunv2.ServiceTemplateContainerResourcesArgs(limits=SIDECAR_SIZE.limits, cpu_idle=False),
    )


def collector_config(project: str, tracing: Tracing) -> str:
    """Configuration of the collector as YAML (in its JSON form)."""
    limiter = {"check_interval": "1s", "limit_percentage": MEMORY_PERCENT, "spike_limit_percentage": SPIKE_PERCENT}
    processors = {
        "memory_limiter": limiter,
        # region, revision and replica
        "resourcedetection": {"detectors": ["gcp"], "timeout": "10s"},
        **content_processor(tracing),
        "batch": {},
    }
    pipeline = {"receivers": ["otlp"], "processors": list(processors), "exporters": ["googlecloud"]}
    return json.dumps(
        {
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"localhost:{HTTP_PORT}"}}}},
            "processors": processors,
            "exporters": {"googlecloud": {"project": project}},
            "service": {"pipelines": {"traces": pipeline}},
        }
    )
