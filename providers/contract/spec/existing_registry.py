"""Container registries that exist already: one block for each cloud, with the ID or the address of what images are stored in."""

from typing import Annotated

from pydantic import Field

from providers.contract.spec.base import SpecModel

ImageName = Annotated[str, Field(pattern=r"^[a-z0-9]+([._/-]+[a-z0-9]+)*$", max_length=255)]
EcrRepositoryName = Annotated[
    str,
    Field(
        pattern=r"^(arn:aws(-cn|-us-gov)?:ecr:[a-z0-9-]+:[0-9]{12}:repository/)?[a-z0-9]+([._/-]+[a-z0-9]+)*$",
        max_length=320,
    ),
]
"""Name of a repository in the account and region of the stack, or ARN of one elsewhere."""
ArtifactRepositoryName = Annotated[
    str,
    Field(
        pattern=r"^projects/[a-z][a-z0-9-]+[a-z0-9]/locations/[a-z][a-z0-9-]*/repositories/[a-z]([a-z0-9-]*[a-z0-9])?$",
        max_length=200,
    ),
]
AzureRegistryId = Annotated[
    str,
    Field(
        pattern=(
            r"^/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[A-Za-z0-9._()-]+/providers/Microsoft\.ContainerRegistry"
            r"/registries/[A-Za-z0-9]+$"
        ),
        max_length=300,
    ),
]
LoginServer = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)?(\.[a-z0-9]+)+$", max_length=120)]
RegistryAddress = Annotated[
    str,
    Field(
        pattern=r"^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)*:[0-9]+|[a-z0-9-]+(\.[a-z0-9-]+)+)(/[a-z0-9._-]+)*$",
        max_length=255,
    ),
]
"""Host of a registry, with a port and a path where it has them."""


class ExistingAwsRegistry(SpecModel):
    """Repositories of Amazon ECR, also of another account."""

    repositories: Annotated[dict[ImageName, EcrRepositoryName], Field(min_length=1)]
    """Repository by image name: a name in the account and region of the stack, or an ARN of another account or region."""


class ExistingGcpRegistry(SpecModel):
    """Repository of Artifact Registry, also of another project."""

    repository: ArtifactRepositoryName
    """Repository of format Docker as projects/<project>/locations/<location>/repositories/<name>."""


class ExistingAzureRegistry(SpecModel):
    """Azure Container Registry, also of another resource group or subscription of the tenant."""

    registry_id: AzureRegistryId
    """ID of the registry."""
    login_server: LoginServer | None = None
    """Host name of the registry; absent: its name with .azurecr.io."""
    private_endpoint: bool = True
    """Pull through a private endpoint with `network.private_endpoints`, which needs the tier Premium; false: over its public address."""


class ExistingHostRegistry(SpecModel):
    """Registry that images are pulled from, with `image_credentials` of the services where it needs a login."""

    address: RegistryAddress
    """Host of the registry, with a path, for example registry.example.com:5000/team."""


class ExistingRegistrySpec(SpecModel):
    """Registry that exists already, in the block of the chosen cloud; images without a registry host are stored in it."""

    aws: ExistingAwsRegistry | None = None
    """Repositories of Amazon ECR."""
    gcp: ExistingGcpRegistry | None = None
    """Repository of Artifact Registry."""
    azure: ExistingAzureRegistry | None = None
    """Azure Container Registry."""
    docker: ExistingHostRegistry | None = None
    """Registry of images that are not built on the Docker host."""
    kubernetes: ExistingHostRegistry | None = None
    """Registry that the nodes of the cluster pull from."""


class RegistrySpec(SpecModel):
    """Container registry of images without a registry host."""

    existing: ExistingRegistrySpec | None = None
    """Registry that exists already and that the platform uses; absent: the platform creates its own."""
