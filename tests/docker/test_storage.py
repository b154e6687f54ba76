"""Object storage: rights by bucket, versioning, lifecycle and closed interfaces."""

import json

import pytest

from automation.plan.inventory import Inventory
from tests.docker.plans import command, container, files, variables
from tests.planning import plan, production


def users(prod: Inventory) -> dict[str, list[str]]:
    document = json.loads(files(prod, "storage-server")["s3.json"])
    return {user["name"]: user["actions"] for user in document["identities"]}


def test_a_service_reads_and_writes_its_bucket_and_no_other(prod: Inventory) -> None:
    assert users(prod)["prod-service-gateway"] == ["Read:agents", "Write:agents", "List:agents", "Tagging:agents"]


def test_only_services_that_use_storage_have_a_key(prod: Inventory) -> None:
    assert set(users(prod)) == {"prod-service-gateway", "prod-courier", "prod-keeper"}
    assert "AWS_SECRET_ACCESS_KEY" not in variables(container(prod, "compute-chat-1"))


def test_only_the_courier_can_read_backups(prod: Inventory) -> None:
    readers = {name for name, actions in users(prod).items() if any(action.endswith(":backups") for action in actions)}
    assert readers == {"prod-courier"}


def test_a_service_gets_bucket_endpoint_and_key_in_the_variables_of_s3_clients(prod: Inventory) -> None:
    environment = variables(container(prod, "compute-gateway-1"))
    assert (environment["STORAGE_BUCKET"], environment["STORAGE_ENDPOINT_URL"]) == ("agents", "http://storage:8333")
    assert environment["AWS_ACCESS_KEY_ID"] == "prod-service-gateway"
    assert environment["AWS_ENDPOINT_URL_S3"] == "http://storage:8333"


def test_a_service_starts_after_its_bucket_exists(prod: Inventory) -> None:
    assert container(prod, "storage-buckets").urn in container(prod, "compute-gateway-1").depends_on


def test_interfaces_without_a_password_are_closed(prod: Inventory) -> None:
    arguments = command(container(prod, "storage-server"))
    assert {"-ip.bind=127.0.0.1", "-s3.ip.bind=0.0.0.0", "-s3.port.iceberg=0"} <= set(arguments)


@pytest.mark.parametrize(("versioning", "status"), [(True, "Enabled"), (False, "Suspended")])
def test_the_spec_sets_versioning(versioning: bool, status: str) -> None:
    inventory = plan(production({"profile": "development", "storage.versioning": versioning}, cloud="docker"))
    assert json.loads(files(inventory, "storage-buckets")["agents.versioning"]) == {"Status": status}


def test_replaced_objects_expire_after_the_days_of_the_spec(prod: Inventory) -> None:
    (rule,) = json.loads(files(prod, "storage-buckets")["agents.lifecycle"])["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}


def test_production_protects_the_volume(prod: Inventory) -> None:
    assert prod.one("prod-storage-data").protect
    development = plan(production({"profile": "development"}, cloud="docker"))
    assert not development.one("prod-storage-data").protect


def test_telemetry_is_off(prod: Inventory) -> None:
    assert "-master.telemetry=false" in command(container(prod, "storage-server"))
