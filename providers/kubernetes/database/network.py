"""Network policy of the pods of a Cluster: instances, and the jobs of the operator that initialize or restore them."""

from collections.abc import Sequence

import pulumi_kubernetes as kubernetes

from providers.contract.component import Scope
from providers.kubernetes.base.resources import KubernetesBaseResources
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.database.custom_resources import CLUSTER_LABEL, OPERATOR_LABELS
from providers.kubernetes.network.flows import ANYWHERE, DATABASE_PORT, bucket_port
from providers.kubernetes.network.policies import (
    allow_from,
    allow_to,
    block_peer,
    component_peer,
    create_policy,
    labelled_peer,
    namespace_peer,
)

STATUS_PORT, METRICS_PORT = 8000, 9187
"""Ports of the instance manager (https://cloudnative-pg.io/documentation/1.30/networking/)."""
API_SERVER_PORTS = (443, 6443)


def create_database_policy(
    scope: Scope, base: KubernetesBaseResources, part: str, cluster: str, clients: Sequence[str] | None = None
) -> "kubernetes.networking.v1.NetworkPolicy":
    """Policy `part` for the pods of `cluster`; `clients` are the components that connect, by default the services that use it."""
    context = base.context
    users = base.spec.users_of("database") if clients is None else clients
    peers = [component_peer(context, user) for user in users]
    own = labelled_peer({CLUSTER_LABEL: cluster})
    return create_policy(
        scope,
        context,
        part,
        kubernetes.meta.v1.LabelSelectorArgs(match_labels={CLUSTER_LABEL: cluster}),
        component=cluster,
        ingress=[
            *([allow_from(peers, DATABASE_PORT)] if peers else []),
            allow_from([own, operator_peer()], DATABASE_PORT, STATUS_PORT),
            allow_from([namespace_peer(context.block.monitoring_namespace)], METRICS_PORT),
        ],
        egress=[
            allow_to([own], DATABASE_PORT, STATUS_PORT),
            api_server_rule(context),
            *([allow_to([block_peer(ANYWHERE)], bucket_port(context))] if context.block.bucket else []),
        ],
        depends_on=[base.network.namespace],
    )


def operator_peer() -> "kubernetes.networking.v1.NetworkPolicyPeerArgs":
    """Pods of the operator, in every namespace: its owner chooses where it runs."""
    return kubernetes.networking.v1.NetworkPolicyPeerArgs(
        namespace_selector=kubernetes.meta.v1.LabelSelectorArgs(),
        pod_selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels=dict(OPERATOR_LABELS)),
    )


def api_server_rule(context: KubernetesContext) -> "kubernetes.networking.v1.NetworkPolicyEgressRuleArgs":
    """Connections to the API server, which has no pods to select: the addresses of the block, else every address on its ports."""
    return allow_to([block_peer(cidr) for cidr in context.block.api_server or (ANYWHERE,)], *API_SERVER_PORTS)
