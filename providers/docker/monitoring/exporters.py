"""Who shows what there is to be measured: the database's and the cache's exporters, the host's, the containers'.

The two that look at the machine read its `/proc` and `/sys` and nothing else of it. Neither is given Docker's socket,
which would be the machine itself: containers are told apart by their ids.
"""

import pulumi

from providers.contract.component import Scope
from providers.docker.base.containers import ContainerSpec, create_container
from providers.docker.base.platform_images import CONTAINER_EXPORTER, HOST_EXPORTER, POSTGRES_EXPORTER, REDIS_EXPORTER
from providers.docker.base.resources import DockerBaseResources
from providers.docker.cache.resources import DockerCache
from providers.docker.database.parameters import CONFIG
from providers.docker.database.resources import DockerDatabase
from providers.docker.naming import CACHE, DATABASE
from providers.docker.network.plan import DATA, MONITORING
from providers.docker.observability.configuration import CONTAINER_EXPORTER_PORT, SCRAPE_SECONDS
from providers.docker.workloads import DockerWatched

MEMORY_MIB, CONTAINERS_MEMORY_MIB = 128, 256
VCPU = 0.5
EXCHANGE = "/exchange"


def create_exporters(scope: Scope, base: DockerBaseResources, watched: DockerWatched) -> None:
    """One exporter for each thing that does not speak Prometheus itself."""
    if watched.database is not None:
        create_container(
            scope, base.context, "postgres-exporter", _postgres(base, watched.database), [watched.database.ready]
        )
    if watched.cache is not None:
        create_container(scope, base.context, "redis-exporter", _redis(base, watched.cache))
    create_container(scope, base.context, "host-exporter", _host(base, watched))
    create_container(scope, base.context, "container-exporter", _containers(base))


def _postgres(base: DockerBaseResources, database: DockerDatabase) -> ContainerSpec:
    target = f"{DATABASE}:{database.port}/{database.name}?sslmode=verify-full&sslrootcert={CONFIG}/ca.pem"
    return ContainerSpec(
        image=base.image(POSTGRES_EXPORTER),
        memory_mib=MEMORY_MIB,
        vcpu=VCPU,
        seats=[base.seat(DATA), base.seat(MONITORING, "postgres-exporter")],
        environment={
            "DATA_SOURCE_PASS_FILE": f"{CONFIG}/password",
            "DATA_SOURCE_URI": target,
            "DATA_SOURCE_USER": "monitor",
        },
        files={f"{CONFIG}/ca.pem": base.keys.authority, f"{CONFIG}/password": database.passwords.monitor},
    )


def _redis(base: DockerBaseResources, cache: DockerCache) -> ContainerSpec:
    address = f"rediss://{CACHE}:{cache.port}"
    passwords = pulumi.Output.secret(pulumi.Output.json_dumps({address: cache.password}))
    return ContainerSpec(
        image=base.image(REDIS_EXPORTER),
        memory_mib=MEMORY_MIB,
        vcpu=VCPU,
        seats=[base.seat(DATA), base.seat(MONITORING, "redis-exporter")],
        environment={
            "REDIS_ADDR": address,
            "REDIS_EXPORTER_TLS_CA_CERT_FILE": f"{CONFIG}/ca.pem",
            "REDIS_PASSWORD_FILE": f"{CONFIG}/passwords.json",
        },
        files={f"{CONFIG}/ca.pem": base.keys.authority, f"{CONFIG}/passwords.json": passwords},
    )


def _host(base: DockerBaseResources, watched: DockerWatched) -> ContainerSpec:
    return ContainerSpec(
        image=base.image(HOST_EXPORTER),
        memory_mib=MEMORY_MIB,
        vcpu=VCPU,
        seats=[base.seat(MONITORING, "host-exporter")],
        command=[
            "--path.procfs=/host/proc",
            "--path.sysfs=/host/sys",
            f"--collector.textfile.directory={EXCHANGE}",
            "--no-collector.filesystem",
        ],
        volumes={EXCHANGE: watched.workloads.backup.exchange} if watched.workloads.backup else {},
        host_paths={"/host/proc": "/proc", "/host/sys": "/sys"},
    )


def _containers(base: DockerBaseResources) -> ContainerSpec:
    return ContainerSpec(
        image=base.image(CONTAINER_EXPORTER),
        memory_mib=CONTAINERS_MEMORY_MIB,
        vcpu=VCPU,
        seats=[base.seat(MONITORING, "container-exporter")],
        # the counters of other users' containers are root's to read; no capability goes with it
        user="0:0",
        command=[
            f"--port={CONTAINER_EXPORTER_PORT}",
            f"--housekeeping_interval={SCRAPE_SECONDS}s",
            "--docker_only=false",
            "--disable_metrics=advtcp,cpu_topology,cpuset,hugetlb,memory_numa,percpu,process,referenced_memory,sched,tcp,udp",
        ],
        host_paths={"/sys": "/sys"},
    )
