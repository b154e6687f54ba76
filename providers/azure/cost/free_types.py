"""Resource types of Azure without a separate price, and the reason. Pure."""

from collections.abc import Mapping

FREE: Mapping[str, str] = {
    "app:ContainerAppsAuthConfig": "its container runs in the replicas of the app",
    "alertsmanagement:PrometheusRuleGroup": "free",
    "applicationinsights:Workbook": "free",
    "authorization:ManagementLockByScope": "free",
    "authorization:RoleAssignment": "free",
    "authorization:RoleDefinition": "free",
    "cdn:AFDCustomDomain": "in the price of the profile",
    "cdn:AFDEndpoint": "in the price of the profile",
    "cdn:AFDOrigin": "in the price of the profile; its private link is priced with the environment",
    "cdn:AFDOriginGroup": "in the price of the profile",
    "cdn:Route": "in the price of the profile",
    "cdn:Rule": "in the price of the profile",
    "cdn:RuleSet": "in the price of the profile",
    "cdn:SecurityPolicy": "in the price of the profile",
    "consumption:Budget": "free",
    "dataprotection:BackupPolicy": "free",
    "dataprotection:BackupVault": "its backups are priced with the protected server",
    "dbforpostgresql:Configuration": "in the price of the server",
    "dbforpostgresql:Database": "in the price of the server",
    "dns:RecordSet": "the zone is not the stack's",
    "frontdoor:Policy": "in the price of the Premium profile",
    "keyvault:Secret": "operations only, cents",
    "keyvault:Vault": "operations only, cents",
    "logic:Workflow": "0.000025 USD an action, below a cent at the volume of alarms",
    "managedidentity:FederatedIdentityCredential": "free",
    "managedidentity:UserAssignedIdentity": "free",
    "monitor:ActionGroup": "the first 1,000 e-mails are free",
    "monitor:ActivityLogAlert": "alert rules on the activity log are free",
    "monitor:DataCollectionEndpoint": "its data is priced in the workspace",
    "monitor:DataCollectionRule": "its data is priced in the workspace",
    "monitor:DiagnosticSetting": "its logs are priced in the workspace",
    "network:NetworkSecurityGroup": "free",
    "network:PrivateDnsZoneGroup": "free",
    "network:Subnet": "free",
    "network:VirtualNetwork": "free",
    "network:WebApplicationFirewallPolicy": "in the price of the gateway",
    "operationalinsights:Table": "its data is priced with its source",
    "privatedns:PrivateRecordSet": "in the price of the zone",
    "privatedns:VirtualNetworkLink": "free",
    "redisenterprise:Database": "in the price of the cluster",
    "resources:ResourceGroup": "free",
    "storage:BlobContainer": "in the price of the account",
    "storage:BlobServiceProperties": "in the price of the account",
    "storage:ManagementPolicy": "in the price of the account",
    "storage:ObjectReplicationPolicy": "in the price of the accounts",
}
"""Reason by short type."""

EXCLUDED: Mapping[str, str] = {
    "cognitiveservices:Account": "models are paid by token",
    "cognitiveservices:Deployment": "models are paid by token",
}
"""Types whose cost is left out of the estimate, and the reason."""
