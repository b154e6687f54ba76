"""Paths that no cloud forwards to a service: which they are, and the expressions that match them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.validation.parse import read
from providers.contract.closed_paths import closed_paths, expressions, hides_documentation, is_closed, service_at
from providers.contract.spec import Platform
from tests.planning import DROP, production

DOCUMENTATION = ["/docs", "/openapi.json", "/redoc"]
AGENTOS = ["/docs", "/metrics", "/openapi.json", "/redoc"]


def spec_of(changes: dict[str, object]) -> Platform:
    spec, errors = read(production(changes))
    assert spec is not None and not errors
    return spec


def closed(changes: dict[str, object]) -> list[str]:
    return [each.path for each in closed_paths(spec_of(changes))]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, AGENTOS),
        ({"profile": "staging"}, ["/metrics"]),
        ({"services.gateway.path": DROP}, []),
        ({"services.gateway.metrics": "none"}, AGENTOS),
        ({"services.gateway.metrics": {"path": "/internal/stats"}}, ["/docs", "/internal/stats", *AGENTOS[1:]]),
        ({"services.gateway.metrics": {"path": "/stats?all"}, "services.gateway.closed_paths": []}, ["/stats"]),
        ({"services.gateway.closed_paths": []}, []),
        ({"services.gateway.closed_paths": ["/internal", "/docs"]}, ["/docs", "/internal"]),
        ({"services.gateway.app": "streamlit"}, []),
        ({"services.gateway.app": "streamlit", "services.gateway.metrics": DROP}, ["/_stcore/metrics"]),
        ({"services.gateway.app": "django", "services.gateway.metrics": DROP}, ["/metrics"]),
        ({"services.gateway.app": "fastapi", "services.gateway.metrics": "none"}, DOCUMENTATION),
        ({"services.gateway.app": "custom", "services.gateway.metrics": "none"}, DOCUMENTATION),
        (
            {"services.gateway.path": "/agents", "services.gateway.metrics": {"path": "/agents/metrics"}},
            [f"/agents{path}" for path in AGENTOS],
        ),
    ],
    ids=str,
)
def test_the_closed_paths_follow_application_profile_and_metrics(
    changes: dict[str, object], expected: list[str]
) -> None:
    assert closed(changes) == expected


def test_a_path_is_closed_with_and_without_the_prefix_of_its_service() -> None:
    two = closed({"services.chat.path": "/api", "services.chat.app": "fastapi", "services.chat.closed_paths": DROP})
    assert two == [*(f"/api{path}" for path in AGENTOS), *AGENTOS]


def test_a_path_belongs_to_the_service_that_answers_it() -> None:
    spec = spec_of({"services.chat.path": "/api"})
    assert [service_at(spec, path) for path in ("/api", "/api/docs", "/apis", "/")] == [
        "chat",
        "chat",
        *["gateway"] * 2,
    ]
    assert {each.service for each in closed_paths(spec) if each.path.startswith("/api")} == {"chat"}


def test_a_default_leaves_a_route_and_a_health_check_of_another_service_open() -> None:
    changes: dict[str, object] = {"services.chat.path": "/docs", "services.chat.metrics": "none"}
    assert "/docs" not in closed(changes)
    assert "/docs" not in closed({"services.gateway.health": {"path": "/docs/live"}})
    assert "/redoc" in closed(changes)


def test_all_below_a_closed_path_is_closed_and_no_longer_word() -> None:
    spec = spec_of({})
    assert is_closed(spec, "/docs/oauth2-redirect") and is_closed(spec, "/docs")
    assert not is_closed(spec, "/docsearch") and not is_closed(spec, "/")


@pytest.mark.parametrize(
    ("changes", "hidden"),
    [
        ({}, True),
        ({"profile": "staging"}, False),
        ({"services.gateway.closed_paths": ["/internal"]}, False),
        ({"services.gateway.closed_paths": ["/docs"]}, True),
        ({"services.gateway.app": "fastapi"}, False),
    ],
    ids=str,
)
def test_an_agentos_in_production_serves_no_documentation_unless_it_is_open(
    changes: dict[str, object], hidden: bool
) -> None:
    spec = spec_of(changes)
    assert hides_documentation(spec, spec.services["gateway"]) is hidden


segment = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.~", min_size=1, max_size=12)
plain_paths = st.lists(segment, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(st.lists(plain_paths, min_size=1, max_size=30, unique=True), plain_paths)
def test_the_expressions_match_the_closed_paths_and_nothing_else(paths: list[str], other: str) -> None:
    patterns = list(expressions(paths, "^/+(?:{})(?:/|$)", 120))
    assert all(len(pattern) <= 120 and "\\" not in pattern for pattern in patterns)

    def matched(path: str) -> bool:
        return any(re.search(pattern, path) for pattern in patterns)

    for path in paths:
        assert matched(path) and matched(f"{path}/x") and matched("/" + path.replace("/", "//"))
    assert matched(other) == any(other == path or other.startswith(f"{path}/") for path in paths)


def test_no_path_has_no_expression() -> None:
    assert list(expressions([], "{}", 100)) == []
