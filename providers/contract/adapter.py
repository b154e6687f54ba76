"""Protocol that every cloud's adapter implements, and the typed values that pass between its methods.

Neutral code calls these methods and nothing else; it never sees a subnet, a role or an alarm. An adapter holds no state:
each method receives what earlier methods returned. Every `providers/<cloud>/adapter.py` ends with
`CLOUD: Cloud[...] = <Adapter>()`, which the type checker checks against this Protocol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import pulumi

from providers.contract.component import Scope
from providers.contract.results import (
    Cache,
    Copies,
    Database,
    Entry,
    Environment,
    Jobs,
    Monitoring,
    ObjectStore,
    Origin,
    SecretRef,
    Standby,
    Workloads,
)
from providers.contract.rollout import RolloutPosition
from providers.contract.spec import CacheInstance, Platform

BaseT = TypeVar("BaseT")
"""Base resources of a cloud: account, keys, network, identities, registry, channels."""
DatabaseT = TypeVar("DatabaseT", bound=Database)
CacheT = TypeVar("CacheT", bound=Cache)
StorageT = TypeVar("StorageT", bound=ObjectStore)
WorkloadsT = TypeVar("WorkloadsT", bound=Workloads)
JobsT = TypeVar("JobsT", bound=Jobs)
StandbyT = TypeVar("StandbyT", bound=Standby)
CopiesT = TypeVar("CopiesT", bound=Copies)


@dataclass(frozen=True)
class DataStores(Generic[DatabaseT, CacheT, StorageT]):
    """Database, caches and object storage of a region; None for what the spec leaves out."""

    database: DatabaseT | None
    caches: Mapping[str, CacheT]
    """Caches by the word of `uses`."""
    storage: StorageT | None


@dataclass(frozen=True)
class Watched(Generic[DatabaseT, CacheT, WorkloadsT, JobsT, CopiesT]):
    """Resources of a region that alarms and dashboards refer to."""

    database: DatabaseT | None
    caches: Mapping[str, CacheT]
    """Caches by part, which is the name of the subject of their alarms."""
    workloads: WorkloadsT
    jobs: JobsT | None
    """None when the spec has no job."""
    copies: CopiesT | None = None
    """None with `recovery.mode: none`."""


class Cloud(Protocol[BaseT, DatabaseT, CacheT, StorageT, WorkloadsT, JobsT, StandbyT, CopiesT]):
    """Stateless adapter of one cloud."""

    def provider(self, scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
        """Explicit provider of a region, tied to the stack's account and carrying its tags."""
        ...

    def standby(self, scope: Scope, spec: Platform, region: str) -> StandbyT:
        """Keys, registry and bucket of the standby region, which receive copies.

        Called only with a `recovery.mode` that the cloud does not refuse, and before the home region is declared. With
        `recovery.mode: warm`, `spec` is that of the standby region (`region_specs.standby_spec`).
        """
        ...

    def follow(self, standby: StandbyT, base: BaseT, stores: DataStores[DatabaseT, CacheT, StorageT]) -> StandbyT:
        """The standby region with the data of the home region that its services read, for `base_resources` there.

        Called only with `recovery.mode: warm`, for the clouds of `capabilities.WARM_STANDBY`.
        """
        ...

    def base_resources(self, scope: Scope, spec: Platform, region: str, standby: StandbyT | None) -> BaseT:
        """Network, identities and everything else that later methods depend on; secrets are copied to the standby.

        For the standby region itself, `standby` is what `follow` returned; what it has is not declared again.
        """
        ...

    def secret(
        self, scope: Scope, base: BaseT, name: str, value: pulumi.Output[str], readers: Sequence[str]
    ) -> SecretRef:
        """Stored secret `name` that only the services `readers` can read."""
        ...

    def address(self, base: BaseT, service: str) -> pulumi.Input[str]:
        """URL at which the callers of `service` reach it inside the region."""
        ...

    def model_variables(self, base: BaseT) -> Mapping[str, pulumi.Input[str]]:
        """Variables by which the SDKs of services with `uses: [models]` find the models: region, project or endpoint."""
        ...

    def span_receiver(self, base: BaseT) -> Mapping[str, pulumi.Input[str]]:
        """Variables of OpenTelemetry by which services find the receiver of spans.

        Called only with `monitoring.tracing`.
        """
        ...

    def database(self, scope: Scope, base: BaseT) -> DatabaseT:
        """PostgreSQL for the services that use it, with a generated password."""
        ...

    def cache(self, scope: Scope, base: BaseT, cache: CacheInstance) -> CacheT:
        """Redis-compatible cache for the services that use it, with a generated password; called for each cache of the spec."""
        ...

    def storage(self, scope: Scope, base: BaseT) -> StorageT:
        """Bucket that the services that use it can read and write."""
        ...

    def workloads(
        self,
        scope: Scope,
        base: BaseT,
        stores: DataStores[DatabaseT, CacheT, StorageT],
        environments: Mapping[str, Environment],
        positions: Mapping[str, RolloutPosition],
    ) -> WorkloadsT:
        """Every service of the spec, scaled and reachable along `path` and `calls`; opens its components itself.

        A service with a position has a stable revision beside the new one; every other service has one revision.
        """
        ...

    def jobs(
        self, scope: Scope, base: BaseT, workloads: WorkloadsT, environments: Mapping[str, Environment]
    ) -> JobsT | None:
        """Every job of the spec with its schedule, and the task of every release command; None without a scheduled job.

        A run has the image, environment and access of its service.
        """
        ...

    def recovery(
        self, scope: Scope, base: BaseT, standby: StandbyT, stores: DataStores[DatabaseT, CacheT, StorageT]
    ) -> CopiesT:
        """Copies of database backups and objects in the standby region, kept and locked as `recovery` says.

        `scope` is that of the home region; what is in the standby region has that region in its name.
        """
        ...

    def drill(self, scope: Scope, base: BaseT, database: DatabaseT, workloads: WorkloadsT) -> object:
        """Restore drill of the database, in its own component; where backups are always restored, nothing."""
        ...

    def monitoring(
        self,
        scope: Scope,
        base: BaseT,
        watched: Watched[DatabaseT, CacheT, WorkloadsT, JobsT, CopiesT],
        entry: Entry,
    ) -> Monitoring:
        """Alarms, dashboard, SLO and budget of a region."""
        ...

    def entry(self, scope: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
        """Public name, WAF and rate limit in front of the regions' origins, by region."""
        ...


AnyCloud = Cloud[Any, Any, Any, Any, Any, Any, Any, Any]
"""Adapter of a cloud that is only known at run time; its own module checks the types."""
