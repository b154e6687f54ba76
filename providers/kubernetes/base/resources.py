"""Base resources of a cluster, which every other capability depends on."""

from dataclasses import dataclass, field

import pulumi

from providers.contract.component import Scope
from providers.contract.results import SecretRef
from providers.contract.spec import Platform
from providers.kubernetes.base.identity import KubernetesIdentity
from providers.kubernetes.base.registry import KubernetesRegistry
from providers.kubernetes.base.secrets import create_secret
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.network.resources import KubernetesNetwork


@dataclass(frozen=True)
class KubernetesBaseResources:
    """Namespace with its policies, pull secrets and service accounts."""

    context: KubernetesContext
    network: KubernetesNetwork
    registry: KubernetesRegistry
    identity: KubernetesIdentity
    client_keys: dict[str, pulumi.Output[str]] = field(default_factory=dict[str, pulumi.Output[str]])
    """Keys of clients by their variable, each secret; the entry compares requests with their digests."""

    @property
    def spec(self) -> Platform:
        """Spec of the platform."""
        return self.context.spec

    @property
    def namespace(self) -> str:
        """Namespace of every object."""
        return self.context.namespace

    def address(self, service: str) -> str:
        """`http://<name>:<port>` of a service for its callers; empty for a worker, which has no port."""
        port = self.spec.services[service].port
        return f"http://{service}:{port}" if port is not None else ""

    def ready(self, service: str | None = None) -> list[pulumi.Resource]:
        """Return what must exist before a pod starts: the namespace, default deny, DNS, and the policy of a service."""
        return self.network.ready(service)

    def secret(self, scope: Scope, part: str, value: pulumi.Output[str], *, name: str | None = None) -> SecretRef:
        """Stored secret; see `create_secret`. `scope` must be one whose resources come after the namespace."""
        return create_secret(scope, self.context, part, value, name=name, namespace=self.network.namespace)
