"""Money: a budget over the stack's resource group that tells the action groups before and when it is spent."""

import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.monitoring.limits import budget_start
from providers.contract.alarms import Severity
from providers.contract.component import Scope
from providers.contract.spec import BudgetSpec

NOTICES: tuple[tuple[str, int, Severity], ...] = (
    ("Actual", 80, "warning"),
    ("Forecasted", 100, "warning"),
    ("Actual", 100, "critical"),
)
"""What is compared, at which percent of the budget, and how loud."""


def create_budget(scope: Scope, base: AzureBaseResources, budget: BudgetSpec) -> None:
    """The budget, told at 80 and 100 percent and when the forecast passes 100."""
    consumption = azure_native.consumption
    consumption.Budget(
        scope.named("budget"),
        scope=base.context.group_id,
        amount=budget.monthly_usd,
        category="Cost",
        time_grain="Monthly",
        time_period=consumption.BudgetTimePeriodArgs(start_date=budget_start(base.spec)),
        notifications={
            f"{compared.lower()}-{percent}": consumption.NotificationArgs(
                enabled=True,
                operator="GreaterThanOrEqualTo",
                threshold=percent,
                threshold_type=compared,
                # the action groups know the addresses
                contact_emails=[],
                contact_groups=[base.channels.group(severity)],
            )
            for compared, percent, severity in NOTICES
        },
        opts=scope.opts(),
    )
