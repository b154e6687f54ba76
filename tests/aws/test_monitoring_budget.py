"""Money on AWS: what is told at which share of the budget, and which anomalies."""

import json
from typing import cast

from tests.aws.monitored import monitored
from tests.planning import DROP


def test_the_budget_is_the_asked_sum_a_month() -> None:
    (budget,) = monitored({"budget.monthly_usd": 1234.5}).of_type("budgets:Budget")
    assert (budget.inputs["limitAmount"], budget.inputs["limitUnit"]) == ("1234.50", "USD")
    assert budget.inputs["timeUnit"] == "MONTHLY"


def test_only_money_that_is_spent_wakes_somebody() -> None:
    (budget,) = monitored().of_type("budgets:Budget")
    told = cast("list[dict[str, object]]", budget.inputs["notifications"])
    notices = [(n["notificationType"], n["threshold"], n["subscriberSnsTopicArns"]) for n in told]
    assert notices == [
        ("ACTUAL", 80, ["<warning>"]),
        ("FORECASTED", 100, ["<warning>"]),
        ("ACTUAL", 100, ["<critical>"]),
    ]


def test_anomalies_of_a_tenth_of_the_budget_are_told_at_once() -> None:
    (subscription,) = monitored().of_type("costexplorer:AnomalySubscription")
    threshold = cast("dict[str, dict[str, object]]", subscription.inputs["thresholdExpression"])
    assert threshold["dimension"]["values"] == ["80.00"]
    assert subscription.inputs["frequency"] == "IMMEDIATE"


def test_anomalies_are_those_of_the_stack_s_own_costs() -> None:
    (monitor,) = monitored().of_type("costexplorer:AnomalyMonitor")
    watched = json.loads(cast("str", monitor.inputs["monitorSpecification"]))
    assert monitor.inputs["monitorType"] == "CUSTOM"
    assert watched["Tags"] == {"Key": "stack", "MatchOptions": None, "Values": ["prod"]}


def test_global_services_take_no_region() -> None:
    for token in ("budgets:Budget", "costexplorer:AnomalyMonitor", "costexplorer:AnomalySubscription"):
        (found,) = monitored().of_type(token)
        assert "region" not in found.inputs


def test_without_a_budget_nothing_is_counted() -> None:
    plan = monitored({"budget": DROP})
    assert not plan.of_type("budgets:Budget")
    assert not plan.of_type("costexplorer:AnomalyMonitor")
