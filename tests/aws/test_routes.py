"""Priorities and patterns of listener rules."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.validation.parse import read
from providers.aws.entry.routes import (
    LAST_PRIORITY,
    MAX_SEGMENTS,
    closing_rules,
    ingress_adjustments,
    ingress_refusals,
    patterns,
    priority,
    segments,
)
from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.spec import Platform
from tests.planning import DROP, production

segment = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=1, max_size=12)
paths = st.lists(segment, max_size=MAX_SEGMENTS).map(lambda parts: "/" + "/".join(parts))
deeper_paths = st.lists(segment, min_size=1, max_size=MAX_SEGMENTS).map(lambda parts: "/" + "/".join(parts))


def routed(changes: dict[str, object]) -> Platform:
    spec, _ = read(production(changes, cloud="aws"))
    assert spec is not None
    return spec


def refused_paths(path: str) -> list[str]:
    spec = routed({"services.chat.path": path})
    return [refusal.key for refusal in ingress_refusals(spec, "prod")]


def matches(path: str, request: str) -> bool:
    return any(fnmatchcase(request, pattern) for pattern in patterns(path))


@given(paths)
def test_a_priority_is_valid_for_a_listener(path: str) -> None:
    assert 1 <= priority(path) <= LAST_PRIORITY


@given(deeper_paths, st.data())
def test_a_deeper_path_is_evaluated_before_its_parent(path: str, data: st.DataObject) -> None:
    parts = segments(path)
    outer = "/" + "/".join(parts[: data.draw(st.integers(0, len(parts) - 1))])
    assert priority(path) < priority(outer)


@given(paths)
def test_a_trailing_slash_changes_nothing(path: str) -> None:
    slashed = path if path == "/" else f"{path}/"
    assert priority(slashed) == priority(path)
    assert patterns(slashed) == patterns(path)


def test_a_priority_never_changes_between_releases() -> None:
    assert {path: priority(path) for path in ("/", "/chat", "/chat/v2")} == {
        "/": 50_000,
        "/chat": 47_504,
        "/chat/v2": 34_857,
    }


@given(deeper_paths, segment)
def test_a_path_matches_itself_and_all_below_it(path: str, below: str) -> None:
    assert matches(path, path)
    assert matches(path, f"{path}/{below}")


@given(deeper_paths, segment)
def test_a_path_does_not_match_a_longer_word(path: str, suffix: str) -> None:
    assert not matches(path, f"{path}{suffix}")


def test_the_root_matches_every_request() -> None:
    assert patterns("/") == ("/*",)
    assert matches("/", "/") and matches("/", "/chat/v2")


def test_a_path_with_too_many_segments_is_refused() -> None:
    assert refused_paths("/a/b/c/d/e") == []
    assert refused_paths("/a/b/c/d/e/f") == ["services.chat.path"]


def test_a_path_longer_than_a_pattern_is_refused() -> None:
    assert refused_paths("/" + "a" * 125) == []
    assert refused_paths("/" + "a" * 126) == ["services.chat.path"]


def test_two_paths_with_one_priority_are_refused_by_name() -> None:
    slots: dict[int, str] = {}
    twin = next(f"/t{n}" for n in range(9_999) if slots.setdefault(priority(f"/t{n}"), f"/t{n}") != f"/t{n}")
    first = slots[priority(twin)]
    spec = routed({"services.gateway.path": first, "services.chat.path": twin})
    (refusal,) = ingress_refusals(spec, "prod")
    assert "gateway" in str(refusal) and "chat" in str(refusal)


def test_a_private_platform_has_no_rate_limit() -> None:
    spec = routed({"services.gateway.path": DROP, "ingress.domain": DROP, "ingress.dns_zone": DROP})
    assert ingress_adjustments(spec) == []


def test_the_rate_limit_is_an_adjustment_in_numbers() -> None:
    short: dict[str, object] = {"ingress.rate_limit": DROP, "ingress.rate_limit_per_minute": 120}
    adjustment = adjustments(short)["ingress.rate_limit_per_minute"]
    assert (adjustment.requested, adjustment.effect) == (120, Effect.ADJUSTED)
    assert adjustment.reason.startswith("120 requests per 60 s and address")
    assert adjustments({})["ingress.rate_limit.per_address"].requested == 600


def adjustments(changes: dict[str, object]) -> dict[str, Adjustment]:
    return {adjustment.key: adjustment for adjustment in ingress_adjustments(routed(changes))}


def test_without_a_domain_the_plan_says_that_requests_are_not_encrypted() -> None:
    plain = adjustments({"ingress.domain": DROP, "ingress.dns_zone": DROP, "profile": "development"})["ingress.domain"]
    assert plain.requested is None
    assert "plain HTTP" in plain.reason
    assert "ingress.domain" not in adjustments({})


def test_the_plan_says_which_prompts_the_managed_rules_block() -> None:
    reason = adjustments({})["ingress.waf"].reason
    assert "except on paths of prompts: /agents/*/runs, /teams/*/runs and /workflows/*/runs" in reason
    assert "SQL, HTML, file paths or URLs can be answered with status 403" in reason
    assert "ingress.waf" not in adjustments({"ingress.waf": False})


def test_the_plan_names_the_encryption_of_access_logs() -> None:
    assert "AES256" in adjustments({})["monitoring.log_retention_days"].reason


@pytest.mark.parametrize("path", ["/", "/m*", "/mé", "/" + "m" * 160])
def test_a_metrics_path_that_no_rule_can_close_is_refused(path: str) -> None:
    spec = routed({"services.gateway.metrics": {"path": path}})
    assert [refusal.key for refusal in ingress_refusals(spec, "prod")] == ["services.gateway.metrics.path"]
    assert ingress_refusals(routed({"services.chat.metrics": {"path": path}}), "prod") == []


def refused(changes: dict[str, object]) -> dict[str, str]:
    return {refusal.key: refusal.problem for refusal in ingress_refusals(routed(changes), "prod")}


def test_a_rule_that_no_managed_group_has_cannot_be_excluded() -> None:
    key = "ingress.waf.exclude_rules"
    assert refused({"ingress.waf": {"exclude_rules": ["SQLi_QUERYARGUMENTS"]}}) == {}
    assert "(did you mean SQLi_BODY)" in refused({"ingress.waf": {"exclude_rules": ["SQLi_BODYS"]}})[key]


def rules_of(paths: list[str], changes: dict[str, object] | None = None) -> dict[str, str]:
    return closing_rules(routed({"services.gateway.closed_paths": paths, **(changes or {})}))


def test_a_closed_path_has_a_rule_of_the_listener_as_well() -> None:
    assert rules_of(["/internal", "/a/b/c/d/e"]) == {"/internal": "closed-internal", "/a/b/c/d/e": "closed-a-b-c-d-e"}


def test_what_a_listener_cannot_express_or_distinguish_is_closed_by_the_web_acl_alone() -> None:
    slots: dict[int, str] = {}
    twin = next(f"/t{n}" for n in range(9_999) if slots.setdefault(priority(f"/t{n}"), f"/t{n}") != f"/t{n}")
    assert rules_of(["/a/b/c/d/e/f", "/" + "a" * 119]) == {"/" + "a" * 119: "closed-" + "a" * 119}
    assert rules_of(["/a-b", "/a/b"]) == {"/a-b": "closed-a-b"}
    assert (
        rules_of(
            [twin],
            {
                "services.chat.path": slots[priority(twin)],
                "services.chat.metrics": "none",
                "services.chat.closed_paths": [],
            },
        )
        == {}
    )
    assert refused({"services.gateway.closed_paths": ["/a/b/c/d/e/f", "/a-b", "/a/b", twin]}) == {}


def test_the_rules_of_a_load_balancer_are_limited() -> None:
    many = [f"/internal{n}" for n in range(120)]
    assert len(rules_of(many)) < 100
    assert set(rules_of(many[:50])) == set(many[:50])


def test_the_smoke_test_of_a_closed_path_is_refused() -> None:
    rollout = {"strategy": "canary", "smoke": {"path": "/internal/ready?full"}}
    changes: dict[str, object] = {"services.gateway.rollout": rollout}
    assert refused(changes) == {}
    assert (
        "closes"
        in refused({**changes, "services.gateway.closed_paths": ["/internal"]})["services.gateway.rollout.smoke.path"]
    )
