"""Log delivery of Docker: to files of the host, and for services and the entry also to the log store. Pure.

Docker's daemon sends each line as a message of syslog over UDP to the store's fixed address, so no process reads the files or
the socket of Docker, whose folder also has the variables of every container of the host. A container starts and runs without
the store; lines that it cannot take are only in the files (Docker documentation, "Syslog logging driver" and "Use docker logs
with remote logging drivers").
"""

from collections.abc import Mapping

from providers.docker.context import DockerContext
from providers.docker.monitoring.limits import LOG_FILE_MIB, has_log_store, log_files
from providers.docker.network.flows import logs_address

SYSLOG_PORT = 5514
CACHED_FILES = 5
"""Files on the host of a container whose lines are in the store, for `docker logs`."""
SERVICES, JOBS, ENTRY = "services", "jobs", "entry"
"""First parts of the names by which the store knows a container: `services/gateway/<container>`."""


def log_options(context: DockerContext, log_name: str | None) -> tuple[str, Mapping[str, str]]:
    """Return log driver and options of a container; without `log_name` its lines are on the host only."""
    if log_name is None or not has_log_store(context.spec):
        return "local", {"max-size": f"{LOG_FILE_MIB}m", "max-file": str(log_files(context.spec))}
    return "syslog", {
        "syslog-address": f"udp://{logs_address(context)}:{SYSLOG_PORT}",
        "syslog-format": "rfc5424micro",
        # Docker's template of the container's short id
        "tag": f"{log_name}/{{{{.ID}}}}",
        "cache-max-size": f"{LOG_FILE_MIB}m",
        "cache-max-file": str(CACHED_FILES),
    }
