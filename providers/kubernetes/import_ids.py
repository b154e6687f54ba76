"""Import ids of objects: `<namespace>/<name>`, and `<name>` of the namespace itself.

Secrets and ConfigMaps have names that Pulumi generates, which are in the inputs of a creation that was interrupted. The address of
an object in a search is its type token and its id.
"""

import re

from providers.contract.import_ids import ImportRule, ImportTable
from providers.kubernetes.resource_traits import CRON_JOB, DEPLOYMENT, NAMESPACE, STATEFUL_SET

PREFIX = "kubernetes:"
NAMED = (
    DEPLOYMENT,
    STATEFUL_SET,
    CRON_JOB,
    *(
        f"{PREFIX}{kind}"
        for kind in (
            "autoscaling/v2:HorizontalPodAutoscaler",
            "barmancloud.cnpg.io/v1:ObjectStore",
            "cert-manager.io/v1:Certificate",
            "core/v1:PersistentVolumeClaim",
            "core/v1:Service",
            "core/v1:ServiceAccount",
            "gateway.networking.k8s.io/v1:Gateway",
            "gateway.networking.k8s.io/v1:HTTPRoute",
            "keda.sh/v1alpha1:ScaledObject",
            "monitoring.coreos.com/v1:PodMonitor",
            "monitoring.coreos.com/v1:PrometheusRule",
            "monitoring.coreos.com/v1alpha1:AlertmanagerConfig",
            "networking.k8s.io/v1:NetworkPolicy",
            "policy/v1:PodDisruptionBudget",
            "postgresql.cnpg.io/v1:Cluster",
            "postgresql.cnpg.io/v1:ScheduledBackup",
            "rbac.authorization.k8s.io/v1:Role",
            "rbac.authorization.k8s.io/v1:RoleBinding",
        )
    ),
)
GENERATED = (f"{PREFIX}core/v1:ConfigMap", f"{PREFIX}core/v1:Secret")
"""Types whose objects have generated names."""
IMPORT_TABLE = ImportTable(
    # such as the address of a Service and the volume of a claim, without which the provider would replace these
    reads_whole_objects=True,
    rows=(
        *(ImportRule(token, "{namespace}/{name}", f"{token}/{{namespace}}/{{name}}") for token in (*NAMED, *GENERATED)),
        ImportRule(NAMESPACE, "{name}", f"{NAMESPACE}/{{name}}"),
    ),
    again=frozenset(
        {
            "random:index/randomString:RandomString",
            "tls:index/certRequest:CertRequest",
            "tls:index/locallySignedCert:LocallySignedCert",
            "tls:index/privateKey:PrivateKey",
            "tls:index/selfSignedCert:SelfSignedCert",
        }
    ),
)


def address_of(token: str, name: str, namespace: str = "") -> str:
    """Return the address of an object by its type token."""
    return "/".join(filter(None, (token, namespace, name)))


def collection_path(token: str, namespace: str) -> str:
    """Return the path of the API that lists the objects of a type in a namespace.

    https://kubernetes.io/docs/reference/using-api/api-concepts/#standard-api-terminology
    """
    group, version, plural = _parts(token)
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    return f"{root}/namespaces/{namespace}/{plural}"


def resource_of(token: str) -> str:
    """Return the name of a type on kubectl's command line, with version and group: `deployments.v1.apps`."""
    group, version, plural = _parts(token)
    return f"{plural}.{version}.{group}" if group else plural


def _parts(token: str) -> tuple[str, str, str]:
    """Return group, version and plural name of a type; the core group is empty."""
    api, _, kind = token.removeprefix(PREFIX).rpartition(":")
    group, _, version = api.rpartition("/")
    plural = re.sub(r"(?<=[^aeiou])y$", "ie", kind.lower())
    return "" if group == "core" else group, version, f"{plural}s"
