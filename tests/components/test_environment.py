"""Environment variables and secrets of a service."""

import asyncio

import pulumi
import pytest

from components.environment import ServiceInputs, environment_of
from providers.contract.results import ObjectStore, SecretRef
from providers.contract.spec import Service, Size
from providers.contract.variables import call_variable, generated_names

IMAGE = "api:1"


def reference(name: str) -> SecretRef:
    empty = pulumi.Output.from_input("")
    return SecretRef(name, reference=empty, version=empty)


@pytest.fixture(scope="module")
def inputs() -> ServiceInputs:
    """Storage and two secrets. Outputs need an event loop, which Python 3.12 and newer do not create implicitly.

    The loop stays set, because other tests of the process may expect one.
    """
    asyncio.set_event_loop(asyncio.new_event_loop())
    return ServiceInputs(
        address=lambda service: f"http://{service}",
        storage=ObjectStore(bucket=pulumi.Output.from_input("b"), endpoint_url=pulumi.Output.from_input("e")),
        secrets={"TOKEN": reference("TOKEN"), "OTHER": reference("OTHER")},
    )


def test_a_service_gets_its_port_and_nothing_else(inputs: ServiceInputs) -> None:
    environment = environment_of(Service(image=IMAGE, port=8000), inputs)
    assert (dict(environment.plain), dict(environment.secrets)) == ({"PORT": "8000"}, {})


def test_a_worker_has_no_port(inputs: ServiceInputs) -> None:
    assert "PORT" not in environment_of(Service(image=IMAGE), inputs).plain


def test_a_call_gives_the_address_of_the_called_service(inputs: ServiceInputs) -> None:
    environment = environment_of(Service(image=IMAGE, calls=("tool-api",)), inputs)
    assert environment.plain["TOOL_API_URL"] == "http://tool-api"


def test_a_service_gets_only_the_secrets_it_lists(inputs: ServiceInputs) -> None:
    assert set(environment_of(Service(image=IMAGE, secrets=("TOKEN",)), inputs).secrets) == {"TOKEN"}


def test_a_service_that_uses_storage_gets_its_variables(inputs: ServiceInputs) -> None:
    plain = environment_of(Service(image=IMAGE, uses=("storage",)), inputs).plain
    assert {"STORAGE_BUCKET", "STORAGE_ENDPOINT_URL"} <= set(plain)


def test_a_users_web_concurrency_takes_precedence(inputs: ServiceInputs) -> None:
    service = Service(app="fastapi", image=IMAGE, size=Size(vcpu=4), environment={"WEB_CONCURRENCY": "9"})
    assert environment_of(service, inputs).plain["WEB_CONCURRENCY"] == "9"


def test_generated_names_are_the_names_that_are_set(inputs: ServiceInputs) -> None:
    service = Service(image=IMAGE, port=1024, uses=("storage",), calls=("chat",))
    assert set(environment_of(service, inputs).plain) == generated_names(service)


def test_a_hyphen_becomes_an_underscore() -> None:
    assert call_variable("tool-api") == "TOOL_API_URL"
