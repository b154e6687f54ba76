"""Namespace with restricted pods, the policy that denies every connection, and one policy for each service.

The policies of the database, of the cache and of the entry are declared beside them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.kubernetes.base.secrets import metadata, pods_of
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.naming import MONITORING, POD_SECURITY_LABELS
from providers.kubernetes.network.flows import FlowEnd, inbound, outbound_flows
from providers.kubernetes.network.policies import (
    allow_from,
    allow_to,
    block_peer,
    component_peer,
    create_policy,
    namespace_peer,
    ports,
)

DNS_NAMESPACE, DNS_LABELS = "kube-system", {"k8s-app": "kube-dns"}
NODE_LOCAL_DNS = "169.254.20.10/32"
"""Address of NodeLocal DNSCache (https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/)."""
DNS_PORT = 53


@dataclass(frozen=True)
class KubernetesNetwork:
    """Namespace, and the policies that must exist before a pod of a component starts."""

    namespace: "kubernetes.core.v1.Namespace"
    common: tuple[pulumi.Resource, ...]
    """Policies of every pod."""
    services: Mapping[str, pulumi.Resource]
    """Policy of each service, by name."""

    def ready(self, service: str | None = None) -> list[pulumi.Resource]:
        """Return what must exist before a pod starts, as no Output expresses it; `service` adds the policy of that service."""
        own = [self.services[service]] if service in self.services else []
        return [self.namespace, *self.common, *own]


def create_network(scope: Scope, context: KubernetesContext) -> KubernetesNetwork:
    """Namespace, default deny, DNS and one policy for each service."""
    namespace = create_namespace(scope, context)
    every_pod = kubernetes.meta.v1.LabelSelectorArgs()
    deny = create_policy(scope, context, "default-deny", every_pod, component=MONITORING, depends_on=[namespace])
    dns = create_policy(scope, context, "dns", every_pod, component=MONITORING, egress=[_dns()], depends_on=[namespace])
    services = {name: _service_policy(scope, context, name, namespace) for name in context.spec.services}
    return KubernetesNetwork(namespace, (deny, dns), services)


def create_namespace(scope: Scope, context: KubernetesContext) -> "kubernetes.core.v1.Namespace":
    """Namespace whose pods the API server admits only under the restricted standard."""
    values = metadata(scope, context, MONITORING, context.namespace, labels=POD_SECURITY_LABELS)
    values.namespace = None
    return kubernetes.core.v1.Namespace(
        scope.named("namespace"),
        metadata=values,
        # its deletion deletes everything in it, the volumes of the database too
        opts=scope.opts(protect=context.production),
    )


def _dns() -> "kubernetes.networking.v1.NetworkPolicyEgressRuleArgs":
    server = namespace_peer(DNS_NAMESPACE)
    server.pod_selector = kubernetes.meta.v1.LabelSelectorArgs(match_labels=dict(DNS_LABELS))
    return kubernetes.networking.v1.NetworkPolicyEgressRuleArgs(
        to=[server, block_peer(NODE_LOCAL_DNS)],
        ports=[*ports(DNS_PORT, protocol="UDP"), *ports(DNS_PORT)],
    )


def _service_policy(
    scope: Scope, context: KubernetesContext, name: str, namespace: pulumi.Resource
) -> "kubernetes.networking.v1.NetworkPolicy":
    """Connections of a service along `calls`, `uses`, `path`, `metrics` and `egress`."""
    return create_policy(
        scope,
        context,
        name,
        pods_of(context, name),
        component=name,
        ingress=[allow_from([peer_of(context, flow.peer)], *flow.ports) for flow in inbound(context, name)],
        egress=[allow_to([peer_of(context, flow.peer)], *flow.ports) for flow in outbound_flows(context, name)],
        depends_on=[namespace],
    )


def peer_of(context: KubernetesContext, target: FlowEnd) -> "kubernetes.networking.v1.NetworkPolicyPeerArgs":
    """Peer of a policy for one end of a flow."""
    match target.kind:
        case "component":
            return component_peer(context, target.name)
        case "namespace":
            return namespace_peer(target.name)
        case "internet":
            return block_peer(target.name, public=True)
        case "block":
            return block_peer(target.name)


def peers_of(
    context: KubernetesContext, targets: Sequence[FlowEnd]
) -> list["kubernetes.networking.v1.NetworkPolicyPeerArgs"]:
    """Peers of a policy for several ends."""
    return [peer_of(context, target) for target in targets]
