"""Import rules: documented addresses, and every resource type of the plans."""

from collections.abc import Mapping
from importlib import import_module

import pytest

from providers import AVAILABLE
from providers.contract.capabilities import CAPABILITIES
from providers.contract.import_ids import ImportTable, is_automatic, types_without_rule
from tests.planning import DRILL, JOBS, plan, production

ARN = "arn:aws:{}:us-west-2:111122223333:{}"
DRILLED = tuple(cloud for cloud in AVAILABLE if "Drill" in CAPABILITIES[cloud])
NAMES: Mapping[str, object] = {
    "network.egress_control": "names",
    "services.gateway.image": "gateway@sha256:" + "1" * 64,
    "monitoring.prometheus": False,
    **{f"services.{name}.egress": [{"host": "db.example.com", "port": 5432}] for name in ("gateway", "chat", "worker")},
}
PLATFORMS: list[tuple[str, Mapping[str, object]]] = [
    *((cloud, {}) for cloud in AVAILABLE),
    *((cloud, {"profile": "development"}) for cloud in AVAILABLE),
    *((cloud, {"jobs": JOBS}) for cloud in AVAILABLE),
    *((cloud, {"recovery.drill": DRILL}) for cloud in DRILLED),
    ("aws", {"network.private_endpoints": False}),
    ("aws", {"recovery": {"mode": "backup", "standby_region": "us-east-1", "lock": "governance"}}),
    ("aws", {"recovery": {"mode": "warm", "standby_region": "us-east-1"}, "jobs": JOBS}),
    ("gcp", {"recovery": {"mode": "warm", "standby_region": "us-east1"}, "jobs": JOBS}),
    ("gcp", {"network.private_endpoints": False}),
    *((cloud, NAMES) for cloud in AVAILABLE if cloud != "kubernetes"),
    ("gcp", {"recovery": {"mode": "backup", "standby_region": "us-east1", "lock": "governance"}}),
]
LOCATION = {"project": "acme-agents", "subscriptionId": "1", "account": "111122223333"}
GROUP = "/subscriptions/1/resourceGroups/prod-agents-westus3"


def table(cloud: str) -> ImportTable:
    return import_module(f"providers.{cloud}.import_ids").IMPORT_TABLE


@pytest.mark.long(reason="plans every variant of each cloud")
@pytest.mark.parametrize(("cloud", "changes"), PLATFORMS)
def test_every_type_of_the_platform_has_an_import_rule(cloud: str, changes: Mapping[str, object]) -> None:
    tokens = [resource.type for resource in plan(production(changes, cloud)).custom]
    assert types_without_rule(table(cloud), tokens) == []


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_no_type_has_two_rules(cloud: str) -> None:
    tokens = [*(rule.type for rule in table(cloud).rows), *table(cloud).again]
    assert sorted(tokens) == sorted(set(tokens))


