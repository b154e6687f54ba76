"""Import ids on Azure: the Resource Manager id of a resource imports it.

The Resource Manager lists resources by their tags; a child resource without tags is identified by the id that follows
from its inputs.
"""

import re

from providers.contract.import_ids import ImportRule, ImportTable, SearchScope

GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"

OWN_GROUP = re.compile(r"/resourceGroups/[^/]+-agents-([a-z0-9]+)(?:-drill)?(?:/|$)", re.IGNORECASE)
"""Resource group of a stack in a location, and that of its restore drills (`AzureContext.group`)."""


def _in_group(token: str, path: str) -> ImportRule:
    """Type in a resource group, at a path that begins with its namespace."""
    return ImportRule(f"azure-native:{token}", "{address}", f"{GROUP}/providers/{path}")


def _extension(token: str, path: str) -> ImportRule:
    """Type that extends another resource and appears in no list."""
    return ImportRule(f"azure-native:{token}", path)


def search_command(scope: SearchScope, name: str) -> str:
    """Return the command that repeats a search by its display name, of resources or of resource groups."""
    part = "group" if name.startswith("resourcegroups ") else "resource"
    return f"az {part} list --subscription {scope.account} --tag stack={scope.stack}"


def region_of(address: str) -> str:
    """Return the location of a group of a stack, which its name ends with; empty for what is in another group."""
    found = OWN_GROUP.search(address)
    return found[1] if found else ""


