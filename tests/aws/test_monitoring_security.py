"""Alarms on blocked requests, on changes of permissions and on denied connections."""

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import cast

import pytest

from automation.plan.inventory import Declared, Inventory
from providers.aws.monitoring.permission_events import IAM_CHANGES
from providers.aws.monitoring.security_metrics import denied_flows
from tests.aws.plans import changed, production_plan
from tests.aws.readers import json_object, text
from tests.aws.test_monitoring_alarms import alarm
from tests.planning import DRILL, DROP

CHANGES = "prod-monitoring-permission-changes"
FORWARD = "prod-monitoring-iam-changes"
SERVICES = {
    "iam": "aws.iam",
    "s3": "aws.s3",
    "kms": "aws.kms",
    "secretsmanager": "aws.secretsmanager",
    "ec2": "aws.ec2",
}


def event(service: str, call: str, **detail: object) -> Mapping[str, object]:
    """Return an event of CloudTrail as EventBridge delivers it."""
    source = f"{service}.amazonaws.com"
    kind = "AWS API Call via CloudTrail"
    return {
        "source": SERVICES[service],
        "detail-type": kind,
        "detail": {"eventSource": source, "eventName": call, **detail},
    }


def matches(pattern: object, value: object) -> bool:
    """Match as EventBridge does, for the part of its syntax that the patterns use: values of a list, and `exists`."""
    if isinstance(pattern, dict):
        content = cast("Mapping[str, object]", value if isinstance(value, dict) else {})
        return all(matches(each, content.get(key)) for key, each in cast("Mapping[str, object]", pattern).items())
    allowed = cast("list[object]", pattern)
    if {"exists": False} in allowed:
        return value is None
    return value in allowed


def choose(condition: bool, yes: Callable[[], float], no: float) -> float:
    """`IF` of metric math."""
    return yes() if condition else no


def fill(value: float, _missing: float) -> float:
    """`FILL` of metric math for a metric that has a value."""
    return value


def rule(plan: Inventory, name: str) -> Declared:
    return plan.one(name, "cloudwatch:EventRule")


def pattern_of(name: str) -> object:
    return json.loads(text(rule(production_plan(), name).inputs["eventPattern"]))


@pytest.mark.parametrize(
    ("happened", "counted"),
    [
        (event("iam", "PutRolePolicy"), True),
        (event("iam", "CreateAccessKey"), True),
        (event("iam", "UpdateAssumeRolePolicy"), True),
        (event("kms", "PutKeyPolicy"), True),
        (event("s3", "PutBucketPolicy"), True),
        (event("secretsmanager", "PutResourcePolicy"), True),
        (event("iam", "PutRolePolicy", errorCode="AccessDenied"), False),
        (event("iam", "GetRole"), False),
        (event("s3", "PutObject"), False),
        (event("ec2", "PutRolePolicy"), False),
    ],
)
def test_successful_changes_of_permissions_are_counted(happened: Mapping[str, object], counted: bool) -> None:
    assert matches(pattern_of(CHANGES), happened) is counted


def test_the_alarm_counts_the_events_of_the_rule() -> None:
    inputs = alarm("account-permissions-changes").inputs
    assert inputs["dimensions"] == {"RuleName": f"<cloudwatch:EventRule {CHANGES}>.name"}
    assert (inputs["namespace"], inputs["metricName"], inputs["treatMissingData"]) == (
        "AWS/Events",
        "Invocations",
        "notBreaching",
    )


def test_events_of_iam_are_sent_from_the_region_that_has_them() -> None:
    plan = production_plan()
    sent, target = rule(plan, FORWARD), plan.one(FORWARD, "cloudwatch:EventTarget")
    assert (sent.inputs["region"], target.inputs["region"]) == ("us-east-1", "us-east-1")
    assert target.inputs["arn"] == "arn:aws:events:us-west-2:111122223333:event-bus/default"
    assert matches(pattern_of(FORWARD), event("iam", "CreateUser"))
    assert not matches(pattern_of(FORWARD), event("s3", "PutBucketPolicy"))
    assert "region" not in rule(plan, CHANGES).inputs


