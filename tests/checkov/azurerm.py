"""Resources of the provider azure-native as those of Terraform's azurerm, for the types that map one to one.

azure-native has the types and properties of the Resource Manager, azurerm its own: `Vault.properties.enablePurgeProtection` is
`azurerm_key_vault.purge_protection_enabled`. A row has the property of azurerm and the path of the input, or a function of the inputs.
"""

from collections.abc import Callable, Mapping

from automation.plan.inventory import Declared, Value, plain
from providers.contract.json_data import is_list, is_mapping, mappings

Reader = Callable[[Mapping[str, object]], object]


def at(path: str) -> Reader:
    """Return a reader of the input at a dotted path."""

    def read(inputs: Mapping[str, object]) -> object:
        value: object = inputs
        for key in path.split("."):
            value = value.get(key) if is_mapping(value) else None
        return value

    return read


def enabled(path: str, expected: str = "Enabled") -> Reader:
    """Return a reader of whether an input has a value."""
    return lambda inputs: at(path)(inputs) == expected


def block(**readers: Reader) -> Reader:
    """Return a reader of a nested block."""
    return lambda inputs: [{name: read(inputs) for name, read in readers.items()}]


def _rules(inputs: Mapping[str, object]) -> object:
    return [
        {
            "access": rule.get("access"),
            "direction": rule.get("direction"),
            "protocol": rule.get("protocol"),
            "source_address_prefix": rule.get("sourceAddressPrefix"),
            "destination_port_range": rule.get("destinationPortRange"),
            "destination_port_ranges": rule.get("destinationPortRanges"),
        }
        for rule in mappings(inputs.get("securityRules"))
    ]


def _key_of_stack(inputs: Mapping[str, object]) -> object:
    key = at("encryption.keyVaultProperties.keyName")(inputs)
    return [{"key_vault_key_id": key}] if key else None


def _database_key(inputs: Mapping[str, object]) -> object:
    key = at("dataEncryption.primaryKeyURI")(inputs)
    return [{"key_vault_key_id": key}] if key else None


def _rule_sets(inputs: Mapping[str, object]) -> object:
    sets = mappings(at("managedRules.managedRuleSets")(inputs))
    return [{"type": each.get("ruleSetType"), "version": each.get("ruleSetVersion")} for each in sets]


def _managed_identity(inputs: Mapping[str, object]) -> object:
    kind = at("identity.type")(inputs)
    return [{"type": kind}] if kind else None


