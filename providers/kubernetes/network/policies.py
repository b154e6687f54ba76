"""Network policies: which pods may connect to which port. The namespace denies everything else.

Peers in one element of a list are combined (and), elements are alternatives (or). Ports are those of the pod: policies act
after the address of a Service has been replaced by that of a pod.
"""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.kubernetes.base.secrets import metadata, pods_of
from providers.kubernetes.context import KubernetesContext

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""Label that the API server sets on every namespace."""
PRIVATE_RANGES = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""Addresses of pods, nodes and metadata servers, which rules for the internet leave out."""
ANYWHERE = "0.0.0.0/0"


def component_peer(context: KubernetesContext, component: str) -> "kubernetes.networking.v1.NetworkPolicyPeerArgs":
    """Pods of a component of this namespace."""
    return kubernetes.networking.v1.NetworkPolicyPeerArgs(pod_selector=pods_of(context, component))


def labelled_peer(labels: dict[str, str]) -> "kubernetes.networking.v1.NetworkPolicyPeerArgs":
    """Pods of this namespace with labels that an operator sets."""
    return kubernetes.networking.v1.NetworkPolicyPeerArgs(
        pod_selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels=labels)
    )


def namespace_peer(namespace: str) -> "kubernetes.networking.v1.NetworkPolicyPeerArgs":
    """Every pod of another namespace."""
    return kubernetes.networking.v1.NetworkPolicyPeerArgs(
        namespace_selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels={NAMESPACE_LABEL: namespace})
    )


def block_peer(cidr: str, *, public: bool = False) -> "kubernetes.networking.v1.NetworkPolicyPeerArgs":
    """Range of addresses; a `public` one is without the private ranges."""
    return kubernetes.networking.v1.NetworkPolicyPeerArgs(
        ip_block=kubernetes.networking.v1.IPBlockArgs(cidr=cidr, except_=list(PRIVATE_RANGES) if public else None)
    )


def ports(*numbers: int | str, protocol: str = "TCP") -> list["kubernetes.networking.v1.NetworkPolicyPortArgs"]:
    """Ports by number, or by their name in the pod."""
    return [kubernetes.networking.v1.NetworkPolicyPortArgs(port=number, protocol=protocol) for number in numbers]


def allow_from(
    peers: Sequence["kubernetes.networking.v1.NetworkPolicyPeerArgs"], *numbers: int | str
) -> "kubernetes.networking.v1.NetworkPolicyIngressRuleArgs":
    """Connections of these peers to these ports."""
    return kubernetes.networking.v1.NetworkPolicyIngressRuleArgs(from_=list(peers), ports=ports(*numbers))


def allow_to(
    peers: Sequence["kubernetes.networking.v1.NetworkPolicyPeerArgs"], *numbers: int | str
) -> "kubernetes.networking.v1.NetworkPolicyEgressRuleArgs":
    """Connections to these ports of these peers."""
    return kubernetes.networking.v1.NetworkPolicyEgressRuleArgs(to=list(peers), ports=ports(*numbers))


def create_policy(
    scope: Scope,
    context: KubernetesContext,
    part: str,
    pods: "kubernetes.meta.v1.LabelSelectorArgs",
    *,
    component: str,
    ingress: Sequence["kubernetes.networking.v1.NetworkPolicyIngressRuleArgs"] = (),
    egress: Sequence["kubernetes.networking.v1.NetworkPolicyEgressRuleArgs"] = (),
    depends_on: Sequence[pulumi.Resource] = (),
) -> "kubernetes.networking.v1.NetworkPolicy":
    """Policy `part` for the selected pods; rules of several policies for one pod add up."""
    types = [name for name, rules in (("Ingress", ingress), ("Egress", egress)) if rules]
    return kubernetes.networking.v1.NetworkPolicy(
        scope.named(part),
        metadata=metadata(scope, context, component, part),
        spec=kubernetes.networking.v1.NetworkPolicySpecArgs(
            pod_selector=pods,
            policy_types=types or ["Ingress", "Egress"],
            ingress=list(ingress) or None,
            egress=list(egress) or None,
        ),
        opts=scope.opts(depends_on=depends_on),
    )
