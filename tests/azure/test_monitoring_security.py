"""Alarms on blocked requests, on changes of permissions and on denied connections."""

import json
from collections.abc import Mapping
from typing import cast

from automation.plan.inventory import Inventory
from tests.contract.tables import production_plan
from tests.planning import plan, production

CHANGED, BLOCKED = "prod-monitoring-account-permissions-changes", "prod-monitoring-entry-firewall-blocked-percent"


def alert(inventory: Inventory) -> Mapping[str, object]:
    return inventory.one(CHANGED, "monitor:ActivityLogAlert").inputs


def test_every_successful_change_of_a_role_assignment_or_definition_fires() -> None:
    (category, status, names) = cast(
        "list[Mapping[str, object]]",
        cast("Mapping[str, object]", alert(production_plan("azure"))["condition"])["allOf"],
    )
    assert (category, status) == (
        {"field": "category", "equals": "Administrative"},
        {"field": "status", "equals": "Succeeded"},
    )
    assert [each["equals"] for each in cast("list[Mapping[str, object]]", names["anyOf"])] == [
        "Microsoft.Authorization/roleAssignments/write",
        "Microsoft.Authorization/roleAssignments/delete",
        "Microsoft.Authorization/roleDefinitions/write",
        "Microsoft.Authorization/roleDefinitions/delete",
    ]


def test_the_subscription_is_watched_because_its_assignments_apply_to_the_group() -> None:
    inputs = alert(production_plan("azure"))
    assert inputs["scopes"] == ["/subscriptions/00000000-0000-0000-0000-000000000001"]
    assert "channels-warning>.id" in json.dumps(inputs["actions"])


def test_the_dashboard_links_to_the_activity_log() -> None:
    (workbook,) = production_plan("azure").of_type("applicationinsights:Workbook")
    items = json.loads(str(workbook.inputs["serializedData"]))["items"]
    (panel,) = [each for each in items if each["name"] == "account permissions-account-permissions-changes"]
    assert "ActivityLogBlade" in panel["content"]["json"]


def test_the_share_of_blocked_requests_counts_each_request_once() -> None:
    rule = production_plan("azure").one(BLOCKED, "monitor:ScheduledQueryRule")
    (condition,) = cast("list[Mapping[str, object]]", cast("Mapping[str, object]", rule.inputs["criteria"])["allOf"])
    query = str(condition["query"])
    assert 'dcountif(request, action == "Block", 4)' in query
    assert "| where requests >= 100 |" in query
    assert (condition["threshold"], rule.inputs["windowSize"]) == (25, "PT10M")


def test_without_the_alarm_the_activity_log_is_not_watched() -> None:
    off = plan(production({"monitoring.alerts.permission_changes": False}, cloud="azure"))
    assert not off.of_type("monitor:ActivityLogAlert")


def test_denied_flows_count_when_they_begin_in_the_network() -> None:
    rule = production_plan("azure").one("prod-monitoring-network-flows-denied", "monitor:ScheduledQueryRule")
    (condition,) = cast("list[Mapping[str, object]]", cast("Mapping[str, object]", rule.inputs["criteria"])["allOf"])
    query = str(condition["query"])
    assert query.startswith("NTANetAnalytics | where SubType =~")
    assert '(FlowDirection =~ "Outbound" or FlowType in ("IntraVNet", "InterVNet"))' in query
    assert (condition["threshold"], rule.inputs["windowSize"]) == (20, "PT10M")
