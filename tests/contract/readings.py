"""Read the alarms that a plan declares: comparison, threshold, window and severity, in the same form for every cloud."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from automation.plan.inventory import Declared, Inventory

Values = dict[str, object]
COMPARISONS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
    "COMPARISON_GT": ">",
    "COMPARISON_LT": "<",
    "GreaterThan": ">",
    "LessThan": "<",
}
AZURE_SEVERITIES = {1: "critical", 2: "warning"}
PROMETHEUS_RULES = "platform.rules.yml"


@dataclass(frozen=True)
class Reading:
    """Alarm as declared; the window is the time that the condition must hold."""

    comparison: str
    threshold: float
    window_seconds: int
    severity: str
    notifies: tuple[str, ...]
    """Severities of the notification channels, or the number of channels where they have no severity."""


def readings(plan: Inventory, cloud: str) -> dict[str, Reading]:
    """Alarms of a plan by the key of their rule."""
    readers = {"aws": _aws, "gcp": _gcp, "azure": _azure, "docker": _docker, "kubernetes": _kubernetes}
    return dict(readers[cloud](plan))


def _key(resource: Declared) -> str:
    """`gateway-cpu-percent` for `prod-monitoring-gateway-cpu-percent`."""
    return re.sub(r"^[\w]+-(monitoring|compute)-", "", resource.name)


def _aws(plan: Inventory) -> Iterator[tuple[str, Reading]]:
    for alarm in plan.of_type("cloudwatch:MetricAlarm"):
        queries = cast("list[Values]", alarm.inputs.get("metricQueries", []))
        metrics = [cast("Values", query["metric"]) for query in queries if "metric" in query]
        period = cast("float", metrics[0]["period"] if metrics else alarm.inputs["period"])
        window = int(period * cast("float", alarm.inputs["evaluationPeriods"]))
        topics = cast("list[str]", alarm.inputs.get("alarmActions", []))
        severities = tuple(re.findall(r"channels-(\w+)>", " ".join(topics)))
        threshold, comparison = cast("float", alarm.inputs["threshold"]), str(alarm.inputs["comparisonOperator"])
        yield _key(alarm), Reading(COMPARISONS[comparison], threshold, window, "/".join(severities), severities)


def _gcp(plan: Inventory) -> Iterator[tuple[str, Reading]]:
    for policy in plan.of_type("monitoring:AlertPolicy"):
        condition = cast("list[Values]", policy.inputs["conditions"])[0]
        if "logging_googleapis_com" in str(condition.get("conditionPrometheusQueryLanguage")):
            yield _key(policy), _log_reading(policy, cast("Values", condition["conditionPrometheusQueryLanguage"]))
        if "custom_googleapis_com" in str(condition.get("conditionPrometheusQueryLanguage")):
            yield _key(policy), _drill_reading(policy, cast("Values", condition["conditionPrometheusQueryLanguage"]))
        if "aiplatform_googleapis_com" in str(condition.get("conditionPrometheusQueryLanguage")):
            yield _key(policy), _drill_reading(policy, cast("Values", condition["conditionPrometheusQueryLanguage"]))
        if "conditionThreshold" not in condition:
            continue
        limit = cast("Values", condition["conditionThreshold"])
        window = int(str(limit["duration"]).removesuffix("s"))
        aggregations = cast("list[Values]", limit.get("aggregations", []))
        aligned = aggregations[0]["alignmentPeriod"] if aggregations else "0s"
        severity = str(policy.inputs["severity"]).lower()
        channels = len(cast("list[str]", policy.inputs["notificationChannels"]))
        threshold = cast("float", limit.get("thresholdValue", 0))
        yield (
            _key(policy),
            Reading(
                COMPARISONS[str(limit["comparison"])],
                threshold,
                max(window, int(str(aligned).removesuffix("s"))),
                severity,
                (str(channels),),
            ),
        )


def _drill_reading(policy: Declared, condition: Values) -> Reading:
    """Reading of an alarm on a metric in PromQL, of drills or of models: `max(max_over_time(<metric>[<window>s])) > <threshold>`."""
    held = int(str(condition["duration"]).removesuffix("s"))
    window = re.search(r"\[(\d+)s\]", str(condition["query"]))
    assert window is not None
    channels = len(cast("list[str]", policy.inputs["notificationChannels"]))
    threshold = float(str(condition["query"]).rpartition(" > ")[2])
    return Reading(">", threshold, held or int(window[1]), str(policy.inputs["severity"]).lower(), (str(channels),))


def _log_reading(policy: Declared, condition: Values) -> Reading:
    """Reading of an alarm that counts log entries: `sum(increase(<metric>[<window>s])) > <threshold>`."""
    match = re.search(r"\[(\d+)s\]\)\) > (\S+)$", str(condition["query"]))
    assert match is not None
    channels = len(cast("list[str]", policy.inputs["notificationChannels"]))
    severity = str(policy.inputs["severity"]).lower()
    return Reading(">", float(match[2]), int(match[1]), severity, (str(channels),))


def _azure(plan: Inventory) -> Iterator[tuple[str, Reading]]:
    yield from _activity(plan)
    for alert in (*plan.of_type("monitor:MetricAlert"), *plan.of_type("monitor:ScheduledQueryRule")):
        (criterion,) = cast("list[Values]", cast("Values", alert.inputs["criteria"])["allOf"])
        groups = tuple(re.findall(r"channels-(\w+)>", json.dumps(alert.inputs["actions"])))
        yield (
            _key(alert),
            Reading(
                COMPARISONS[str(criterion["operator"])],
                cast("float", criterion["threshold"]),
                _seconds(str(alert.inputs["windowSize"])),
                AZURE_SEVERITIES[int(cast("float", alert.inputs["severity"]))],
                groups,
            ),
        )


def _activity(plan: Inventory) -> Iterator[tuple[str, Reading]]:
    """Alerts on the activity log: every event fires, without a window, and the action group has the severity of the rule."""
    for alert in plan.of_type("monitor:ActivityLogAlert"):
        groups = tuple(re.findall(r"channels-(\w+)>", json.dumps(alert.inputs["actions"])))
        yield _key(alert), Reading(">", 0, 0, "/".join(groups), groups)


def _docker(plan: Inventory) -> Iterator[tuple[str, Reading]]:
    """Rules of the Prometheus container: `<expression> > <threshold>` for a time after the window of the expression."""
    for group in _rule_groups(plan):
        for rule in cast("list[Values]", group["rules"]):
            yield str(rule["alert"]), _prometheus_reading(rule)


def cluster_rules(plan: Inventory) -> Iterator[tuple[str, Values]]:
    """Alerts of the cluster's Prometheus by name; recording rules are left out."""
    for rules in plan.of_type("monitoring.coreos.com:PrometheusRule"):
        for group in cast("list[Values]", cast("Values", rules.inputs["spec"])["groups"]):
            for rule in cast("list[Values]", group["rules"]):
                if "alert" in rule:
                    yield str(rule["alert"]), rule


