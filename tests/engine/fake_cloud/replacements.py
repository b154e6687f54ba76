"""Properties whose change replaces a resource, by type.

The docstrings of the bridged SDKs name some of these properties (see `sdk_schema.REPLACES`), the provider schemas the others. This
table contains, from the documentation of the providers, the stateful types and the types that are updated by replacement.
A dot separates nested properties.
"""

from collections.abc import Iterator, Mapping

from automation.plan.inventory import Value
from tests.engine.fake_cloud.sdk_schema import shape_of

EVERYTHING = "*"
FORCED = "forceNewDeployment"

AWS = {
    "aws:acm/certificate:Certificate": "domainName subjectAlternativeNames validationMethod keyAlgorithm",
    "aws:backup/selection:Selection": EVERYTHING,
    "aws:backup/vault:Vault": "name kmsKeyArn",
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": "backupVaultName changeableForDays",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
    "aws:ec2/securityGroup:SecurityGroup": "name description vpcId",
    "aws:ec2/subnet:Subnet": "vpcId cidrBlock availabilityZone",
    "aws:ec2/vpc:Vpc": "cidrBlock",
    "aws:ecr/repository:Repository": "name encryptionConfigurations",
    "aws:ecs/cluster:Cluster": "name",
    "aws:ecs/service:Service": "name cluster launchType schedulingStrategy",
    "aws:ecs/taskDefinition:TaskDefinition": EVERYTHING,
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        "replicationGroupId atRestEncryptionEnabled kmsKeyId subnetGroupName port dataTieringEnabled"
    ),
    "aws:iam/role:Role": "name path",
    "aws:kms/key:Key": "keyUsage customerMasterKeySpec multiRegion",
    "aws:lb/loadBalancer:LoadBalancer": "name internal loadBalancerType",
    "aws:lb/targetGroup:TargetGroup": "name port protocol targetType vpcId",
    "aws:rds/instance:Instance": (
        "availabilityZone dbName engine kmsKeyId storageEncrypted username snapshotIdentifier characterSetName"
    ),
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": EVERYTHING,
    "aws:route53/record:Record": "name type zoneId",
    "aws:s3/bucket:Bucket": "bucket objectLockEnabled",
    "aws:scheduler/schedule:Schedule": "name groupName",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "name",
    "aws:secretsmanager/secret:Secret": "name",
    "aws:secretsmanager/secretVersion:SecretVersion": "secretId secretString",
    "aws:sfn/stateMachine:StateMachine": "name type",
}
GOOGLE = {
    "gcp:artifactregistry/repository:Repository": "location format repositoryId kmsKeyName",
    "gcp:cloudrunv2/job:Job": "name location",
    "gcp:cloudrunv2/service:Service": "name location",
    "gcp:cloudrunv2/workerPool:WorkerPool": "name location",
    "gcp:cloudscheduler/job:Job": "name region",
    "gcp:compute/globalAddress:GlobalAddress": "name address network prefixLength purpose addressType",
    "gcp:compute/network:Network": "name autoCreateSubnetworks",
    "gcp:compute/subnetwork:Subnetwork": "name network region ipCidrRange",
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": "workloadIdentityPoolId",
    "gcp:kms/cryptoKey:CryptoKey": "name keyRing purpose",
    "gcp:kms/keyRing:KeyRing": "name location",
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": "bucketId location",
    "gcp:projects/iAMCustomRole:IAMCustomRole": "roleId",
    "gcp:redis/instance:Instance": "tier region connectMode authorizedNetwork customerManagedKey transitEncryptionMode",
    "gcp:secretmanager/secret:Secret": "secretId replication",
    "gcp:secretmanager/secretVersion:SecretVersion": "secret secretData",
    "gcp:serviceaccount/account:Account": "accountId",
    "gcp:sql/databaseInstance:DatabaseInstance": "name region encryptionKeyName settings.diskType",
    "gcp:storage/bucket:Bucket": "name location",
}
AZURE = {
    "azure-native:app:ContainerApp": "containerAppName location",
    "azure-native:app:Job": "jobName location",
    "azure-native:app:ManagedEnvironment": "environmentName location vnetConfiguration zoneRedundant",
    "azure-native:authorization:RoleAssignment": "roleAssignmentName scope principalId roleDefinitionId",
    "azure-native:cdn:AFDEndpoint": "endpointName profileName",
    "azure-native:cdn:Profile": "profileName sku",
    "azure-native:containerregistry:Registry": "registryName location",
    "azure-native:dataprotection:BackupInstance": "backupInstanceName vaultName",
    "azure-native:dataprotection:BackupPolicy": "backupPolicyName vaultName",
    "azure-native:dataprotection:BackupVault": "vaultName location",
    "azure-native:dbforpostgresql:Server": "serverName location administratorLogin network",
    "azure-native:keyvault:Vault": "vaultName location properties.tenantId",
    "azure-native:managedidentity:UserAssignedIdentity": "resourceName location",
    "azure-native:network:Subnet": "subnetName virtualNetworkName",
    "azure-native:network:VirtualNetwork": "virtualNetworkName location",
    "azure-native:redisenterprise:Database": "clusterName databaseName clusteringPolicy port",
    "azure-native:redisenterprise:RedisEnterprise": "clusterName location zones",
    "azure-native:resources:ResourceGroup": "resourceGroupName location",
    "azure-native:storage:ObjectReplicationPolicy": "accountName objectReplicationPolicyId",
    "azure-native:storage:StorageAccount": "accountName location isHnsEnabled",
}
RANDOM = {
    "random:index/randomBytes:RandomBytes": EVERYTHING,
    "random:index/randomId:RandomId": EVERYTHING,
    "random:index/randomPassword:RandomPassword": EVERYTHING,
}
KUBERNETES = {
    "kubernetes:apps/v1:Deployment": "spec.selector",
    "kubernetes:apps/v1:StatefulSet": "spec.selector spec.serviceName spec.volumeClaimTemplates spec.podManagementPolicy",
    "kubernetes:batch/v1:Job": "spec.template",
    "kubernetes:core/v1:ConfigMap": "data binaryData",
    "kubernetes:core/v1:PersistentVolumeClaim": "spec.accessModes spec.storageClassName",
    "kubernetes:core/v1:Secret": "data stringData type",
    "kubernetes:core/v1:Service": "spec.clusterIP",
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": "roleRef",
}
"""From the source of the provider: properties whose change replaces an object. Its SDK documents none of them."""
IDENTITY = frozenset({"metadata.name", "metadata.namespace"})
"""Properties whose change replaces an object of any kind."""
AZURE_ID_PARTS = frozenset({"resourceGroupName", "location"})
"""Parts of an Azure id besides the name."""
TABLE: Mapping[str, str] = {**AWS, **GOOGLE, **AZURE, **KUBERNETES, **RANDOM}


