"""Redis protocol: a plain client reaches it with a key that nobody sees."""

from urllib.parse import unquote

import pytest

from automation.plan.inventory import Declared, Inventory, Secret
from tests.azure.laid import at, depends_on, laid, opened
from tests.planning import revealed

KEY = "<redisenterprise:Keys "


def data(plan: Inventory | None = None) -> Declared:
    return (plan or laid()).one("prod-cache-data")


def test_the_cache_has_no_public_address_and_takes_tls_alone() -> None:
    cluster = laid().one("prod-cache")
    assert (cluster.inputs["publicNetworkAccess"], cluster.inputs["minimumTlsVersion"]) == ("Disabled", "1.2")
    assert (data().inputs["clientProtocol"], data().inputs["port"]) == ("Encrypted", 10000)


def test_a_plain_client_may_use_several_keys_at_once() -> None:
    assert data().inputs["clusteringPolicy"] == "NoCluster"


@pytest.mark.parametrize(
    ("asked", "policy"), [("allkeys-lru", "AllKeysLRU"), ("noeviction", "NoEviction"), ("volatile-ttl", "VolatileTTL")]
)
def test_eviction_is_as_asked(asked: str, policy: str) -> None:
    assert data(laid(cache__eviction=asked)).inputs["evictionPolicy"] == policy


def test_a_queue_is_written_to_disk_and_a_cache_is_not() -> None:
    assert at(data(laid(cache__eviction="noeviction")), "persistence.aofEnabled") is True
    assert at(data(), "persistence.aofEnabled") is False


def test_high_availability_is_a_replica() -> None:
    assert laid().one("prod-cache").inputs["highAvailability"] == "Enabled"
    assert laid(cache__high_availability=False).one("prod-cache").inputs["highAvailability"] == "Disabled"


def test_the_key_stands_in_the_url_alone_and_is_secret() -> None:
    holders = [r for r in laid().custom if KEY in unquote(str(opened(r)))]
    assert [r.name for r in holders] == ["prod-cache-redis-url"]
    value = at(holders[0], "properties.value")
    assert isinstance(value, Secret)
    assert str(revealed(value)).startswith("rediss://:")
    assert "@<redisenterprise:RedisEnterprise prod-cache>.hostName:10000/0" in str(revealed(value))


def test_the_key_is_read_when_the_database_stands() -> None:
    assert "prod-cache-data" in depends_on(laid().one("prod-cache-redis-url"))


def test_in_a_preview_the_key_is_unknown_and_still_secret() -> None:
    assert isinstance(at(laid("unknown").one("prod-cache-redis-url"), "properties.value"), Secret)


def test_only_its_users_read_the_url() -> None:
    prefix = "prod-cache-redis-url-read-by-"
    assert {r.name.removeprefix(prefix) for r in laid().custom if r.name.startswith(prefix)} == {"gateway", "worker"}