def _kubernetes(plan: Inventory) -> Iterator[tuple[str, Reading]]:
    for name, rule in cluster_rules(plan):
        yield name, _prometheus_reading(rule)


def _prometheus_reading(rule: Values) -> Reading:
    """Reading of `<expression> > <threshold>` for a time after the window of the expression."""
    compared = str(rule["expr"])
    # a series that is absent has the value 1, without a comparison
    expression, _, threshold = (compared if " > " in compared else f"{compared} > 0").rpartition(" > ")
    windows = [int(seconds) for seconds in re.findall(r"\[(\d+)s\]", expression)]
    labels = cast("dict[str, str]", rule["labels"])
    held = int(str(rule["for"]).removesuffix("s"))
    return Reading(">", float(threshold), held + max(windows, default=0), labels["severity"], ())


def _rule_groups(plan: Inventory) -> list[Values]:
    for container in plan.of_type("docker:Container"):
        for upload in cast("list[Values]", container.inputs.get("uploads", [])):
            if str(upload["file"]).endswith(PROMETHEUS_RULES):
                document = cast("Values", json.loads(str(upload["content"])))
                return cast("list[Values]", document["groups"])
    raise LookupError(f"no container has {PROMETHEUS_RULES}")


def _seconds(duration: str) -> int:
    """Seconds of an ISO 8601 duration of days, hours and minutes."""
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", duration)
    if match is None:
        raise ValueError(f"not a duration of days, hours and minutes: {duration}")
    return 86400 * int(match[1] or 0) + 3600 * int(match[2] or 0) + 60 * int(match[3] or 0)
