"""Full resource names of Cloud Asset Inventory, and the ids with which Pulumi imports the resources.

Some names in the inventory contain the project's number where import ids contain its id, so the project comes from the
stack file. Types that the inventory does not search have an import id that follows from their inputs.
"""

import re

from providers.contract.import_ids import ImportRule, ImportTable, SearchScope

PROJECT = "projects/{project}"
REGION = re.compile(r"/(?:locations|regions)/([a-z]+-[a-z]+\d+)/")
ANY_PROJECT = "projects/*"


def _searched(token: str, host: str, path: str, kind: str = "", import_id: str = "", name: str = "") -> ImportRule:
    """Type with a name in the inventory; its import id is by default the same path in the stack's project."""
    return ImportRule(
        f"gcp:{token}",
        import_id or f"{PROJECT}/{path}",
        f"//{host}.googleapis.com/{ANY_PROJECT}/{path}",
        f"{host}.googleapis.com/{kind}" if kind else "",
        name,
    )


def _by_inputs(token: str, import_id: str) -> ImportRule:
    """Type that the inventory does not search."""
    return ImportRule(f"gcp:{token}", import_id)


def _compute(token: str, path: str) -> ImportRule:
    return _searched(f"compute/{token}", "compute", f"{path}/{{name}}")


def _monitoring(token: str, path: str) -> ImportRule:
    """Type of Cloud Monitoring with generated ids, identified by its display name."""
    return _searched(f"monitoring/{token}", "monitoring", f"{path}/{{id}}", name="displayName")


def search_command(scope: SearchScope, _name: str) -> str:
    """Return the command that repeats the search of the project."""
    return f"gcloud asset search-all-resources --scope=projects/{scope.account} --query=labels.stack={scope.stack}"


def region_of(address: str) -> str:
    """Return the region in a full resource name; empty for a global resource, and for one whose name has none."""
    found = REGION.search(address)
    return found[1] if found else ""


IMPORT_TABLE = ImportTable(
    region_of=region_of,
    search_command=search_command,
    rows=(
        _searched(
            "artifactregistry/repository:Repository",
            "artifactregistry",
            "locations/{location}/repositories/{repositoryId}",
        ),
        _searched(
            "certificatemanager/certificate:Certificate", "certificatemanager", "locations/global/certificates/{name}"
        ),
        _searched(
            "certificatemanager/certificateMap:CertificateMap",
            "certificatemanager",
            "locations/global/certificateMaps/{name}",
        ),
        _searched(
            "certificatemanager/certificateMapEntry:CertificateMapEntry",
            "certificatemanager",
            "locations/global/certificateMaps/{map}/certificateMapEntries/{name}",
        ),
        _searched(
            "certificatemanager/dnsAuthorization:DnsAuthorization",
            "certificatemanager",
            "locations/global/dnsAuthorizations/{name}",
        ),
        _searched("cloudrunv2/job:Job", "run", "locations/{location}/jobs/{name}"),
        _searched("cloudrunv2/service:Service", "run", "locations/{location}/services/{name}"),
        _searched("cloudrunv2/workerPool:WorkerPool", "run", "locations/{location}/workerPools/{name}"),
        _by_inputs("cloudscheduler/job:Job", f"{PROJECT}/locations/{{region}}/jobs/{{name}}"),
        _compute("address:Address", "regions/{region}/addresses"),
        _compute("backendService:BackendService", "global/backendServices"),
        _compute("firewall:Firewall", "global/firewalls"),
        _compute("globalAddress:GlobalAddress", "global/addresses"),
        _compute("globalForwardingRule:GlobalForwardingRule", "global/forwardingRules"),
        _compute("network:Network", "global/networks"),
        _compute("networkFirewallPolicy:NetworkFirewallPolicy", "global/firewallPolicies"),
        _by_inputs(
            "compute/networkFirewallPolicyAssociation:NetworkFirewallPolicyAssociation",
            f"{PROJECT}/global/firewallPolicies/{{firewallPolicy}}/associations/{{name}}",
        ),
        _by_inputs(
            "compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule",
            f"{PROJECT}/global/firewallPolicies/{{firewallPolicy}}/rules/{{priority}}",
        ),
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
        _searched("dns/managedZone:ManagedZone", "dns", "managedZones/{name}"),
        _searched("dns/policy:Policy", "dns", "policies/{name}"),
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
        _by_inputs("iap/settings:Settings", "{name}"),
        ImportRule(
            "gcp:kms/cryptoKey:CryptoKey",
            "{keyRing}/cryptoKeys/{name}",
            "//cloudkms.googleapis.com/{keyRing+}/cryptoKeys/{name}",
        ),
        _searched("kms/keyRing:KeyRing", "cloudkms", "locations/{location}/keyRings/{name}"),
        _by_inputs("logging/logScope:LogScope", "{parent}/locations/{location}/logScopes/{name}"),
        _by_inputs("logging/metric:Metric", "{project} {name}"),
        _by_inputs("logging/projectExclusion:ProjectExclusion", f"{PROJECT}/exclusions/{{name}}"),
        _by_inputs("logging/projectSink:ProjectSink", f"{PROJECT}/sinks/{{name}}"),
        _by_inputs("logging/savedQuery:SavedQuery", "{parent}/locations/{location}/savedQueries/{name}"),
        _monitoring("alertPolicy:AlertPolicy", "alertPolicies"),
        _searched("monitoring/dashboard:Dashboard", "monitoring", "dashboards/{id}"),
        _monitoring("notificationChannel:NotificationChannel", "notificationChannels"),
        _monitoring("uptimeCheckConfig:UptimeCheckConfig", "uptimeCheckConfigs"),
        _by_inputs("monitoring/genericService:GenericService", f"{PROJECT}/services/{{serviceId}}"),
        _by_inputs("monitoring/slo:Slo", f"{PROJECT}/services/{{service}}/serviceLevelObjectives/{{sloId}}"),
        _by_inputs("projects/iAMCustomRole:IAMCustomRole", f"{PROJECT}/roles/{{roleId}}"),
        _searched("redis/instance:Instance", "redis", "locations/{region}/instances/{name}"),
        _searched("secretmanager/secret:Secret", "secretmanager", "secrets/{secretId}"),
        _by_inputs(
            "serviceaccount/account:Account",
            f"{PROJECT}/serviceAccounts/{{accountId}}@{{project}}.iam.gserviceaccount.com",
        ),
        _by_inputs("sql/database:Database", f"{PROJECT}/instances/{{instance}}/databases/{{name}}"),
        _searched("sql/databaseInstance:DatabaseInstance", "cloudsql", "instances/{name}"),
        _by_inputs("sql/user:User", "{project}/{instance}/{name}"),
        ImportRule("gcp:storage/bucket:Bucket", "{name}", "//storage.googleapis.com/{name}"),
        _by_inputs("storage/transferJob:TransferJob", "{project}/{name}"),
        _by_inputs("workflows/workflow:Workflow", f"{PROJECT}/locations/{{region}}/workflows/{{name}}"),
        _by_inputs("billing/budget:Budget", "billingAccounts/{billingAccount}/budgets/{id}"),
    ),
    again=frozenset(
        {
            "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
            "gcp:cloudrunv2/jobIamMember:JobIamMember",
            "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
            "gcp:cloudrunv2/workerPoolIamMember:WorkerPoolIamMember",
            "gcp:iap/webBackendServiceIamMember:WebBackendServiceIamMember",
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
