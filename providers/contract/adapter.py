"""The verbs of a cloud. `Cloud` is one cloud, `Adapter` is one region of it.

Neutral code calls these and nothing else; it never sees a subnet, a role or an alarm. `Cloud.open` lays network and
identities before it returns an `Adapter`, so no verb can come too early.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import pulumi

from providers.contract.component import Scope
from providers.contract.diagnostics import Adjustment, Diagnostic
from providers.contract.results import (
    Cache,
    Database,
    Entry,
    Environment,
    Monitoring,
    ObjectStore,
    Origin,
    SecretRef,
    Workloads,
)
from providers.contract.spec import Platform


class Adapter(Protocol):
    """One region of one cloud, its network and identities standing."""

    def secret(self, room: Scope, name: str, value: pulumi.Output[str], readers: Sequence[str]) -> SecretRef:
        """Store `value` as `name` and let the services `readers` read it, and no one else."""
        ...

    def address(self, service: str) -> pulumi.Input[str]:
        """URL under which the callers of `service` reach it inside the region."""
        ...

    def database(self, room: Scope) -> Database:
        """PostgreSQL for the services that use it, with a password nobody sees."""
        ...

    def cache(self, room: Scope) -> Cache:
        """Redis protocol for the services that use it, with a password nobody sees."""
        ...

    def storage(self, room: Scope) -> ObjectStore:
        """One bucket, readable and writable by the services that use it."""
        ...

    def workloads(self, scope: Scope, environments: Mapping[str, Environment]) -> Workloads:
        """Every service of the spec, scaled, reachable along `path` and `calls`; opens its rooms itself."""
        ...

    def monitoring(self, room: Scope, entry: Entry) -> Monitoring:
        """Alarms, dashboard, channels and budget over all that stands."""
        ...


class Cloud(Protocol):
    """One cloud."""

    def provider(self, scope: Scope, spec: Platform, region: str) -> pulumi.ProviderResource:
        """The explicit provider of a region, tied to the stack's account and carrying its tags."""
        ...

    def open(self, scope: Scope, spec: Platform, region: str) -> Adapter:
        """Lay network and identities of a region."""
        ...

    def entry(self, room: Scope, spec: Platform, origins: Mapping[str, Origin]) -> Entry:
        """Public name, admission and protection over the regions' origins, by region."""
        ...


class Limits(Protocol):
    """What a cloud refuses or honours in its own way: pure, known before its SDK is imported."""

    def region(self, spec: Platform) -> str:
        """Region of the cloud's block."""
        ...

    def refusals(self, spec: Platform, stack: str) -> list[Diagnostic]:
        """Every setting this cloud cannot honour; nothing is declared when there is one."""
        ...

    def approximations(self, spec: Platform) -> list[Adjustment]:
        """Every setting this cloud honours in its own way, in numbers."""
        ...

    def stack_secrets(self, spec: Platform) -> tuple[str, ...]:
        """Secrets that the stack must hold for the cloud itself, beside those that services list."""
        ...