IMPORT_TABLE = ImportTable(
    region_of=region_of,
    search_command=search_command,
    rows=(
        ImportRule("azure-native:resources:ResourceGroup", "{address}", GROUP),
        _in_group(
            "alertsmanagement:PrometheusRuleGroup", "Microsoft.AlertsManagement/prometheusRuleGroups/{ruleGroupName}"
        ),
        _in_group("app:ContainerApp", "Microsoft.App/containerApps/{containerAppName}"),
        _extension(
            "app:ContainerAppsAuthConfig",
            f"{GROUP}/providers/Microsoft.App/containerApps/{{containerAppName}}/authConfigs/{{authConfigName}}",
        ),
        _in_group("app:Job", "Microsoft.App/jobs/{jobName}"),
        _in_group("app:ManagedEnvironment", "Microsoft.App/managedEnvironments/{environmentName}"),
        _in_group("applicationinsights:Component", "Microsoft.Insights/components/{resourceName}"),
        _in_group("applicationinsights:Workbook", "Microsoft.Insights/workbooks/{resourceName}"),
        _extension("authorization:ManagementLockByScope", "{scope}/providers/Microsoft.Authorization/locks/{lockName}"),
        _extension(
            "authorization:RoleAssignment",
            "{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
        ),
        _extension(
            "authorization:RoleDefinition",
            "{scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}",
        ),
        _in_group("cdn:AFDCustomDomain", "Microsoft.Cdn/profiles/{profileName}/customDomains/{customDomainName}"),
        _in_group("cdn:AFDEndpoint", "Microsoft.Cdn/profiles/{profileName}/afdEndpoints/{endpointName}"),
        _in_group(
            "cdn:AFDOrigin", "Microsoft.Cdn/profiles/{profileName}/originGroups/{originGroupName}/origins/{originName}"
        ),
        _in_group("cdn:AFDOriginGroup", "Microsoft.Cdn/profiles/{profileName}/originGroups/{originGroupName}"),
        _in_group("cdn:Profile", "Microsoft.Cdn/profiles/{profileName}"),
        _in_group("cdn:Route", "Microsoft.Cdn/profiles/{profileName}/afdEndpoints/{endpointName}/routes/{routeName}"),
        _in_group("cdn:Rule", "Microsoft.Cdn/profiles/{profileName}/ruleSets/{ruleSetName}/rules/{ruleName}"),
        _in_group("cdn:RuleSet", "Microsoft.Cdn/profiles/{profileName}/ruleSets/{ruleSetName}"),
        _in_group("cdn:SecurityPolicy", "Microsoft.Cdn/profiles/{profileName}/securityPolicies/{securityPolicyName}"),
        _in_group("cognitiveservices:Account", "Microsoft.CognitiveServices/accounts/{accountName}"),
        _in_group(
            "cognitiveservices:Deployment",
            "Microsoft.CognitiveServices/accounts/{accountName}/deployments/{deploymentName}",
        ),
        _extension("consumption:Budget", "{scope}/providers/Microsoft.Consumption/budgets/{budgetName}"),
        _in_group("containerregistry:Registry", "Microsoft.ContainerRegistry/registries/{registryName}"),
        _in_group("dashboard:Grafana", "Microsoft.Dashboard/grafana/{workspaceName}"),
        _in_group(
            "dbforpostgresql:Database",
            "Microsoft.DBforPostgreSQL/flexibleServers/{serverName}/databases/{databaseName}",
        ),
        _in_group(
            "dataprotection:BackupInstance",
            "Microsoft.DataProtection/backupVaults/{vaultName}/backupInstances/{backupInstanceName}",
        ),
        _in_group(
            "dataprotection:BackupPolicy",
            "Microsoft.DataProtection/backupVaults/{vaultName}/backupPolicies/{backupPolicyName}",
        ),
        _in_group("dataprotection:BackupVault", "Microsoft.DataProtection/backupVaults/{vaultName}"),
        _in_group("dbforpostgresql:Server", "Microsoft.DBforPostgreSQL/flexibleServers/{serverName}"),
        _in_group("dns:RecordSet", "Microsoft.Network/dnsZones/{zoneName}/{recordType}/{relativeRecordSetName}"),
        _in_group("frontdoor:Policy", "Microsoft.Network/frontDoorWebApplicationFirewallPolicies/{policyName}"),
        _in_group("keyvault:Key", "Microsoft.KeyVault/vaults/{vaultName}/keys/{keyName}"),
        _in_group("keyvault:Secret", "Microsoft.KeyVault/vaults/{vaultName}/secrets/{secretName}"),
        _in_group("keyvault:Vault", "Microsoft.KeyVault/vaults/{vaultName}"),
        _in_group("logic:Workflow", "Microsoft.Logic/workflows/{workflowName}"),
        _in_group(
            "managedidentity:FederatedIdentityCredential",
            "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}"
            "/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}",
        ),
        _in_group(
            "managedidentity:UserAssignedIdentity", "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}"
        ),
        _in_group("monitor:ActionGroup", "Microsoft.Insights/actionGroups/{actionGroupName}"),
        _in_group("monitor:ActivityLogAlert", "Microsoft.Insights/activityLogAlerts/{activityLogAlertName}"),
        _in_group("monitor:AzureMonitorWorkspace", "Microsoft.Monitor/accounts/{azureMonitorWorkspaceName}"),
        _in_group(
            "monitor:DataCollectionEndpoint", "Microsoft.Insights/dataCollectionEndpoints/{dataCollectionEndpointName}"
        ),
        _in_group("monitor:DataCollectionRule", "Microsoft.Insights/dataCollectionRules/{dataCollectionRuleName}"),
        _extension("monitor:DiagnosticSetting", "{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}"),
        _in_group("monitor:MetricAlert", "Microsoft.Insights/metricAlerts/{ruleName}"),
        _in_group("monitor:ScheduledQueryRule", "Microsoft.Insights/scheduledQueryRules/{ruleName}"),
        _in_group("network:ApplicationGateway", "Microsoft.Network/applicationGateways/{applicationGatewayName}"),
        _in_group("network:AzureFirewall", "Microsoft.Network/azureFirewalls/{azureFirewallName}"),
        _in_group("network:FirewallPolicy", "Microsoft.Network/firewallPolicies/{firewallPolicyName}"),
        _in_group(
            "network:FirewallPolicyRuleCollectionGroup",
            "Microsoft.Network/firewallPolicies/{firewallPolicyName}/ruleCollectionGroups/{ruleCollectionGroupName}",
        ),
        _in_group("network:FlowLog", "Microsoft.Network/networkWatchers/{networkWatcherName}/flowLogs/{flowLogName}"),
        _in_group("network:NatGateway", "Microsoft.Network/natGateways/{natGatewayName}"),
        _in_group("network:NetworkSecurityGroup", "Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}"),
        _in_group(
            "network:PrivateDnsZoneGroup",
            "Microsoft.Network/privateEndpoints/{privateEndpointName}/privateDnsZoneGroups/{privateDnsZoneGroupName}",
        ),
        _in_group("network:PrivateEndpoint", "Microsoft.Network/privateEndpoints/{privateEndpointName}"),
        _in_group("network:PublicIPAddress", "Microsoft.Network/publicIPAddresses/{publicIpAddressName}"),
        _in_group("network:Route", "Microsoft.Network/routeTables/{routeTableName}/routes/{routeName}"),
        _in_group("network:RouteTable", "Microsoft.Network/routeTables/{routeTableName}"),
        _in_group("network:Subnet", "Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}"),
        _in_group("network:VirtualNetwork", "Microsoft.Network/virtualNetworks/{virtualNetworkName}"),
        _in_group(
            "network:VirtualNetworkPeering",
            "Microsoft.Network/virtualNetworks/{virtualNetworkName}/virtualNetworkPeerings/{virtualNetworkPeeringName}",
        ),
        _in_group(
            "network:WebApplicationFirewallPolicy",
            "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies/{policyName}",
        ),
        _in_group(
            "operationalinsights:SavedSearch",
            "Microsoft.OperationalInsights/workspaces/{workspaceName}/savedSearches/{savedSearchId}",
        ),
        _in_group("operationalinsights:Workspace", "Microsoft.OperationalInsights/workspaces/{workspaceName}"),
        _in_group("privatedns:PrivateZone", "Microsoft.Network/privateDnsZones/{privateZoneName}"),
        _in_group(
            "privatedns:PrivateRecordSet",
            "Microsoft.Network/privateDnsZones/{privateZoneName}/{recordType}/{relativeRecordSetName}",
        ),
        _in_group(
            "privatedns:VirtualNetworkLink",
            "Microsoft.Network/privateDnsZones/{privateZoneName}/virtualNetworkLinks/{virtualNetworkLinkName}",
        ),
        _in_group("redisenterprise:Database", "Microsoft.Cache/redisEnterprise/{clusterName}/databases/{databaseName}"),
        _in_group("redisenterprise:RedisEnterprise", "Microsoft.Cache/redisEnterprise/{clusterName}"),
        _in_group(
            "storage:BlobContainer",
            "Microsoft.Storage/storageAccounts/{accountName}/blobServices/default/containers/{containerName}",
        ),
        _in_group(
            "storage:ManagementPolicy",
            "Microsoft.Storage/storageAccounts/{accountName}/managementPolicies/{managementPolicyName}",
        ),
        _in_group("storage:StorageAccount", "Microsoft.Storage/storageAccounts/{accountName}"),
    ),
    again=frozenset(
        {
            "azure-native:dbforpostgresql:Configuration",
            # Azure has the tables in every workspace; declaring one sets its retention
            "azure-native:operationalinsights:Table",
            "azure-native:storage:BlobServiceProperties",
            # the service keeps one policy for a pair of accounts, so the later one replaces the earlier
            "azure-native:storage:ObjectReplicationPolicy",
        }
    ),
)
