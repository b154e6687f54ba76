"""Redis protocol: memory, policy, password, TLS."""

import pytest

from automation.plan.inventory import Inventory, Secret
from providers.docker.cache.resources import configuration
from tests.docker.asked import spec_of
from tests.docker.laid import container, files, uploads, variables


def lines(**changes: object) -> list[str]:
    cache = spec_of({f"cache.{key}": value for key, value in changes.items()}).cache
    assert cache is not None
    return configuration(cache).splitlines()


@pytest.mark.parametrize(("gib", "line"), [(3, "maxmemory 3072mb"), (0.5, "maxmemory 512mb")])
def test_entries_take_the_memory_of_the_spec(gib: float, line: str) -> None:
    assert line in lines(memory_gib=float(gib))


def test_the_container_has_room_for_more_than_the_entries(prod: Inventory) -> None:
    assert container(prod, "cache-server").inputs["memory"] == 3904


def test_the_spec_says_what_is_dropped() -> None:
    assert "maxmemory-policy noeviction" in lines(eviction="noeviction")


def test_only_tls_is_spoken() -> None:
    assert {"port 0", "tls-port 6379"} <= set(lines())


def test_a_queue_outlives_a_restart() -> None:
    assert {"appendonly yes", "appendfsync everysec", "dir /data"} <= set(lines())


def test_the_password_stands_in_the_file_alone(prod: Inventory) -> None:
    assert files(prod, "cache-server")["cache.conf"].endswith(
        "requirepass <random:RandomPassword prod-cache-password>.result\n"
    )
    given = uploads(prod, "cache-server")
    closed = [upload for upload in given if str(upload["file"]).endswith(("cache.conf", "/password", "server.key"))]
    assert [isinstance(upload["content"], Secret) for upload in closed] == [True, True, True]


def test_a_reader_trusts_the_platforms_authority_and_no_other(prod: Inventory) -> None:
    worker = container(prod, "compute-worker-1")
    assert "ssl_ca_certs=%2Fetc%2Fagent-platform%2Fredis%2Fca.pem" in variables(worker)["REDIS_URL"]
    assert files(prod, "compute-worker-1")["ca.pem"] == "<tls:SelfSignedCert prod-keys-authority-certificate>.certPem"


def test_a_reader_starts_after_the_server(prod: Inventory) -> None:
    assert container(prod, "cache-server").urn in container(prod, "compute-worker-1").depends_on
