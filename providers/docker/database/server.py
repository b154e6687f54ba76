"""The server itself: its container, its volume, its files."""

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.spec import DatabaseSpec
from providers.docker.base.container import ContainerSpec, create_container
from providers.docker.base.platform_images import POSTGRES
from providers.docker.base.resources import DockerBaseResources
from providers.docker.base.volume import create_volume
from providers.docker.compute.health import own_probe
from providers.docker.compute.sizes import memory_mib
from providers.docker.database.parameters import CONFIG, SOCKETS, arguments
from providers.docker.naming import DATABASE
from providers.docker.network.plan import DATA
from providers.docker.scripts import script, script_path

PORT = 5432
USER = "postgres"
SHARED_MEMORY_MIB = 256
"""For the parallel parts of a query; Docker's own 64 MiB are too few for them."""
ACCESS = "local all all trust\nhostssl all all all scram-sha-256\n"
"""Only the server's own container has its sockets; whoever comes over a network comes over TLS and with a password."""
FIRST_NESTED = 18
"""From this major version on, the image keeps a folder for each version in the one that the volume takes."""


def create_server(
    scope: Scope, base: DockerBaseResources, wanted: DatabaseSpec, superuser: pulumi.Output[str]
) -> docker.Container:
    """The container of the server, its volume kept from deletion when the spec says so."""
    keys, image = base.keys.database, base.image(POSTGRES)
    if keys is None:
        raise ValueError("the database has no certificate")
    volume = create_volume(scope, base.context, "data", image, protect=wanted.deletion_protection)
    mount, folder = places(wanted.version)
    box = ContainerSpec(
        image=image,
        memory_mib=memory_mib(wanted.size.memory_gib),
        vcpu=wanted.size.vcpu,
        seats=[base.seat(DATA, DATABASE), *base.beside("database", DATABASE)],
        user=USER,
        entrypoint=["/bin/sh", script_path("postgres")],
        command=arguments(wanted),
        environment={
            "AGENT_PLATFORM_MAJOR": wanted.version,
            "PGDATA": folder,
            "POSTGRES_DB": "agents",
            "POSTGRES_INITDB_ARGS": "--data-checksums --encoding=UTF8",
            "POSTGRES_PASSWORD_FILE": f"{CONFIG}/password",
            "POSTGRES_USER": USER,
        },
        files={
            script_path("postgres"): script("postgres"),
            f"{CONFIG}/password": superuser,
            f"{CONFIG}/pg_hba.conf": ACCESS,
            f"{CONFIG}/server.crt": keys.certificate,
            f"{CONFIG}/server.key": keys.key,
        },
        volumes={mount: volume.name},
        scratch=["/tmp", SOCKETS],  # noqa: S108  # file systems in memory, of the container's own
        # the socket answers while the image prepares the first start, the address only afterwards
        probe=own_probe("pg_isready", "--host=127.0.0.1", f"--username={USER}", "--dbname=agents"),
        shared_memory_mib=SHARED_MEMORY_MIB,
    )
    # two servers on one volume would destroy it
    return create_container(scope, base.context, "server", box, [volume.ready], replace_first=True)


def places(version: str) -> tuple[str, str]:
    """Where the volume stands, and the folder of the data in it, as the image of this major version has them."""
    if int(version) >= FIRST_NESTED:
        return "/var/lib/postgresql", f"/var/lib/postgresql/{version}/docker"
    return "/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata"
