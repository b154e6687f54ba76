"""What is one cloud's own: account, place and the managed models there.

Blocks of clouds other than the chosen one may stand beside it, so that changing `cloud` moves a stack by one word.
"""

from typing import Annotated

from pydantic import Field

from providers.contract.spec.base import Port, SpecModel

Guid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]


class AwsBlock(SpecModel):
    """Amazon Web Services: where the stack stands and which Bedrock models it may invoke."""

    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    """AWS region, for example us-west-2."""
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")]
    """Account number of 12 digits, in quotes; the provider refuses to touch another account."""
    models: tuple[str, ...] = ()
    """Bedrock model ids or inference-profile ids that services with `uses: [models]` may invoke, and no others."""


class GcpBlock(SpecModel):
    """Google Cloud: where the stack stands and which Vertex AI models it may invoke."""

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    """Project id (6 to 30 lower-case letters, digits, hyphens), not its number."""
    region: Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+\d+$")]
    """Google Cloud region, for example us-central1."""
    models: tuple[str, ...] = ()
    """Vertex AI models (publishers/<publisher>/models/<model>) that services with `uses: [models]` may invoke."""


class AzureBlock(SpecModel):
    """Microsoft Azure: where the stack stands and which Azure OpenAI models it may invoke."""

    subscription_id: Guid
    """Subscription id, a GUID."""
    tenant_id: Guid
    """Directory (tenant) id, a GUID."""
    location: Annotated[str, Field(pattern=r"^[a-z]+[a-z0-9]*$")]
    """Azure location in its short form, for example westus3."""
    models: tuple[str, ...] = ()
    """Azure OpenAI models deployed for services with `uses: [models]`, for example gpt-4.1."""
    dns_group: Annotated[str, Field(pattern=r"^[-\w.()]{1,90}$")] = "dns"
    """Resource group of the zone `ingress.dns_zone`, which Azure finds by its group alone."""
    budget_start: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")] | None = None
    """Month (YYYY-MM) from which the budget counts: the current one or one of the next twelve when it is first made, and never changed."""


class DockerBlock(SpecModel):
    """This machine: the entry's port and images to use instead of the pinned ones."""

    entry_port: Port = 8443
    """Port of this machine on which the HTTPS entry listens."""
    images: dict[str, str] = {}
    """Replacement image by role (postgres, redis, proxy, ...), for machines that cannot reach a public registry."""
