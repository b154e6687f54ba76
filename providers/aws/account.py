"""What the account must have before anything else: on AWS nothing.

Services are enabled in every account and resources need no group around them. The room stands for its neighbours:
Google Cloud enables its services here, Azure makes its resource group.
"""

from dataclasses import dataclass

from providers.aws.context import AwsContext
from providers.contract.component import Scope


@dataclass(frozen=True)
class AwsAccount:
    """Nothing that later rooms need."""


def create_account(scope: Scope, context: AwsContext) -> AwsAccount:
    """Declares nothing."""
    return AwsAccount()
