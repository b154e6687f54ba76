"""Complete spec of a platform, as a stack file describes it."""

from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr

from providers.contract.spec.base import CacheName, CloudName, Guid, Ipv4, Port, Profile, Slug, SpecModel, Variable
from providers.contract.spec.data import (
    AdditionalCache,
    CacheInstance,
    CacheSettings,
    CacheSpec,
    DatabaseSpec,
    ExistingServer,
    StorageSpec,
)
from providers.contract.spec.existing_registry import RegistrySpec
from providers.contract.spec.job import Job
from providers.contract.spec.kubernetes import KubernetesBlock
from providers.contract.spec.network import IngressSpec, NetworkSpec
from providers.contract.spec.operations import Acceptance, BudgetSpec, CostSpec, Deployer, MonitoringSpec, RecoverySpec
from providers.contract.spec.rollout import Release
from providers.contract.spec.service import Service

KEEP_ALIVE_MARGIN_SECONDS = 5
"""Seconds by which servers keep idle connections open longer than the entry; a request on a closing one is answered 502."""


AwsRegion = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
GcpRegion = Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+\d+$")]
AzureLocation = Annotated[str, Field(pattern=r"^[a-z]+[a-z0-9]*$")]


class AwsBlock(SpecModel):
    """Amazon Web Services: account, region and the Bedrock models that services may invoke."""

    region: AwsRegion
    """AWS region, for example us-west-2."""
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")]
    """Account ID, 12 digits in quotes; the provider refuses every other account."""
    models: tuple[str, ...] = ()
    """Bedrock model IDs or inference profile IDs that services with `uses: [models]` may invoke."""
    zone_names: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d[a-z]$")], ...] = ()
    """Availability zones to use, as many as `network.zones`; absent: the first ones of the region by name."""
    standby_region: AwsRegion | None = None
    """Region that receives the copies with `recovery.mode`; absent: `recovery.standby_region`."""


class GcpBlock(SpecModel):
    """Google Cloud: project, region and the Vertex AI models that services may invoke."""

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    """Project ID (6 to 30 lower-case letters, digits and hyphens), not the project number."""
    region: GcpRegion
    """Google Cloud region, for example us-central1."""
    models: tuple[str, ...] = ()
    """Vertex AI models (publishers/<publisher>/models/<model>) that services with `uses: [models]` may invoke."""
    standby_region: GcpRegion | None = None
    """Region that receives the copies with `recovery.mode`; absent: `recovery.standby_region`."""


class AzureBlock(SpecModel):
    """Microsoft Azure: subscription, location and the Azure OpenAI models that services may invoke."""

    subscription_id: Guid
    """Subscription ID, a GUID."""
    tenant_id: Guid
    """Microsoft Entra tenant ID, a GUID."""
    location: AzureLocation
    """Azure location by its short name, for example westus3."""
    entry: Literal["front_door", "gateway"] = "front_door"
    """Public entry: Front Door at the edge, or Application Gateway in the location, which forwards streams as they arrive."""
    models: tuple[str, ...] = ()
    """Azure OpenAI models to deploy for services with `uses: [models]`, for example gpt-5.4-mini."""
    standby_location: AzureLocation | None = None
    """Location that receives the copies with `recovery.mode`; absent: `recovery.standby_region`."""
    # lengths are no counted repetitions: for each of them the engine expands the Unicode class \w, 0.14 s of every start
    dns_group: Annotated[str, Field(pattern=r"^[-\w.()]+$", max_length=90)] = "dns"
    """Resource group of the DNS zone `ingress.dns_zone`."""
    network_watcher: Annotated[str, Field(pattern=r"^[-\w.()]+/[\w.-]+$", max_length=171)] | None = None
    """Existing Network Watcher of the location as <resource group>/<name>; absent: NetworkWatcherRG/NetworkWatcher_<location>."""
    customer_managed_keys: bool = False
    """Encrypt database, objects, flow logs and cache with a key of the vault; a deployed database server keeps its choice."""
    budget_start: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")] | None = None
    """First month of the budget (YYYY-MM): the current month or one of the next twelve at creation; it cannot be changed afterwards."""


class DevService(SpecModel):
    """Run of a service from its source folder; `agent-platform dev` sets it in the engine's copy of the stack file only."""

    folders: dict[str, Annotated[str, Field(pattern=r"^/")]] = {}
    """Folder of this machine by path in the container; each is mounted read-only."""
    command: Annotated[tuple[str, ...], Field(min_length=1)]
    """Program and arguments in place of entry point and command of the image."""
    environment: dict[Variable, str] = {}
    """Plain environment variables in addition to those of the service, which they replace."""
    vcpu: Annotated[float, Field(gt=0, le=64)] | None = None
    """Limit on virtual CPUs, for quick restarts; absent: that of the service's size."""