def replaced_properties(token: str, old: Mapping[str, Value], new: Mapping[str, Value]) -> Iterator[str]:
    """Return the changed inputs that require a replacement, by the name of the top-level property."""
    properties = TABLE.get(token, "")
    if properties == EVERYTHING:
        yield from (key for key in sorted({*old, *new}) if old.get(key) != new.get(key))
        return
    always = AZURE_ID_PARTS if token.startswith("azure-native:") else frozenset[str]()
    # custom resources have no class in the SDK of Kubernetes
    others = IDENTITY if token.startswith("kubernetes:") else shape_of(token).replacing | always
    for path in sorted({*properties.split(), *others}):
        if _at(old, path) != _at(new, path):
            yield path.partition(".")[0]


def refused_update(token: str, old: Mapping[str, Value], new: Mapping[str, Value]) -> str:
    """Return the error with which a provider refuses changed inputs in a preview already; empty when it accepts them."""
    capacity = "capacityProviderStrategies"
    if token == "aws:ecs/service:Service" and old.get(capacity) != new.get(capacity) and not new.get(FORCED):
        # hashicorp/terraform-provider-aws#43533
        return "force_new_deployment should be true when capacity_provider_strategy is being updated"
    return ""


def _at(values: object, path: str) -> object:
    for key in path.split("."):
        if not isinstance(values, Mapping):
            return None
        values = values.get(key)  # narrowed from object
    return values
