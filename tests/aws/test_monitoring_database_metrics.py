"""Failed connections and finished backups of the database."""

import json

from automation.plan.inventory import Declared
from tests.aws.plans import changed, production_plan
from tests.aws.readers import json_object, text
from tests.aws.test_monitoring_alarms import alarm


def filters() -> dict[str, Declared]:
    found = production_plan().of_type("cloudwatch:LogMetricFilter")
    return {text(each.inputs["logGroupName"]): each for each in found if "failed-connections" in each.name}


def test_failed_connections_are_read_from_the_server_and_from_each_client() -> None:
    assert set(filters()) == {
        "/aws/rds/instance/prod-database/postgresql",
        "/agent-platform/prod/services/gateway",
        "/agent-platform/prod/services/chat",
        "/agent-platform/prod/services/worker",
    }


def test_a_service_without_the_database_is_not_read() -> None:
    plan = changed({"services.chat.uses": []})
    read = {found.inputs["logGroupName"] for found in plan.of_type("cloudwatch:LogMetricFilter")}
    assert "/agent-platform/prod/services/chat" not in read


def test_every_log_filter_feeds_the_metric_of_the_alarm() -> None:
    watched = alarm("database-failed-connections").inputs
    for found in filters().values():
        fed = json_object(found.inputs["metricTransformation"])
        assert (fed["namespace"], fed["name"]) == (watched["namespace"], watched["metricName"])


def test_a_metric_with_a_default_value_has_no_dimensions() -> None:
    fed = json_object(filters()["/aws/rds/instance/prod-database/postgresql"].inputs["metricTransformation"])
    assert fed["defaultValue"] == "0"
    assert "dimensions" not in fed


def test_a_line_with_any_of_the_phrases_is_counted() -> None:
    pattern = text(filters()["/aws/rds/instance/prod-database/postgresql"].inputs["pattern"])
    assert '?"password authentication failed"' in pattern
    assert pattern.count('?"') == 4


def test_finished_backups_of_this_database_are_recorded() -> None:
    rule = production_plan().one("prod-monitoring-backups", "cloudwatch:EventRule")
    pattern = json.loads(text(rule.inputs["eventPattern"]))
    assert pattern["detail"] == {"EventID": ["RDS-EVENT-0002"], "SourceIdentifier": ["prod-database"]}


def test_a_day_without_a_finished_backup_fires_the_alarm() -> None:
    inputs = alarm("database-backup-failed").inputs
    assert inputs["comparisonOperator"] == "LessThanThreshold"
    assert inputs["treatMissingData"] == "breaching"
    assert inputs["dimensions"] == {"RuleName": "<cloudwatch:EventRule prod-monitoring-backups>.name"}


def test_a_new_backup_alarm_has_a_warm_up_period() -> None:
    inputs = alarm("database-backup-failed").inputs
    assert inputs["warmUpConfiguration"] == {"warmUpPeriodDurationInMinutes": 26 * 60}


def test_only_the_backup_rule_may_write_to_its_log() -> None:
    policy = production_plan().one("prod-monitoring-backups", "cloudwatch:LogResourcePolicy")
    statements = json.loads(text(policy.inputs["policyDocument"]))["Statement"]
    writing = next(s for s in statements if s["Action"] == "logs:PutLogEvents")
    assert writing["Condition"] == {
        "ArnEquals": {"aws:SourceArn": "<cloudwatch:EventRule prod-monitoring-backups>.arn"}
    }


def test_the_backup_log_has_the_retention_and_key_of_all_logs() -> None:
    plan = changed({"monitoring.log_retention_days": 90})
    log_group = plan.one("prod-monitoring-backups", "cloudwatch:LogGroup")
    assert (log_group.inputs["retentionInDays"], log_group.inputs["kmsKeyId"]) == (
        90,
        "<kms:Key prod-keys-telemetry>.arn",
    )


def test_without_backups_there_is_no_backup_rule() -> None:
    key = "database.backup.retention_days"
    plan = changed({key: 0, "accept_risk": {key: "rebuilt every night"}})
    assert "prod-monitoring-backups" not in {rule.name for rule in plan.of_type("cloudwatch:EventRule")}
