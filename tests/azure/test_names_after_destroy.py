"""Names after `destroy`: every declared type can be created again under the name that the same stack gives it."""

from automation.plan.inventory import Inventory

GENERATED = "Pulumi adds eight hexadecimal digits, so a new resource has another name"
RANDOM = "six random digits of the state, which `destroy` deletes with the resource"
FREE = "fixed, and free once the resource is deleted"
CHILD = "inside a resource that is deleted with it"

AFTER_DESTROY = {
    "alertsmanagement:PrometheusRuleGroup": GENERATED,
    "app:ContainerApp": FREE,
    "app:ManagedEnvironment": GENERATED,
    "applicationinsights:Workbook": FREE,
    "authorization:ManagementLockByScope": CHILD,
    "authorization:RoleAssignment": CHILD,
    "cdn:AFDCustomDomain": CHILD,
    "cdn:AFDEndpoint": CHILD,
    "cdn:AFDOrigin": CHILD,
    "cdn:AFDOriginGroup": CHILD,
    "cdn:Profile": FREE,
    "cdn:Route": CHILD,
    "cdn:Rule": CHILD,
    "cdn:RuleSet": CHILD,
    "cdn:SecurityPolicy": CHILD,
    # deleted accounts stay recoverable for two days: Microsoft Learn, "Recover or purge deleted Foundry resources"
    "cognitiveservices:Account": RANDOM,
    "cognitiveservices:Deployment": CHILD,
    "consumption:Budget": GENERATED,
    "containerregistry:Registry": FREE,
    "dashboard:Grafana": FREE,
    "dbforpostgresql:Configuration": CHILD,
    "dbforpostgresql:Database": CHILD,
    # a backup of a deleted server can be restored for five days as long as no server has its name
    "dbforpostgresql:Server": FREE,
    "dns:RecordSet": FREE,
    "frontdoor:Policy": FREE,
    # deleted secrets and keys stay in their vault; the vault of the next stack is another one
    "keyvault:Key": CHILD,
    "keyvault:Secret": CHILD,
    # purge protection reserves the name for 90 days: Microsoft Learn, "Azure Key Vault soft-delete overview"
    "keyvault:Vault": RANDOM,
    "logic:Workflow": GENERATED,
    "managedidentity:FederatedIdentityCredential": CHILD,
    "managedidentity:UserAssignedIdentity": GENERATED,
    "monitor:ActionGroup": GENERATED,
    "monitor:ActivityLogAlert": GENERATED,
    "monitor:AzureMonitorWorkspace": GENERATED,
    "monitor:DataCollectionEndpoint": GENERATED,
    "monitor:DataCollectionRule": GENERATED,
    "monitor:DiagnosticSetting": CHILD,
    "monitor:MetricAlert": GENERATED,
    "monitor:ScheduledQueryRule": GENERATED,
    "network:FlowLog": FREE,
    "network:NatGateway": GENERATED,
    "network:NetworkSecurityGroup": GENERATED,
    "network:PrivateDnsZoneGroup": CHILD,
    "network:PrivateEndpoint": GENERATED,
    "network:PublicIPAddress": GENERATED,
    "network:Subnet": CHILD,
    "network:VirtualNetwork": GENERATED,
    "operationalinsights:SavedSearch": CHILD,
    # deleted workspaces stay recoverable for 14 days: Microsoft Learn, "Delete and recover a Log Analytics workspace"
    "operationalinsights:Workspace": GENERATED,
    "privatedns:PrivateZone": FREE,
    "privatedns:VirtualNetworkLink": CHILD,
    "redisenterprise:Database": CHILD,
    "redisenterprise:RedisEnterprise": FREE,
    "resources:ResourceGroup": FREE,
    "storage:BlobContainer": CHILD,
    "storage:BlobServiceProperties": CHILD,
    "storage:ManagementPolicy": CHILD,
    # a deleted account can be recovered only until its name is used again
    "storage:StorageAccount": FREE,
}
"""How the name of each type becomes free: App Configuration, whose names stay reserved as well, is not used."""

NAME_INPUTS = {
    "app:ContainerApp": "containerAppName",
    "app:ManagedEnvironment": "environmentName",
    "cognitiveservices:Account": "accountName",
    "keyvault:Vault": "vaultName",
    "operationalinsights:Workspace": "workspaceName",
    "monitor:AzureMonitorWorkspace": "azureMonitorWorkspaceName",
    "containerregistry:Registry": "registryName",
    "dashboard:Grafana": "workspaceName",
}


def test_every_declared_type_has_a_name_that_can_come_again(prod: Inventory, minimal: Inventory) -> None:
    for plan in (prod, minimal):
        declared = {each.type.removeprefix("azure-native:") for each in plan.custom if "azure-native:" in each.type}
        assert declared <= set(AFTER_DESTROY)


def test_names_that_azure_reserves_after_a_deletion_are_random(prod: Inventory) -> None:
    for kind in (kind for kind, reason in AFTER_DESTROY.items() if reason is RANDOM):
        (resource,) = prod.of_type(kind)
        assert ".hex" in str(resource.inputs[NAME_INPUTS[kind]])


def test_generated_names_are_absent_from_the_inputs(prod: Inventory) -> None:
    for kind, key in NAME_INPUTS.items():
        for resource in prod.of_type(kind):
            assert (key in resource.inputs) == (AFTER_DESTROY[kind] is not GENERATED), kind
