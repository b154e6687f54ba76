"""ARN patterns of the tag index, and the ids by which the provider imports each type of resource.

The ids are those of the "Import" sections of the provider's documentation. The Resource Groups Tagging API does not
return IAM roles; those are listed by name.
"""

from providers.contract.import_ids import ImportRule, ImportTable, SearchScope

ARN = "{address}"


def _by_arn(token: str, service: str, resource: str, identity: str = ARN, name: str = "") -> ImportRule:
    """Import rule of a type that the tag index returns with a regional ARN."""
    return ImportRule(token, identity, f"arn:*:{service}:*:*:{resource}", name=name)


def search_command(scope: SearchScope, name: str) -> str:
    """Return the command that repeats a search by its display name, which ends with the region of a search by tags."""
    if "roles" in name:
        return f"aws iam list-roles --query \"Roles[?starts_with(RoleName, '{scope.stack}-')].Arn\""
    region = name.rpartition(" ")[2] or scope.region
    return f"aws resourcegroupstaggingapi get-resources --region {region} --tag-filters Key=stack,Values={scope.stack}"


def in_region(identity: str, region: str) -> str:
    """Return the import ID of an object in another region than the provider's: AWS provider, "Enhanced Region Support"."""
    return f"{identity}@{region}"


def region_of(address: str) -> str:
    """Return the region of an ARN, its fourth part, which is empty for a global service."""
    parts = address.split(":")
    return parts[3] if parts[0] == "arn" and len(parts) > 3 else ""


