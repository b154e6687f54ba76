"""How Google Cloud tells objects: the full resource names of Cloud Asset Inventory, and the ids that import them.

The inventory writes some names with the project's number where the provider wants its name, so the project is taken
from the stack's file. What the inventory does not search is found by the id that follows from its inputs.
"""

from providers.contract.import_ids import ImportRule, ImportTable

PROJECT = "projects/{project}"
ANY = "projects/*"


def _told(token: str, host: str, path: str, kind: str = "", identity: str = "", name: str = "") -> ImportRule:
    """A type by its name in the inventory; its id is the same path in the stack's project where no other is given."""
    return ImportRule(
        f"gcp:{token}",
        identity or f"{PROJECT}/{path}",
        f"//{host}.googleapis.com/{ANY}/{path}",
        f"{host}.googleapis.com/{kind}" if kind else "",
        name,
    )


def _by_inputs(token: str, identity: str) -> ImportRule:
    """A type that the inventory does not search."""
    return ImportRule(f"gcp:{token}", identity)


def _compute(token: str, path: str) -> ImportRule:
    return _told(f"compute/{token}", "compute", f"{path}/{{name}}")


def _monitoring(token: str, path: str) -> ImportRule:
    """Objects of Cloud Monitoring have drawn ids and are known by what they display."""
    return _told(f"monitoring/{token}", "monitoring", f"{path}/{{id}}", name="displayName")


IMPORT_TABLE = ImportTable(
    rows=(
        _told(
            "artifactregistry/repository:Repository",
            "artifactregistry",
            "locations/{location}/repositories/{repositoryId}",
        ),
        _told(
            "certificatemanager/certificate:Certificate", "certificatemanager", "locations/global/certificates/{name}"
        ),
        _told(
            "certificatemanager/certificateMap:CertificateMap",
            "certificatemanager",
            "locations/global/certificateMaps/{name}",
        ),
        _told(
            "certificatemanager/certificateMapEntry:CertificateMapEntry",
            "certificatemanager",
            "locations/global/certificateMaps/{map}/certificateMapEntries/{name}",
        ),
        _told(
            "certificatemanager/dnsAuthorization:DnsAuthorization",
            "certificatemanager",
            "locations/global/dnsAuthorizations/{name}",
        ),
        _told("cloudrunv2/service:Service", "run", "locations/{location}/services/{name}"),
        _told("cloudrunv2/workerPool:WorkerPool", "run", "locations/{location}/workerPools/{name}"),
        _compute("address:Address", "regions/{region}/addresses"),
        _compute("backendService:BackendService", "global/backendServices"),
        _compute("firewall:Firewall", "global/firewalls"),
        _compute("globalAddress:GlobalAddress", "global/addresses"),
        _compute("globalForwardingRule:GlobalForwardingRule", "global/forwardingRules"),
        _compute("network:Network", "global/networks"),
        _compute("regionNetworkEndpointGroup:RegionNetworkEndpointGroup", "regions/{region}/networkEndpointGroups"),
        _compute("route:Route", "global/routes"),
        _compute("router:Router", "regions/{region}/routers"),
        _compute("sSLPolicy:SSLPolicy", "global/sslPolicies"),
        _compute("securityPolicy:SecurityPolicy", "global/securityPolicies"),
        _compute("subnetwork:Subnetwork", "regions/{region}/subnetworks"),
        _compute("targetHttpProxy:TargetHttpProxy", "global/targetHttpProxies"),
        _compute("targetHttpsProxy:TargetHttpsProxy", "global/targetHttpsProxies"),
        _compute("uRLMap:URLMap", "global/urlMaps"),
        _by_inputs("compute/routerNat:RouterNat", f"{PROJECT}/regions/{{region}}/routers/{{router}}/{{name}}"),
        _told("dns/managedZone:ManagedZone", "dns", "managedZones/{name}"),
        _told("dns/policy:Policy", "dns", "policies/{name}"),
        _by_inputs("dns/recordSet:RecordSet", f"{PROJECT}/managedZones/{{managedZone}}/rrsets/{{name}}/{{type}}"),
        _by_inputs(
            "iam/workloadIdentityPool:WorkloadIdentityPool",
            f"{PROJECT}/locations/global/workloadIdentityPools/{{workloadIdentityPoolId}}",
        ),
        _by_inputs(
            "iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
            f"{PROJECT}/locations/global/workloadIdentityPools/{{workloadIdentityPoolId}}"
            "/providers/{workloadIdentityPoolProviderId}",
        ),
        ImportRule(
            "gcp:kms/cryptoKey:CryptoKey",
            "{keyRing}/cryptoKeys/{name}",
            "//cloudkms.googleapis.com/{keyRing+}/cryptoKeys/{name}",
        ),
        _told("kms/keyRing:KeyRing", "cloudkms", "locations/{location}/keyRings/{name}"),
        _by_inputs("logging/metric:Metric", "{project} {name}"),
        _by_inputs("logging/projectSink:ProjectSink", f"{PROJECT}/sinks/{{name}}"),
        _monitoring("alertPolicy:AlertPolicy", "alertPolicies"),
        _told("monitoring/dashboard:Dashboard", "monitoring", "dashboards/{id}"),
        _monitoring("notificationChannel:NotificationChannel", "notificationChannels"),
        _monitoring("uptimeCheckConfig:UptimeCheckConfig", "uptimeCheckConfigs"),
        _by_inputs("monitoring/genericService:GenericService", f"{PROJECT}/services/{{serviceId}}"),
        _by_inputs("monitoring/slo:Slo", f"{PROJECT}/services/{{service}}/serviceLevelObjectives/{{sloId}}"),
        _by_inputs("projects/iAMCustomRole:IAMCustomRole", f"{PROJECT}/roles/{{roleId}}"),
        _told("redis/instance:Instance", "redis", "locations/{region}/instances/{name}"),
        _told("secretmanager/secret:Secret", "secretmanager", "secrets/{secretId}"),
        _by_inputs(
            "serviceaccount/account:Account",
            f"{PROJECT}/serviceAccounts/{{accountId}}@{{project}}.iam.gserviceaccount.com",
        ),
        _by_inputs("sql/database:Database", f"{PROJECT}/instances/{{instance}}/databases/{{name}}"),
        _told("sql/databaseInstance:DatabaseInstance", "cloudsql", "instances/{name}"),
        _by_inputs("sql/user:User", "{project}/{instance}/{name}"),
        ImportRule("gcp:storage/bucket:Bucket", "{name}", "//storage.googleapis.com/{name}"),
        _by_inputs("billing/budget:Budget", "billingAccounts/{billingAccount}/budgets/{id}"),
    ),
    again=frozenset(
        {
            "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
            "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
            "gcp:cloudrunv2/workerPoolIamMember:WorkerPoolIamMember",
            "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
            "gcp:logging/projectBucketConfig:ProjectBucketConfig",
            "gcp:projects/iAMAuditConfig:IAMAuditConfig",
            "gcp:projects/iAMMember:IAMMember",
            "gcp:projects/service:Service",
            "gcp:projects/serviceIdentity:ServiceIdentity",
            "gcp:secretmanager/secretIamMember:SecretIamMember",
            "gcp:secretmanager/secretVersion:SecretVersion",
            "gcp:serviceaccount/iAMMember:IAMMember",
            "gcp:servicenetworking/connection:Connection",
            "gcp:storage/bucketIAMMember:BucketIAMMember",
        }
    ),
)
