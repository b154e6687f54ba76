"""Monthly budget and cost anomaly detection.

The budget covers the account, because AWS can only separate a stack's costs by a tag that was activated for cost
allocation; with an inactive tag it would count nothing without notice. The anomaly monitor filters by the stack's tag:
an account may have only one monitor over its services, which new accounts already have, and a second one would fail the
deployment. Both services are global and take no region.
"""

import json

import pulumi_aws as aws

from providers.aws.monitoring.limits import anomaly_usd, dollars
from providers.aws.observability.channels import AwsChannels
from providers.contract.alarms import Severity
from providers.contract.component import Scope
from providers.contract.spec import BudgetSpec

NOTIFICATIONS: tuple[tuple[str, int, Severity], ...] = (
    ("ACTUAL", 80, "warning"),
    ("FORECASTED", 100, "warning"),
    ("ACTUAL", 100, "critical"),
)
"""Notifications: amount, percentage of the budget and severity."""


def create_budget(scope: Scope, stack: str, budget: BudgetSpec, channels: AwsChannels) -> None:
    """Declare the budget with its notifications, and the anomaly monitor with its subscription."""
    aws.budgets.Budget(
        scope.named("budget"),
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=dollars(budget.monthly_usd),
        limit_unit="USD",
        notifications=[
            aws.budgets.BudgetNotificationArgs(
                comparison_operator="GREATER_THAN",
                notification_type=compared,
                threshold=percent,
                threshold_type="PERCENTAGE",
                subscriber_sns_topic_arns=[channels.topic(severity)],
            )
            for compared, percent, severity in NOTIFICATIONS
        ],
        opts=scope.opts(),
    )
    _watch_anomalies(scope, stack, budget, channels)


def _watch_anomalies(scope: Scope, stack: str, budget: BudgetSpec, channels: AwsChannels) -> None:
    monitor = aws.costexplorer.AnomalyMonitor(
        scope.named("anomalies"),
        monitor_type="CUSTOM",
        monitor_specification=stack_costs(stack),
        opts=scope.opts(),
    )
    aws.costexplorer.AnomalySubscription(
        scope.named("anomalies"),
        # topics only receive individual anomalies; summaries are for e-mail
        frequency="IMMEDIATE",
        monitor_arn_lists=[monitor.arn],
        subscribers=[aws.costexplorer.AnomalySubscriptionSubscriberArgs(type="SNS", address=channels.warning)],
        threshold_expression=aws.costexplorer.AnomalySubscriptionThresholdExpressionArgs(
            dimension=aws.costexplorer.AnomalySubscriptionThresholdExpressionDimensionArgs(
                key="ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                match_options=["GREATER_THAN_OR_EQUAL"],
                values=[anomaly_usd(budget)],
            )
        ),
        opts=scope.opts(),
    )


def stack_costs(stack: str) -> str:
    """Filter on the stack's tag; AWS returns every key, so every key is sent."""
    empty = dict.fromkeys(("And", "CostCategories", "Dimensions", "Not", "Or"))
    return json.dumps({**empty, "Tags": {"Key": "stack", "MatchOptions": None, "Values": [stack]}})
