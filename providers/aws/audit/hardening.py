"""Settings that AWS Foundational Security Best Practices and checkov list one by one. Pure."""

from collections.abc import Iterator

from providers.aws.audit.access import containers, statements_of
from providers.contract.audit import (
    AuditSite,
    CheckEvidence,
    equals,
    is_false,
    is_set,
    is_true,
    minimum_of,
    require_one,
    state,
)
from providers.contract.audit_requirements import (
    Requirement,
    admits_everybody,
    contains,
    each_has,
    has_items,
    not_equal,
    settings_of,
)
from providers.contract.json_data import mappings

LOG4J_RULES = "AWSManagedRulesKnownBadInputsRuleSet"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
DEFAULT_USERS = ("admin", "postgres", "awsuser", "root")
CERTIFICATE_AUTHORITIES = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
KEY_ALGORITHMS = (None, "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")
"""A certificate without the input has RSA_2048."""
INSIGHTS = ("enabled", "enhanced")
DATABASE, CACHE, BALANCER = "rds:Instance", "elasticache:ReplicationGroup", "lb:LoadBalancer"


def _has_insights(value: object) -> bool:
    settings = mappings(value)
    return any(each.get("name") == "containerInsights" and each.get("value") in INSIGHTS for each in settings)


NETWORK: tuple[Requirement, ...] = (
    Requirement("ec2:Subnet", "mapPublicIpOnLaunch", is_false, "what runs in it gets a public address", ("EC2.15", "CKV_AWS_130")),
    Requirement("ec2:SecurityGroup", "description", is_set, "its use is not documented", ("CKV_AWS_23",)),
    Requirement("vpc:SecurityGroupEgressRule", "ipProtocol", not_equal("-1"), "allows every protocol and port", ("CKV_AWS_382",)),
    Requirement(BALANCER, "dropInvalidHeaderFields", is_true, "forwards invalid headers", ("ELB.4", "CKV_AWS_131")),
    Requirement(BALANCER, "enableDeletionProtection", is_true, "one command deletes the entry", ("ELB.6", "CKV_AWS_150")),
    Requirement(BALANCER, "desyncMitigationMode", equals("defensive", "strictest"), "requests can be smuggled", ("ELB.12",)),
    Requirement(BALANCER, "subnets", has_items(2), "runs in one zone", ("ELB.13",)),
    Requirement("lb:TargetGroup", "healthCheck.path", is_set, "receives requests while it is unhealthy", ("CKV_AWS_261",)),
    Requirement("acm:Certificate", "validationMethod", equals("DNS"), "is not renewed without a person", ("ACM.1",)),
    Requirement("acm:Certificate", "keyAlgorithm", equals(*KEY_ALGORITHMS), "the key is too short", ("ACM.2",)),
    Requirement("wafv2:WebAcl", "rules", contains(LOG4J_RULES), "Log4j lookups are not blocked", ("CKV_AWS_192", "CKV2_AWS_76")),
)  # fmt: skip

STORES: tuple[Requirement, ...] = (
    Requirement(DATABASE, "storageEncrypted", is_true, "is not encrypted", ("RDS.3",)),
    Requirement(DATABASE, "monitoringInterval", minimum_of(1), "the operating system has no metrics", ("RDS.6", "CKV_AWS_118")),
    Requirement(DATABASE, "enabledCloudwatchLogsExports", is_set, "its log is not kept", ("RDS.9", "RDS.36", "CKV_AWS_129")),
    Requirement(DATABASE, "iamDatabaseAuthenticationEnabled", is_true, "people need a password", ("RDS.10", "CKV_AWS_161")),
    Requirement(DATABASE, "copyTagsToSnapshot", is_true, "snapshots have no owner", ("RDS.17", "CKV2_AWS_60")),
    Requirement(DATABASE, "username", not_equal(*DEFAULT_USERS), "the name of its administrator is known", ("RDS.25",)),
    Requirement(DATABASE, "caCertIdentifier", equals(*CERTIFICATE_AUTHORITIES), "its certificate expires soon", ("CKV_AWS_211",)),
    Requirement(DATABASE, "performanceInsightsEnabled", is_true, "its load has no history", ("CKV_AWS_353",)),
    Requirement(DATABASE, "performanceInsightsKmsKeyId", is_set, "statements are encrypted with a key of AWS", ("CKV_AWS_354",)),
    Requirement(CACHE, "automaticFailoverEnabled", is_true, "a lost node ends the cache", ("ElastiCache.3",)),
    Requirement(CACHE, "atRestEncryptionEnabled", is_true, "is not encrypted", ("ElastiCache.4",)),
    Requirement(CACHE, "authToken", is_set, "accepts clients without a password", ("ElastiCache.6", "CKV_AWS_31")),
    Requirement(CACHE, "subnetGroupName", is_set, "runs in the default subnets", ("ElastiCache.7",)),
    Requirement("s3:BucketOwnershipControls", "rule.objectOwnership", equals("BucketOwnerEnforced"), "access lists can open objects", ("S3.12", "CKV2_AWS_65", "CKV_AWS_20")),
    Requirement("kms:Key", "policy", is_set, "has the default policy", ("CKV2_AWS_64",)),
)  # fmt: skip

