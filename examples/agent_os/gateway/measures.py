"""Prometheus metrics of the assistant: runs, sessions, tokens, model calls, tool calls and cost.

Tokens and durations of model calls have the names of OpenTelemetry's conventions for generative AI, as Prometheus spells them
(open-telemetry/semantic-conventions-genai): counters of consumption, which the platform's alarms on cost read, and the histograms
`gen_ai.client.token.usage` and `gen_ai.client.operation.duration`.
"""

from collections.abc import Mapping

from pricing import Price, Usage, cost_usd
from prometheus_client import Counter, Histogram

TOKEN_BUCKETS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
SECOND_BUCKETS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Boundaries that the conventions recommend."""
CALL = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model")
COUNTED = (*CALL, "gen_ai_token_modality")
INPUT_TOKENS = Counter(
    "gen_ai_client_inference_usage_input_tokens_total", "Input tokens used, including cached ones.", COUNTED
)
CACHED_TOKENS = Counter(
    "gen_ai_client_inference_usage_cache_read_input_tokens_total",
    "Input tokens that the provider's cache served; a part of the input tokens.",
    COUNTED,
)
OUTPUT_TOKENS = Counter("gen_ai_client_inference_usage_output_tokens_total", "Output tokens used.", COUNTED)
TOKEN_USAGE = Histogram(
    "gen_ai_client_token_usage", "Tokens of a model call.", (*CALL, "gen_ai_token_type"), buckets=TOKEN_BUCKETS
)
CALL_SECONDS = Histogram(
    "gen_ai_client_operation_duration_seconds",
    "Time of a model call, in seconds; `error_type` is empty for one that was answered.",
    (*CALL, "error_type"),
    buckets=SECOND_BUCKETS,
)
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


def announce(model: str, provider: str) -> None:
    """Expose the counters of a model with 0: Prometheus sees no increase in the first value of a new series."""
    for counter in (INPUT_TOKENS, CACHED_TOKENS, OUTPUT_TOKENS):
        counter.labels(*_call(model, provider), "text")


def count_call(model: str, provider: str, usage: Usage, seconds: float, prices: Mapping[str, Price]) -> None:
    """Count an answered model call."""
    call = _call(model, provider)
    MODEL_CALLS.labels(model, "answered").inc()
    CALL_SECONDS.labels(*call, "").observe(seconds)
    INPUT_TOKENS.labels(*call, "text").inc(usage.input)
    CACHED_TOKENS.labels(*call, "text").inc(usage.cached)
    OUTPUT_TOKENS.labels(*call, "text").inc(usage.output)
    TOKEN_USAGE.labels(*call, "input").observe(usage.input)
    TOKEN_USAGE.labels(*call, "output").observe(usage.output)
    for kind, tokens in (("input", usage.input), ("output", usage.output), ("cached", usage.cached)):
        TOKENS.labels(model, kind).inc(tokens)
    cost = cost_usd(model, usage, prices)
    if cost is None:
        UNPRICED.labels(model).inc()
    else:
        COST_USD.labels(model).inc(cost)


def count_failure(model: str, provider: str, error: str, seconds: float) -> None:
    """Count a model call that raised an error of the class `error`."""
    MODEL_CALLS.labels(model, "failed").inc()
    CALL_SECONDS.labels(*_call(model, provider), error).observe(seconds)


def _call(model: str, provider: str) -> tuple[str, str, str]:
    return ("chat", provider, model)
