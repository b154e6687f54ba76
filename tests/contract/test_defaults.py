"""Defaults of every profile, as a whole table."""

import json

import pytest

from providers.contract.spec import Platform
from providers.contract.spec.defaults import Raw, complete

MINIMAL: Raw = {
    "cloud": "aws",
    "aws": {"region": "us-west-2", "account_id": "111122223333"},
    "services": {"gateway": {"app": "agentos", "image": "gateway:1"}},
    "database": {},
    "cache": {},
    "storage": {},
}
EXPECTED: dict[str, dict[str, object]] = {
    "production": {
        "network": (3, "per_zone", True),
        "replicas": (3, 12),
        "database": (2, 16, 100, 500, True, True, 7),
        "cache": (3, True),
        "storage": (True, 90),
        "log_retention_days": 365,
    },
    "staging": {
        "network": (2, "single", True),
        "replicas": (2, 4),
        "database": (2, 8, 50, 200, True, True, 7),
        "cache": (3, True),
        "storage": (True, 90),
        "log_retention_days": 90,
    },
    "development": {
        "network": (2, "single", False),
        "replicas": (1, 2),
        "database": (2, 4, 20, 50, False, False, 7),
        "cache": (1, False),
        "storage": (True, 90),
        "log_retention_days": 30,
    },
}


def defaults_of(spec: Platform) -> dict[str, object]:
    database, cache, storage = spec.database, spec.cache, spec.storage
    assert database is not None and cache is not None and storage is not None
    replicas = spec.services["gateway"].replicas
    return {
        "network": (spec.network.zones, spec.network.egress, spec.network.private_endpoints),
        "replicas": (replicas.min, replicas.max),
        "database": (
            database.size.vcpu,
            database.size.memory_gib,
            database.storage_gib,
            database.max_storage_gib,
            database.high_availability,
            database.deletion_protection,
            database.backup.retention_days,
        ),
        "cache": (cache.memory_gib, cache.high_availability),
        "storage": (storage.versioning, storage.noncurrent_days),
        "log_retention_days": spec.monitoring.log_retention_days,
    }


@pytest.mark.parametrize("profile", EXPECTED)
def test_a_profile_has_its_defaults(profile: str) -> None:
    spec = Platform.model_validate_json(json.dumps(complete({**MINIMAL, "profile": profile})))
    assert defaults_of(spec) == EXPECTED[profile]