SERVICES: tuple[Requirement, ...] = (
    Requirement("ecs:TaskDefinition", "pidMode", equals(None), "sees the processes of others", ("ECS.3", "CKV_AWS_335")),
    Requirement("ecs:TaskDefinition", "networkMode", equals("awsvpc"), "shares the network of the host", ("ECS.17",)),
    Requirement("ecs:Service", "platformVersion", equals(None, "LATEST"), "misses security updates of Fargate", ("ECS.10", "CKV_AWS_332")),
    Requirement("ecs:Cluster", "settings", _has_insights, "containers have no metrics", ("ECS.12", "CKV_AWS_65")),
    Requirement("iam:RolePolicyAttachment", "policyArn", not_equal(ADMINISTRATOR), "has every right", ("CKV_AWS_274",)),
)  # fmt: skip


def policies_are_private(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the principals of keys and topics; the account itself is one, everybody is not."""
    for resource in site.of_type("kms:Key", "sns:TopicPolicy"):
        wide = [each for each in statements_of(resource, "policy") if admits_everybody(each)]
        yield state(resource, "policy.Principal", "*" if wide else "named", not wide, "every account may use it")


def statements_are_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the statements and slow queries that the database logs."""
    for group in site.of_type("rds:ParameterGroup"):
        values = settings_of(group, "parameters")
        for name in ("log_statement", "log_min_duration_statement"):
            logged = values.get(name) not in (None, "none", "-1")
            yield state(group, f"parameters.{name}", values.get(name), logged, "statements leave no record")


def events_notify(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the subscription to events of the database."""
    if site.of_type(DATABASE):
        kinds = [each for each in site.of_type("rds:EventSubscription") if each.value("sourceType") == "db-instance"]
        yield from require_one(kinds, "rds:EventSubscription", "failures of the database notify no one")


def buckets_are_managed(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the lifecycle and the notifications of each bucket."""
    yield from each_has(site, "s3:Bucket", "s3:BucketLifecycleConfiguration", "a bucket grows for ever")
    yield from each_has(site, "s3:Bucket", "s3:BucketNotification", "changes of objects have no events")


def images_expire(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the lifecycle of each repository."""
    yield from each_has(site, "ecr:Repository", "ecr:LifecyclePolicy", "old images are kept for ever")


def registry_has_endpoints(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the endpoints by which images are pulled inside the network."""
    existing = site.spec.network.existing is not None
    endpoints = {str(each.value("serviceName")).partition(".ecr.")[2] for each in site.of_type("ec2:VpcEndpoint")}
    for name in ("api", "dkr") if site.of_type("ecr:Repository") else ():
        absent = "images are pulled over the internet" + (", unless the existing VPC has it" if existing else "")
        why = "" if name in endpoints else absent
        yield CheckEvidence("", f"ec2:VpcEndpoint ecr.{name}", str(name in endpoints), not why, why)


def containers_are_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the log and the privileges of each container."""
    for task in site.of_type("ecs:TaskDefinition"):
        for container in containers(task):
            name, logged = container.get("name"), bool(container.get("logConfiguration"))
            privileged = container.get("privileged") is True
            yield state(task, f"{name}.logConfiguration", logged, logged, "its output is lost")
            yield state(task, f"{name}.privileged", privileged, not privileged, "controls the host")


def alarms_notify(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield what an alarm notifies; a part of a composite alarm notifies through it."""
    composites = " ".join(str(each.value("alarmRule")) for each in site.of_type("cloudwatch:CompositeAlarm"))
    for alarm in site.of_type("cloudwatch:MetricAlarm"):
        is_part = f"{alarm.name}>" in composites or str(alarm.value("name") or alarm.name) in composites
        notifies = is_set(alarm.value("alarmActions")) and alarm.value("actionsEnabled") is not False
        yield state(alarm, "alarmActions", "composite" if is_part else notifies, is_part or notifies, "notifies no one")
