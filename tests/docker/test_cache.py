"""Redis-compatible cache: memory, eviction, password and TLS."""

import pytest

from automation.plan.inventory import Inventory, Secret
from providers.docker.cache.resources import configuration
from tests.docker.plans import container, files, secret_file, variables
from tests.docker.specs import spec_of


def configuration_lines(**changes: object) -> list[str]:
    cache = spec_of({f"cache.{key}": value for key, value in changes.items()}).cache
    assert cache is not None
    return configuration(cache).splitlines()


@pytest.mark.parametrize(("memory_gib", "line"), [(3, "maxmemory 3072mb"), (0.5, "maxmemory 512mb")])
def test_maxmemory_is_the_memory_of_the_spec(memory_gib: float, line: str) -> None:
    assert line in configuration_lines(memory_gib=float(memory_gib))


def test_the_container_has_more_memory_than_the_entries(prod: Inventory) -> None:
    assert container(prod, "cache-server").inputs["memory"] == 3904


def test_the_spec_sets_the_eviction_policy() -> None:
    assert "maxmemory-policy noeviction" in configuration_lines(eviction="noeviction")


def test_only_tls_connections_are_accepted() -> None:
    assert {"port 0", "tls-port 6379"} <= set(configuration_lines())


def test_a_queue_survives_a_restart() -> None:
    assert {"appendonly yes", "appendfsync everysec", "dir /data"} <= set(configuration_lines())


def test_the_password_is_in_a_secret_file(prod: Inventory) -> None:
    assert files(prod, "cache-server")["cache.conf"].endswith(
        "requirepass <random:RandomPassword prod-cache-password>.result\n"
    )
    for file in ("cache.conf", "/password", "server.key"):
        assert isinstance(secret_file(prod, "cache-server", file), Secret), file


def test_a_reader_trusts_only_the_authority_of_the_stack(prod: Inventory) -> None:
    worker = container(prod, "compute-worker-1")
    assert "ssl_ca_certs=%2Fetc%2Fagent-platform%2Fredis%2Fca.pem" in variables(worker)["REDIS_URL"]
    assert files(prod, "compute-worker-1")["ca.pem"] == "<tls:SelfSignedCert prod-keys-authority-certificate>.certPem"


def test_a_reader_starts_after_the_server(prod: Inventory) -> None:
    assert container(prod, "cache-server").urn in container(prod, "compute-worker-1").depends_on
