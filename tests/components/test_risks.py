"""Values that production refuses unless `accept_risk` names the key and a reason."""

from collections.abc import Mapping

import pytest

from components.validation.parse import parse
from tests.components.test_bad_input import messages
from tests.planning import DROP, production

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
    "ingress.auth": {"services.gateway.secrets": ["OPENAI_API_KEY"]},
    "services.chat.image": {"services.chat.image": "chat:1.0"},
    "services.worker.replicas.min": {"services.worker.replicas": {"min": 1, "max": 2}},
}


@pytest.mark.parametrize(("path", "changes"), RISKS.items(), ids=RISKS)
def test_production_accepts_a_risk_only_with_a_reason(path: str, changes: Mapping[str, object]) -> None:
    assert any(line.startswith(f"{path}:") for line in messages(changes))
    assert messages({**changes, "accept_risk": {path: "because"}}) == [
        f"accept_risk.{path}: the reason is too short. Say in a few words why the risk is taken."
    ]
    accepted = parse(production({**changes, "accept_risk": {path: "the demo of friday"}}), "prod")
    assert accepted.accept_risk == {path: "the demo of friday"}


@pytest.mark.parametrize(("path", "changes"), RISKS.items(), ids=RISKS)
def test_other_profiles_accept_risks_without_a_reason(path: str, changes: Mapping[str, object]) -> None:
    assert parse(production({**changes, "profile": "development"}), "dev")


PUBLIC: dict[str, tuple[Mapping[str, object], str]] = {
    "an AgentOS without a key": (
        {"services.gateway.secrets": []},
        "ingress.auth: gateway is public without authentication. List OS_SECURITY_KEY under services.gateway.secrets, or "
        'limit `ingress.allowed_cidrs` to your networks, or accept it by `accept_risk: {"ingress.auth": "<reason>"}`.',
    ),
    "a service of another kind": (
        {"services.chat.path": "/chat", "services.chat.secrets": ["OS_SECURITY_KEY"]},
        "ingress.auth: chat is public without authentication. Limit `ingress.allowed_cidrs` to your networks, or accept it "
        'by `accept_risk: {"ingress.auth": "<reason>"}`.',
    ),
    "both": (
        {"services.chat.path": "/chat", "services.gateway.secrets": []},
        "ingress.auth: chat and gateway are public without authentication. List OS_SECURITY_KEY under "
        "services.gateway.secrets, or limit `ingress.allowed_cidrs` to your networks, or accept it by "
        '`accept_risk: {"ingress.auth": "<reason>"}`.',
    ),
    "address ranges that add up to all": (
        {"services.gateway.secrets": [], "ingress.allowed_cidrs": ["0.0.0.0/1", "128.0.0.0/1"]},
        "ingress.auth: gateway is public without authentication. List OS_SECURITY_KEY under services.gateway.secrets, or "
        'limit `ingress.allowed_cidrs` to your networks, or accept it by `accept_risk: {"ingress.auth": "<reason>"}`.',
    ),
}


@pytest.mark.parametrize(("changes", "message"), PUBLIC.values(), ids=PUBLIC)
def test_production_refuses_a_public_service_without_authentication(
    changes: Mapping[str, object], message: str
) -> None:
    assert messages(changes) == [message]


@pytest.mark.parametrize(
    "changes",
    [
        {"services.gateway.secrets": [], "ingress.allowed_cidrs": ["203.0.113.0/24", "198.51.100.0/24"]},
        {"services.gateway.secrets": ["JWT_VERIFICATION_KEY"]},
        {"services.gateway.secrets": [], "services.gateway.environment": {"JWT_JWKS_FILE": "/app/jwks.json"}},
        {"services.gateway.secrets": [], "services.gateway.path": DROP, "ingress": DROP},
    ],
    ids=["known address ranges", "a JWT key", "a JWKS file", "nothing public"],
)
def test_production_accepts_services_that_not_anybody_can_call(changes: Mapping[str, object]) -> None:
    assert parse(production(changes), "prod")


def test_a_public_service_is_judged_by_what_could_be_read() -> None:
    assert not [line for line in messages({"services.gateway.secrets": "none"}) if line.startswith("ingress.auth")]
