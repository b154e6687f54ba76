"""Import ids of objects: `<namespace>/<name>`, and `<name>` of the namespace itself.

Secrets and ConfigMaps have names that Pulumi generates; another one can be created without harm, as nothing refers to the former.
"""

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
IMPORT_TABLE = ImportTable(
    rows=(
        *(ImportRule(token, "{namespace}/{name}", f"{token}/{{namespace}}/{{name}}") for token in NAMED),
        ImportRule(NAMESPACE, "{name}", f"{NAMESPACE}/{{name}}"),
    ),
    again=frozenset(
        {
            f"{PREFIX}core/v1:ConfigMap",
            f"{PREFIX}core/v1:Secret",
            "random:index/randomString:RandomString",
            "tls:index/certRequest:CertRequest",
            "tls:index/locallySignedCert:LocallySignedCert",
            "tls:index/privateKey:PrivateKey",
            "tls:index/selfSignedCert:SelfSignedCert",
        }
    ),
)
