"""Prometheus metrics of the assistant: runs, sessions, tokens, model calls, tool calls and cost."""

from collections.abc import Mapping

from pricing import Price, Usage, cost_usd
from prometheus_client import Counter

RUNS_STARTED = Counter("agent_runs_started_total", "Runs of the agent that began.", ("agent",))
RUNS = Counter("agent_runs_total", "Runs of the agent that ended well.", ("agent",))
SESSIONS = Counter("agent_sessions_total", "Sessions that had their first run.", ("agent",))
MODEL_CALLS = Counter("agent_model_calls_total", "Calls of a model, by outcome.", ("model", "outcome"))
TOKENS = Counter("agent_tokens_total", "Tokens by model; `cached` is a part of `input`.", ("model", "kind"))
COST_USD = Counter("agent_model_cost_usd_total", "Cost of model calls in US dollars, by list price.", ("model",))
UNPRICED = Counter("agent_model_calls_unpriced_total", "Model calls whose cost is unknown.", ("model",))
TOOL_CALLS = Counter("agent_tool_calls_total", "Calls of a tool by the agent, by outcome.", ("tool", "outcome"))
UNSTORED = Counter("agent_runs_unstored_total", "Runs that were answered with 503 because they were not stored.")
ANSWERS = Counter(
    "answer_cache_total",
    "Questions to the cache of answers, by outcome: memory, redis, shared, asked, unavailable.",
    ("outcome",),
)
HANDOVERS = Counter("worker_handovers_total", "Wake-ups sent to the worker, by outcome.", ("outcome",))


def count_call(model: str, usage: Usage, prices: Mapping[str, Price]) -> None:
    """Count an answered model call."""
    MODEL_CALLS.labels(model, "answered").inc()
    TOKENS.labels(model, "input").inc(usage.input)
    TOKENS.labels(model, "output").inc(usage.output)
    TOKENS.labels(model, "cached").inc(usage.cached)
    cost = cost_usd(model, usage, prices)
    if cost is None:
        UNPRICED.labels(model).inc()
    else:
        COST_USD.labels(model).inc(cost)
