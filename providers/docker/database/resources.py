"""PostgreSQL: one container with a volume, over TLS alone, known as `database` to the services that use it.

The image's own user is a superuser and stays in the server's container; services and exporter have roles of their own,
which a container makes, or gives new passwords, once the server answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.credentials import generated_password, postgres_url
from providers.contract.results import Database
from providers.contract.spec import DatabaseSpec
from providers.docker.base.containers import ContainerSpec, create_container, create_volume
from providers.docker.base.platform_images import POSTGRES
from providers.docker.base.resources import DockerBaseResources
from providers.docker.base.secrets import create_secret
from providers.docker.compute.health import own_probe
from providers.docker.compute.sizes import memory_mib
from providers.docker.database.parameters import CONFIG, SOCKETS, arguments
from providers.docker.naming import DATABASE
from providers.docker.network.plan import DATA
from providers.docker.scripts import FOLDER, script, script_path

DATABASE_NAME = "agents"
USERNAME = "platform"


@dataclass(frozen=True)
class Passwords:
    """Passwords by role; secret."""

    superuser: pulumi.Output[str]
    platform: pulumi.Output[str]
    monitor: pulumi.Output[str]


@dataclass(frozen=True)
class DockerDatabase(Database):
    """`container` is the id of the server's container; `passwords` open the server for whoever watches or dumps it."""

    container: pulumi.Output[str]
    passwords: Passwords
    ready: docker.Container


def create_database(scope: Scope, base: DockerBaseResources) -> DockerDatabase:
    """One server for the spec's database, with its roles."""
    wanted = base.spec.database
    if wanted is None:
        raise ValueError("the platform has no database")
    passwords = Passwords(
        superuser=generated_password(scope, "superuser"),
        platform=generated_password(scope),
        monitor=generated_password(scope, "monitor"),
    )
    server = create_server(scope, base, wanted, passwords.superuser)
    roles = create_roles(scope, base, passwords, server)
    url = postgres_url(USERNAME, passwords.platform, DATABASE, PORT, DATABASE_NAME)
    secret = create_secret(scope, base, "database-url", url, base.spec.users_of("database"))
    return DockerDatabase(
        host=pulumi.Output.from_input(DATABASE),
        port=PORT,
        name=DATABASE_NAME,
        username=USERNAME,
        # a reader that starts before its role exists would be turned away
        url=replace(secret, grants=(roles,)),
        container=server.id,
        passwords=passwords,
        ready=roles,
    )


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


MEMORY_MIB = 128


def create_roles(
    scope: Scope, base: DockerBaseResources, passwords: Passwords, server: docker.Container
) -> docker.Container:
    """The container that makes the roles; an update waits until it has."""
    box = ContainerSpec(
        image=base.image(POSTGRES),
        memory_mib=MEMORY_MIB,
        vcpu=0.5,
        seats=[base.seat(DATA)],
        entrypoint=["/bin/sh", script_path("roles")],
        # another server is made with an empty volume where the old one is lost, and has no roles yet
        environment={**connection("postgres"), "SERVER": server.id},
        files={
            script_path("roles"): script("roles"),
            f"{CONFIG}/roles.sql": (FOLDER / "roles.sql").read_text(encoding="utf-8"),
            f"{CONFIG}/ca.pem": base.keys.authority,
            f"{CONFIG}/password": passwords.superuser,
            f"{CONFIG}/platform": passwords.platform,
            f"{CONFIG}/monitor": passwords.monitor,
        },
        once=True,
    )
    return create_container(scope, base.context, "roles", box)


def connection(user: str) -> Mapping[str, pulumi.Input[str]]:
    """Variables by which libpq finds the server and knows it for the right one."""
    return {
        "PGDATABASE": "agents",
        "PGHOST": DATABASE,
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": f"{CONFIG}/ca.pem",
        "PGUSER": user,
    }
