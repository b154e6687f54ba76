"""Redis protocol on Memorystore: closed, encrypted, and trusted by those who use it."""

from typing import cast

from automation.plan.inventory import Inventory, Secret
from providers.contract.variables import REDIS_CA_FILE
from tests.gcp.lighter import lighter

Values = dict[str, object]


def template(plan: Inventory, name: str, kind: str) -> dict[str, list[Values]]:
    return cast("dict[str, list[Values]]", plan.one(name, f"cloudrunv2:{kind}").inputs["template"])


def mounts(plan: Inventory, name: str, kind: str) -> list[Values]:
    """Where files stand in the first container."""
    return cast("list[Values]", template(plan, name, kind)["containers"][0].get("volumeMounts", []))


def inputs(plan: Inventory, stack: str = "prod") -> dict[str, object]:
    return dict(plan.one(f"{stack}-cache", "redis:Instance").inputs)


def test_a_password_and_tls_are_needed(prod: Inventory) -> None:
    assert (inputs(prod)["authEnabled"], inputs(prod)["transitEncryptionMode"]) == (True, "SERVER_AUTHENTICATION")


def test_the_cache_takes_its_address_from_the_private_range(prod: Inventory) -> None:
    assert inputs(prod)["connectMode"] == "PRIVATE_SERVICE_ACCESS"
    assert inputs(prod)["authorizedNetwork"] == "<compute:Network prod-network>.id"
    assert inputs(prod)["reservedIpRange"] == "<compute:GlobalAddress prod-network-private>.name"


def test_the_cache_is_encrypted_by_the_platforms_key(prod: Inventory) -> None:
    assert inputs(prod)["customerManagedKey"] == "<kms:CryptoKey prod-keys-data>.id"


def test_high_availability_is_a_replica_in_another_zone(prod: Inventory) -> None:
    assert (inputs(prod)["tier"], inputs(lighter(), "dev")["tier"]) == ("STANDARD_HA", "BASIC")


def test_memory_and_eviction_are_the_specs(prod: Inventory) -> None:
    assert (inputs(prod)["memorySizeGb"], inputs(lighter(), "dev")["memorySizeGb"]) == (3, 1)
    assert inputs(prod)["redisConfigs"] == {"maxmemory-policy": "allkeys-lru"}
    assert inputs(lighter(), "dev")["redisConfigs"] == {"maxmemory-policy": "noeviction"}


def test_production_does_not_lose_its_cache_by_accident(prod: Inventory) -> None:
    assert (inputs(prod)["deletionProtection"], inputs(lighter(), "dev")["deletionProtection"]) == (True, False)


def test_a_plain_url_checks_the_server_by_its_own_authority(prod: Inventory) -> None:
    value = prod.one("prod-cache-redis-url-value").inputs["secretData"]
    assert isinstance(value, Secret)
    assert str(value.value).startswith("rediss://:")
    assert str(value.value).endswith(
        "@<redis:Instance prod-cache>.host:6378/0?ssl_cert_reqs=required&ssl_check_hostname=false"
        "&ssl_ca_certs=%2Fetc%2Fagent-platform%2Fredis%2Fca.pem"
    )


def test_the_authority_is_stored_for_those_who_use_the_cache(prod: Inventory) -> None:
    assert prod.one("prod-cache-redis-ca-value").inputs["secretData"] == Secret(
        "<redis:Instance prod-cache>.serverCaCerts[0].cert"
    )
    readers = [r for r in prod.of_type("secretmanager:SecretIamMember") if r.inputs["secretId"] == "prod-redis-ca"]
    assert {reader.name for reader in readers} == {"prod-cache-redis-ca-gateway", "prod-cache-redis-ca-worker"}


def test_the_authority_is_a_file_where_the_url_says(prod: Inventory) -> None:
    folder, _, file = REDIS_CA_FILE.rpartition("/")
    for name, kind in (("prod-compute-gateway", "Service"), ("prod-compute-worker", "WorkerPool")):
        assert {"name": "redis", "mountPath": folder} in mounts(prod, name, kind)
        volume = next(each for each in template(prod, name, kind)["volumes"] if each["name"] == "redis")
        version = "<secretmanager:SecretVersion prod-cache-redis-ca-value>.version"
        assert volume["secret"] == {"secret": "prod-redis-ca", "items": [{"path": file, "version": version}]}


def test_a_service_without_the_cache_has_no_such_file(prod: Inventory) -> None:
    assert not [mount for mount in mounts(prod, "prod-compute-chat", "Service") if mount["name"] == "redis"]


def test_a_copy_starts_after_its_right_to_the_authority(prod: Inventory) -> None:
    waits = prod.one("prod-compute-worker", "cloudrunv2:WorkerPool").depends_on
    assert prod.one("prod-cache-redis-ca-worker").urn in waits
