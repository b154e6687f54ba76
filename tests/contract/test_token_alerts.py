"""Alarms on the cost of model tokens as Prometheus evaluates them: `promtool test rules` on the counts of services."""

import json
import shutil
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from providers.contract.alarms import alarm_rules
from providers.contract.prometheus import OF_SERVICES, rules_document
from tests.contract.test_alarms import spec_of

pytestmark = [
    pytest.mark.long(reason="needs promtool"),
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on PATH"),
]

MODEL, CLAUDE = "gpt-4.1-mini", "us.anthropic.claude-sonnet-4-6"
UNKNOWN = "gpt-4x1-mini"
"""Model without a price, whose name the point of another one would match as a pattern."""
COST = {
    "prices_as_of": "2026-11-27",
    "models": {
        MODEL: {"input": 0.4, "output": 1.6, "cached": 0.1},
        CLAUDE: {"input": 3.3, "output": 16.5},
    },
    "per_day_usd": 100,
    "services": {"chat": {"per_hour_usd": 2, "per_day_usd": 20}},
}
HOUR, DAY = 60, 24 * 60
"""Minutes, which are the samples of a test."""


def counter(kind: str, job: str = "gateway", model: str = MODEL) -> str:
    """Series of the counters of tokens."""
    name = f"gen_ai_client_inference_usage_{kind}_tokens_total"
    return f'{name}{{job="{job}",instance="a",gen_ai_request_model="{model}",gen_ai_token_modality="text"}}'


def histogram(kind: str, job: str = "gateway", model: str = MODEL) -> str:
    """Series of the histogram of tokens."""
    labels = f'job="{job}",instance="a",gen_ai_request_model="{model}",gen_ai_token_type="{kind}"'
    return f"gen_ai_client_token_usage_sum{{{labels}}}"


def growing(tokens_an_hour: float) -> str:
    """Values of a counter that grows evenly for two days."""
    return f"0+{tokens_an_hour / 60:g}x{2 * DAY}"


def require(
    folder: Path,
    series: Mapping[str, str],
    values: Mapping[str, float],
    firing: Collection[str] = (),
    minutes: int = 2 * HOUR,
    **cost: object,
) -> None:
    """Fail unless the rules have these values, in US dollars or tokens, and exactly the alerts `firing` fire."""
    spec = spec_of(cost={**COST, **cost})
    document = rules_document(spec, alarm_rules(spec), subjects=OF_SERVICES)
    (folder / "rules.yml").write_text(document, encoding="utf-8")
    rules = {rule["alert"]: rule for group in json.loads(document)["groups"] for rule in group["rules"]}
    on_tokens = {name: rule for name, rule in rules.items() if name.startswith("tokens-") or "-cost-usd-" in name}
    at = f"{minutes}m"
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": each} for name, each in series.items()],
        "promql_expr_test": [
            {
                "expr": _rounded(on_tokens[name]["expr"]),
                "eval_time": at,
                "exp_samples": [{"labels": "{}", "value": value}],
            }
            for name, value in values.items()
        ],
        "alert_rule_test": [
            {"eval_time": at, "alertname": name, "exp_alerts": _expected(rule) if name in firing else []}
            for name, rule in on_tokens.items()
        ],
    }
    cases = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "cases.yml").write_text(json.dumps(cases), encoding="utf-8")
    command = ["promtool", "test", "rules", "cases.yml"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def _rounded(condition: str) -> str:
    """Value that a condition compares; increases are extrapolated, so they are not exact."""
    return f"round(sum({condition.rpartition(' > ')[0]}), 0.001)"


def _expected(rule: Mapping[str, Mapping[str, str]]) -> list[Mapping[str, Mapping[str, str]]]:
    model = {"gen_ai_request_model": UNKNOWN} if "without-price" in str(rule["alert"]) else {}
    return [{"exp_labels": {**rule["labels"], **model}, "exp_annotations": rule["annotations"]}]


HEAVY = {
    counter("input"): growing(20e6),
    counter("cache_read_input"): growing(5e6),
    counter("output"): growing(5e6),
}
"""15 M tokens of fresh input, 5 M cached and 5 M of output in an hour: 6 + 0.5 + 8 US dollars."""
HOURLY, DAILY, UNPRICED = "tokens-cost-usd-per-hour", "tokens-cost-usd-per-day", "tokens-without-price"


def test_an_hour_above_ten_dollars_fires_by_default(tmp_path: Path) -> None:
    require(tmp_path, HEAVY, {HOURLY: 14.5}, firing=[HOURLY])


def test_an_hour_below_its_limit_does_not_fire(tmp_path: Path) -> None:
    require(tmp_path, HEAVY, {HOURLY: 14.5}, per_hour_usd=15)


def test_the_histogram_alone_is_counted(tmp_path: Path) -> None:
    series = {histogram("input"): growing(20e6), histogram("output"): growing(5e6)}
    require(tmp_path, series, {HOURLY: 16}, firing=[HOURLY])


def test_a_service_with_both_generations_of_names_is_counted_once(tmp_path: Path) -> None:
    both = {**HEAVY, histogram("input"): growing(20e6), histogram("output"): growing(5e6)}
    require(tmp_path, both, {HOURLY: 14.5}, firing=[HOURLY])


def test_services_and_models_are_added_up(tmp_path: Path) -> None:
    """The worker has no metrics endpoint, so its job is another stack's."""
    series = {**HEAVY, histogram("output", "chat", CLAUDE): growing(1e5), counter("output", "worker"): growing(9e9)}
    require(tmp_path, series, {HOURLY: 16.15, "chat-cost-usd-per-hour": 1.65}, firing=[HOURLY])


def test_the_limit_of_one_service_fires_alone(tmp_path: Path) -> None:
    service = "chat-cost-usd-per-hour"
    require(tmp_path, {counter("input", "chat"): growing(6e6)}, {HOURLY: 2.4, service: 2.4}, firing=[service])


def test_a_day_above_its_limit_fires(tmp_path: Path) -> None:
    series = {counter("output"): growing(3e6)}
    require(tmp_path, series, {HOURLY: 4.8, DAILY: 115.2}, firing=[DAILY], minutes=DAY + HOUR)


def test_a_model_without_a_price_is_reported_and_not_free(tmp_path: Path) -> None:
    series = {counter("input", model=UNKNOWN): growing(1000), counter("output", model=UNKNOWN): growing(1000)}
    require(tmp_path, series, {UNPRICED: 250}, firing=[UNPRICED])


def test_without_any_price_every_model_is_reported(tmp_path: Path) -> None:
    series = {counter("input", model=UNKNOWN): growing(1000)}
    require(tmp_path, series, {UNPRICED: 250}, firing=[UNPRICED], models={}, per_day_usd=None, services={})


def test_no_calls_cost_nothing_and_fire_nothing(tmp_path: Path) -> None:
    require(tmp_path, {counter("input"): growing(0)}, {HOURLY: 0})
