"""Standby region of AWS: what receives copies of the home region's data."""

from dataclasses import dataclass

import pulumi

from providers.aws.context import AwsContext
from providers.aws.storage.bucket import SecureBucket
from providers.contract.component import Scope
from providers.contract.results import Standby


@dataclass(frozen=True)
class AwsStandby(Standby):
    """Data key and bucket of the standby region, and the scope in which copies are declared there."""

    context: AwsContext
    scope: Scope
    key: pulumi.Output[str]
    bucket: SecureBucket | None
    """None without object storage."""
