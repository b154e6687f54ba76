"""Objects: who may do what in which bucket, what is kept of the old, which doors are shut."""

import json
from typing import cast

from automation.plan.inventory import Inventory
from tests.docker.laid import command, container, files, variables
from tests.planning import plan, production


def users(prod: Inventory) -> dict[str, list[str]]:
    document = json.loads(files(prod, "storage-server")["s3.json"])
    return {user["name"]: user["actions"] for user in document["identities"]}


def test_a_service_reads_and_writes_its_bucket_and_no_other(prod: Inventory) -> None:
    assert users(prod)["prod-service-gateway"] == ["Read:agents", "Write:agents", "List:agents", "Tagging:agents"]


def test_only_services_that_use_storage_have_a_key(prod: Inventory) -> None:
    assert set(users(prod)) == {"prod-service-gateway", "prod-courier", "prod-keeper"}
    assert "AWS_SECRET_ACCESS_KEY" not in variables(container(prod, "compute-chat-1"))


def test_backups_are_the_couriers_alone(prod: Inventory) -> None:
    readers = {name for name, actions in users(prod).items() if any(action.endswith(":backups") for action in actions)}
    assert readers == {"prod-courier"}


def test_a_service_finds_bucket_endpoint_and_key_where_s3_clients_look(prod: Inventory) -> None:
    told = variables(container(prod, "compute-gateway-1"))
    assert (told["STORAGE_BUCKET"], told["STORAGE_ENDPOINT_URL"]) == ("agents", "http://storage:8333")
    assert (told["AWS_ACCESS_KEY_ID"], told["AWS_ENDPOINT_URL_S3"]) == ("prod-service-gateway", "http://storage:8333")


def test_a_service_starts_after_its_bucket_is_there(prod: Inventory) -> None:
    assert container(prod, "storage-buckets").urn in container(prod, "compute-gateway-1").depends_on


def test_doors_without_a_password_are_shut(prod: Inventory) -> None:
    words = command(container(prod, "storage-server"))
    assert {"-ip.bind=127.0.0.1", "-s3.ip.bind=0.0.0.0", "-s3.port.iceberg=0"} <= set(words)


def test_versions_are_kept_as_the_spec_says() -> None:
    for wanted, status in ((True, "Enabled"), (False, "Suspended")):
        found = plan(production({"profile": "development", "storage.versioning": wanted}, cloud="docker"))
        told = json.loads(files(found, "storage-buckets")["agents.versioning"])
        assert told == {"Status": status}


def test_replaced_objects_go_after_the_specs_days(prod: Inventory) -> None:
    (rule,) = json.loads(files(prod, "storage-buckets")["agents.lifecycle"])["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}


def test_production_keeps_the_volume(prod: Inventory) -> None:
    assert prod.one("prod-storage-data").protect
    lighter = plan(production({"profile": "development"}, cloud="docker"))
    assert not lighter.one("prod-storage-data").protect


def test_nothing_is_reported_to_the_makers(prod: Inventory) -> None:
    assert "-master.telemetry=false" in cast("list[str]", container(prod, "storage-server").inputs["command"])
