"""Money: a monthly budget and an eye for spending that is unlike itself.

The budget counts the whole account, because AWS can only tell a stack's costs apart by a tag that somebody activated
for cost allocation, and one that nobody did would count nothing and stay silent. The anomaly monitor looks at the
stack's tag: an account may hold one monitor over its services, new accounts are born with it, and another would fail
the deployment. Both services are global and take no region.
"""

import json

import pulumi_aws as aws

from providers.aws.monitoring.limits import anomaly_usd, dollars
from providers.aws.observability.channels import AwsChannels
from providers.contract.alarms import Severity
from providers.contract.component import Scope
from providers.contract.spec import BudgetSpec

NOTICES: tuple[tuple[str, int, Severity], ...] = (
    ("ACTUAL", 80, "warning"),
    ("FORECASTED", 100, "warning"),
    ("ACTUAL", 100, "critical"),
)
"""What is compared, at which percent of the budget, and how loud."""


def create_budget(scope: Scope, stack: str, budget: BudgetSpec, channels: AwsChannels) -> None:
    """The budget with its three notices, and the anomaly monitor with its subscription."""
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
            for compared, percent, severity in NOTICES
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
        # Topics hear of single anomalies only; summaries go to mailboxes.
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
    """Costs of what carries the stack's tag; AWS hands every key back, so every key is sent."""
    empty = dict.fromkeys(("And", "CostCategories", "Dimensions", "Not", "Or"))
    return json.dumps({**empty, "Tags": {"Key": "stack", "MatchOptions": None, "Values": [stack]}})
