"""What AWS does not measure by itself: failed connections and failed backups."""

import json
from typing import cast

from automation.plan.inventory import Declared
from tests.aws.monitored import monitored
from tests.aws.test_monitoring_alarms import alarm


def filters() -> dict[str, Declared]:
    return {
        cast("str", found.inputs["logGroupName"]): found for found in monitored().of_type("cloudwatch:LogMetricFilter")
    }


def test_failed_connections_are_read_from_the_server_and_from_each_client() -> None:
    assert set(filters()) == {"<database log>", "<log gateway>", "<log chat>", "<log worker>"}


def test_a_service_without_the_database_is_not_read() -> None:
    plan = monitored({"services.chat.uses": []})
    read = {found.inputs["logGroupName"] for found in plan.of_type("cloudwatch:LogMetricFilter")}
    assert "<log chat>" not in read


def test_every_log_feeds_the_one_counter_of_the_alarm() -> None:
    watched = alarm("database-failed-connections").inputs
    for found in filters().values():
        fed = cast("dict[str, object]", found.inputs["metricTransformation"])
        assert (fed["namespace"], fed["name"]) == (watched["namespace"], watched["metricName"])


def test_a_counter_with_a_default_has_no_dimension() -> None:
    fed = cast("dict[str, object]", filters()["<database log>"].inputs["metricTransformation"])
    assert fed["defaultValue"] == "0"
    assert "dimensions" not in fed


def test_any_of_the_phrases_counts() -> None:
    pattern = cast("str", filters()["<database log>"].inputs["pattern"])
    assert '?"password authentication failed"' in pattern
    assert pattern.count('?"') == 4


def test_finished_backups_of_this_database_are_recorded() -> None:
    (rule,) = monitored().of_type("cloudwatch:EventRule")
    pattern = json.loads(cast("str", rule.inputs["eventPattern"]))
    assert pattern["detail"] == {"EventID": ["RDS-EVENT-0002"], "SourceIdentifier": ["<database>"]}


def test_a_day_without_a_finished_backup_fires() -> None:
    inputs = alarm("database-backup-failed").inputs
    assert inputs["comparisonOperator"] == "LessThanThreshold"
    assert inputs["treatMissingData"] == "breaching"
    assert inputs["dimensions"] == {"RuleName": "<cloudwatch:EventRule prod-monitoring-backups>.name"}


def test_a_new_backup_alarm_waits_for_the_first_day() -> None:
    inputs = alarm("database-backup-failed").inputs
    assert inputs["warmUpConfiguration"] == {"warmUpPeriodDurationInMinutes": 26 * 60}


def test_only_the_backup_rule_may_write_to_its_log() -> None:
    (policy,) = monitored().of_type("cloudwatch:LogResourcePolicy")
    statements = json.loads(cast("str", policy.inputs["policyDocument"]))["Statement"]
    writing = next(s for s in statements if s["Action"] == "logs:PutLogEvents")
    assert writing["Condition"] == {
        "ArnEquals": {"aws:SourceArn": "<cloudwatch:EventRule prod-monitoring-backups>.arn"}
    }


def test_the_log_of_backups_is_kept_and_encrypted_as_all_logs() -> None:
    plan = monitored({"monitoring.log_retention_days": 90})
    (log_group,) = plan.of_type("cloudwatch:LogGroup")
    assert (log_group.inputs["retentionInDays"], log_group.inputs["kmsKeyId"]) == (90, "<telemetry key>")


def test_without_backups_nobody_waits_for_one() -> None:
    key = "database.backup.retention_days"
    plan = monitored({key: 0, "accept_risk": {key: "rebuilt every night"}})
    assert not plan.of_type("cloudwatch:EventRule")
