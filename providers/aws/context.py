"""One region of an AWS account, and names that must be predictable before their resources exist. Pure."""

from dataclasses import dataclass

from providers.aws.base.existing_registry import partition_of
from providers.contract.context import RegionContext
from providers.contract.spec import AwsBlock


@dataclass(frozen=True)
class AwsContext(RegionContext):
    """One region of one account, and the spec that is built there."""

    @property
    def block(self) -> AwsBlock:
        """The `aws` block; its presence is checked before anything is declared."""
        if self.spec.aws is None:
            raise ValueError("the aws block is missing")
        return self.spec.aws

    @property
    def account_id(self) -> str:
        """Account id of 12 digits."""
        return self.block.account_id

    @property
    def partition(self) -> str:
        """ARN partition: aws, aws-cn or aws-us-gov."""
        return partition_of(self.region)

    @property
    def registry_host(self) -> str:
        """Host of the account's registry in the region; that of the Chinese partition ends in .cn."""
        suffix = ".cn" if self.partition == "aws-cn" else ""
        return f"{self.account_id}.dkr.ecr.{self.region}.amazonaws.com{suffix}"

    def arn(self, service: str, resource: str, *, region: bool = True, account: bool = True) -> str:
        """`arn:<partition>:<service>:<region>:<account>:<resource>`, with empty region or account for global ones."""
        parts = (self.region if region else "", self.account_id if account else "")
        return f"arn:{self.partition}:{service}:{parts[0]}:{parts[1]}:{resource}"

    def log_group(self, *parts: str) -> str:
        """Name of a log group of this stack: `/agent-platform/<stack>/<part>/...`; fixed, so policies can name it."""
        return "/".join(("", "agent-platform", self.stack, *parts))
