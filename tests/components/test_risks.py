"""Values that production refuses unless `accept_risk` names the key and a reason."""

from collections.abc import Mapping

import pytest

from automation.stack.document import REMOVE, with_values
from components.validation.parse import parse
from components.validation.risks import risks
from providers.contract.authentication import keys_of_program, keys_of_up
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import Raw
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
    "ingress.auth": {"ingress.auth": {"mode": "none"}, "services.gateway.secrets": ["OPENAI_API_KEY"]},
    "services.gateway.auth": {"services.gateway.auth": "none", "services.gateway.secrets": ["OPENAI_API_KEY"]},
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


LIMIT = 'limit `ingress.allowed_cidrs` to your networks, or accept it by `accept_risk: {"ingress.auth": "<reason>"}`.'
OWN_CODE = "set services.chat.auth: app where the code authenticates clients, or "
PUBLIC: dict[str, tuple[Mapping[str, object], str]] = {
    "an AgentOS without a key by choice": (
        {"services.gateway.secrets": [], "ingress.auth": {"mode": "none"}},
        "ingress.auth: gateway is public without authentication. List OS_SECURITY_KEY under services.gateway.secrets, or "
        + LIMIT,
    ),
    "a service of another kind": (
        {"services.chat.path": "/chat", "services.chat.secrets": ["OS_SECURITY_KEY"]},
        f"ingress.auth: chat is public without authentication. {OWN_CODE[0].upper()}{OWN_CODE[1:]}{LIMIT}",
    ),
    "a service of another kind with a key": (
        {"services.chat.path": "/chat", "ingress.auth": {"mode": "api_key"}},
        "ingress.auth: chat is public without authentication, as the platform cannot know whether it checks API_KEY. "
        f"{OWN_CODE[0].upper()}{OWN_CODE[1:]}{LIMIT}",
    ),
    "both": (
        {"services.chat.path": "/chat", "services.gateway.secrets": [], "ingress.auth": {"mode": "none"}},
        "ingress.auth: chat and gateway are public without authentication. List OS_SECURITY_KEY under "
        f"services.gateway.secrets, or {OWN_CODE}{LIMIT}",
    ),
    "address ranges that add up to all": (
        {
            "services.gateway.secrets": [],
            "ingress.auth": {"mode": "none"},
            "ingress.allowed_cidrs": ["0.0.0.0/1", "128.0.0.0/1"],
        },
        "ingress.auth: gateway is public without authentication. List OS_SECURITY_KEY under services.gateway.secrets, or "
        + LIMIT,
    ),
    "an AgentOS without authentication by choice": (
        {"services.gateway.secrets": [], "services.gateway.auth": "none"},
        "services.gateway.auth: every client can call every agent and read every session. Set it to inherit or app, or accept it "
        'by `accept_risk: {"services.gateway.auth": "<reason>"}`.',
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
        {"services.gateway.secrets": []},
        {"services.chat.path": "/chat", "services.chat.auth": "app"},
        {"services.chat.path": "/chat", "services.chat.auth": "none"},
    ],
    ids=[
        "known address ranges",
        "a JWT key",
        "a JWKS file",
        "nothing public",
        "a generated key",
        "its own code",
        "a named choice",
    ],
)
def test_production_accepts_services_that_not_anybody_can_call(changes: Mapping[str, object]) -> None:
    assert parse(production(changes), "prod")


def test_a_public_service_is_judged_by_what_could_be_read() -> None:
    assert not [line for line in messages({"services.gateway.secrets": "none"}) if line.startswith("ingress.auth")]


AGENTS: Raw = {
    "cloud": "docker",
    "profile": "development",
    "services": {
        "agent": {"app": "agentos", "path": "/", "image": "agent:1", "secrets": ["OPENAI_API_KEY"]},
        "page": {"app": "streamlit", "path": "/page", "image": "page:1", "calls": ["agent"]},
        "planner": {"app": "agentos", "image": "planner:1", "calls": ["agent"]},
        "hook": {"app": "fastapi", "path": "/hook", "image": "hook:1", "calls": ["planner"]},
        "tools": {"app": "fastapi", "path": "/tools", "image": "tools:1"},
    },
}
KEY = "OS_SECURITY_KEY"


def readers(changes: Mapping[str, object]) -> tuple[str, ...]:
    """Services that get the key."""
    return parse(with_values(AGENTS, changes), "local").readers_of(KEY)


