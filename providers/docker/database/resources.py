"""PostgreSQL server in a container with a volume, reached as `database` over TLS by its users.

The image's initial user is a superuser and is used only inside the server's container and to create the roles. Services
and the exporter have separate roles, which a container creates, or updates with new passwords, once the server is up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.credentials import LIBPQ_SCHEME, generated_password, postgres_url
from providers.contract.results import Database, SecretRef
from providers.contract.spec import DatabaseSpec
from providers.docker.base.containers import (
    SCRIPTS_FOLDER,
    ContainerSpec,
    create_container,
    create_volume,
    script,
    script_path,
)
from providers.docker.base.platform_images import POSTGRES
from providers.docker.base.resources import DockerBaseResources, secret_reference
from providers.docker.compute.health import platform_probe
from providers.docker.compute.sizes import memory_mib
from providers.docker.database.parameters import DATABASE_NAME, SOCKET_FOLDER, USERNAME, arguments
from providers.docker.naming import CONFIG_FOLDER, DATABASE
from providers.docker.network.flows import DATA

PORT = 5432
SUPERUSER = "postgres"
SHARED_MEMORY_MIB = 256
"""For parallel queries; Docker's default of 64 MiB is too small for them."""
ACCESS_RULES = "local all all trust\nhostssl all all all scram-sha-256\n"
"""Only the server's container has its sockets; a connection over a network needs TLS and a password."""
FIRST_VERSION_WITH_FOLDERS = 18
"""First major version whose image keeps a folder for each version below the volume's mount path."""
ROLES_MEMORY_MIB = 128


@dataclass(frozen=True)
class Passwords:
    """Passwords by role; secret."""

    superuser: pulumi.Output[str]
    platform: pulumi.Output[str]
    monitor: pulumi.Output[str]


@dataclass(frozen=True)
class DockerDatabase(Database):
    """Database; `container` is the id of the server, `passwords` are also used by the exporter and the backups."""

    container: pulumi.Output[str]
    passwords: Passwords
    ready: docker.Container


def create_database(scope: Scope, base: DockerBaseResources) -> DockerDatabase:
    """Server for the spec's database, with its roles."""
    spec = base.spec.database
    if spec is None:
        raise ValueError("the platform has no database")
    passwords = Passwords(
        superuser=generated_password(scope, "superuser"),
        platform=generated_password(scope),
        monitor=generated_password(scope, "monitor"),
    )
    server = _server(scope, base, spec, passwords.superuser)
    roles = _roles(scope, base, passwords, server)
    url = postgres_url(USERNAME, passwords.platform, DATABASE, PORT, DATABASE_NAME)
    plain_url = postgres_url(USERNAME, passwords.platform, DATABASE, PORT, DATABASE_NAME, scheme=LIBPQ_SCHEME)

    def secret(name: str, value: pulumi.Output[str]) -> SecretRef:
        # a service that starts before its role exists could not connect
        return replace(secret_reference(name, value), grants=(roles,))

    return DockerDatabase(
        host=pulumi.Output.from_input(DATABASE),
        port=PORT,
        name=DATABASE_NAME,
        username=USERNAME,
        url=secret("database-url", url),
        plain_url=secret("database-plain-url", plain_url),
        password=secret("database-password", passwords.platform),
        container=server.id,
        passwords=passwords,
        ready=roles,
    )


def _server(
    scope: Scope, base: DockerBaseResources, spec: DatabaseSpec, superuser_password: pulumi.Output[str]
) -> docker.Container:
    """Container of the server; its volume is protected when `database.deletion_protection` is true."""
    certificate, image = base.keys.database, base.image(POSTGRES)
    if certificate is None:
        raise ValueError("the database has no certificate")
    volume = create_volume(scope, base.context, "data", image, protect=spec.deletion_protection)
    mount_path, data_folder = data_paths(spec.version)
    container = ContainerSpec(
        image=image,
        memory_mib=memory_mib(spec.size.memory_gib),
        vcpu=spec.size.vcpu,
        networks=[base.attachment(DATA, DATABASE), *base.user_attachments("database", DATABASE)],
        user=SUPERUSER,
        entrypoint=["/bin/sh", script_path("postgres")],
        command=arguments(spec),
        environment={
            "AGENT_PLATFORM_MAJOR": spec.version,
            "PGDATA": data_folder,
            "POSTGRES_DB": DATABASE_NAME,
            "POSTGRES_INITDB_ARGS": "--data-checksums --encoding=UTF8",
            "POSTGRES_PASSWORD_FILE": f"{CONFIG_FOLDER}/password",
            "POSTGRES_USER": SUPERUSER,
        },
        files={
            script_path("postgres"): script("postgres"),
            f"{CONFIG_FOLDER}/password": superuser_password,
            f"{CONFIG_FOLDER}/pg_hba.conf": ACCESS_RULES,
            f"{CONFIG_FOLDER}/server.crt": certificate.certificate,
            f"{CONFIG_FOLDER}/server.key": certificate.key,
        },
        volumes={mount_path: volume.name},
        tmpfs=["/tmp", SOCKET_FOLDER],  # noqa: S108  # in memory, private to the container
        # during initialization the image's server listens on its socket only
        probe=platform_probe("pg_isready", "--host=127.0.0.1", f"--username={SUPERUSER}", f"--dbname={DATABASE_NAME}"),
        shared_memory_mib=SHARED_MEMORY_MIB,
    )
    # two servers on one volume would corrupt it
    return create_container(scope, base.context, "server", container, [volume.ready], delete_before_replace=True)


def data_paths(version: str) -> tuple[str, str]:
    """Mount path of the volume and data folder below it, as the image of this major version expects them."""
    if int(version) >= FIRST_VERSION_WITH_FOLDERS:
        return "/var/lib/postgresql", f"/var/lib/postgresql/{version}/docker"
    return "/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata"


def _roles(scope: Scope, base: DockerBaseResources, passwords: Passwords, server: docker.Container) -> docker.Container:
    """Container that creates the roles of the services and the exporter; an update waits until it exits."""
    container = ContainerSpec(
        image=base.image(POSTGRES),
        memory_mib=ROLES_MEMORY_MIB,
        vcpu=0.5,
        networks=[base.attachment(DATA)],
        entrypoint=["/bin/sh", script_path("roles")],
        # the id of the server makes this run again for a new server, whose volume may be new and have no roles
        environment={**connection_variables(SUPERUSER), "SERVER": server.id},
        files={
            script_path("roles"): script("roles"),
            f"{CONFIG_FOLDER}/roles.sql": (SCRIPTS_FOLDER / "roles.sql").read_text(encoding="utf-8"),
            f"{CONFIG_FOLDER}/ca.pem": base.keys.authority,
            f"{CONFIG_FOLDER}/password": passwords.superuser,
            f"{CONFIG_FOLDER}/platform": passwords.platform,
            f"{CONFIG_FOLDER}/monitor": passwords.monitor,
        },
        run_once=True,
    )
    return create_container(scope, base.context, "roles", container)


def connection_variables(user: str) -> Mapping[str, pulumi.Input[str]]:
    """Variables with which libpq connects to the server and verifies its certificate."""
    return {
        "PGDATABASE": DATABASE_NAME,
        "PGHOST": DATABASE,
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": f"{CONFIG_FOLDER}/ca.pem",
        "PGUSER": user,
    }
