"""Memorystore for Redis: sizes, encryption, and the CA certificate for its clients."""

from hypothesis import given
from hypothesis import strategies as st

from automation.plan.inventory import Inventory, Secret
from providers.contract.diagnostics import Adjustment, Effect, Unsupported
from providers.contract.spec import CacheSpec, Platform, Service
from providers.contract.variables import REDIS_CA_FILE
from providers.gcp.cache.sizes import cache_size_adjustments, cache_size_refusals, instance_memory_gib
from tests.gcp.plans import development, mapping_at, value_at, values_at


def platform(memory_gib: float) -> Platform:
    return Platform(cloud="gcp", services={"api": Service(image="api:1")}, cache=CacheSpec(memory_gib=memory_gib))


def template(plan: Inventory, name: str, kind: str) -> dict[str, object]:
    return mapping_at(plan.one(name, f"cloudrunv2:{kind}").inputs, "template")


def mounts(plan: Inventory, name: str, kind: str) -> list[object]:
    """Volume mounts of the first container."""
    container = mapping_at(template(plan, name, kind), "containers", 0)
    return values_at(container, "volumeMounts") if "volumeMounts" in container else []


def inputs(plan: Inventory, stack: str = "prod") -> dict[str, object]:
    return dict(plan.one(f"{stack}-cache", "redis:Instance").inputs)


@given(st.floats(0.01, 300))
def test_an_instance_fits_the_requested_memory(memory_gib: float) -> None:
    assert memory_gib <= instance_memory_gib(memory_gib) < memory_gib + 1


def test_memory_between_two_sizes_is_adjusted_upwards() -> None:
    reason = "3 GiB; Memorystore instances have whole GiB"
    expected = Adjustment("cache.memory_gib", requested=2.5, effect=Effect.ADJUSTED, reason=reason)
    assert cache_size_adjustments(platform(2.5)) == [expected]
    assert not cache_size_adjustments(platform(3))


def test_a_cache_above_the_maximum_is_refused() -> None:
    problem = "301 GiB is more than the 300 GiB of the largest Memorystore instance"
    refusal = Unsupported("gcp", "cache.memory_gib", problem=problem, fix="use 300 or less")
    assert cache_size_refusals(platform(301), "prod") == [refusal]
    assert not cache_size_refusals(platform(300), "prod")


def test_clients_need_a_password_and_tls(prod: Inventory) -> None:
    assert (inputs(prod)["authEnabled"], inputs(prod)["transitEncryptionMode"]) == (True, "SERVER_AUTHENTICATION")


def test_the_cache_has_an_address_in_the_private_range(prod: Inventory) -> None:
    assert inputs(prod)["connectMode"] == "PRIVATE_SERVICE_ACCESS"
    assert inputs(prod)["authorizedNetwork"] == "<compute:Network prod-network>.id"
    assert inputs(prod)["reservedIpRange"] == "<compute:GlobalAddress prod-network-private>.name"


def test_the_cache_is_encrypted_with_the_data_key(prod: Inventory) -> None:
    assert inputs(prod)["customerManagedKey"] == "<kms:CryptoKey prod-keys-data>.id"


def test_high_availability_is_a_replica_in_another_zone(prod: Inventory) -> None:
    assert (inputs(prod)["tier"], inputs(development(), "dev")["tier"]) == ("STANDARD_HA", "BASIC")


def test_memory_and_eviction_are_those_of_the_spec(prod: Inventory) -> None:
    assert (inputs(prod)["memorySizeGb"], inputs(development(), "dev")["memorySizeGb"]) == (3, 1)
    assert inputs(prod)["redisConfigs"] == {"maxmemory-policy": "volatile-lru"}
    assert inputs(development(), "dev")["redisConfigs"] == {"maxmemory-policy": "noeviction"}


def test_production_protects_the_cache_from_deletion(prod: Inventory) -> None:
    assert (inputs(prod)["deletionProtection"], inputs(development(), "dev")["deletionProtection"]) == (True, False)


def test_the_url_verifies_the_server_with_the_ca_certificate(prod: Inventory) -> None:
    value = prod.one("prod-cache-redis-url-value").inputs["secretData"]
    assert isinstance(value, Secret)
    assert str(value.value).startswith("rediss://:")
    assert str(value.value).endswith(
        "@<redis:Instance prod-cache>.host:6378/0?ssl_cert_reqs=required&ssl_check_hostname=false"
        "&ssl_ca_certs=%2Fetc%2Fagent-platform%2Fredis%2Fca.pem"
    )


def test_the_ca_certificate_is_stored_for_the_users_of_the_cache(prod: Inventory) -> None:
    assert prod.one("prod-cache-redis-ca-value").inputs["secretData"] == Secret(
        "<redis:Instance prod-cache>.serverCaCerts[0].cert"
    )
    readers = [r for r in prod.of_type("secretmanager:SecretIamMember") if r.inputs["secretId"] == "prod-redis-ca"]
    assert {reader.name for reader in readers} == {"prod-cache-redis-ca-gateway", "prod-cache-redis-ca-worker"}


def test_the_ca_certificate_is_a_file_at_the_path_of_the_url(prod: Inventory) -> None:
    directory, _, file = REDIS_CA_FILE.rpartition("/")
    for name, kind in (("prod-compute-gateway", "Service"), ("prod-compute-worker", "WorkerPool")):
        assert {"name": "redis", "mountPath": directory} in mounts(prod, name, kind)
        volumes = values_at(template(prod, name, kind), "volumes")
        (volume,) = [volume for volume in volumes if value_at(volume, "name") == "redis"]
        version = "<secretmanager:SecretVersion prod-cache-redis-ca-value>.version"
        assert value_at(volume, "secret") == {"secret": "prod-redis-ca", "items": [{"path": file, "version": version}]}


def test_a_service_without_the_cache_has_no_ca_file(prod: Inventory) -> None:
    assert not [mount for mount in mounts(prod, "prod-compute-chat", "Service") if value_at(mount, "name") == "redis"]


def test_a_replica_starts_after_its_grant_on_the_ca_certificate(prod: Inventory) -> None:
    depends_on = prod.one("prod-compute-worker", "cloudrunv2:WorkerPool").depends_on
    assert prod.one("prod-cache-redis-ca-worker").urn in depends_on