IMPORT_TABLE = ImportTable(
    region_of=region_of,
    in_region=in_region,
    search_command=search_command,
    rows=(
        _by_arn("aws:acm/certificate:Certificate", "acm", "certificate/{id}"),
        ImportRule("aws:amp/alertManagerDefinition:AlertManagerDefinition", "{workspaceId}"),
        _by_arn("aws:amp/ruleGroupNamespace:RuleGroupNamespace", "aps", "rulegroupsnamespace/{_workspace}/{name}"),
        _by_arn("aws:amp/workspace:Workspace", "aps", "workspace/{id}", "{id}"),
        ImportRule("aws:appautoscaling/policy:Policy", "{serviceNamespace}/{resourceId}/{scalableDimension}/{name}"),
        _by_arn("aws:backup/plan:Plan", "backup", "backup-plan:{id}", "{id}", "name"),
        ImportRule("aws:backup/selection:Selection", "{planId}|{id}"),
        _by_arn(
            "aws:backup/restoreTestingPlan:RestoreTestingPlan",
            "backup",
            "restore-testing-plan:{name}-{_drawn}",
            "{name}",
        ),
        ImportRule("aws:backup/restoreTestingSelection:RestoreTestingSelection", "{name}:{restoreTestingPlanName}"),
        _by_arn("aws:backup/vault:Vault", "backup", "backup-vault:{name}", "{name}"),
        ImportRule("aws:budgets/budget:Budget", "{account}:{name}", "arn:*:budgets::{account}:budget/{name}"),
        _by_arn(
            "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration",
            "chatbot",
            "chat-configuration/slack-channel/{configurationName}",
        ),
        _by_arn("aws:cloudwatch/compositeAlarm:CompositeAlarm", "cloudwatch", "alarm:{alarmName+}", "{alarmName}"),
        _by_arn("aws:cloudwatch/metricAlarm:MetricAlarm", "cloudwatch", "alarm:{name+}", "{name}"),
        _by_arn("aws:cloudwatch/eventRule:EventRule", "events", "rule/{name}", "{name}"),
        ImportRule("aws:cloudwatch/eventTarget:EventTarget", "{rule}/{targetId}"),
        _by_arn("aws:cloudwatch/logGroup:LogGroup", "logs", "log-group:{name+}", "{name}"),
        ImportRule("aws:cloudwatch/logMetricFilter:LogMetricFilter", "{logGroupName}:{name}"),
        _by_arn("aws:ec2/eip:Eip", "ec2", "elastic-ip/{id}", "{id}"),
        _by_arn("aws:ec2/flowLog:FlowLog", "ec2", "vpc-flow-log/{id}", "{id}"),
        _by_arn("aws:ec2/internetGateway:InternetGateway", "ec2", "internet-gateway/{id}", "{id}"),
        _by_arn("aws:ec2/natGateway:NatGateway", "ec2", "natgateway/{id}", "{id}"),
        _by_arn("aws:ec2/networkAcl:NetworkAcl", "ec2", "network-acl/{id}", "{id}"),
        ImportRule("aws:ec2/networkAclRule:NetworkAclRule", "{networkAclId}:{ruleNumber}:{protocol}:{egress}"),
        ImportRule("aws:ec2/route:Route", "{routeTableId}_{destinationCidrBlock}"),
        _by_arn("aws:ec2/routeTable:RouteTable", "ec2", "route-table/{id}", "{id}"),
        ImportRule("aws:ec2/routeTableAssociation:RouteTableAssociation", "{subnetId}/{routeTableId}"),
        _by_arn("aws:ec2/securityGroup:SecurityGroup", "ec2", "security-group/{id}", "{id}", "name"),
        _by_arn("aws:ec2/subnet:Subnet", "ec2", "subnet/{id}", "{id}"),
        _by_arn("aws:ec2/vpc:Vpc", "ec2", "vpc/{id}", "{id}"),
        _by_arn("aws:ec2/vpcEndpoint:VpcEndpoint", "ec2", "vpc-endpoint/{id}", "{id}"),
        _by_arn("aws:ecr/repository:Repository", "ecr", "repository/{name+}", "{name}"),
        _by_arn("aws:ecs/cluster:Cluster", "ecs", "cluster/{name}", "{name}"),
        _by_arn("aws:ecs/service:Service", "ecs", "service/{_cluster}/{name}", "{_cluster}/{name}"),
        _by_arn("aws:ecs/taskDefinition:TaskDefinition", "ecs", "task-definition/{family}:{_revision}", name="family"),
        _by_arn("aws:elasticache/parameterGroup:ParameterGroup", "elasticache", "parametergroup:{name}", "{name}"),
        _by_arn(
            "aws:elasticache/replicationGroup:ReplicationGroup",
            "elasticache",
            "replicationgroup:{replicationGroupId}",
            "{replicationGroupId}",
        ),
        _by_arn("aws:elasticache/subnetGroup:SubnetGroup", "elasticache", "subnetgroup:{name}", "{name}"),
        _by_arn("aws:iam/policy:Policy", "iam", "policy/{name}"),
        _by_arn("aws:iam/role:Role", "iam", "role/{name}", "{name}"),
        ImportRule("aws:iam/rolePolicy:RolePolicy", "{role}:{name}"),
        ImportRule("aws:kms/alias:Alias", "{name+}"),
        _by_arn("aws:kms/key:Key", "kms", "key/{id}", "{id}"),
        _by_arn("aws:lb/listener:Listener", "elasticloadbalancing", "listener/app/{_name}/{_balancer}/{id}"),
        _by_arn(
            "aws:lb/listenerRule:ListenerRule",
            "elasticloadbalancing",
            "listener-rule/app/{_name}/{_balancer}/{_listener}/{id}",
        ),
        _by_arn("aws:lb/loadBalancer:LoadBalancer", "elasticloadbalancing", "loadbalancer/app/{name}/{id}"),
        _by_arn("aws:lb/targetGroup:TargetGroup", "elasticloadbalancing", "targetgroup/{name}/{id}"),
        _by_arn("aws:rds/eventSubscription:EventSubscription", "rds", "es:{name}", "{name}"),
        _by_arn("aws:rds/instance:Instance", "rds", "db:{identifier}", "{identifier}"),
        _by_arn("aws:rds/parameterGroup:ParameterGroup", "rds", "pg:{name}", "{name}"),
        _by_arn("aws:rds/subnetGroup:SubnetGroup", "rds", "subgrp:{name}", "{name}"),
        ImportRule("aws:route53/record:Record", "{zoneId}_{name}_{type}", name="name"),
        _by_arn(
            "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList",
            "route53resolver",
            "firewall-domain-list/{id}",
            "{id}",
        ),
        ImportRule(
            "aws:route53/resolverFirewallRule:ResolverFirewallRule", "{firewallRuleGroupId}:{firewallDomainListId}"
        ),
        _by_arn(
            "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup",
            "route53resolver",
            "firewall-rule-group/{id}",
            "{id}",
        ),
        _by_arn(
            "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation",
            "route53resolver",
            "firewall-rule-group-association/{id}",
            "{id}",
        ),
        ImportRule("aws:s3/bucket:Bucket", "{bucket}", "arn:*:s3:::{bucket}"),
        ImportRule("aws:scheduler/schedule:Schedule", "{groupName}/{name}"),
        _by_arn("aws:scheduler/scheduleGroup:ScheduleGroup", "scheduler", "schedule-group/{name}", "{name}"),
        _by_arn("aws:secretsmanager/secret:Secret", "secretsmanager", "secret:{name+}-{_drawn}"),
        _by_arn(
            "aws:servicediscovery/httpNamespace:HttpNamespace", "servicediscovery", "namespace/{id}", "{id}", "name"
        ),
        _by_arn("aws:sfn/stateMachine:StateMachine", "states", "stateMachine:{name}"),
        _by_arn("aws:sns/topic:Topic", "sns", "{name}"),
        ImportRule(
            "aws:sqs/queue:Queue",
            "https://sqs.{region}.amazonaws.com/{account}/{name}",
            "arn:*:sqs:{region}:{account}:{name}",
        ),
        _by_arn("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "ec2", "security-group-rule/{id}", "{id}"),
        _by_arn("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "ec2", "security-group-rule/{id}", "{id}"),
        _by_arn("aws:wafv2/webAcl:WebAcl", "wafv2", "regional/webacl/{name}/{id}", "{id}/{name}/REGIONAL"),
    ),
    again=frozenset(
        {
            "aws:acm/certificateValidation:CertificateValidation",
            "aws:amp/workspaceConfiguration:WorkspaceConfiguration",
            "aws:appautoscaling/target:Target",
            "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
            "aws:cloudwatch/dashboard:Dashboard",
            "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
            "aws:cloudwatch/queryDefinition:QueryDefinition",
            "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl",
            "aws:ec2/defaultRouteTable:DefaultRouteTable",
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
            "aws:ecr/lifecyclePolicy:LifecyclePolicy",
            "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "aws:route53/resolverFirewallConfig:ResolverFirewallConfig",
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            "aws:s3/bucketLogging:BucketLogging",
            "aws:s3/bucketNotification:BucketNotification",
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
            "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
            "aws:s3/bucketPolicy:BucketPolicy",
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "aws:s3/bucketVersioning:BucketVersioning",
            "aws:secretsmanager/secretVersion:SecretVersion",
            "aws:sns/topicPolicy:TopicPolicy",
            "aws:sns/topicSubscription:TopicSubscription",
            "aws:wafv2/webAclAssociation:WebAclAssociation",
            "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        }
    ),
)
