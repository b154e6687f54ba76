"""Who may sign in: the services' role and the exporter's, made by a container that ends when they are there."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.docker.base.container import ContainerSpec, create_container
from providers.docker.base.platform_images import POSTGRES
from providers.docker.base.resources import DockerBaseResources
from providers.docker.database.parameters import CONFIG
from providers.docker.naming import DATABASE
from providers.docker.network.plan import DATA
from providers.docker.scripts import FOLDER, script, script_path

MEMORY_MIB = 128


@dataclass(frozen=True)
class Passwords:
    """Passwords by role; secret."""

    superuser: pulumi.Output[str]
    platform: pulumi.Output[str]
    monitor: pulumi.Output[str]


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
