"""What a pipeline must know of a stack before it can ask for credentials: its cloud, region and account. No engine."""

from dataclasses import dataclass
from pathlib import Path

from automation.engine.case import account_of
from automation.stack.document import Stack, read_stack
from providers import limits


@dataclass(frozen=True)
class Description:
    """Where a stack stands and who deploys it from CI; nothing secret, and no value with a line break."""

    stack: str
    cloud: str
    region: str
    account: str
    """Account number, project id or subscription id."""
    tenant: str
    profile: str
    deployer_repository: str
    deployer_environment: str


def describe(stack: str, folder: Path | None = None) -> Description:
    """A stack as its file says; raises InvalidConfiguration."""
    return description_of(read_stack(folder or Path.cwd(), stack))


def description_of(stack: Stack) -> Description:
    """The description of a stack that has been read."""
    spec, (account, tenant) = stack.spec, account_of(stack.spec)
    return Description(
        stack=stack.name,
        cloud=spec.cloud,
        region=limits(spec.cloud).region(spec),
        account=account,
        tenant=tenant,
        profile=spec.profile,
        deployer_repository=spec.deployer.github if spec.deployer else "",
        deployer_environment=spec.deployer.environment if spec.deployer else "",
    )
