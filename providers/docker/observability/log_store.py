"""VictoriaLogs, which stores the lines of services, jobs and the entry, and searches them by word.

It was chosen over Loki in docs/adr/0034-store-logs-on-docker-in-victorialogs.md. Docker's daemon sends the lines to it
(`log_delivery.py`) through a network without any other container, from which no address outside is reached; queries are
answered in the monitoring network only.
"""

import json

from providers.contract.component import Scope
from providers.contract.spec import Platform
from providers.docker.base.containers import ContainerSpec, create_container, create_volume
from providers.docker.base.platform_images import LOG_STORE, PROMETHEUS
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.health import platform_probe
from providers.docker.monitoring.limits import LOG_STORE_GIB, has_log_store
from providers.docker.network.flows import LOGS, MONITORING, log_query_address, logs_address
from providers.docker.observability.log_delivery import SYSLOG_PORT

QUERY_PORT = 9428
MEMORY_MIB = 256
MIN_FREE_GIB = 1
"""Free space of the host's disk below which the store takes no lines, so that it never fills the disk of the database."""
DATA_FOLDER = "/victoria-logs-data"
SYSLOG_FIELDS = ("severity", "level", "facility", "facility_keyword", "priority", "format", "proc_id", "msg_id")
"""Fields of syslog that are not stored: Docker sets the severity by the stream, and `severity` is a field of structured lines."""
DATA_SOURCE = {"type": "victoriametrics-logs-datasource", "uid": "logs"}
PLUGIN = f"{DATA_SOURCE['type']}@0.24.1"
"""Data source of Grafana that its server downloads at its start (Grafana documentation, `preinstall`)."""
TRACE_ID_PATTERN = '"trace_id": ?"([0-9a-f]{32})"'


def create_log_store(scope: Scope, base: DockerBaseResources) -> None:
    """VictoriaLogs with its volume; nothing without dashboards, in which it is searched."""
    if not has_log_store(base.spec):
        return
    context = base.context
    query_address, address = log_query_address(context), logs_address(context)
    volume = create_volume(scope, context, "logs", base.image(PROMETHEUS))
    container = ContainerSpec(
        image=base.image(LOG_STORE),
        memory_mib=MEMORY_MIB,
        vcpu=0.5,
        networks=[base.attachment(MONITORING, address=query_address), base.attachment(LOGS, address=address)],
        command=store_options(base.spec, query_address, address),
        volumes={DATA_FOLDER: volume.name},
        probe=platform_probe("wget", "-q", "-O", "/dev/null", f"http://{query_address}:{QUERY_PORT}/health"),
    )
    create_container(scope, context, "log-store", container, [volume.ready], delete_before_replace=True)


def store_options(spec: Platform, query_address: str, address: str) -> list[str]:
    """Options of the server, which answers queries at `query_address` and takes lines at `address`."""
    return [
        f"-storageDataPath={DATA_FOLDER}",
        f"-retentionPeriod={spec.monitoring.log_retention_days}d",
        # the oldest days are deleted first
        f"-retention.maxDiskSpaceUsageBytes={LOG_STORE_GIB}GiB",
        f"-storage.minFreeDiskSpaceBytes={MIN_FREE_GIB}GiB",
        f"-httpListenAddr={query_address}:{QUERY_PORT}",
        f"-syslog.listenAddr.udp={address}:{SYSLOG_PORT}",
        f"-syslog.streamFields.udp={json.dumps(['app_name'])}",
        f"-syslog.ignoreFields.udp={json.dumps(SYSLOG_FIELDS)}",
    ]


def data_source(address: str, *, traced: bool) -> dict[str, object]:
    """Grafana's data source of the logs; the ID of a trace in a line leads to the trace."""
    # provisioning files replace variables after one dollar sign
    to_trace = {"name": "Trace", "matcherRegex": TRACE_ID_PATTERN, "url": "$${__value.raw}", "datasourceUid": "tempo"}
    return {
        "name": "Logs",
        "access": "proxy",
        "url": f"http://{address}:{QUERY_PORT}",
        "editable": False,
        "jsonData": {"derivedFields": [to_trace]} if traced else {},
        **DATA_SOURCE,
    }


def lines_of_trace() -> dict[str, object]:
    """Setting of the data source of traces that leads from a span to the lines of its trace, minutes around it."""
    return {
        "tracesToLogsV2": {
            "datasourceUid": DATA_SOURCE["uid"],
            "spanStartTimeShift": "-5m",
            "spanEndTimeShift": "5m",
            "customQuery": True,
            "query": '"$${__trace.traceId}"',
        }
    }
