"""Cloud, region and account of a stack: what a query of the cloud and a CI pipeline need before they authenticate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automation.stack.document import Stack, read_stack
from automation.stack.folder import project_folder
from providers import limits
from providers.contract.spec import Platform
from providers.contract.spec.platform import AwsBlock, AzureBlock, GcpBlock


@dataclass(frozen=True)
class CloudTarget:
    """Region, account (project, subscription), tenant and stack that a query is about; absent parts are empty."""

    region: str
    account: str
    tenant: str
    stack: str
    subjects: Mapping[str, str] = field(default_factory=dict[str, str])
    """Names of what the doctor asks the cloud about; absent parts have no entry."""
    standby: str = ""
    """Region in which the stack has copies or services too."""
    others: tuple[str, ...] = ()
    """Further regions in which the program declares resources, such as that of the events of a global service."""

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions of the stack, the home region first."""
        return tuple(dict.fromkeys(each for each in (self.region, self.standby, *self.others) if each))


@dataclass(frozen=True)
class StackDescription:
    """Target and deployer of a stack; no value is secret or contains a line break."""

    stack: str
    cloud: str
    region: str
    account: str
    """Account number, project id or subscription id."""
    tenant: str
    profile: str
    deployer_repository: str
    deployer_environment: str


def target_of(spec: Platform, stack: str) -> CloudTarget:
    """Return the target of a stack."""
    account, tenant = account_of(spec)
    standby = spec.standby_region if spec.recovery.mode != "none" else None
    return CloudTarget(limits(spec.cloud).region(spec), account, tenant, stack, standby=standby or "")


def account_of(spec: Platform) -> tuple[str, str]:
    """Return account, project or subscription of a stack, and its tenant on Azure."""
    block = spec.block
    if isinstance(block, AwsBlock):
        return block.account_id, ""
    if isinstance(block, GcpBlock):
        return block.project, ""
    return (block.subscription_id, block.tenant_id) if isinstance(block, AzureBlock) else ("", "")


def describe_stack(name: str, folder: Path | None = None) -> StackDescription:
    """Describe a stack from its file, without the engine; raises InvalidConfiguration."""
    return description_of(read_stack(project_folder(folder), name))


def description_of(stack: Stack) -> StackDescription:
    """Return the description of a stack."""
    spec, target = stack.spec, target_of(stack.spec, stack.name)
    return StackDescription(
        stack=stack.name,
        cloud=spec.cloud,
        region=target.region,
        account=target.account,
        tenant=target.tenant,
        profile=spec.profile,
        deployer_repository=spec.deployer.github if spec.deployer else "",
        deployer_environment=spec.deployer.environment if spec.deployer else "",
    )