ROWS: Mapping[str, tuple[str, Mapping[str, Reader]]] = {
    "storage:StorageAccount": (
        "azurerm_storage_account",
        {
            "name": at("accountName"),
            "account_kind": at("kind"),
            "account_tier": lambda inputs: str(at("sku.name")(inputs)).partition("_")[0],
            "account_replication_type": lambda inputs: str(at("sku.name")(inputs)).partition("_")[2],
            "min_tls_version": at("minimumTlsVersion"),
            "https_traffic_only_enabled": at("enableHttpsTrafficOnly"),
            "enable_https_traffic_only": at("enableHttpsTrafficOnly"),
            "allow_nested_items_to_be_public": at("allowBlobPublicAccess"),
            "allow_blob_public_access": at("allowBlobPublicAccess"),
            "public_network_access_enabled": enabled("publicNetworkAccess"),
            "shared_access_key_enabled": at("allowSharedKeyAccess"),
            "local_user_enabled": at("isLocalUserEnabled"),
            "infrastructure_encryption_enabled": at("encryption.requireInfrastructureEncryption"),
            "sas_policy": block(expiration_period=at("sasPolicy.sasExpirationPeriod")),
            "network_rules": block(
                default_action=at("networkRuleSet.defaultAction"), bypass=lambda inputs: [at("networkRuleSet.bypass")(inputs)]
            ),
            "customer_managed_key": _key_of_stack,
            "identity": _managed_identity,
        },
    ),
    "storage:BlobContainer": (
        "azurerm_storage_container",
        {"name": at("containerName"), "container_access_type": lambda inputs: "private" if inputs.get("publicAccess") == "None" else "blob"},
    ),
    "keyvault:Vault": (
        "azurerm_key_vault",
        {
            "purge_protection_enabled": at("properties.enablePurgeProtection"),
            "soft_delete_retention_days": at("properties.softDeleteRetentionInDays"),
            "enable_rbac_authorization": at("properties.enableRbacAuthorization"),
            "public_network_access_enabled": enabled("properties.publicNetworkAccess"),
            "network_acls": block(
                default_action=at("properties.networkAcls.defaultAction"), bypass=at("properties.networkAcls.bypass")
            ),
        },
    ),
    "keyvault:Key": ("azurerm_key_vault_key", {"key_type": at("properties.kty"), "expiration_date": at("properties.attributes.expires")}),
    "keyvault:Secret": (
        "azurerm_key_vault_secret",
        {"expiration_date": at("properties.attributes.expires"), "content_type": at("properties.contentType")},
    ),
    "dbforpostgresql:Server": (
        "azurerm_postgresql_flexible_server",
        {
            "version": at("version"),
            "public_network_access_enabled": lambda inputs: not at("network.delegatedSubnetResourceId")(inputs),
            "delegated_subnet_id": at("network.delegatedSubnetResourceId"),
            "geo_redundant_backup_enabled": enabled("backup.geoRedundantBackup"),
            "backup_retention_days": at("backup.backupRetentionDays"),
            "authentication": block(
                active_directory_auth_enabled=enabled("authConfig.activeDirectoryAuth"),
                password_auth_enabled=enabled("authConfig.passwordAuth"),
            ),
            "customer_managed_key": _database_key,
        },
    ),
    "dbforpostgresql:Configuration": (
        "azurerm_postgresql_flexible_server_configuration",
        {"name": at("configurationName"), "value": at("value")},
    ),
    "containerregistry:Registry": (
        "azurerm_container_registry",
        {
            "sku": at("sku.name"),
            "admin_enabled": at("adminUserEnabled"),
            "anonymous_pull_enabled": at("anonymousPullEnabled"),
            "public_network_access_enabled": enabled("publicNetworkAccess"),
            "data_endpoint_enabled": at("dataEndpointEnabled"),
            "zone_redundancy_enabled": enabled("zoneRedundancy"),
            "export_policy_enabled": enabled("policies.exportPolicy.status", "enabled"),
        },
    ),
    "network:NetworkSecurityGroup": ("azurerm_network_security_group", {"security_rule": _rules}),
    "network:FlowLog": (
        "azurerm_network_watcher_flow_log",
        {"enabled": at("enabled"), "retention_policy": block(enabled=at("retentionPolicy.enabled"), days=at("retentionPolicy.days"))},
    ),
    "frontdoor:Policy": (
        "azurerm_cdn_frontdoor_firewall_policy",
        {"mode": at("policySettings.mode"), "enabled": enabled("policySettings.enabledState"), "managed_rule": _rule_sets},
    ),
    "cognitiveservices:Account": (
        "azurerm_cognitive_account",
        {
            "public_network_access_enabled": enabled("properties.publicNetworkAccess"),
            "local_auth_enabled": lambda inputs: not at("properties.disableLocalAuth")(inputs),
        },
    ),
    "operationalinsights:Workspace": ("azurerm_log_analytics_workspace", {"retention_in_days": at("retentionInDays")}),
}  # fmt: skip
"""Terraform type and properties by the short type of azure-native."""


def azurerm_type(short_type: str) -> str:
    """Return the Terraform type; empty for one that does not map to one type."""
    row = ROWS.get(short_type)
    return row[0] if row else ""


def azurerm_values(resource: Declared) -> Mapping[str, object]:
    """Return the properties of a resource as azurerm has them; those without a value are left out."""
    inputs = plain(dict(resource.inputs))
    if not is_mapping(inputs):
        return {}
    values = {name: read(inputs) for name, read in ROWS[resource.short_type][1].items()}
    return {name: value for name, value in values.items() if value is not None and not _empty(value)}


def _empty(value: Value) -> bool:
    return is_list(value) and not value
