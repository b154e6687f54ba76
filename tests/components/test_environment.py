"""Environment variables and secrets of a service."""

import pulumi

from components.environment import ServiceInputs, environment_of
from providers.contract.results import ObjectStore, SecretRef
from providers.contract.spec import Service, Size
from providers.contract.variables import call_variable, generated_names

IMAGE = "api:1"


def reference(name: str) -> SecretRef:
    empty = pulumi.Output.from_input("")
    return SecretRef(name, reference=empty, version=empty)


AROUND = ServiceInputs(
    address=lambda service: f"http://{service}",
    storage=ObjectStore(bucket=pulumi.Output.from_input("b"), endpoint_url=pulumi.Output.from_input("e")),
    secrets={"TOKEN": reference("TOKEN"), "OTHER": reference("OTHER")},
)


def test_a_service_gets_its_port_and_nothing_it_did_not_ask_for() -> None:
    environment = environment_of(Service(image=IMAGE, port=8000), AROUND)
    assert (dict(environment.plain), dict(environment.secrets)) == ({"PORT": "8000"}, {})


def test_a_worker_has_no_port() -> None:
    assert "PORT" not in environment_of(Service(image=IMAGE), AROUND).plain


def test_a_call_gives_the_address_of_the_called() -> None:
    environment = environment_of(Service(image=IMAGE, calls=("tool-api",)), AROUND)
    assert environment.plain["TOOL_API_URL"] == "http://tool-api"


def test_a_service_gets_only_the_secrets_it_lists() -> None:
    assert set(environment_of(Service(image=IMAGE, secrets=("TOKEN",)), AROUND).secrets) == {"TOKEN"}


def test_storage_is_named_to_those_that_use_it() -> None:
    plain = environment_of(Service(image=IMAGE, uses=("storage",)), AROUND).plain
    assert {"STORAGE_BUCKET", "STORAGE_ENDPOINT_URL"} <= set(plain)


def test_a_users_own_web_concurrency_wins() -> None:
    service = Service(app="fastapi", image=IMAGE, size=Size(vcpu=4), environment={"WEB_CONCURRENCY": "9"})
    assert environment_of(service, AROUND).plain["WEB_CONCURRENCY"] == "9"


def test_generated_names_are_the_names_that_are_set() -> None:
    service = Service(image=IMAGE, port=1024, uses=("storage",), calls=("chat",))
    assert set(environment_of(service, AROUND).plain) == generated_names(service)


def test_a_hyphen_becomes_an_underscore() -> None:
    assert call_variable("tool-api") == "TOOL_API_URL"
