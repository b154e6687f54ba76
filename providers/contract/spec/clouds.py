"""Settings of one cloud: account, region and managed models.

A stack file may hold blocks of other clouds as well, so that changing `cloud` is enough to plan the stack elsewhere.
"""

from typing import Annotated

from pydantic import Field

from providers.contract.spec.base import Port, SpecModel

Guid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]


class AwsBlock(SpecModel):
    """Amazon Web Services: account, region and the Bedrock models that services may invoke."""

    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    """AWS region, for example us-west-2."""
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")]
    """Account ID, 12 digits in quotes; the provider refuses every other account."""
    models: tuple[str, ...] = ()
    """Bedrock model IDs or inference profile IDs that services with `uses: [models]` may invoke."""


class GcpBlock(SpecModel):
    """Google Cloud: project, region and the Vertex AI models that services may invoke."""

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    """Project ID (6 to 30 lower-case letters, digits and hyphens), not the project number."""
    region: Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+\d+$")]
    """Google Cloud region, for example us-central1."""
    models: tuple[str, ...] = ()
    """Vertex AI models (publishers/<publisher>/models/<model>) that services with `uses: [models]` may invoke."""


class AzureBlock(SpecModel):
    """Microsoft Azure: subscription, location and the Azure OpenAI models that services may invoke."""

    subscription_id: Guid
    """Subscription ID, a GUID."""
    tenant_id: Guid
    """Microsoft Entra tenant ID, a GUID."""
    location: Annotated[str, Field(pattern=r"^[a-z]+[a-z0-9]*$")]
    """Azure location by its short name, for example westus3."""
    models: tuple[str, ...] = ()
    """Azure OpenAI models to deploy for services with `uses: [models]`, for example gpt-4.1."""
    dns_group: Annotated[str, Field(pattern=r"^[-\w.()]{1,90}$")] = "dns"
    """Resource group of the DNS zone `ingress.dns_zone`."""
    budget_start: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")] | None = None
    """First month of the budget (YYYY-MM): the current month or one of the next twelve at creation; it cannot be changed afterwards."""


class DockerBlock(SpecModel):
    """Docker host: port of the entry, and replacements for the pinned images."""

    entry_port: Port = 8443
    """Port of the host on which the HTTPS entry listens."""
    images: dict[str, str] = {}
    """Replacement image by role (postgres, redis, proxy, ...), for hosts that cannot reach a public registry."""
