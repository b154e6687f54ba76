"""Budget notifications and cost anomalies."""

import json

from tests.aws.plans import TOPICS, changed, production_plan
from tests.aws.readers import json_object, json_objects, text
from tests.planning import DROP


def test_the_budget_is_the_monthly_amount_of_the_spec() -> None:
    (budget,) = changed({"budget.monthly_usd": 1234.5}).of_type("budgets:Budget")
    assert (budget.inputs["limitAmount"], budget.inputs["limitUnit"]) == ("1234.50", "USD")
    assert budget.inputs["timeUnit"] == "MONTHLY"


def test_only_actual_spending_is_critical() -> None:
    (budget,) = production_plan().of_type("budgets:Budget")
    notifications = json_objects(budget.inputs["notifications"])
    rows = [(n["notificationType"], n["threshold"], n["subscriberSnsTopicArns"]) for n in notifications]
    assert rows == [
        ("ACTUAL", 80, [TOPICS["warning"]]),
        ("FORECASTED", 100, [TOPICS["warning"]]),
        ("ACTUAL", 100, [TOPICS["critical"]]),
    ]


def test_anomalies_of_a_tenth_of_the_budget_are_reported_immediately() -> None:
    (subscription,) = production_plan().of_type("costexplorer:AnomalySubscription")
    threshold = json_object(subscription.inputs["thresholdExpression"])
    assert threshold["dimension"]["values"] == ["80.00"]
    assert subscription.inputs["frequency"] == "IMMEDIATE"


def test_anomalies_are_filtered_by_the_tag_of_the_stack() -> None:
    (monitor,) = production_plan().of_type("costexplorer:AnomalyMonitor")
    specification = json.loads(text(monitor.inputs["monitorSpecification"]))
    assert monitor.inputs["monitorType"] == "CUSTOM"
    assert specification["Tags"] == {"Key": "stack", "MatchOptions": None, "Values": ["prod"]}


def test_global_services_take_no_region() -> None:
    for token in ("budgets:Budget", "costexplorer:AnomalyMonitor", "costexplorer:AnomalySubscription"):
        (resource,) = production_plan().of_type(token)
        assert "region" not in resource.inputs


def test_without_a_budget_there_is_no_cost_monitoring() -> None:
    plan = changed({"budget": DROP})
    assert not plan.of_type("budgets:Budget")
    assert not plan.of_type("costexplorer:AnomalyMonitor")
