"""Faulty prices and limits of model tokens: one line each, with key, problem and fix."""

from collections.abc import Mapping

import pytest

from tests.components.test_bad_input import messages
from tests.planning import DROP

ERRORS: dict[str, tuple[Mapping[str, object], str]] = {
    "prices without a date": (
        {"cost.prices_as_of": DROP},
        'cost.prices_as_of: the prices in cost.models have no date. Set the day on which they were read, such as "2026-11-27".',
    ),
    "prices of a day that no month has": (
        {"cost.prices_as_of": "2026-11-31"},
        "cost.prices_as_of: 2026-11-31 is not a day of the calendar. Use the day on which the prices were read, as YYYY-MM-DD.",
    ),
    "a model of the cloud without a price": (
        {"cost.models": {"gpt-4.1-mini": {"input": 0.4, "output": 1.6}}},
        "cost.models: there is no price for us.anthropic.claude-sonnet-4-6, which services may use, and no price is not 0. Add input and output in US dollars for a million tokens.",
    ),
    "a limit without prices": (
        {"cost": {"per_day_usd": 50}},
        "cost.per_day_usd: a limit needs prices, and cost.models has none. Add cost.models and cost.prices_as_of, or remove it.",
    ),
    "a limit of a service that is not there": (
        {"cost.services": {"chatt": {"per_hour_usd": 5}}},
        "cost.services.chatt: chatt is not a service (did you mean chat). Use gateway, chat or worker.",
    ),
    "a service without any limit": (
        {"cost.services": {"chat": {}}},
        "cost.services.chat: it has no limit. Set per_hour_usd or per_day_usd, or remove it.",
    ),
    "a limit of a service without metrics": (
        {"cost.services": {"worker": {"per_hour_usd": 5}}},
        "cost.services.worker: worker has no metrics endpoint, so nothing counts its tokens. Set services.worker.metrics, or remove it.",
    ),
    "a limit of a service without Prometheus": (
        {"monitoring.prometheus": False, "cost.services": {"gateway": {"per_day_usd": 80}}},
        "cost.services.gateway: a cloud counts the tokens of its models for all services together. Set monitoring.prometheus to true and let the service report its tokens, or remove it.",
    ),
    "a service with the name of an alarm on tokens": (
        {"services.tokens": {"app": "custom", "image": "tokens@sha256:" + "1" * 64}},
        "services.tokens: the platform uses this name itself (database, cache, storage, money, platform, models and tokens are taken). Rename the service.",
    ),
    "a price below zero": (
        {"cost.models": {"us.anthropic.claude-sonnet-4-6": {"input": -1, "output": 1}}},
        "cost.models.us.anthropic.claude-sonnet-4-6.input: -1 is too small. Use 0.0 or more.",
    ),
    "a price without that of output": (
        {"cost.models": {"us.anthropic.claude-sonnet-4-6": {"input": 1}}},
        "cost.models.us.anthropic.claude-sonnet-4-6.output: missing. Set it: US dollars for a million tokens of output.",
    ),
    "a source of prices that a notification cannot contain": (
        {"cost.models": {"us.anthropic.claude-sonnet-4-6": {"input": 1, "output": 1, "source": 'the "list"'}}},
        'cost.models.us.anthropic.claude-sonnet-4-6.source: "the \\"list\\"" has the wrong form. Correct it: page or contract that has the price.',
    ),
}


@pytest.mark.parametrize(("changes", "message"), ERRORS.values(), ids=ERRORS)
def test_an_error_of_prices_or_limits_names_key_problem_and_fix(changes: Mapping[str, object], message: str) -> None:
    assert messages(changes) == [message]
