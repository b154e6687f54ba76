"""Managed Redis: reachable with a plain client and an access key that is never in the open."""

from urllib.parse import unquote

import pytest

from automation.plan.inventory import Declared, Inventory, Secret
from tests.azure.plans import base_plan, depends_on, input_at, revealed_inputs
from tests.planning import revealed

ACCESS_KEY = "<redisenterprise:Keys "


def database(plan: Inventory | None = None) -> Declared:
    return (plan or base_plan()).one("prod-cache-data")


def test_the_cache_has_no_public_access_and_requires_tls() -> None:
    cluster = base_plan().one("prod-cache")
    assert (cluster.inputs["publicNetworkAccess"], cluster.inputs["minimumTlsVersion"]) == ("Disabled", "1.2")
    assert (database().inputs["clientProtocol"], database().inputs["port"]) == ("Encrypted", 10000)


def test_the_data_is_not_sharded_so_that_multi_key_commands_work() -> None:
    assert database().inputs["clusteringPolicy"] == "NoCluster"


@pytest.mark.parametrize(
    ("eviction", "policy"),
    [("allkeys-lru", "AllKeysLRU"), ("noeviction", "NoEviction"), ("volatile-ttl", "VolatileTTL")],
)
def test_the_eviction_policy_is_that_of_the_spec(eviction: str, policy: str) -> None:
    assert database(base_plan(cache__eviction=eviction)).inputs["evictionPolicy"] == policy


def test_a_queue_is_persisted_and_a_cache_is_not() -> None:
    assert input_at(database(base_plan(cache__eviction="noeviction")), "persistence.aofEnabled") is True
    assert input_at(database(), "persistence.aofEnabled") is False


def test_high_availability_is_that_of_the_spec() -> None:
    assert base_plan().one("prod-cache").inputs["highAvailability"] == "Enabled"
    assert base_plan(cache__high_availability=False).one("prod-cache").inputs["highAvailability"] == "Disabled"


def test_the_access_key_is_only_in_the_url_and_is_a_secret() -> None:
    resources = [r for r in base_plan().custom if ACCESS_KEY in unquote(str(revealed_inputs(r)))]
    assert [r.name for r in resources] == ["prod-cache-redis-url"]
    value = input_at(resources[0], "properties.value")
    assert isinstance(value, Secret)
    assert str(revealed(value)).startswith("rediss://:")
    assert "@<redisenterprise:RedisEnterprise prod-cache>.hostName:10000/0" in str(revealed(value))


def test_the_access_key_is_read_after_the_database_is_created() -> None:
    assert "prod-cache-data" in depends_on(base_plan().one("prod-cache-redis-url"))


def test_the_access_key_is_unknown_and_a_secret_in_a_preview() -> None:
    assert isinstance(input_at(base_plan("unknown").one("prod-cache-redis-url"), "properties.value"), Secret)


def test_only_services_that_use_the_cache_read_the_url() -> None:
    prefix = "prod-cache-redis-url-read-by-"
    readers = {r.name.removeprefix(prefix) for r in base_plan().custom if r.name.startswith(prefix)}
    assert readers == {"gateway", "worker"}
