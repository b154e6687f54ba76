"""Alarm rules as Prometheus alerting rules, for managed and self-hosted Prometheus servers.

Series that the rules need; the `job` label is the name of the service or scheduled job, `database`, or the part of a cache:

- a service, at `metrics_path` on its port: the OpenTelemetry HTTP server histogram and its process' CPU and memory, which
  every Prometheus client library exposes (`SERVICE_METRICS`). The `instance` label of `up` identifies a replica;
- the database: postgres_exporter, the CPU of its container, and the time of its last successful backup (`DATABASE_METRICS`);
- a cache: redis_exporter (`CACHE_METRICS`);
- the firewall of the entry: HAProxy, whose job is `proxy` (`ENTRY_METRICS`);
- tokens of models, where a service reports them (`TOKEN_METRICS`);
- a scheduled job: failed runs, and the time of the last success or else of the deployment (`JOB_METRICS`).

A service with `metrics: none`, a worker without a port, and an AgentOS whose `metrics` are not set are not scraped and have
no rules. A service that has not answered in the exposition format within a day, because it has no such endpoint, sets off
no rule on `up`.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from string import Template

from providers.contract.alarms import (
    MIN_JUDGED_REQUESTS,
    ONLY_IN_CLOUDS,
    AlarmRule,
    AlarmRules,
    Signal,
    Subject,
    metric_for,
)
from providers.contract.scrape_endpoints import DEFAULT_PATH as DEFAULT_PATH
from providers.contract.scrape_endpoints import ScrapeEndpoint as ScrapeEndpoint
from providers.contract.scrape_endpoints import metrics_path as metrics_path
from providers.contract.scrape_endpoints import path_setting as path_setting
from providers.contract.scrape_endpoints import routed_metrics_path as routed_metrics_path
from providers.contract.scrape_endpoints import scrape_endpoint as scrape_endpoint
from providers.contract.scrape_endpoints import unscraped_reason as unscraped_reason
from providers.contract.spec import ModelPrice, Platform
from providers.contract.tokens import counting_services

SUBJECTS: tuple[Subject, ...] = ("service", "job", "database", "cache", "entry", "tokens")
OF_SERVICES: tuple[Subject, ...] = ("service", "tokens")
"""Subjects on what services expose, which a managed Prometheus server of a cloud collects."""
BYTES_PER_GIB = 2**30
SECONDS_WITHOUT_BACKUP = 26 * 3600
"""One day between backups plus two hours of tolerance."""

SERVICE_METRICS = (
    "up",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "http_server_request_duration_seconds_count",
    "http_server_request_duration_seconds_bucket",
)
DATABASE_METRICS = (
    "up",
    "pg_up",
    "pg_stat_activity_count",
    "pg_settings_max_connections",
    "pg_database_size_bytes",
    "container_cpu_usage_seconds_total",
    "backup_last_success_timestamp_seconds",
    "backup_verified_timestamp_seconds",
    "backup_drill_leftovers",
)
JOB_METRICS = ("job_failed_runs_total", "job_last_success_timestamp_seconds")
ENTRY_METRICS = ("haproxy_frontend_requests_denied_total", "haproxy_frontend_http_requests_total")
CACHE_METRICS = ("redis_memory_used_bytes", "redis_memory_max_bytes", "redis_evicted_keys_total")

COUNTER = "gen_ai_client_inference_usage_{kind}_tokens_total"
HISTOGRAM = "gen_ai_client_token_usage_sum"
CACHED = "gen_ai_client_inference_usage_cache_read_input_tokens_total"
TOKEN_METRICS = (COUNTER.format(kind="input"), COUNTER.format(kind="output"), CACHED, HISTOGRAM)
"""Two generations of names of OpenTelemetry (open-telemetry/semantic-conventions-genai, "Inference token metrics" and "Generative AI
client metrics"): counters for cost, and before them one histogram. A service that has both is counted once, by its counters.
Input includes what was read from the provider's cache, which only the counters tell apart."""
MODEL = "gen_ai_request_model"
TOKENS_PER_PRICE = 1_000_000
JobName = Callable[[str], str]
"""Value of the label `job` by the name of a service."""

OF_JOB = '${labels}job="$job"'
"""Labels of the series of a subject; `$labels` are those of `Series.labels`."""
REQUESTS = f"http_server_request_duration_seconds_count{{{OF_JOB}"
OF_ENTRY = 'job="proxy",proxy="https"'
ENTRY_FRONTEND = f"{{{OF_ENTRY}}}"
"""Frontend of the entry that has the rules; the label `job` is that of the entry's metrics, not of a service."""
ENTRY_SERIES = f"{{${{labels}}{OF_ENTRY}}}"
ENTRY_REQUESTS = f"sum(increase(haproxy_frontend_http_requests_total{ENTRY_SERIES}[${{window}}s]))"
TOKEN_SIGNALS = (Signal.COST_USD_PER_HOUR, Signal.COST_USD_PER_DAY, Signal.TOKENS_WITHOUT_PRICE)
EXPOSES_METRICS = 'max(max_over_time(up{${labels}job="$job"}[1d])) == 1'
"""True once a replica has been scraped; a service may have no exporter."""
EXPRESSIONS: Mapping[Signal, str] = {
    Signal.CPU_PERCENT: (
        '100 * avg(sum by (instance) (rate(process_cpu_seconds_total{${labels}job="$job"}[${window}s]))) / $vcpu'
    ),
    Signal.MEMORY_PERCENT: (
        '100 * avg(sum by (instance) (process_resident_memory_bytes{${labels}job="$job"})) / $memory_bytes'
    ),
    Signal.ERROR_PERCENT: (
        f'100 * sum(rate({REQUESTS},http_response_status_code=~"5.."}}[${{window}}s]))'
        f" / sum(rate({REQUESTS}}}[${{window}}s]))"
    ),
    Signal.LATENCY_P95_SECONDS: (
        "histogram_quantile(0.95, sum by (le) "
        '(rate(http_server_request_duration_seconds_bucket{${labels}job="$job"}[${window}s])))'
    ),
    Signal.UNHEALTHY_REPLICAS: f'(count(up{{${{labels}}job="$job"}} == 0) and {EXPOSES_METRICS})',
    Signal.MISSING_REPLICAS: f'($replicas - (count(up{{${{labels}}job="$job"}} == 1) or vector(0)) and {EXPOSES_METRICS})',
    # postgres_exporter times out when the server does not answer, so pg_up is missing then
    Signal.DATABASE_FAILED_CONNECTIONS: '(sum(1 - pg_up{${labels}job="$job"}) or sum(1 - up{${labels}job="$job"}))',
    Signal.DATABASE_CONNECTIONS_PERCENT: (
        '100 * sum(pg_stat_activity_count{${labels}job="$job"}) / sum(pg_settings_max_connections{${labels}job="$job"})'
    ),
    Signal.DATABASE_CPU_PERCENT: (
        '100 * sum(rate(container_cpu_usage_seconds_total{${labels}job="$job"}[${window}s])) / $vcpu'
    ),
    Signal.DATABASE_STORAGE_PERCENT: '100 * sum(pg_database_size_bytes{${labels}job="$job"}) / $storage_bytes',
    Signal.DATABASE_BACKUP_FAILED: (
        f'sum(time() - backup_last_success_timestamp_seconds{{${{labels}}job="$job"}} > bool {SECONDS_WITHOUT_BACKUP})'
    ),
    Signal.DATABASE_BACKUP_AGE_SECONDS: (
        '(time() - max(backup_verified_timestamp_seconds{${labels}job="$job"})'
        ' or absent(backup_verified_timestamp_seconds{${labels}job="$job"}) * Inf)'
    ),
    Signal.DATABASE_DRILL_LEFTOVERS: 'max(backup_drill_leftovers{${labels}job="$job"})',
    Signal.CACHE_MEMORY_PERCENT: (
        '100 * sum(redis_memory_used_bytes{${labels}job="$job"}) / sum(redis_memory_max_bytes{${labels}job="$job"})'
    ),
    Signal.CACHE_EVICTIONS: 'sum(increase(redis_evicted_keys_total{${labels}job="$job"}[${window}s]))',
    Signal.BLOCKED_PERCENT: (
        f"(100 * sum(increase(haproxy_frontend_requests_denied_total{ENTRY_SERIES}[${{window}}s])) / {ENTRY_REQUESTS}"
        f" and {ENTRY_REQUESTS} >= {MIN_JUDGED_REQUESTS})"
    ),
    Signal.JOB_FAILED: 'sum(increase(job_failed_runs_total{${labels}job="$job"}[${window}s]))',
    **dict.fromkeys(TOKEN_SIGNALS, "$tokens"),
    Signal.JOB_MISSED: 'sum(time() - job_last_success_timestamp_seconds{${labels}job="$job"} > bool $total)',
}
"""PromQL of each signal; `expression` fills in the `$` placeholders."""


@dataclass(frozen=True)
class Series:
    """Series of a platform on one Prometheus server, and the expressions on them."""

    job_of: JobName = str
    """Value of the label `job` by the name of a service."""
    labels: str = ""
    """Further labels with a comma at the end, such as `namespace="agents",`, where platforms share a server."""
    expressions: Mapping[Signal, str] = field(default_factory=lambda: EXPRESSIONS)
    """PromQL by signal; `$labels` and `$job` select the series of a subject."""
    of_every_service: frozenset[Signal] = frozenset()
    """Signals that the server also has of services without a metrics endpoint."""


OWN_SERVER = Series()
"""Server that collects the metrics of one platform only, with the metrics of the exporters."""


@dataclass(frozen=True)
class PrometheusRule:
    """Alerting rule that fires when `expression` is above the threshold for `seconds` after its window."""

    rule: AlarmRule
    expression: str

    @property
    def seconds(self) -> int:
        """Value of `for` in seconds; the first period is the window of the expression, or all where it counts them."""
        if self.rule.signal is Signal.JOB_MISSED:
            return 0
        return self.rule.period_seconds * (self.rule.periods - 1)

    def document(self) -> dict[str, object]:
        """Rule in the format of a Prometheus rules file."""
        return {
            "alert": self.rule.key,
            "expr": f"{self.expression} > {self.rule.threshold:g}",
            "for": f"{self.seconds}s",
            "labels": {"severity": self.rule.severity, "service": self.rule.name},
            "annotations": {"summary": self.rule.summary},
        }


def rules_document(spec: Platform, rules: AlarmRules, subjects: Iterable[Subject] = SUBJECTS) -> str:
    """Rules file as YAML (in JSON notation, which needs no quoting), one group per subject."""
    groups: dict[str, list[dict[str, object]]] = {}
    for alert in prometheus_rules(spec, rules, subjects):
        groups.setdefault(alert.rule.name, []).append(alert.document())
    return json.dumps({"groups": [{"name": name, "rules": group} for name, group in groups.items()]}, indent=2)


def prometheus_rules(
    spec: Platform, rules: AlarmRules, subjects: Iterable[Subject] = SUBJECTS, series: Series = OWN_SERVER
) -> list[PrometheusRule]:
    """Alarm rules on subjects that are scraped."""
    selected = frozenset(subjects)
    return [
        PrometheusRule(rule, expression(spec, rule, series))
        for rule in rules
        if rule.subject in selected and is_scraped(spec, rule, series)
    ]


def is_scraped(spec: Platform, rule: AlarmRule, series: Series = OWN_SERVER) -> bool:
    """True unless the rule is on a service without a metrics endpoint, or on what only a cloud reports."""
    if rule.signal in ONLY_IN_CLOUDS or rule.subject == "models":
        return False
    if rule.subject != "service" or rule.signal in series.of_every_service:
        return True
    return scrape_endpoint(spec.services[rule.name]) is not None


def expression(spec: Platform, rule: AlarmRule, series: Series = OWN_SERVER) -> str:
    """PromQL of a rule; raises LookupError for a signal without an expression."""
    total = rule.period_seconds * rule.periods
    job = series.job_of(rule.name) if rule.subject == "service" else rule.name
    values = {
        "job": job,
        "labels": series.labels,
        "window": rule.period_seconds,
        "total": total,
        **_sizes(spec, rule),
    }
    if rule.signal in TOKEN_SIGNALS:
        values["tokens"] = token_expression(spec, rule, series)
    return Template(metric_for(series.expressions, rule)).substitute(values)


def _sizes(spec: Platform, rule: AlarmRule) -> dict[str, object]:
    """Sizes that percentages of the subject refer to."""
    if rule.subject == "service":
        service = spec.services[rule.name]
        memory_bytes = int(service.size.memory_gib * BYTES_PER_GIB)
        return {"vcpu": f"{service.size.vcpu:g}", "memory_bytes": memory_bytes, "replicas": service.replicas.min}
    if rule.subject == "database" and spec.database is not None:
        storage_bytes = spec.database.max_storage_gib * BYTES_PER_GIB
        return {"vcpu": f"{spec.database.size.vcpu:g}", "storage_bytes": storage_bytes}
    return {}


def token_expression(spec: Platform, rule: AlarmRule, series: Series) -> str:
    """Cost in US dollars, or tokens of models without a price, in one period of a rule."""
    names = (rule.name,) if rule.subject == "service" else counting_services(spec)
    jobs, window = "|".join(sorted(map(series.job_of, names))), f"[{rule.period_seconds}s]"
    services = f'{series.labels}job=~"{jobs}"'
    if rule.signal is Signal.TOKENS_WITHOUT_PRICE:
        return _unpriced(spec.cost.models, services, window)
    terms = (term for name, price in sorted(spec.cost.models.items()) for term in _terms(name, price, services, window))
    return f"({' + '.join(terms)}) / {TOKENS_PER_PRICE}"


def _terms(model: str, price: ModelPrice, services: str, window: str) -> Iterable[str]:
    """Cost of one model for each kind of token; a model without calls costs nothing."""
    labels = f'{services},{MODEL}="{model}"'
    for kind, usd in (("input", price.input), ("output", price.output)):
        yield f"{_or_zero(_counted(kind, labels, window))} * {_number(usd)}"
    if price.cached is not None and price.cached != price.input:
        read = f"sum(increase({CACHED}{{{labels}}}{window}))"
        yield f"{_or_zero(read)} * {_number(price.cached - price.input)}"


def _unpriced(prices: Mapping[str, ModelPrice], services: str, window: str) -> str:
    """Tokens of input by model; a call has some in any case."""
    known = "|".join(name.replace(".", "[.]") for name in sorted(prices))
    labels = services + (f',{MODEL}!~"{known}"' if known else "")
    return f"sum by ({MODEL}) ({_by_job('input', labels, window, MODEL)})"


def _counted(kind: str, labels: str, window: str) -> str:
    return f"sum({_by_job(kind, labels, window)})"


def _by_job(kind: str, labels: str, window: str, *by: str) -> str:
    """Tokens of each service, by its counters or else by its histogram."""
    group = f"sum by ({', '.join(('job', *by))})"
    counters = f"{group} (increase({COUNTER.format(kind=kind)}{{{labels}}}{window}))"
    histogram = f'{group} (increase({HISTOGRAM}{{{labels},gen_ai_token_type="{kind}"}}{window}))'
    return f"{counters} or {histogram}"


def _or_zero(expression: str) -> str:
    return f"({expression} or vector(0))"


def _number(usd: float) -> str:
    return f"{round(usd, 9):.12g}"
