"""Types of the alarm rules: rules of one platform, and the lines of the rule table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from providers.contract.signals import Signal
from providers.contract.spec import Alerts, CacheInstance, Platform
from providers.contract.tokens import price_note

Subject = Literal["service", "job", "database", "cache", "copies", "entry", "account", "network", "models", "tokens"]
"""`models` are those of the cloud, by its own metrics; `tokens` are those that services count, by Prometheus."""
Severity = Literal["warning", "critical"]


@dataclass(frozen=True)
class AlarmRule:
    """Fires when `signal` of `subject` stays above `threshold` for `periods` times `period_seconds`."""

    signal: Signal
    subject: Subject
    name: str
    """Name of the service or job, part of a cache (`cache`, `cache-answers`); `database`, `copies`, `entry firewall`, `account permissions`,
    `network flows`, `models` and `tokens` for those."""
    threshold: float
    period_seconds: int
    periods: int
    severity: Severity
    summary: str

    @property
    def key(self) -> str:
        """Logical name part, unique in a platform: `gateway-cpu-percent`, `cache-answers-memory-percent`."""
        prefix = f"{self.name.replace(' ', '-')}-"
        known = "cache-" if self.subject == "cache" else prefix
        return f"{prefix}{self.signal.removeprefix(known)}"

    @property
    def needs_prometheus(self) -> bool:
        """True for a rule on what services report of tokens, which no metric of a cloud has."""
        return self.subject == "tokens" or (self.subject == "service" and self.signal.name.startswith("COST_"))


@dataclass(frozen=True)
class AlarmRules:
    """Every alarm rule of a platform, computed once per plan."""

    rules: tuple[AlarmRule, ...]

    def __iter__(self) -> Iterator[AlarmRule]:
        return iter(self.rules)

    @property
    def of_cloud(self) -> "AlarmRules":
        """Rules that the cloud's own metrics and logs can evaluate."""
        return AlarmRules(tuple(rule for rule in self.rules if not rule.needs_prometheus))

    def rule(self, name: str, signal: Signal) -> AlarmRule:
        """Return the rule on `signal` of the service, job, database or cache `name`; raises LookupError."""
        for rule in self.rules:
            if (rule.name, rule.signal) == (name, signal):
                return rule
        raise LookupError(f"{name} has no alarm rule on {signal.value}")


def cache_of(spec: Platform, part: str) -> CacheInstance:
    """Return a cache by its part; raises LookupError."""
    for cache in spec.all_caches:
        if cache.part == part:
            return cache
    raise LookupError(f"the platform has no {part}")


@dataclass(frozen=True)
class RuleDefinition:
    """One line of the rule table; `threshold` and `summary` are filled in for each subject."""

    signal: Signal
    subject: Subject
    period_seconds: int
    periods: int
    severity: Severity
    summary: str
    """Sentence for the notification; `{name}` is the subject, `{cache}` a cache, `{threshold}` the threshold, `{prices}` date and
    source of prices."""
    threshold: Callable[[Alerts], float] = lambda _alerts: 0
    applies: Callable[[Platform, str], bool] = lambda _spec, _name: True
    periods_of: Callable[[Platform, str], int] | None = None
    """Number of periods where it depends on the subject; `periods` is then the smallest one."""
    threshold_of: Callable[[Platform, str], float] | None = None
    """Threshold where it is another key of the spec than one of `monitoring.alerts`."""

    def rule(self, spec: Platform, name: str) -> AlarmRule:
        """Rule for one subject; `{periods}` of the summary is its number of periods, `{days}` a threshold in seconds."""
        threshold = self.threshold_of(spec, name) if self.threshold_of else self.threshold(spec.monitoring.alerts)
        periods = self.periods_of(spec, name) if self.periods_of else self.periods
        days = f"{threshold / 86400:g}"
        prices = price_note(spec, self.subject)
        cache = cache_of(spec, name).title if self.subject == "cache" else ""
        summary = self.summary.format(
            name=name, threshold=f"{threshold:g}", periods=periods, days=days, prices=prices, cache=cache
        )
        return AlarmRule(
            self.signal, self.subject, name, threshold, self.period_seconds, periods, self.severity, summary
        )