class DockerBlock(SpecModel):
    """Docker host: address and port of the entry, and replacements for the pinned images."""

    bind: Ipv4 = "127.0.0.1"
    """IPv4 address of the host on which the entry accepts connections: 0.0.0.0 for every network that the host is in."""
    entry_port: Port = 8443
    """Port of the host on which the HTTPS entry listens."""
    images: dict[str, str] = {}
    """Replacement image by role (postgres, redis, proxy, ...), for hosts that cannot reach a public registry."""
    dev: dict[Slug, DevService] = {}
    """Services that run from their source folder while `agent-platform dev` runs; not for a stack file."""


class Platform(SpecModel):
    """Agent platform: services and the resources that they need."""

    cloud: CloudName
    """Target that the stack runs on: aws, gcp, azure, docker or kubernetes."""
    aws: AwsBlock | None = None
    """AWS settings; required when `cloud` is aws."""
    gcp: GcpBlock | None = None
    """Google Cloud settings; required when `cloud` is gcp."""
    azure: AzureBlock | None = None
    """Azure settings; required when `cloud` is azure."""
    docker: DockerBlock | None = None
    """Docker settings; optional when `cloud` is docker."""
    kubernetes: KubernetesBlock | None = None
    """Kubernetes settings; required when `cloud` is kubernetes."""
    profile: Profile = "production"
    """Set of defaults: production is the safe one, staging and development cost less."""
    tags: dict[str, str] = {}
    """Tags or labels of all resources, in addition to `project`, `stack` and `managed-by`."""
    network: NetworkSpec = NetworkSpec()
    """Private network and its outbound access."""
    registry: RegistrySpec | None = None
    """Container registry; absent: the platform creates one for images without a registry host, where the cloud has registries."""
    ingress: IngressSpec = IngressSpec()
    """Public entry."""
    services: Annotated[dict[Slug, Service], Field(min_length=1)]
    """Services by name."""
    jobs: dict[Slug, Job] = {}
    """Scheduled jobs by name."""
    database: DatabaseSpec | None = None
    """PostgreSQL; absent: none."""
    cache: CacheSpec | None = None
    """Redis-compatible cache; absent: none."""
    caches: Annotated[dict[CacheName, AdditionalCache], Field(max_length=2)] = {}
    """Further caches by name, two at most, so that answers are not in the cache of a queue; services use one as `caches.NAME`."""
    storage: StorageSpec | None = None
    """Object storage; absent: none."""
    monitoring: MonitoringSpec = MonitoringSpec()
    """Logs, alarms, dashboards."""
    budget: BudgetSpec | None = None
    """Budget; absent: no budget alarm."""
    cost: CostSpec = CostSpec()
    """Cost of model tokens."""
    deployer: Deployer | None = None
    """Keyless deployment from CI; absent: none."""
    recovery: RecoverySpec = RecoverySpec()
    """Recovery from the loss of a region."""
    accept_risk: dict[str, str] = {}
    """Accepted production refusals: the refused key and the reason."""
    accept_checks: dict[str, Acceptance] = {}
    """Accepted failures of `audit` by check, as <check>, <check>/<resource>, or either with <cloud>/ before it."""
    overrides: dict[str, Annotated[dict[str, object], Field(min_length=1)]] = {}
    """Last resort: inputs of resources by logical name or type, in the SDK's Python names; nested ones are merged, null removes."""
    _generated_keys: tuple[str, ...] = PrivateAttr(default=())
    _outside_stores: dict[str, tuple[ExistingServer, tuple[str, ...]]] = PrivateAttr(default_factory=dict)
    _stored_images: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def generated_keys(self) -> tuple[str, ...]:
        """Keys of clients among `secrets` that no service of the stack file lists: the platform generates them."""
        return self._generated_keys

    def external_secrets(self, service: str) -> tuple[str, ...]:
        """Secrets that a service lists, which may be keys of external APIs; generated keys and URLs of stores are none."""
        known = {*self.generated_keys, *(server.url for server, _ in self.outside_stores.values())}
        return tuple(name for name in self.services[service].secrets if name not in known)

    def generating(self, keys: tuple[str, ...]) -> Self:
        """Return the spec with these generated keys."""
        spec = self.model_copy()
        spec._generated_keys = keys  # noqa: SLF001  # the copy of this class
        return spec

    @property
    def outside_stores(self) -> dict[str, tuple[ExistingServer, tuple[str, ...]]]:
        """Existing server and its users by part, of a spec whose services reach it as a host outside."""
        return self._outside_stores

    def with_outside_stores(self, stores: dict[str, tuple[ExistingServer, tuple[str, ...]]]) -> Self:
        """Return the spec with these existing servers."""
        spec = self.model_copy()
        spec._outside_stores = stores  # noqa: SLF001  # the copy of this class
        return spec

    @property
    def stored_images(self) -> dict[str, str]:
        """Image by service, as the stack file has it, of images in a registry that exists already."""
        return self._stored_images

    def with_stored_images(self, images: dict[str, str]) -> Self:
        """Return the spec with these images in a registry that exists already."""
        spec = self.model_copy()
        spec._stored_images = images  # noqa: SLF001  # the copy of this class
        return spec

    @property
    def block(self) -> AwsBlock | GcpBlock | AzureBlock | DockerBlock | KubernetesBlock | None:
        """Block of the chosen cloud; that of docker is optional."""
        blocks = {
            "aws": self.aws,
            "gcp": self.gcp,
            "azure": self.azure,
            "docker": self.docker or DockerBlock(),
            "kubernetes": self.kubernetes,
        }
        return blocks[self.cloud]

    @property
    def standby_setting(self) -> tuple[str, str | None]:
        """Key of the standby region and its value: that of the cloud's block where it is set, else `recovery.standby_region`."""
        match self.block:
            case AwsBlock(standby_region=str(region)) | GcpBlock(standby_region=str(region)):
                return f"{self.cloud}.standby_region", region
            case AzureBlock(standby_location=str(location)):
                return "azure.standby_location", location
            case _:
                return "recovery.standby_region", self.recovery.standby_region

    @property
    def standby_key(self) -> str:
        """Key of the standby region."""
        return self.standby_setting[0]

    @property
    def standby_region(self) -> str | None:
        """Region that receives copies of the data; None with `recovery.mode: none`."""
        return None if self.recovery.mode == "none" else self.standby_setting[1]

    @property
    def home_region(self) -> str:
        """Region or location of the cloud's block; empty on Docker."""
        match self.block:
            case AwsBlock(region=str(region)) | GcpBlock(region=str(region)) | AzureBlock(location=str(region)):
                return region
            case _:
                return ""

    @property
    def active_region(self) -> str:
        """Region that serves and writes: the home region, unless `recovery.active_region` names the other one."""
        active = self.recovery.active_region if self.recovery.mode == "warm" else None
        return active or self.home_region

    @property
    def models(self) -> tuple[str, ...]:
        """Managed models in the block of the chosen cloud; docker has none."""
        return self.block.models if isinstance(self.block, AwsBlock | GcpBlock | AzureBlock) else ()

    @property
    def model_names(self) -> tuple[str, ...]:
        """Names of the managed models in requests and in metrics: the last part of a path, without a version."""
        return tuple(model.rpartition("/")[2].partition("@")[0] for model in self.models)

    @property
    def all_caches(self) -> tuple[CacheInstance, ...]:
        """Every cache that the platform creates: `cache`, then those of `caches` in the order of the file."""
        named: dict[str, CacheSettings] = {"": self.cache} if self.cache is not None else {}
        named |= self.caches
        found = (CacheInstance(name, settings, ()) for name, settings in named.items())
        return tuple(replace(each, users=self.users_of(each.key)) for each in found)

    def users_of(self, part: str) -> tuple[str, ...]:
        """Names of the services that use `part`, a word of `uses`, in the order of the file."""
        return tuple(name for name, service in self.services.items() if part in service.uses)

    def callers_of(self, callee: str) -> tuple[str, ...]:
        """Names of the services that call `callee`, in the order of the file."""
        return tuple(name for name, service in self.services.items() if callee in service.calls)

    def readers_of(self, secret: str) -> tuple[str, ...]:
        """Names of the services that list `secret`, in the order of the file."""
        return tuple(name for name, service in self.services.items() if secret in service.secrets)

    @property
    def services_in_steps(self) -> dict[str, Service]:
        """Services whose rollout has steps, in the order of the file."""
        return {name: service for name, service in self.services.items() if service.rollout.in_steps}

    @property
    def releases(self) -> dict[str, Release]:
        """Release commands by service, in the order of the file."""
        return {name: service.release for name, service in self.services.items() if service.release is not None}

    @property
    def image_credentials(self) -> tuple[str, ...]:
        """Every secret with registry credentials once, in the order of the file."""
        return tuple(dict.fromkeys(s.image_credentials for s in self.services.values() if s.image_credentials))

    @property
    def has_bare_gateway(self) -> bool:
        """True when the entry is a Gateway of a cluster, which checks and counts no clients."""
        return isinstance(self.block, KubernetesBlock) and self.block.entry == "gateway"

    @property
    def has_response_buffer(self) -> bool:
        """True when the entry can collect responses before it forwards them."""
        return isinstance(self.block, AzureBlock) and self.block.entry == "gateway"

    @property
    def streaming_fix(self) -> str | None:
        """Setting for an entry that forwards each part of a response as it arrives; None where the entry does."""
        match self.block:
            case AzureBlock(entry="front_door"):
                return "set azure.entry to gateway"
            case _:
                return None

    @property
    def keep_alive_seconds(self) -> int:
        """Seconds that a server keeps an idle connection open: longer than the entry, which must be the one that closes it."""
        return self.ingress.idle_timeout_seconds + KEEP_ALIVE_MARGIN_SECONDS

    @property
    def public(self) -> dict[str, Service]:
        """Services with a path, longest path first, which is the order of the routes."""
        routed = [(name, service) for name, service in self.services.items() if service.path is not None]
        return dict(sorted(routed, key=lambda item: (-len(item[1].path or ""), item[0])))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every listed secret once, in the order of the file."""
        return tuple(dict.fromkeys(name for service in self.services.values() for name in service.secrets))
