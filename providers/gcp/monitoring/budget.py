"""Money: a budget of the project that tells the e-mail channels before and when it is spent.

It stands in the billing account that pays for the project, so whoever deploys needs `roles/billing.costsManager`
there. The amount is in US dollars; an account in another currency refuses it, rather than reading it as its own.
"""

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.spec import BudgetSpec
from providers.gcp.context import GcpContext
from providers.gcp.monitoring.limits import BUDGET_CHANNELS, money
from providers.gcp.observability.channels import GcpChannels

SPENT, FORECAST = "CURRENT_SPEND", "FORECASTED_SPEND"
THRESHOLDS = ((0.8, SPENT), (1.0, SPENT), (1.0, FORECAST))


def create_budget(scope: Scope, context: GcpContext, channels: GcpChannels, budget: BudgetSpec) -> None:
    """The budget, told at 80 and 100 percent and when the forecast passes 100."""
    project = gcp.organizations.get_project_output(
        project_id=context.project, opts=pulumi.InvokeOutputOptions(parent=scope.parent)
    )
    units, nanos = money(budget.monthly_usd)
    gcp.billing.Budget(
        scope.named("budget"),
        billing_account=project.billing_account,
        display_name=f"{context.stack}: {budget.monthly_usd:g} USD a month",
        # by number: an id here comes back as a number, and every update would change it again
        budget_filter=gcp.billing.BudgetBudgetFilterArgs(
            projects=[pulumi.Output.concat("projects/", project.number)],
            credit_types_treatment="INCLUDE_ALL_CREDITS",
            calendar_period="MONTH",
        ),
        amount=gcp.billing.BudgetAmountArgs(
            specified_amount=gcp.billing.BudgetAmountSpecifiedAmountArgs(
                currency_code="USD", units=str(units), nanos=nanos or None
            )
        ),
        threshold_rules=[
            gcp.billing.BudgetThresholdRuleArgs(threshold_percent=share, spend_basis=basis)
            for share, basis in THRESHOLDS
        ],
        all_updates_rule=_told(channels),
        opts=scope.opts(),
    )


def _told(channels: GcpChannels) -> gcp.billing.BudgetAllUpdatesRuleArgs | None:
    """Without an address the account's administrators are told, which is what Google does by itself."""
    if not channels.emails:
        return None
    return gcp.billing.BudgetAllUpdatesRuleArgs(
        monitoring_notification_channels=list(channels.emails[:BUDGET_CHANNELS]),
        disable_default_iam_recipients=False,
        enable_project_level_recipients=True,
    )
