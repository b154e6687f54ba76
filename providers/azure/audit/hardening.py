"""Settings that the CIS benchmark of Azure, Microsoft's cloud security benchmark and checkov list one by one. Pure."""

from collections.abc import Iterator

from providers.contract.audit import AuditSite, CheckEvidence, equals, is_set, is_true, state
from providers.contract.audit_requirements import Requirement, contains

ACCOUNT, VAULT, CACHE, REGISTRY = (
    "storage:StorageAccount", "keyvault:Vault", "redisenterprise:RedisEnterprise", "containerregistry:Registry",
)  # fmt: skip
REDUNDANT = ("Standard_GRS", "Standard_RAGRS", "Standard_GZRS", "Standard_RAGZRS")
FLOW_LOG_DAYS = 90
DATABASE_PARAMETERS = {
    "connection_throttle.enable": ("on",), "log_checkpoints": ("on",), "log_connections": ("on",), "log_disconnections": ("on",),
    "ssl_min_protocol_version": ("TLSv1.2", "TLSv1.3"),
}  # fmt: skip
PARAMETER_CONTROLS = (
    "CIS 4.3.2", "CIS 4.3.3", "CIS 4.3.4", "CIS 4.3.5", "CKV_AZURE_30", "CKV_AZURE_31", "CKV_AZURE_32", "CKV_AZURE_146", "CKV_AZURE_147",
)  # fmt: skip


def _is_false(value: object) -> bool:
    return value is False


NETWORK: tuple[Requirement, ...] = (
    Requirement("network:FlowLog", "flowAnalyticsConfiguration", is_set, "flows cannot be queried", ("CIS 5.1.6",)),
    Requirement("frontdoor:Policy", "managedRules", contains("Microsoft_DefaultRuleSet"), "Log4j lookups are not blocked", ("CKV_AZURE_133",)),
    Requirement("network:WebApplicationFirewallPolicy", "managedRules", contains("OWASP"), "Log4j lookups are not blocked", ("CKV_AZURE_135",)),
)  # fmt: skip

STORES: tuple[Requirement, ...] = (
    Requirement("dbforpostgresql:Server", "authConfig.activeDirectoryAuth", equals("Enabled"), "people need a password", ("CKV2_AZURE_7", "IM-1")),
    Requirement(ACCOUNT, "minimumTlsVersion", equals("TLS1_2", "TLS1_3"), "accepts versions before TLS 1.2", ("CKV_AZURE_44", "CIS 3.15")),
    Requirement(ACCOUNT, "encryption.requireInfrastructureEncryption", is_true, "is encrypted once", ("CIS 3.2",)),
    Requirement(ACCOUNT, "networkRuleSet.defaultAction", equals("Deny"), "accepts every network", ("CKV_AZURE_35", "CIS 3.8")),
    Requirement(ACCOUNT, "networkRuleSet.bypass", contains("AzureServices"), "services of Azure are refused", ("CKV_AZURE_36", "CIS 3.9")),
    Requirement(ACCOUNT, "isLocalUserEnabled", _is_false, "has users with passwords", ("CKV_AZURE_244",)),
    Requirement(ACCOUNT, "sasPolicy", is_set, "signatures are valid for ever", ("CKV2_AZURE_41", "CIS 3.6")),
    Requirement(ACCOUNT, "sku.name", equals(*REDUNDANT), "the loss of the region is the loss of the data", ("CKV_AZURE_206",)),
    Requirement("storage:BlobServiceProperties", "deleteRetentionPolicy.enabled", is_true, "deleted objects are lost", ("CKV2_AZURE_38", "CIS 3.11")),
    Requirement("storage:BlobContainer", "publicAccess", equals("None"), "objects are public", ("CKV_AZURE_34", "CKV2_AZURE_8")),
    Requirement(VAULT, "properties.publicNetworkAccess", equals("Disabled"), "has a public address", ("CKV_AZURE_189",)),
    Requirement(VAULT, "properties.networkAcls.defaultAction", equals("Deny"), "accepts every network", ("CKV_AZURE_109",)),
    Requirement(VAULT, "properties.enableSoftDelete", is_true, "deleted secrets are lost", ("CKV_AZURE_111",)),
    Requirement(VAULT, "properties.enableRbacAuthorization", is_true, "rights apply to the whole vault", ("CIS 8.6", "DP-8")),
    Requirement(CACHE, "publicNetworkAccess", equals("Disabled"), "has a public address", ("CKV_AZURE_89",)),
    Requirement(CACHE, "minimumTlsVersion", equals("1.2"), "accepts versions before TLS 1.2", ("CKV_AZURE_148",)),
    Requirement(CACHE, "highAvailability", equals("Enabled"), "a lost node ends the cache", ("CKV_AZURE_230",)),
    Requirement(REGISTRY, "publicNetworkAccess", equals("Disabled"), "has a public address", ("CKV_AZURE_139",)),
    Requirement(REGISTRY, "zoneRedundancy", equals("Enabled"), "runs in one zone", ("CKV_AZURE_233",)),
    Requirement(REGISTRY, "dataEndpointEnabled", is_true, "layers come from an address of all registries", ("CKV_AZURE_237",)),
)  # fmt: skip


def flow_logs_are_kept(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the retention of flow logs; without one in the log itself, the lifecycle of its account has a longer one."""
    for log in site.of_type("network:FlowLog"):
        days, deletes = log.value("retentionPolicy", "days"), log.value("retentionPolicy", "enabled")
        enough = deletes is False or (isinstance(days, int | float) and days >= FLOW_LOG_DAYS)
        yield state(log, "retentionPolicy.days", days, enough, "a breach is often noticed after months")


def statements_are_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the parameters of the database that decide what it logs, and which clients it accepts."""
    values = {
        str(each.value("configurationName")): each.value("value")
        for each in site.of_type("dbforpostgresql:Configuration")
    }
    for server in site.of_type("dbforpostgresql:Server"):
        for name, accepted in DATABASE_PARAMETERS.items():
            passed = values.get(name) in accepted
            yield state(server, name, values.get(name), passed, "is not set as CIS 4.3 asks")


def stores_have_endpoints(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the private endpoints of vault and objects, and the private address of the database."""
    targets = str([each.value("privateLinkServiceConnections") for each in site.of_type("network:PrivateEndpoint")])
    for resource in site.of_type(VAULT, ACCOUNT):
        if resource.component in ("Vault", "Storage"):
            found = f" {resource.name}>" in targets
            yield state(resource, "network:PrivateEndpoint", found, found, "is reached by a public address")
    for server in site.of_type("dbforpostgresql:Server"):
        subnet = server.value("network", "delegatedSubnetResourceId")
        yield state(server, "network.delegatedSubnetResourceId", subnet, bool(subnet), "is reached by a public address")
