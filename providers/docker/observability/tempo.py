"""Grafana Tempo, which receives the spans of the services and answers queries of Grafana.

Tempo is in the internal network of each service, where it takes OTLP over HTTP on every address; it answers queries in the
monitoring network only, so no service reads the traces of another. Docker attaches a container to a network only when it
creates the container, so an added service replaces Tempo: traces are in its volume, and SDKs repeat what they could not send for
some seconds.
"""

import json
from collections.abc import Mapping

from providers.contract.component import Scope
from providers.contract.spans import HTTP_PORT
from providers.contract.spec.operations import Tracing
from providers.docker.base.containers import ContainerSpec, create_container, create_volume
from providers.docker.base.platform_images import PROMETHEUS, TEMPO
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import platform_probe
from providers.docker.context import LOOPBACK
from providers.docker.naming import CONFIG_FOLDER
from providers.docker.network.flows import MONITORING, internal_network, tempo_address

HOST = "spans.internal"
"""DNS alias in the networks of the services; the dot makes it different from every name of a service."""
RECEIVER = f"http://{HOST}:{HTTP_PORT}"
QUERY_PORT, INTERNAL_PORT = 3200, 9095
MEMORY_MIB = 512
DATA_FOLDER = "/var/tempo"
CONFIGURATION_FILE = f"{CONFIG_FOLDER}/tempo.yml"


def create_tempo(scope: Scope, base: DockerBaseResources) -> None:
    """Tempo with its volume; nothing without `monitoring.tracing`."""
    context, tracing = base.context, base.spec.monitoring.tracing
    if tracing is None:
        return
    address = tempo_address(context)
    # the image of Tempo has no /bin/sh, with which a new volume is opened
    volume = create_volume(scope, context, "traces", base.image(PROMETHEUS))
    services = [base.attachment(internal_network(name), HOST) for name in base.spec.services]
    container = ContainerSpec(
        image=base.image(TEMPO),
        memory_mib=MEMORY_MIB,
        vcpu=0.5,
        networks=[base.attachment(MONITORING, address=address), *services],
        command=[f"-config.file={CONFIGURATION_FILE}"],
        files={CONFIGURATION_FILE: tempo_document(tracing, address)},
        volumes={DATA_FOLDER: volume.name},
        probe=platform_probe("/busybox/wget", "-q", "-O", "/dev/null", f"http://{address}:{QUERY_PORT}/ready"),
    )
    create_container(scope, context, "tempo", container, [volume.ready], delete_before_replace=True)


def tempo_document(tracing: Tracing, address: str) -> str:
    """Configuration of Tempo in JSON, which is YAML; `address` is where it answers queries."""
    document = {
        "server": {
            "http_listen_address": address,
            "http_listen_port": QUERY_PORT,
            # between the parts of this one process
            "grpc_listen_address": LOOPBACK,
            "grpc_listen_port": INTERNAL_PORT,
        },
        "distributor": {"receivers": {"otlp": {"protocols": {"http": {"endpoint": f"0.0.0.0:{HTTP_PORT}"}}}}},
        "ingester": {"lifecycler": {"address": LOOPBACK}},
        "compactor": {"compaction": {"block_retention": f"{tracing.retention_days * 24}h"}},
        "storage": {
            "trace": {
                "backend": "local",
                "local": {"path": f"{DATA_FOLDER}/blocks"},
                "wal": {"path": f"{DATA_FOLDER}/wal"},
            }
        },
        "usage_report": {"reporting_enabled": False},
    }
    return json.dumps(document, indent=2)


def data_source(address: str, settings: Mapping[str, object]) -> dict[str, object]:
    """Grafana's data source of the traces; `settings` are those of its plugin."""
    return {
        "name": "Tempo",
        "type": "tempo",
        "uid": "tempo",
        "access": "proxy",
        "url": f"http://{address}:{QUERY_PORT}",
        "editable": False,
        "jsonData": dict(settings),
    }