def test_the_target_of_every_rule_has_an_id_that_is_known_before_its_creation_and_a_deployed_one_keeps_its_own() -> (
    None
):
    """A target whose creation was not recorded is imported by its ID; a second one would get every event again."""
    targets = changed({"recovery.drill": DRILL}).of_type("cloudwatch:EventTarget")
    assert {(each.inputs["targetId"], each.ignore_changes) for each in targets} == {
        ("log-group", ("targetId",)), ("event-bus", ("targetId",)), ("state-machine", ("targetId",)),
    }  # fmt: skip


def test_the_role_that_sends_them_may_do_nothing_else() -> None:
    plan = production_plan()
    policy = json_object(json.loads(text(plan.one(FORWARD, "iam:RolePolicy").inputs["policy"])))
    assert policy["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "events:PutEvents",
            "Resource": "arn:aws:events:us-west-2:111122223333:event-bus/default",
        }
    ]
    trusted = json_object(json.loads(text(plan.one(FORWARD, "iam:Role").inputs["assumeRolePolicy"])))
    assert "arn:aws:events:us-east-1:111122223333:rule/prod-monitoring-iam-changes-*" in json.dumps(trusted)


def test_a_stack_in_that_region_sends_nothing() -> None:
    plan = changed(
        {
            "aws.region": "us-east-1",
            "recovery": DROP,
            "aws.models": DROP,
            "services.gateway.uses": ["database", "cache", "storage"],
        }
    )
    assert rule(plan, CHANGES)
    assert FORWARD not in {each.name for each in plan.of_type("cloudwatch:EventRule")}


def test_without_the_alarm_no_events_are_read() -> None:
    names = {each.name for each in changed({"monitoring.alerts.permission_changes": False}).resources}
    assert not {CHANGES, FORWARD, "prod-monitoring-account-permissions-changes"} & names


def test_a_pattern_fits_the_limit_of_eventbridge() -> None:
    """Amazon EventBridge user guide, "Amazon EventBridge quotas": 2048 characters."""
    for name in (CHANGES, FORWARD):
        assert len(text(rule(production_plan(), name).inputs["eventPattern"])) <= 2048
    assert sorted(IAM_CHANGES) == list(IAM_CHANGES)


def test_the_share_of_blocked_requests_is_that_of_all_rules_of_the_web_acl() -> None:
    """AWS WAF developer guide, "AWS WAF metrics and dimensions"."""
    acl = production_plan().one("prod-entry-us-west-2-acl", "wafv2:WebAcl")
    metric_name = json_object(acl.inputs["visibilityConfig"])["metricName"]
    queries = cast("list[Mapping[str, object]]", alarm("entry-firewall-blocked-percent").inputs["metricQueries"])
    metrics = {query["id"]: json_object(query["metric"]) for query in queries if "metric" in query}
    assert {id: metric["metricName"] for id, metric in metrics.items()} == {
        "blocked": "BlockedRequests",
        "allowed": "AllowedRequests",
    }
    dimensions = {"Region": "us-west-2", "Rule": "ALL", "WebACL": metric_name}
    assert [metric["dimensions"] for metric in metrics.values()] == [dimensions, dimensions]


@pytest.mark.parametrize(
    ("blocked", "allowed", "percent"),
    [(3, 0, 0), (99, 0, 0), (100, 0, 100), (30, 70, 30), (25, 975, 2.5), (0, 500, 0), (0, 0, 0)],
)
def test_few_requests_are_not_judged(blocked: float, allowed: float, percent: float) -> None:
    queries = cast("list[Mapping[str, object]]", alarm("entry-firewall-blocked-percent").inputs["metricQueries"])
    (math,) = [str(query["expression"]) for query in queries if "expression" in query]
    lazy = math.replace(", 100*", ", lambda: 100*")  # Python computes arguments that CloudWatch does not
    names = {"__builtins__": {}, "IF": choose, "FILL": fill, "blocked": blocked, "allowed": allowed}
    assert eval(lazy, names) == pytest.approx(percent)  # noqa: S307


