"""Environment variables and secrets of a service."""

import asyncio

import pulumi
import pytest

from components.environment import ServiceInputs, environment_of
from providers.contract.results import Database, Environment, ObjectStore, SecretRef
from providers.contract.spec import Platform, Service, Size
from providers.contract.spec.platform import AwsBlock
from providers.contract.variables import LIBPQ, call_variable, generated_names

IMAGE = "api:1"


def reference(name: str) -> SecretRef:
    empty = pulumi.Output.from_input("")
    return SecretRef(name, reference=empty, version=empty)


def of(service: Service, inputs: ServiceInputs) -> Environment:
    models = ("one", "two")
    spec = Platform(
        cloud="aws",
        aws=AwsBlock(region="us-west-2", account_id="111122223333", models=models),
        services={"api": service},
    )
    return environment_of(spec, "api", inputs)


@pytest.fixture(scope="module")
def inputs() -> ServiceInputs:
    """Data stores, models and two secrets. Outputs need an event loop, which Python 3.12 and newer do not create implicitly.

    The loop stays set, because other tests of the process may expect one.
    """
    asyncio.set_event_loop(asyncio.new_event_loop())
    return ServiceInputs(
        address=lambda service: f"http://{service}",
        database=Database(
            host=pulumi.Output.from_input("db"),
            port=5432,
            name="app",
            username="app",
            url=reference("url"),
            plain_url=reference("plain-url"),
            password=reference("password"),
        ),
        models={"AWS_REGION": "us-west-2"},
        storage=ObjectStore(bucket=pulumi.Output.from_input("b"), endpoint_url=pulumi.Output.from_input("e")),
        secrets={"TOKEN": reference("TOKEN"), "OTHER": reference("OTHER"), "PGPASSWORD": reference("own")},
    )


def test_a_service_gets_its_port_and_nothing_else(inputs: ServiceInputs) -> None:
    environment = of(Service(image=IMAGE, port=8000), inputs)
    assert (dict(environment.plain), dict(environment.secrets)) == ({"PORT": "8000"}, {})


def test_a_worker_has_no_port(inputs: ServiceInputs) -> None:
    assert "PORT" not in of(Service(image=IMAGE), inputs).plain


def test_a_call_gives_the_address_of_the_called_service(inputs: ServiceInputs) -> None:
    environment = of(Service(image=IMAGE, calls=("tool-api",)), inputs)
    assert environment.plain["TOOL_API_URL"] == "http://tool-api"


def test_a_service_gets_only_the_secrets_it_lists(inputs: ServiceInputs) -> None:
    assert set(of(Service(image=IMAGE, secrets=("TOKEN",)), inputs).secrets) == {"TOKEN"}


def test_a_service_that_uses_storage_gets_its_variables(inputs: ServiceInputs) -> None:
    plain = of(Service(image=IMAGE, uses=("storage",)), inputs).plain
    assert {"STORAGE_BUCKET", "STORAGE_ENDPOINT_URL"} <= set(plain)


def test_a_users_web_concurrency_takes_precedence(inputs: ServiceInputs) -> None:
    service = Service(app="fastapi", image=IMAGE, size=Size(vcpu=4), environment={"WEB_CONCURRENCY": "9"})
    assert of(service, inputs).plain["WEB_CONCURRENCY"] == "9"


def test_generated_names_are_the_names_that_are_set(inputs: ServiceInputs) -> None:
    service = Service(image=IMAGE, port=1024, uses=("storage",), calls=("chat",))
    assert set(of(service, inputs).plain) == generated_names(service)


def test_a_service_that_uses_the_database_gets_the_url_and_the_variables_of_libpq(inputs: ServiceInputs) -> None:
    environment = of(Service(image=IMAGE, uses=("database",)), inputs)
    assert set(environment.plain) == set(LIBPQ) - {"PGPASSWORD"}
    assert (environment.plain["PGPORT"], environment.plain["PGUSER"]) == ("5432", "app")
    assert {name: secret.name for name, secret in environment.secrets.items()} == {
        "DATABASE_URL": "url",
        "PGPASSWORD": "password",
    }


@pytest.mark.parametrize(("app", "secret"), [("django", "plain-url"), ("agentos", "url"), ("custom", "url")])
def test_the_form_of_the_url_follows_the_application(inputs: ServiceInputs, app: str, secret: str) -> None:
    service = Service.model_validate({"app": app, "image": IMAGE, "uses": ("database",)})
    assert of(service, inputs).secrets["DATABASE_URL"].name == secret


def test_a_service_that_uses_models_gets_their_ids_and_the_variables_of_the_cloud(inputs: ServiceInputs) -> None:
    plain = of(Service(image=IMAGE, uses=("models",)), inputs).plain
    assert dict(plain) == {"MODELS": "one,two", "AWS_REGION": "us-west-2"}


@pytest.mark.parametrize("app", ["agentos", "fastapi"])
def test_a_server_keeps_idle_connections_longer_than_the_entry(inputs: ServiceInputs, app: str) -> None:
    service = Service.model_validate({"app": app, "image": IMAGE})
    assert of(service, inputs).plain["UVICORN_TIMEOUT_KEEP_ALIVE"] == "125"


@pytest.mark.parametrize("app", ["django", "fastapi"])
def test_gunicorn_keeps_idle_connections_longer_than_the_entry(inputs: ServiceInputs, app: str) -> None:
    service = Service.model_validate({"app": app, "image": IMAGE})
    assert of(service, inputs).plain["GUNICORN_CMD_ARGS"] == "--keep-alive=125"


def test_a_users_variable_takes_precedence_and_is_set_once(inputs: ServiceInputs) -> None:
    own = {"PGHOST": "proxy", "MODELS": "three", "AWS_REGION": "eu-west-1", "UVICORN_TIMEOUT_KEEP_ALIVE": "9"}
    service = Service(app="fastapi", image=IMAGE, uses=("database", "models"), environment=own, secrets=("PGPASSWORD",))
    environment = of(service, inputs)
    assert {name: environment.plain[name] for name in own} == own
    assert environment.secrets["PGPASSWORD"].name == "own"
    assert not set(environment.plain) & set(environment.secrets)


def test_a_users_plain_variable_takes_the_place_of_a_secret_one(inputs: ServiceInputs) -> None:
    environment = of(Service(image=IMAGE, uses=("database",), environment={"PGPASSWORD": "none"}), inputs)
    assert ("PGPASSWORD" in environment.plain, "PGPASSWORD" in environment.secrets) == (True, False)


def test_a_hyphen_becomes_an_underscore() -> None:
    assert call_variable("tool-api") == "TOOL_API_URL"
