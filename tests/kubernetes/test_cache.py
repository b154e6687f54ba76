"""Valkey in one pod, and an external cache."""

import pytest

from automation.plan.inventory import Inventory, Secret
from providers import limits
from providers.contract.json_data import Raw, is_mapping, mappings
from providers.contract.spec import CacheSpec
from providers.kubernetes.cache.limits import cache_adjustments, cache_refusals, configuration, limit_gib, volume_gib
from tests.kubernetes.manifests import manifest
from tests.kubernetes.platforms import EXTERNAL, prod, spec_of, staging, staging_plan
from tests.planning import plan

CACHE = CacheSpec(memory_gib=3, high_availability=False, eviction="volatile-lru")


def pod(inventory: Inventory) -> Raw:
    """Return the spec of the server's pod."""
    spec = manifest(inventory.one("staging-cache-server"))["spec"]
    assert is_mapping(spec)
    template = spec["template"]
    assert is_mapping(template)
    found = template["spec"]
    assert is_mapping(found)
    return found


def test_the_server_accepts_tls_alone_and_keeps_its_entries_within_memory() -> None:
    lines = configuration(CACHE).splitlines()
    assert {"port 0", "tls-port 6379", "maxmemory 3072mb", "maxmemory-policy volatile-lru", "appendonly yes"} <= {
        *lines
    }


def test_the_container_has_more_memory_than_the_entries() -> None:
    assert limit_gib(CACHE) == (3072 * 1.25 + 64) / 1024


def test_the_volume_has_room_for_the_file_and_its_rewrite() -> None:
    assert volume_gib(CACHE) == 12
    assert volume_gib(CacheSpec(memory_gib=0.5)) == 4


def test_the_volume_is_a_claim_of_its_own_which_a_larger_cache_does_not_replace() -> None:
    small, large = staging_plan(), plan(staging({"cache.memory_gib": 3}), stack="staging")
    server = manifest(small.one("staging-cache-server"))["spec"]
    assert is_mapping(server)
    assert "volumeClaimTemplates" not in server
    assert server["replicas"] == 1
    sizes = [manifest(each.one("staging-cache-data"))["spec"] for each in (small, large)]
    assert [size["resources"]["requests"]["storage"] for size in sizes] == ["4Gi", "12Gi"]  # type: ignore[index]


def test_password_and_private_key_are_in_secrets_alone() -> None:
    inventory = staging_plan()
    for part in ("files", "url"):
        assert isinstance(inventory.one(f"staging-cache-{part}").inputs["data"], Secret)
    exporter = mappings(pod(inventory)["containers"])[1]
    password = next(each for each in mappings(exporter["env"]) if each["name"] == "REDIS_PASSWORD")
    assert "value" not in password


def test_clients_verify_the_authority_of_the_stack() -> None:
    deployment = str(manifest(staging_plan().one("staging-compute-gateway", "apps:Deployment")))
    assert "<core:Secret staging-cache-ca>" in deployment
    assert "/etc/agent-platform/redis" in deployment


def test_only_users_reach_the_server_and_prometheus_its_exporter() -> None:
    policy = manifest(staging_plan().one("staging-cache-cache", "networking.k8s.io:NetworkPolicy"))["spec"]
    assert is_mapping(policy)
    users, metrics = mappings(policy["ingress"])
    assert [each["port"] for each in mappings(users["ports"])] == [6379]
    assert "chat" not in str(users)
    assert [each["port"] for each in mappings(metrics["ports"])] == [9121]
    assert "egress" not in policy


def test_high_availability_of_the_own_server_is_refused() -> None:
    spec = spec_of(staging({"cache.high_availability": True}), check=False)
    assert [refusal.key for refusal in cache_refusals(spec, "staging")] == ["cache.high_availability"]
    assert not cache_refusals(spec_of(prod()), "prod")


@pytest.mark.parametrize(("key", "value"), [("memory_gib", 8), ("high_availability", False)])
def test_settings_of_an_external_server_are_refused(key: str, value: object) -> None:
    changes = {"cache": {"eviction": "volatile-lru", key: value}}
    refused = cache_refusals(spec_of(staging({**changes, "database": {}}, EXTERNAL), check=False), "staging")
    assert [refusal.key for refusal in refused] == [f"cache.{key}"]


def test_an_external_server_needs_the_secret_of_its_url() -> None:
    changes = {"cache": {"eviction": "volatile-lru"}, "database": {}}
    spec = spec_of(staging(changes, EXTERNAL))
    assert {"REDIS_URL", "DATABASE_URL"} <= {*limits("kubernetes").stack_secrets(spec)}
    assert [each.key for each in cache_adjustments(spec)] == ["cache", "cache.eviction"]
