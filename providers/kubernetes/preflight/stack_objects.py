"""Objects of a stack that the cluster has, by their labels, and those that its owner has created for the stack."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from providers.contract.preflight import Environment, HostUnreachable, PreparedObject
from providers.contract.spec import Platform
from providers.kubernetes.context import REGION, KubernetesContext, block_of
from providers.kubernetes.import_ids import GENERATED, NAMED, address_of, collection_path
from providers.kubernetes.naming import LABEL_NAME, MONITORING, namespace_name
from providers.kubernetes.preflight.kubectl import (
    PARALLEL_CALLS,
    ClusterUnreachable,
    Kubectl,
    QueryForbidden,
    labels_of,
    text,
)
from providers.kubernetes.resource_traits import NAMESPACE

SECRET = "kubernetes:core/v1:Secret"  # noqa: S105  # a type


def list_objects(spec: Platform, stack: str, environment: Environment) -> Sequence[str]:
    """See `preflight.ListObjects`; of Secrets only the names are read. A kind that the server does not serve has no objects."""
    kubectl, namespace = Kubectl(block_of(spec).context, environment), namespace_name(spec, stack)
    selector = f"app.kubernetes.io/part-of={LABEL_NAME},app.kubernetes.io/instance={stack}"

    def listed(token: str) -> list[str]:
        if token == SECRET:
            return kubectl.names("secrets", namespace, selector)
        return [
            text(each, "metadata", "name")
            for each in kubectl.items(f"{collection_path(token, namespace)}?labelSelector={quote(selector)}")
        ]

    try:
        labels = labels_of(kubectl.get(f"/api/v1/namespaces/{namespace}"))
        tokens = (*NAMED, *GENERATED) if labels is not None else ()
        with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
            found = [
                address_of(token, name, namespace)
                for token, names in zip(tokens, pool.map(listed, tokens), strict=True)
                for name in names
            ]
    except (ClusterUnreachable, QueryForbidden) as error:
        raise HostUnreachable(str(error)) from None
    own = labels is not None and labels.get("app.kubernetes.io/part-of") == LABEL_NAME
    return [*([address_of(NAMESPACE, namespace)] if own else []), *found]


def list_prepared(spec: Platform, stack: str, environment: Environment) -> Sequence[PreparedObject]:
    """See `preflight.ListPrepared`: the namespace, where it has the labels of the stack."""
    namespace = namespace_name(spec, stack)
    try:
        labels = labels_of(Kubectl(block_of(spec).context, environment).get(f"/api/v1/namespaces/{namespace}")) or {}
    except (ClusterUnreachable, QueryForbidden) as error:
        raise HostUnreachable(str(error)) from None
    own = KubernetesContext(spec, stack, REGION).selector(MONITORING)
    if any(labels.get(key) != value for key, value in own.items()):
        return ()
    return (PreparedObject(NAMESPACE, f"{stack}-network-namespace", namespace),)
