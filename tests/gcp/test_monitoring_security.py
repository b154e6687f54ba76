"""Alarms on blocked requests and on changes of permissions."""

import re
from collections.abc import Mapping
from typing import cast

import pytest

from automation.plan.inventory import Declared
from providers.gcp.monitoring.permission_changes import AUDITED, CALLS
from tests.contract.tables import production_plan
from tests.planning import plan, production

BLOCKED, CHANGED = "prod-monitoring-entry-firewall-blocked-percent", "prod-monitoring-account-permissions-changes"
METRIC = "prod-monitoring-count-account-permissions-changes"


def conditions(name: str) -> list[Mapping[str, object]]:
    return cast("list[Mapping[str, object]]", policy(name).inputs["conditions"])


def policy(name: str) -> Declared:
    return production_plan("gcp").one(name, "monitoring:AlertPolicy")


@pytest.mark.parametrize(
    ("call", "counted"),
    [
        ("SetIamPolicy", True),
        ("google.iam.admin.v1.SetIAMPolicy", True),
        ("storage.setIamPermissions", True),
        ("google.cloud.secretmanager.v1.SecretManagerService.SetIamPolicy", True),
        ("google.cloud.run.v2.Services.SetIamPolicy", True),
        ("google.iam.admin.v1.CreateRole", True),
        ("google.iam.admin.v1.UndeleteRole", True),
        ("google.iam.admin.v1.CreateServiceAccountKey", True),
        ("google.iam.v1.WorkloadIdentityPools.UpdateWorkloadIdentityPoolProvider", True),
        ("GetIamPolicy", False),
        ("google.iam.admin.v1.TestIamPermissions", False),
        ("storage.getIamPermissions", False),
        ("google.iam.admin.v1.GetRole", False),
        ("storage.buckets.update", False),
    ],
)
def test_calls_that_give_or_take_a_right_are_counted(call: str, counted: bool) -> None:
    assert bool(re.search(CALLS, call)) is counted


def test_failed_calls_are_not_counted() -> None:
    written = str(production_plan("gcp").one(METRIC, "logging:Metric").inputs["filter"])
    assert written.startswith('log_id("cloudaudit.googleapis.com/activity") AND ')
    assert "NOT protoPayload.status.code>0" in written


def test_the_alarm_reads_the_metric_for_each_type_of_resource() -> None:
    """Cloud Monitoring documentation, "Mapping Cloud Monitoring metrics to PromQL": a query has one type at a time."""
    (condition,) = conditions(CHANGED)
    query = str(cast("Mapping[str, object]", condition["conditionPrometheusQueryLanguage"])["query"])
    name = re.sub(r"\W", "_", str(production_plan("gcp").one(METRIC, "logging:Metric").inputs["name"]))
    found = re.findall(r'logging_googleapis_com:user_(\w+)\{monitored_resource="(\w+)"\}\[300s\]', query)
    assert found == [(name, kind) for kind in AUDITED]
    assert query.endswith(" > 0")


def test_blocked_requests_are_a_share_of_those_that_the_policy_judged() -> None:
    share, number = (cast("Mapping[str, object]", each["conditionThreshold"]) for each in conditions(BLOCKED))
    every = (
        'resource.type="network_security_policy" AND resource.labels.policy_name="<compute:SecurityPolicy prod-entry-policy>.name" '
        'AND metric.type="networksecurity.googleapis.com/https/request_count"'
    )
    assert share["denominatorFilter"] == number["filter"] == every
    assert share["filter"] == f"{every} AND metric.labels.blocked=true"
    assert share["thresholdValue"] == pytest.approx(0.25)


def test_an_alarm_needs_a_hundred_requests_in_both_periods() -> None:
    share, number = (cast("Mapping[str, object]", each["conditionThreshold"]) for each in conditions(BLOCKED))
    (aggregation,) = cast("list[Mapping[str, object]]", number["aggregations"])
    assert (number["comparison"], number["thresholdValue"]) == ("COMPARISON_GT", 99)
    assert aggregation == {
        "alignmentPeriod": "300s",
        "crossSeriesReducer": "REDUCE_SUM",
        "perSeriesAligner": "ALIGN_DELTA",
    }
    assert share["duration"] == number["duration"] == "600s"
    assert share["evaluationMissingData"] == number["evaluationMissingData"] == "EVALUATION_MISSING_DATA_INACTIVE"
    assert policy(BLOCKED).inputs["combiner"] == "AND"


def test_without_the_alarm_no_entries_are_counted() -> None:
    names = {each.name for each in plan(production({"monitoring.alerts.permission_changes": False}, "gcp")).resources}
    assert not {CHANGED, METRIC} & names
