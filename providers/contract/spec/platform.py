"""Complete spec of a platform, as a stack file describes it."""

from typing import Annotated

from pydantic import Field

from providers.contract.spec.base import CloudName, Profile, Slug, SpecModel
from providers.contract.spec.clouds import AwsBlock, AzureBlock, DockerBlock, GcpBlock
from providers.contract.spec.data import CacheSpec, DatabaseSpec, StorageSpec
from providers.contract.spec.network import IngressSpec, NetworkSpec
from providers.contract.spec.operations import BudgetSpec, Deployer, MonitoringSpec, RecoverySpec
from providers.contract.spec.service import Service


class Platform(SpecModel):
    """Agent platform: services and the resources that they need."""

    cloud: CloudName
    """Cloud that the stack runs on: aws, gcp, azure or docker."""
    aws: AwsBlock | None = None
    """AWS settings; required when `cloud` is aws."""
    gcp: GcpBlock | None = None
    """Google Cloud settings; required when `cloud` is gcp."""
    azure: AzureBlock | None = None
    """Azure settings; required when `cloud` is azure."""
    docker: DockerBlock | None = None
    """Docker settings; optional when `cloud` is docker."""
    profile: Profile = "production"
    """Set of defaults: production is the safe one, staging and development cost less."""
    tags: dict[str, str] = {}
    """Tags or labels of all resources, in addition to `project`, `stack` and `managed-by`."""
    network: NetworkSpec = NetworkSpec()
    """Private network and its outbound access."""
    ingress: IngressSpec = IngressSpec()
    """Public entry."""
    services: Annotated[dict[Slug, Service], Field(min_length=1)]
    """Services by name."""
    database: DatabaseSpec | None = None
    """PostgreSQL; absent: none."""
    cache: CacheSpec | None = None
    """Redis-compatible cache; absent: none."""
    storage: StorageSpec | None = None
    """Object storage; absent: none."""
    monitoring: MonitoringSpec = MonitoringSpec()
    """Logs, alarms, dashboards."""
    budget: BudgetSpec | None = None
    """Budget; absent: no budget alarm."""
    deployer: Deployer | None = None
    """Keyless deployment from CI; absent: none."""
    recovery: RecoverySpec = RecoverySpec()
    """Recovery from the loss of a region."""
    accept_risk: dict[str, str] = {}
    """Accepted production refusals: the refused key and the reason."""

    @property
    def block(self) -> AwsBlock | GcpBlock | AzureBlock | DockerBlock | None:
        """Block of the chosen cloud; that of docker is optional."""
        blocks = {"aws": self.aws, "gcp": self.gcp, "azure": self.azure, "docker": self.docker or DockerBlock()}
        return blocks[self.cloud]

    @property
    def models(self) -> tuple[str, ...]:
        """Managed models in the block of the chosen cloud; docker has none."""
        return self.block.models if isinstance(self.block, AwsBlock | GcpBlock | AzureBlock) else ()

    def users_of(self, part: str) -> tuple[str, ...]:
        """Names of the services that use `part` (database, cache, storage, models), in the order of the file."""
        return tuple(name for name, service in self.services.items() if part in service.uses)

    def callers_of(self, callee: str) -> tuple[str, ...]:
        """Names of the services that call `callee`, in the order of the file."""
        return tuple(name for name, service in self.services.items() if callee in service.calls)

    def readers_of(self, secret: str) -> tuple[str, ...]:
        """Names of the services that list `secret`, in the order of the file."""
        return tuple(name for name, service in self.services.items() if secret in service.secrets)

    @property
    def public(self) -> dict[str, Service]:
        """Services with a path, longest path first, which is the order of the routes."""
        routed = [(name, service) for name, service in self.services.items() if service.path is not None]
        return dict(sorted(routed, key=lambda item: (-len(item[1].path or ""), item[0])))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every listed secret once, in the order of the file."""
        return tuple(dict.fromkeys(name for service in self.services.values() for name in service.secrets))
