"""The second container of a service: it reads its metrics and writes to the managed Prometheus as the service's identity.

Container Apps has no scraper of its own. This is Prometheus as an agent, which stores nothing and knows Azure's tokens; it
takes its configuration from a file alone, so its shell writes the file from a variable that holds no secret.
"""

import pulumi

from providers.azure.compute.containers import Container, plain_variables, resources
from providers.azure.compute.sizes import COLLECTOR
from providers.azure.observability.metrics_collector import AzureMetricsCollector
from providers.contract.prometheus import path_setting
from providers.contract.spec import Service

IMAGE = "quay.io/prometheus/prometheus:v3.5.0"
"""The long-term release, from the project's own registry."""
CONFIG = "PROMETHEUS_CONFIG"
FILE = "/prometheus/agent.yml"
START = (
    f'printf %s "${CONFIG}" > {FILE} && exec /bin/prometheus --agent --config.file={FILE} '
    "--storage.agent.path=/prometheus/agent --web.listen-address=127.0.0.1:39090"
)
"""It listens where nobody else does, for all containers of a copy share their ports."""
SCRAPE_SECONDS = 15
"""Four samples in the shortest window of a rule."""


def collector_container(
    prometheus: AzureMetricsCollector, job: str, service: Service, client_id: pulumi.Input[str]
) -> Container:
    """The collector of the service's metrics, sharing the copy's network."""
    return Container(
        name="metrics",
        image=IMAGE,
        command=["/bin/sh", "-c", START],
        env=plain_variables({CONFIG: collector_config(prometheus, job, service, client_id)}),
        resources=resources(COLLECTOR),
    )


def collector_config(
    prometheus: AzureMetricsCollector, job: str, service: Service, client_id: pulumi.Input[str]
) -> pulumi.Output[str]:
    """Configuration as YAML in its JSON form."""
    writer = {
        "url": prometheus.write_url,
        "azuread": {"cloud": "AzurePublic", "managed_identity": {"client_id": client_id}},
        # every copy is `localhost` to its collector, so its own name tells it apart
        "write_relabel_configs": [{"source_labels": ["replica"], "target_label": "instance"}],
    }
    return pulumi.Output.json_dumps(
        {
            "global": {
                "scrape_interval": f"{SCRAPE_SECONDS}s",
                "external_labels": {"replica": "${CONTAINER_APP_REPLICA_NAME}"},
            },
            "scrape_configs": [
                {
                    "job_name": job,
                    **path_setting(service),
                    "static_configs": [{"targets": [f"localhost:{service.port}"]}],
                }
            ],
            "remote_write": [writer],
        }
    )
