"""The whole spec: what a stack file says, complete and consistent."""

from typing import Annotated

from pydantic import Field

from providers.contract.spec.base import CloudName, Profile, Slug, SpecModel
from providers.contract.spec.clouds import AwsBlock, AzureBlock, DockerBlock, GcpBlock
from providers.contract.spec.data import CacheSpec, DatabaseSpec, StorageSpec
from providers.contract.spec.network import IngressSpec, NetworkSpec
from providers.contract.spec.operations import BudgetSpec, Deployer, MonitoringSpec, RecoverySpec
from providers.contract.spec.service import Service


class Platform(SpecModel):
    """One agent platform: its services and everything they stand on."""

    cloud: CloudName
    """Cloud that the stack runs on: aws, gcp, azure or docker."""
    aws: AwsBlock | None = None
    """What is Amazon's own; needed when `cloud` is aws."""
    gcp: GcpBlock | None = None
    """What is Google's own; needed when `cloud` is gcp."""
    azure: AzureBlock | None = None
    """What is Microsoft's own; needed when `cloud` is azure."""
    docker: DockerBlock | None = None
    """What is this machine's own; may be absent even when `cloud` is docker."""
    profile: Profile = "production"
    """Sets defaults: production is the safe one, staging and development cost less."""
    tags: dict[str, str] = {}
    """Tags or labels on everything, beside `project`, `stack` and `managed-by`."""
    network: NetworkSpec = NetworkSpec()
    """The private network and its ways out."""
    ingress: IngressSpec = IngressSpec()
    """The public entry."""
    services: Annotated[dict[Slug, Service], Field(min_length=1)]
    """Services by name."""
    database: DatabaseSpec | None = None
    """PostgreSQL; absent: none."""
    cache: CacheSpec | None = None
    """Redis protocol; absent: none."""
    storage: StorageSpec | None = None
    """Object storage; absent: none."""
    monitoring: MonitoringSpec = MonitoringSpec()
    """Logs, alarms, dashboards."""
    budget: BudgetSpec | None = None
    """Money; absent: no budget alarm."""
    deployer: Deployer | None = None
    """Keyless deployment from CI; absent: none."""
    recovery: RecoverySpec = RecoverySpec()
    """What stands ready when a region is lost."""
    accept_risk: dict[str, str] = {}
    """Production refusals that are accepted: the refused key's path and the reason."""

    @property
    def block(self) -> AwsBlock | GcpBlock | AzureBlock | DockerBlock | None:
        """The chosen cloud's block; docker's may be left out."""
        blocks = {"aws": self.aws, "gcp": self.gcp, "azure": self.azure, "docker": self.docker or DockerBlock()}
        return blocks[self.cloud]

    @property
    def models(self) -> tuple[str, ...]:
        """Managed models of the chosen cloud's block; docker has none."""
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
        """Services with a path, longest path first: the order in which routes must be tried."""
        routed = [(name, service) for name, service in self.services.items() if service.path is not None]
        return dict(sorted(routed, key=lambda item: (-len(item[1].path or ""), item[0])))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every listed secret once, in the order of the file."""
        return tuple(dict.fromkeys(name for service in self.services.values() for name in service.secrets))