AWS = [
    ("aws:ec2/subnet:Subnet", ARN.format("ec2", "subnet/subnet-9d4a7b6c"), "subnet-9d4a7b6c", ""),
    ("aws:rds/instance:Instance", ARN.format("rds", "db:prod-database"), "prod-database", "prod-database"),
    ("aws:ecs/service:Service", ARN.format("ecs", "service/prod-agents/chat-1a2b3c4"), "prod-agents/chat-1a2b3c4", "chat-1a2b3c4"),
    ("aws:s3/bucket:Bucket", "arn:aws:s3:::prod-storage-1a2b3c4", "prod-storage-1a2b3c4", "prod-storage-1a2b3c4"),
    ("aws:iam/role:Role", "arn:aws:iam::111122223333:role/prod-task-1a2b3c4", "prod-task-1a2b3c4", "prod-task-1a2b3c4"),
    ("aws:cloudwatch/logGroup:LogGroup", ARN.format("logs", "log-group:/agent-platform/prod/x"), "/agent-platform/prod/x", "/agent-platform/prod/x"),
    ("aws:ecr/repository:Repository", ARN.format("ecr", "repository/agent-platform/prod/chat"), "agent-platform/prod/chat", "agent-platform/prod/chat"),
    ("aws:wafv2/webAcl:WebAcl", ARN.format("wafv2", "regional/webacl/prod-acl/473e64fd-f30b"), "473e64fd-f30b/prod-acl/REGIONAL", "prod-acl"),
]  # fmt: skip
AWS_BY_ARN = [
    ("aws:sns/topic:Topic", ARN.format("sns", "prod-critical-1a2b3c4"), "prod-critical-1a2b3c4"),
    ("aws:lb/loadBalancer:LoadBalancer", ARN.format("elasticloadbalancing", "loadbalancer/app/prod-agents-6f4b/50dc6c495c0c9188"), "prod-agents-6f4b"),
    ("aws:lb/listener:Listener", ARN.format("elasticloadbalancing", "listener/app/prod-agents-6f4b/50dc6c495c0c9188/f2f7dc8efc522ab2"), ""),
    ("aws:secretsmanager/secret:Secret", ARN.format("secretsmanager", "secret:prod-redis-url-1a2b3c4-a1B2c3"), "prod-redis-url-1a2b3c4"),
    ("aws:ecs/taskDefinition:TaskDefinition", ARN.format("ecs", "task-definition/prod-chat:7"), "prod-chat"),
]  # fmt: skip
GOOGLE = [
    ("gcp:cloudrunv2/service:Service", "//run.googleapis.com/projects/acme-agents/locations/us-central1/services/prod-chat", "projects/acme-agents/locations/us-central1/services/prod-chat", "prod-chat"),
    ("gcp:secretmanager/secret:Secret", "//secretmanager.googleapis.com/projects/4711/secrets/prod-redis-ca", "projects/acme-agents/secrets/prod-redis-ca", "prod-redis-ca"),
    ("gcp:storage/bucket:Bucket", "//storage.googleapis.com/prod-storage-1a2b3c4", "prod-storage-1a2b3c4", "prod-storage-1a2b3c4"),
    ("gcp:sql/databaseInstance:DatabaseInstance", "//cloudsql.googleapis.com/projects/acme-agents/instances/prod-database-1a2b3c4", "projects/acme-agents/instances/prod-database-1a2b3c4", "prod-database-1a2b3c4"),
    ("gcp:kms/cryptoKey:CryptoKey", "//cloudkms.googleapis.com/projects/acme-agents/locations/us-central1/keyRings/prod/cryptoKeys/data", "projects/acme-agents/locations/us-central1/keyRings/prod/cryptoKeys/data", "data"),
    ("gcp:compute/globalAddress:GlobalAddress", "//compute.googleapis.com/projects/acme-agents/global/addresses/prod-entry-1a2b3c4", "projects/acme-agents/global/addresses/prod-entry-1a2b3c4", "prod-entry-1a2b3c4"),
]  # fmt: skip
AZURE = [
    ("azure-native:resources:ResourceGroup", GROUP, "prod-agents-westus3"),
    ("azure-native:app:ContainerApp", f"{GROUP}/providers/Microsoft.App/containerApps/prod-chat", "prod-chat"),
    ("azure-native:privatedns:VirtualNetworkLink", f"{GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net/virtualNetworkLinks/link1a2b3c4d", "link1a2b3c4d"),
    ("azure-native:monitor:ActionGroup", f"{GROUP}/providers/microsoft.insights/actiongroups/prod-critical", "prod-critical"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cloud", "token", "address", "identity", "name"),
    [
        *(("aws", *row) for row in AWS),
        *(("aws", token, address, address, name) for token, address, name in AWS_BY_ARN),
        *(("gcp", *row) for row in GOOGLE),
        *(("azure", token, address, address, name) for token, address, name in AZURE),
    ],
)
def test_a_documented_address_gives_type_import_id_and_name(
    cloud: str, token: str, address: str, identity: str, name: str
) -> None:
    result = table(cloud).found_at(address, location=LOCATION)
    assert (result.identities.get(token), result.name) == (identity, name)


def test_a_display_name_is_used_as_the_name() -> None:
    result = table("gcp").found_at(
        "//monitoring.googleapis.com/projects/acme-agents/alertPolicies/42", name="prod-x", location=LOCATION
    )
    assert result.name == "prod-x"
    assert result.identities == {"gcp:monitoring/alertPolicy:AlertPolicy": "projects/acme-agents/alertPolicies/42"}


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_an_object_of_another_type_has_no_import_id(cloud: str) -> None:
    assert (
        table(cloud).found_at("arn:aws:ec2:us-west-2:111122223333:instance/i-0123", location=LOCATION).identities == {}
    )
    assert table(cloud).found_at(f"{GROUP}/providers/Microsoft.Compute/disks/d", location=LOCATION).identities == {}


IDENTITIES = [
    ("aws:iam/rolePolicy:RolePolicy", {"role": "task", "name": "read"}, "task:read"),
    ("aws:ec2/networkAclRule:NetworkAclRule", {"networkAclId": "acl-7", "ruleNumber": 110.0, "protocol": "tcp", "egress": False}, "acl-7:110:tcp:false"),
    ("aws:ec2/route:Route", {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"}, "rtb-1_0.0.0.0/0"),
    ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, ""),
    ("aws:iam/rolePolicy:RolePolicy", {"name": "read"}, ""),
    ("gcp:serviceaccount/account:Account", {"accountId": "prod-chat"}, "projects/acme-agents/serviceAccounts/prod-chat@acme-agents.iam.gserviceaccount.com"),
    ("azure-native:network:Subnet", {"resourceGroupName": "g", "virtualNetworkName": "v", "subnetName": "s"}, "/subscriptions/1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s"),
    ("azure-native:authorization:RoleAssignment", {"scope": "/subscriptions/1", "roleAssignmentName": "n"}, "/subscriptions/1/providers/Microsoft.Authorization/roleAssignments/n"),
]  # fmt: skip


@pytest.mark.parametrize(("token", "inputs", "identity"), IDENTITIES)
def test_an_import_id_follows_from_known_inputs(token: str, inputs: dict[str, object], identity: str) -> None:
    cloud = {"aws": "aws", "gcp": "gcp"}.get(token.partition(":")[0], "azure")
    assert table(cloud).identity(token, inputs, LOCATION) == identity


@pytest.mark.parametrize(
    ("name", "automatic"),
    [("prod-nat-0-1a2b3c4", True), ("prod-nat-01a2b3c4d", True), ("prod-nat-0", False), ("prod-nat-0-address-1a2b3c4", False)],
)  # fmt: skip
def test_an_automatic_name_is_a_logical_name_and_a_generated_suffix(name: str, automatic: bool) -> None:
    assert is_automatic(name, "prod-nat-0") is automatic
