"""Exporters for Prometheus: database, cache, host and containers.

The host and container exporters mount `/proc` and `/sys` read-only. Neither gets Docker's socket, which would give
control of the host; the container exporter therefore identifies containers by id.
"""

import pulumi

from providers.contract.component import Scope
from providers.docker.base.containers import ContainerSpec, create_container
from providers.docker.base.platform_images import CONTAINER_EXPORTER, HOST_EXPORTER, POSTGRES_EXPORTER, REDIS_EXPORTER
from providers.docker.base.resources import DockerBaseResources
from providers.docker.cache.resources import DockerCache
from providers.docker.database.backup import EXCHANGE_FOLDER
from providers.docker.database.resources import DockerDatabase
from providers.docker.naming import CONFIG_FOLDER, DATABASE, redis_exporter
from providers.docker.network.flows import DATA, MONITORING
from providers.docker.observability.prometheus import CONTAINER_EXPORTER_PORT, SCRAPE_INTERVAL_SECONDS
from providers.docker.workloads import DockerWatched

MEMORY_MIB, CONTAINER_EXPORTER_MEMORY_MIB = 128, 256
VCPU = 0.5
JOBS_FOLDER = f"{EXCHANGE_FOLDER}-jobs"
"""Folder of the metrics of jobs in the exporter of the host."""


def create_exporters(scope: Scope, base: DockerBaseResources, watched: DockerWatched) -> None:
    """Create an exporter for each part without Prometheus metrics."""
    if watched.database is not None:
        create_container(
            scope, base.context, "postgres-exporter", _postgres(base, watched.database), [watched.database.ready]
        )
    for part, cache in watched.caches.items():
        exporter = redis_exporter(part)
        create_container(scope, base.context, exporter, _redis(base, part, cache, exporter))
    create_container(scope, base.context, "host-exporter", _host(base, watched))
    create_container(scope, base.context, "container-exporter", _containers(base))


def _postgres(base: DockerBaseResources, database: DockerDatabase) -> ContainerSpec:
    target = f"{DATABASE}:{database.port}/{database.name}?sslmode=verify-full&sslrootcert={CONFIG_FOLDER}/ca.pem"
    return ContainerSpec(
        image=base.image(POSTGRES_EXPORTER),
        memory_mib=MEMORY_MIB,
        vcpu=VCPU,
        networks=[base.attachment(DATA), base.attachment(MONITORING, "postgres-exporter")],
        environment={
            "DATA_SOURCE_PASS_FILE": f"{CONFIG_FOLDER}/password",
            "DATA_SOURCE_URI": target,
            "DATA_SOURCE_USER": "monitor",
        },
        files={f"{CONFIG_FOLDER}/ca.pem": base.keys.authority, f"{CONFIG_FOLDER}/password": database.passwords.monitor},
    )


def _redis(base: DockerBaseResources, part: str, cache: DockerCache, exporter: str) -> ContainerSpec:
    address = f"rediss://{part}:{cache.port}"
    passwords = pulumi.Output.secret(pulumi.Output.json_dumps({address: cache.password}))
    return ContainerSpec(
        image=base.image(REDIS_EXPORTER),
        memory_mib=MEMORY_MIB,
        vcpu=VCPU,
        networks=[base.attachment(DATA), base.attachment(MONITORING, exporter)],
        environment={
            "REDIS_ADDR": address,
            "REDIS_EXPORTER_TLS_CA_CERT_FILE": f"{CONFIG_FOLDER}/ca.pem",
            "REDIS_PASSWORD_FILE": f"{CONFIG_FOLDER}/passwords.json",
        },
        files={f"{CONFIG_FOLDER}/ca.pem": base.keys.authority, f"{CONFIG_FOLDER}/passwords.json": passwords},
    )


def _host(base: DockerBaseResources, watched: DockerWatched) -> ContainerSpec:
    """Exporter of the host, which also reads the metrics that backups and jobs write to files."""
    folders = {EXCHANGE_FOLDER: watched.workloads.backup.exchange} if watched.workloads.backup else {}
    if watched.jobs is not None:
        folders[JOBS_FOLDER] = watched.jobs.metrics
    return ContainerSpec(
        image=base.image(HOST_EXPORTER),
        memory_mib=MEMORY_MIB,
        vcpu=VCPU,
        networks=[base.attachment(MONITORING, "host-exporter")],
        command=[
            "--path.procfs=/host/proc",
            "--path.sysfs=/host/sys",
            # a pattern for both folders: older exporters refuse the option twice (node_exporter 1.3 to 1.5)
            f"--collector.textfile.directory={EXCHANGE_FOLDER}{'*' if watched.jobs else ''}",
            "--no-collector.filesystem",
        ],
        volumes=folders,
        host_paths={"/host/proc": "/proc", "/host/sys": "/sys"},
    )


def _containers(base: DockerBaseResources) -> ContainerSpec:
    return ContainerSpec(
        image=base.image(CONTAINER_EXPORTER),
        memory_mib=CONTAINER_EXPORTER_MEMORY_MIB,
        vcpu=VCPU,
        networks=[base.attachment(MONITORING, "container-exporter")],
        # only root can read the counters of other users' containers; it has no capabilities
        user="0:0",
        command=[
            f"--port={CONTAINER_EXPORTER_PORT}",
            f"--housekeeping_interval={SCRAPE_INTERVAL_SECONDS}s",
            "--docker_only=false",
            "--disable_metrics=advtcp,cpu_topology,cpuset,hugetlb,memory_numa,percpu,process,referenced_memory,sched,tcp,udp",
        ],
        host_paths={"/sys": "/sys"},
    )
