"""PostgreSQL: arguments, volume, roles and access."""

from urllib.parse import quote

import pytest

from automation.plan.inventory import Inventory, Secret
from providers.docker.database.parameters import arguments
from providers.docker.database.resources import data_paths
from providers.docker.preflight.daemon import fields, values
from tests.docker.plans import command, container, files, secret_file, settings, variables
from tests.docker.specs import spec_of
from tests.planning import plan, production


def parameters(**changes: object) -> list[str]:
    database = spec_of({"database.parameters": changes}).database
    assert database is not None
    return [word for word in arguments(database) if word != "-c"]


def test_parameters_are_arguments_in_the_units_of_postgresql() -> None:
    assert {"max_connections=150", "shared_buffers=65536", "work_mem=4096", "jit=off"} <= set(
        parameters(max_connections=150, shared_buffers_mib=512, work_mem=4096, jit=False)
    )


def test_buffers_follow_the_memory() -> None:
    assert {"shared_buffers=524288", "effective_cache_size=1048576"} <= set(parameters())


def test_every_argument_is_a_parameter(prod: Inventory) -> None:
    words = command(container(prod, "database-server"))
    assert set(words[::2]) == {"-c"}
    assert all("=" in word for word in words[1::2])


def test_network_connections_need_tls_and_a_password(prod: Inventory) -> None:
    rules = files(prod, "database-server")["pg_hba.conf"].splitlines()
    assert rules == ["local all all trust", "hostssl all all all scram-sha-256"]
    assert {"ssl=on", "hba_file=/etc/agent-platform/pg_hba.conf"} <= set(command(container(prod, "database-server")))


def test_the_image_reads_its_password_from_a_file(prod: Inventory) -> None:
    environment = variables(container(prod, "database-server"))
    assert environment["POSTGRES_PASSWORD_FILE"] == "/etc/agent-platform/password"
    assert (environment["POSTGRES_USER"], environment["POSTGRES_DB"]) == ("postgres", "agents")
    assert "POSTGRES_PASSWORD" not in environment


def test_a_service_does_not_connect_as_superuser(prod: Inventory) -> None:
    url = variables(container(prod, "compute-chat-1"))["DATABASE_URL"]
    assert url.startswith("postgresql+psycopg://platform:")
    assert url.endswith("@database:5432/agents?sslmode=require")


def test_a_service_gets_the_variables_of_libpq_with_the_password_as_a_secret(prod: Inventory) -> None:
    chat = container(prod, "compute-chat-1")
    environment = variables(chat)
    expected = {"PGHOST": "database", "PGPORT": "5432", "PGDATABASE": "agents", "PGUSER": "platform"}
    assert expected.items() <= environment.items()
    password = environment["PGPASSWORD"]
    assert f":{quote(password)}@" in environment["DATABASE_URL"]
    plain = [text for text in values(chat.inputs["envs"]) if not isinstance(text, Secret)]
    assert not [text for text in plain if password in str(text)]


def test_django_gets_the_url_form_that_it_accepts() -> None:
    django = plan(production({"services.chat.app": "django"}, cloud="docker"))
    url = variables(container(django, "compute-chat-1"))["DATABASE_URL"]
    assert url.startswith("postgresql://platform:")


def test_roles_get_their_passwords_from_files_and_none_is_logged(prod: Inventory) -> None:
    script = files(prod, "database-roles")["roles.sql"]
    assert "SET log_statement = 'none';" in script
    assert script.index("log_statement") < script.index("ALTER ROLE platform PASSWORD :'platform'")


def test_clients_of_the_platform_verify_the_certificate_of_the_server(prod: Inventory) -> None:
    for name in ("database-roles", "backup-dump"):
        assert variables(container(prod, name))["PGSSLMODE"] == "verify-full"


@pytest.mark.parametrize("protected", [True, False])
def test_the_spec_sets_the_protection_of_the_volume(protected: bool) -> None:
    changes = {"profile": "development", "database.deletion_protection": protected}
    assert plan(production(changes, cloud="docker")).one("prod-database-data").protect is protected


def test_a_changed_label_does_not_replace_the_volume(prod: Inventory) -> None:
    assert prod.one("prod-database-data").ignore_changes == ("labels",)


def test_two_servers_never_share_the_volume(prod: Inventory) -> None:
    assert container(prod, "database-server").options["deleteBeforeReplace"] is True


@pytest.mark.parametrize(
    ("version", "mount_path", "folder"),
    [
        ("14", "/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata"),
        ("17", "/var/lib/postgresql/data", "/var/lib/postgresql/data/pgdata"),
        ("18", "/var/lib/postgresql", "/var/lib/postgresql/18/docker"),
    ],
)
def test_the_volume_is_mounted_where_the_image_keeps_its_data(version: str, mount_path: str, folder: str) -> None:
    assert data_paths(version) == (mount_path, folder)


def test_a_volume_of_another_major_version_is_not_opened(prod: Inventory) -> None:
    server = container(prod, "database-server")
    assert variables(server)["AGENT_PLATFORM_MAJOR"] == "17"
    assert "cannot open this volume" in files(prod, "database-server")["postgres.sh"]


def test_the_health_check_uses_the_address_and_not_the_socket(prod: Inventory) -> None:
    check = fields(container(prod, "database-server").inputs["healthcheck"])
    assert [*values(check["tests"])][:3] == ["CMD", "pg_isready", "--host=127.0.0.1"]


def test_the_private_key_is_a_secret_file(prod: Inventory) -> None:
    assert isinstance(secret_file(prod, "database-server", "server.key"), Secret)
    assert settings(container(prod, "database-server"), "volumes")