def test_an_open_agent_of_a_docker_stack_and_its_callers_get_the_key() -> None:
    spec = parse(dict(AGENTS), "local")
    assert spec.readers_of(KEY) == ("agent", "page", "planner", "hook")
    assert spec.services["agent"].secrets == ("OPENAI_API_KEY", KEY)
    assert (keys_of_up(spec), keys_of_program(spec)) == ((KEY,), ())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"accept_risk": {"ingress.auth": "tried out for a day"}}, ()),
        ({"ingress.allowed_cidrs": ["203.0.113.0/24"]}, ()),
        ({"services.agent.secrets": ["JWT_VERIFICATION_KEY"]}, ()),
        ({"services.agent.secrets": [KEY]}, ("agent",)),
        ({"services.agent.path": REMOVE}, ()),
    ],
    ids=["accepted", "known address ranges", "a JWT key", "listed by the user", "nothing public"],
)
def test_a_key_that_is_not_needed_is_not_added(changes: Mapping[str, object], expected: tuple[str, ...]) -> None:
    assert readers(changes) == expected


@pytest.mark.parametrize("profile", ["development", "staging"])
def test_only_an_agent_without_its_key_is_an_accepted_risk_of_a_docker_stack(profile: str) -> None:
    accepted = {"profile": profile, "accept_risk": {"ingress.auth": "tried out for a day"}}
    spec = parse(with_values(AGENTS, accepted), "local")
    assert [(risk.path, risk.danger) for risk in risks(spec)] == [
        ("ingress.auth", "agent is public without authentication")
    ]
    for others in ({"services.agent.app": "fastapi"}, {"services.agent.secrets": [KEY]}):
        with pytest.raises(InvalidConfiguration, match=r"accept_risk\.ingress\.auth: accepts nothing"):
            parse(with_values(AGENTS, {**accepted, **others}), "local")


@pytest.mark.parametrize("profile", ["production", "staging", "development"])
@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_a_cloud_adds_a_key_in_production_only_and_for_open_services(cloud: str, profile: str) -> None:
    ranges = {"profile": profile, "services.gateway.secrets": [], "ingress.allowed_cidrs": ["203.0.113.0/24"]}
    assert KEY not in parse(production(ranges, cloud), "prod").secrets
    if profile != "production":
        assert KEY not in parse(production({**ranges, "ingress.allowed_cidrs": DROP}, cloud), "prod").secrets


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_production_generates_the_key_of_an_open_agent_for_it_and_its_callers(cloud: str) -> None:
    calls = {"services.gateway.calls": [], "services.chat.calls": ["gateway"]}
    spec = parse(production({**calls, "services.gateway.secrets": []}, cloud), "prod")
    assert (spec.generated_keys, spec.readers_of(KEY)) == ((KEY,), ("gateway", "chat"))
    assert (keys_of_program(spec), keys_of_up(spec)) == ((KEY,), ())


WRITTEN: dict[str, tuple[Mapping[str, object], Mapping[str, tuple[str, ...]]]] = {
    "applications by their variables": (
        {"ingress.auth": {"mode": "api_key"}, "services.page.auth": "none"},
        {KEY: ("agent", "page", "planner", "hook"), "API_KEY": ("hook", "tools")},
    ),
    "an application without authentication": (
        {"ingress.auth": {"mode": "api_key"}, "services.page.auth": "none", "services.hook.auth": "none"},
        {KEY: ("agent", "page", "planner", "hook"), "API_KEY": ("tools",)},
    ),
    "an application that checks itself, and its caller": (
        {
            "ingress.auth": {"mode": "api_key"},
            "services.page": {"app": "streamlit", "image": "page:1", "calls": ["tools"]},
            "services.tools.auth": "app",
        },
        {KEY: ("agent", "planner", "hook"), "API_KEY": ("page", "hook", "tools")},
    ),
    "no authentication": ({"ingress.auth": {"mode": "none"}}, {KEY: (), "API_KEY": ()}),
    "known address ranges": (
        {"ingress.auth": {"mode": "api_key"}, "services.page.auth": "app", "ingress.allowed_cidrs": ["203.0.113.0/24"]},
        {KEY: ("agent", "page", "planner", "hook"), "API_KEY": ("hook", "tools")},
    ),
}


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure", "docker"])
@pytest.mark.parametrize(("changes", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_a_written_mode_gives_the_key_to_services_and_callers_and_nobody_else(
    cloud: str, changes: Mapping[str, object], expected: Mapping[str, tuple[str, ...]]
) -> None:
    blocks = {name: production()[name] for name in ("aws", "gcp", "azure")}
    spec = parse(
        with_values(AGENTS, {**blocks, "cloud": cloud, "ingress.domain": "agents.example.com", **changes}), "local"
    )
    assert {key: spec.readers_of(key) for key in expected} == expected
