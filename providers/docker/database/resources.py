"""PostgreSQL: one container with a volume, over TLS alone, known as `database` to the services that use it.

The image's own user is a superuser and stays in the server's container; services and exporter have roles of their own,
which a container makes, or gives new passwords, once the server answers.
"""

from dataclasses import dataclass, replace

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.contract.credentials import generated_password, postgres_url
from providers.contract.results import Database
from providers.docker.base.resources import DockerBaseResources
from providers.docker.base.secrets import create_secret
from providers.docker.database.roles import Passwords, create_roles
from providers.docker.database.server import PORT, create_server
from providers.docker.naming import DATABASE

__all__ = ["DockerDatabase", "create_database"]

DATABASE_NAME = "agents"
USERNAME = "platform"


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