def test_in_a_standby_region_the_alarm_is_on_its_own_web_acl() -> None:
    plan = changed({"recovery": {"mode": "warm", "standby_region": "us-east-1"}})
    alarms = [
        each for each in plan.of_type("cloudwatch:MetricAlarm") if each.name.endswith("entry-firewall-blocked-percent")
    ]
    regions = {region for each in alarms for region in ("us-west-2", "us-east-1") if f"'{region}'" in str(each.inputs)}
    assert (len(alarms), regions) == (2, {"us-west-2", "us-east-1"})
    watched = [each.name for each in plan.of_type("cloudwatch:MetricAlarm") if "permissions-changes" in each.name]
    assert watched == ["prod-monitoring-account-permissions-changes"]


RECORD = "2 111122223333 eni-0a1 {source} {target} 49152 {port} 6 4 240 1793000000 1793000060 {action} {status}"


def counts(pattern: str, line: str) -> bool:
    """Match a line as a filter pattern of CloudWatch Logs does, for the part of its syntax that the pattern uses."""
    fields, values = [each.strip() for each in pattern.strip("[]").split(",")], line.split()
    conditions = (each.partition("=") for each in fields)
    return len(fields) == len(values) and all(
        fnmatchcase(value, wanted.strip('"'))
        for (_, sign, wanted), value in zip(conditions, values, strict=True)
        if sign
    )


@pytest.mark.parametrize(
    ("source", "target", "port", "action", "counted"),
    [
        ("10.20.1.7", "203.0.113.9", 25, "REJECT", True),
        ("10.20.1.7", "10.20.240.68", 22, "REJECT", True),
        ("10.20.1.7", "10.20.240.68", 5432, "ACCEPT", False),
        ("198.51.100.4", "10.20.240.5", 22, "REJECT", False),
        ("10.21.1.7", "10.20.240.68", 22, "REJECT", False),
    ],
)
def test_a_rejected_flow_counts_when_it_begins_in_the_network(
    source: str, target: str, port: int, action: str, counted: bool
) -> None:
    line = RECORD.format(source=source, target=target, port=port, action=action, status="OK")
    assert counts(denied_flows("10.20.0.0/16"), line) is counted
    assert counts(denied_flows("10.20.240.0/20"), line) is counted


def test_a_record_without_data_is_not_counted() -> None:
    line = "2 111122223333 eni-0a1 - - - - - - - 1793000000 1793000060 - NODATA"
    assert not counts(denied_flows("10.20.0.0/16"), line)


def test_the_alarm_on_denied_connections_reads_the_counter_of_the_flow_logs() -> None:
    plan = production_plan()
    counter = plan.one("prod-monitoring-denied-flows", "cloudwatch:LogMetricFilter").inputs
    written = plan.one("prod-network-flow-logs", "cloudwatch:LogGroup").inputs
    assert counter["logGroupName"] == written["name"] == "/agent-platform/prod/network/flows"
    metric, inputs = json_object(counter["metricTransformation"]), alarm("network-flows-denied").inputs
    assert (metric["namespace"], metric["name"]) == (inputs["namespace"], inputs["metricName"])
    assert (inputs["threshold"], inputs["period"], inputs["statistic"]) == (20, 600, "Sum")


def test_without_flow_logs_nothing_is_counted() -> None:
    names = {each.name for each in changed({"network.flow_logs": False}).resources}
    assert not {"prod-monitoring-denied-flows", "prod-monitoring-network-flows-denied"} & names
