"""PostgreSQL: its arguments, its volume, its roles, who gets in."""

from typing import cast

import pytest

from automation.plan.inventory import Inventory, Secret
from providers.docker.database.parameters import arguments
from providers.docker.database.resources import places
from tests.docker.asked import spec_of
from tests.docker.laid import command, container, files, items, uploads, variables
from tests.planning import plan, production


def settings(**parameters: object) -> list[str]:
    database = spec_of({"database.parameters": parameters}).database
    assert database is not None
    return [word for word in arguments(database) if word != "-c"]


def test_parameters_are_arguments_in_postgres_own_units() -> None:
    assert {"max_connections=150", "shared_buffers=65536", "work_mem=4096", "jit=off"} <= set(
        settings(max_connections=150, shared_buffers_mib=512, work_mem=4096, jit=False)
    )


def test_buffers_follow_the_memory() -> None:
    assert {"shared_buffers=524288", "effective_cache_size=1048576"} <= set(settings())


def test_every_argument_is_a_setting(prod: Inventory) -> None:
    words = command(container(prod, "database-server"))
    assert set(words[::2]) == {"-c"}
    assert all("=" in word for word in words[1::2])


def test_the_server_takes_nobody_without_tls_and_a_password(prod: Inventory) -> None:
    rules = files(prod, "database-server")["pg_hba.conf"].splitlines()
    assert rules == ["local all all trust", "hostssl all all all scram-sha-256"]
    assert {"ssl=on", "hba_file=/etc/agent-platform/pg_hba.conf"} <= set(command(container(prod, "database-server")))


def test_the_image_is_told_its_password_by_a_file(prod: Inventory) -> None:
    told = variables(container(prod, "database-server"))
    assert told["POSTGRES_PASSWORD_FILE"] == "/etc/agent-platform/password"
    assert (told["POSTGRES_USER"], told["POSTGRES_DB"]) == ("postgres", "agents")
    assert "POSTGRES_PASSWORD" not in told


def test_a_service_signs_in_as_no_superuser(prod: Inventory) -> None:
    url = variables(container(prod, "compute-chat-1"))["DATABASE_URL"]
    assert url.startswith("postgresql+psycopg://platform:")
    assert url.endswith("@database:5432/agents?sslmode=require")


def test_roles_get_their_passwords_from_files_and_none_is_logged(prod: Inventory) -> None:
    script = files(prod, "database-roles")["roles.sql"]
    assert "SET log_statement = 'none';" in script
    assert script.index("log_statement") < script.index("ALTER ROLE platform PASSWORD :'platform'")


def test_whoever_is_not_the_server_knows_it_by_its_certificate(prod: Inventory) -> None:
    for name in ("database-roles", "backup-dump"):
        assert variables(container(prod, name))["PGSSLMODE"] == "verify-full"


def test_the_volume_is_protected_as_the_spec_says() -> None:
    key = "database.deletion_protection"
    for wanted in (True, False):
        opened = {"profile": "development", key: wanted}
        assert plan(production(opened, cloud="docker")).one("prod-database-data").protect is wanted


def test_a_new_label_makes_no_new_volume(prod: Inventory) -> None:
    assert prod.one("prod-database-data").ignore_changes == ("labels",)


def test_two_servers_never_share_the_volume(prod: Inventory) -> None:
    assert container(prod, "database-server").options["deleteBeforeReplace"] is True


@pytest.mark.parametrize(
    ("version", "mount", "folder"),
    [
        ("14", "/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata"),
        ("17", "/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata"),
        ("18", "/var/lib/postgresql", "/var/lib/postgresql/18/docker"),
    ],
)
def test_the_volume_stands_where_the_image_keeps_its_data(version: str, mount: str, folder: str) -> None:
    assert places(version) == (mount, folder)


def test_a_volume_of_another_major_version_is_not_opened(prod: Inventory) -> None:
    server = container(prod, "database-server")
    assert variables(server)["AGENT_PLATFORM_MAJOR"] == "17"
    assert "cannot open this volume" in files(prod, "database-server")["postgres.sh"]


def test_the_server_is_asked_at_its_address_and_not_at_its_socket(prod: Inventory) -> None:
    check = cast("dict[str, list[str]]", container(prod, "database-server").inputs["healthcheck"])
    assert check["tests"][:3] == ["CMD", "pg_isready", "--host=127.0.0.1"]


def test_the_key_is_a_secret(prod: Inventory) -> None:
    given = uploads(prod, "database-server")
    (key,) = [upload for upload in given if str(upload["file"]).endswith("server.key")]
    assert isinstance(key["content"], Secret)
    assert items(container(prod, "database-server"), "volumes")
