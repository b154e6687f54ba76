"""Bad input: every mistake of a file is told at once, one sentence each, and nothing is declared."""

import json
from collections.abc import Mapping
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.validation.parse import parse
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec import Platform
from providers.contract.spec.defaults import Raw
from tests.planning import DROP, production


def sentences(changes: Mapping[str, object], stack: str = "prod") -> list[str]:
    """What is told about production with `changes`."""
    with pytest.raises(InvalidConfiguration) as told:
        parse(production(changes), stack)
    return [str(refusal) for refusal in told.value.diagnostics]


MISTAKES: dict[str, tuple[Mapping[str, object], str]] = {
    "a cloud that does not exist": (
        {"cloud": "awz"},
        'cloud: "awz" is not one of the allowed words (did you mean aws); use aws, gcp, azure or docker.',
    ),
    "an unknown key": ({"databse": {}}, "databse: {} stands under an unknown key (did you mean database)"),
    "an unknown key deep inside": (
        {"services.gateway.size": {"vcpus": 1}},
        "services.gateway.size.vcpus: 1 stands under an unknown key (did you mean vcpu); the keys here are memory_gib and vcpu.",
    ),
    "min above max": (
        {"services.gateway.replicas": {"min": 5, "max": 2}},
        'services.gateway.replicas: {"min": 5, "max": 2} has min above max; raise max to 5 or lower min.',
    ),
    "two services on one path": ({"services.chat.path": "/"}, 'services.chat.path: "/" already leads to gateway'),
    "two services on one path but for a slash": (
        {"services.chat.path": "/api/", "services.gateway.path": "/api"},
        'services.chat.path: "/api/" already leads to gateway',
    ),
    "calls nobody": (
        {"services.gateway.calls": ["chatt"]},
        'services.gateway.calls: "chatt" is not a service (did you mean chat); use chat or worker.',
    ),
    "calls itself": ({"services.chat.calls": ["chat"]}, 'services.chat.calls: "chat" is the service itself'),
    "calls a worker": ({"services.chat.calls": ["worker"]}, 'services.chat.calls: "worker" has no port'),
    "uses a cache that is not there": (
        {"cache": DROP},
        'services.worker.uses: "cache" names a part the platform does not have; add `cache: {}` or drop it here.',
    ),
    "uses models without a model": ({"aws.models": []}, 'services.gateway.uses: "models" names no model'),
    "a tag image in production": (
        {"services.chat.image": "chat:1.0"},
        'services.chat.image: "chat:1.0" can change under its tag; pin a digest (chat@sha256:...)',
    ),
    "latest": ({"services.chat.image": "chat:latest"}, 'services.chat.image: "chat:latest" means `latest`'),
    "latest by silence": ({"services.chat.image": "chat"}, 'services.chat.image: "chat" means `latest`'),
    "backups that meet maintenance": (
        {"database.backup.window_start": "03:30"},
        'database.backup.window_start: "03:30" overlaps the maintenance hour at 04:00',
    ),
    "backups that meet maintenance across midnight": (
        {"database.backup.window_start": "23:30", "database.maintenance": {"window_start": "00:00"}},
        'database.backup.window_start: "23:30" overlaps the maintenance hour at 00:00',
    ),
    "an account id of eleven digits": ({"aws.account_id": "11112222333"}, 'aws.account_id: "11112222333" does not fit'),
    "an account id without quotes": ({"aws.account_id": 111122223333}, "must be text; put it in quotes"),
    "a domain outside its zone": (
        {"ingress.domain": "agents.example.org"},
        'ingress.domain: "agents.example.org" lies outside the zone example.com; use a name that ends in .example.com.',
    ),
    "a disk that may not grow": ({"database.max_storage_gib": 50}, "database.max_storage_gib: 50 is below storage_gib"),
    "closed egress without endpoints": (
        {"network.egress": "none", "network.private_endpoints": False},
        'network.egress: "none" needs `network.private_endpoints: true`',
    ),
    "recovery that is not built": ({"recovery.mode": "warm"}, 'recovery.mode: "warm" is not built yet; use none.'),
    "a health path on a worker": (
        {"services.worker.health": {"path": "/health"}},
        'services.worker.health.path: "/health" needs a port',
    ),
    "a path without a port": ({"services.worker.path": "/w"}, 'services.worker.path: "/w" needs a port to route to'),
    "a check longer than its interval": (
        {"services.chat.health": {"interval_seconds": 10, "timeout_seconds": 10}},
        "services.chat.health.timeout_seconds: 10 must be less than interval_seconds, which is 10.",
    ),
    "a variable that the platform sets": (
        {"services.chat.environment": {"DATABASE_URL": "x"}},
        'services.chat.environment.DATABASE_URL: "DATABASE_URL" is a variable the platform sets itself',
    ),
    "a variable both plain and secret": (
        {"services.gateway.environment": {"OPENAI_API_KEY": "x"}},
        'services.gateway.secrets: "OPENAI_API_KEY" is also a plain variable',
    ),
    "a service named like a part": (
        {"services.cache": {"app": "fastapi", "image": "c@sha256:" + "0" * 64}},
        "stands under a name that the platform uses itself (database, cache, storage, money and platform are taken)",
    ),
    "the platform's own tag": ({"tags": {"stack": "x"}}, 'tags.stack: "x" is the platform\'s own tag'),
    "a wrong type": ({"network.zones": "three"}, 'network.zones: "three" must be a whole number'),
    "a number out of bounds": ({"network.zones": 9}, "network.zones: 9 must be at most 4"),
    "a network with host bits": (
        {"network.cidr": "10.0.0.1/16"},
        "is not an IPv4 block (10.0.0.1/16 has host bits set)",
    ),
    "the cloud's block missing": ({"aws": DROP}, 'cloud: "aws" needs the block `aws` beside it'),
    "no service": ({"services": {}}, "services: {} needs at least 1 entry"),
    "a service without an image": (
        {"services.chat.image": DROP},
        "services.chat.image: nothing is set here, and it is needed",
    ),
    "a service name with capitals": (
        {"services.Chat": {"image": "chat:1"}},
        "stands under a name that cannot be used here; use lower-case letters",
    ),
    "an acceptance of no risk": (
        {"accept_risk": {"network.zones": "it is fine"}},
        "accepts nothing; this stack takes no risk.",
    ),
    "a parameter that is a list": (
        {"database.parameters": {"work_mem": [1]}},
        "database.parameters.work_mem: [1] must be",
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_one_sentence(changes: Mapping[str, object], sentence: str) -> None:
    told = sentences(changes)
    assert any(sentence in line for line in told), told
    assert len([line for line in told if sentence in line]) == 1
    assert all(line.endswith(".") and "\n" not in line for line in told)


def test_all_mistakes_of_a_file_are_told_in_one_run() -> None:
    told = sentences(
        {
            "databse": {},
            "aws.account_id": "1",
            "services.gateway.size": {"vcpu": "one"},
            "services.chat.path": "/",
            "database.high_availability": False,
        }
    )
    for path in (
        "databse",
        "aws.account_id",
        "services.gateway.size.vcpu",
        "services.chat.path",
        "database.high_availability",
    ):
        assert len([line for line in told if line.startswith(f"{path}:")]) == 1, told
    assert len(told) == 5


RISKS: dict[str, Mapping[str, object]] = {
    "network.zones": {
        "network.zones": 1,
        "services": {
            "worker": {"app": "celery", "image": "worker@sha256:" + "0" * 64, "replicas": {"min": 2, "max": 2}}
        },
        "ingress": DROP,
        "database": DROP,
        "cache": DROP,
        "monitoring.prometheus": False,
    },
    "database.backup.retention_days": {"database.backup": {"retention_days": 0}},
    "database.high_availability": {"database.high_availability": False},
    "database.deletion_protection": {"database.deletion_protection": False},
    "cache.high_availability": {"cache.high_availability": False},
    "storage.versioning": {"storage.versioning": False},
    "ingress.waf": {"ingress.waf": False},
    "services.chat.image": {"services.chat.image": "chat:1.0"},
    "services.worker.replicas.min": {"services.worker.replicas": {"min": 1, "max": 2}},
}


@pytest.mark.parametrize(("path", "changes"), RISKS.items(), ids=RISKS)
def test_production_takes_a_risk_only_with_a_reason(path: str, changes: Mapping[str, object]) -> None:
    assert any(line.startswith(f"{path}:") for line in sentences(changes))
    assert sentences({**changes, "accept_risk": {path: "because"}})[0].endswith(
        "say in a few words why the risk is taken."
    )
    accepted = parse(production({**changes, "accept_risk": {path: "the demo of friday"}}), "prod")
    assert accepted.accept_risk == {path: "the demo of friday"}


@pytest.mark.parametrize(("path", "changes"), RISKS.items(), ids=RISKS)
def test_other_profiles_take_risks_without_asking(path: str, changes: Mapping[str, object]) -> None:
    assert parse(production({**changes, "profile": "development"}), "dev")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def paths(raw: object, prefix: str = "") -> list[str]:
    """Every dotted path of a raw object."""
    if not isinstance(raw, dict):
        return []
    keys = cast("Raw", raw).items()
    return [path for key, value in keys for path in (f"{prefix}{key}", *paths(value, f"{prefix}{key}."))]


@settings(max_examples=200, deadline=None)
@given(path=st.sampled_from(sorted(path for path in paths(production()) if "/" not in path)), value=json_values)
def test_any_value_anywhere_is_taken_or_told_never_a_crash(path: str, value: object) -> None:
    try:
        spec = parse(production({path: value}), "prod")
    except InvalidConfiguration as told:
        assert told.diagnostics
        assert all(str(refusal).endswith(".") for refusal in told.diagnostics)
    else:
        assert Platform.model_validate_json(json.dumps(spec.model_dump(mode="json")))
