"""Security checks: every cloud answers each, and each fails for a planted fault and passes once a failure is repaired."""

import json
from collections.abc import Mapping
from datetime import date

import pytest

from automation.audit.document import AUDIT_FILE, CLOUDS, answer_of, audit_text
from automation.audit.evaluation import PLATFORM_CHECKS, CheckVerdict
from providers import audit
from providers.contract.audit import CHECK_IDS, CHECKS, CloudCheck, NotApplicable, OnlyLive, acceptance_key
from tests.audits import (
    audited,
    audited_with,
    inventory_of,
    result_of,
    unprotected,
    with_input,
)
from tests.contract.planted_faults import (
    DATABASE_POLICY,
    KUBERNETES,
    SECRET,
    Change,
    added,
    put,
    removed,
)
from tests.planning import DRILL, DROP, ROOT


def policy(action: str, resource: str = "arn:aws:s3:::a") -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]})


def task(variables: object = (), **changes: object) -> str:
    container = {"name": "chat", "user": "10001:10001", "readonlyRootFilesystem": True, "environment": list(variables)}  # type: ignore[call-overload]
    return json.dumps([{**container, **changes}])


AWS: Mapping[str, Change] = {
    "rights-name-actions": put("iam:RolePolicy prod-cache-redis-url-read-by-gateway", "policy", policy("s3:*")),
    "rights-name-resources": put(
        "iam:RolePolicy prod-cache-redis-url-read-by-gateway", "policy", policy("s3:GetObject", "*")
    ),
    "own-identity-per-service": put(
        "ecs:TaskDefinition prod-compute-chat-task", "taskRoleArn", "<iam:Role prod-identity-gateway-task>.arn"
    ),
    "trust-is-narrow": put(
        "iam:Role prod-channels-slack",
        "assumeRolePolicy",
        json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}),
    ),
    "no-lasting-keys": added("aws:iam/accessKey:AccessKey", {"user": "ci"}),
    "keys-rotate": put("kms:Key prod-keys-data", "enableKeyRotation", False),
    "only-the-entry-is-open": put(
        "vpc:SecurityGroupIngressRule prod-network-service-chat-to-database-in", "cidrIpv4", "0.0.0.0/0"
    ),
    "plain-http-only-redirects": put("lb:Listener prod-ingress-http", "defaultActions", [{"type": "forward"}]),
    "tls-of-today": put("lb:Listener prod-ingress-https", "sslPolicy", "ELBSecurityPolicy-2016-08"),
    "filters-and-defaults-are-closed": put(
        "ec2:DefaultSecurityGroup prod-network-default-group", "ingress", [{"protocol": "-1"}]
    ),
    "data-stores-are-private": put("rds:Instance prod-database", "publiclyAccessible", True),
    "data-has-no-way-out": put(
        "ec2:Route prod-network-private-0-to-nat", "routeTableId", "<ec2:RouteTable prod-network-database-routes>.id"
    ),
    "flow-is-logged": removed("ec2:FlowLog"),
    "attacks-are-filtered-and-logged": removed("wafv2:WebAclAssociation"),
    "network-is-hardened": put("lb:LoadBalancer prod-ingress", "dropInvalidHeaderFields", False),
    "stores-are-hardened": put("rds:Instance prod-database", "storageEncrypted", False),
    "services-are-hardened": put("ecs:TaskDefinition prod-compute-chat-task", "pidMode", "host"),
    "stored-data-has-our-key": put("rds:Instance prod-database", "kmsKeyId", None),
    "data-links-need-tls": put("elasticache:ReplicationGroup prod-cache", "transitEncryptionMode", "preferred"),
    "objects-are-private": put("s3:BucketPublicAccessBlock prod-storage-private", "blockPublicPolicy", False),
    "backups-are-kept": put("rds:Instance prod-database", "backupRetentionPeriod", 6),
    "deletion-is-guarded": lambda inventory: unprotected(inventory, "s3:Bucket prod-storage"),
    "versions-are-kept": put(
        "s3:BucketVersioning prod-storage-versioning", "versioningConfiguration.status", "Suspended"
    ),
    "access-is-logged": removed("s3:BucketLogging"),
    "logs-live-long-enough": put("cloudwatch:LogGroup prod-cache-slow-log", "retentionInDays", 364),
    "no-secret-in-plain": put("ecs:TaskDefinition prod-compute-chat-task", "containerDefinitions", task([SECRET])),
    "images-are-scanned": put("ecr:Repository prod-registry-chat", "imageTagMutability", "MUTABLE"),
    "containers-are-confined": put(
        "ecs:TaskDefinition prod-compute-chat-task", "containerDefinitions", task(user="root")
    ),
    "zones-at-least-two": put("rds:Instance prod-database", "multiAz", False),
    "minor-updates-are-taken": put("rds:Instance prod-database", "autoMinorVersionUpgrade", False),
    "alarms-reach-people": removed("sns:TopicSubscription", "chatbot:SlackChannelConfiguration"),
    "money-is-watched": removed("budgets:Budget"),
    "permission-changes-are-watched": put(
        "cloudwatch:MetricAlarm prod-monitoring-account-permissions-changes", "alarmActions", []
    ),
    "denied-flows-are-watched": put("cloudwatch:LogMetricFilter prod-monitoring-denied-flows", "pattern", "ACCEPT"),
    "odd-traffic-is-watched": put(
        "cloudwatch:MetricAlarm prod-monitoring-entry-firewall-blocked-percent", "alarmActions", []
    ),
    "everything-is-tagged": put(
        "providers:aws prod-us-west-2", "defaultTags", json.dumps({"tags": {"team": "agents"}})
    ),
}
GCP: Mapping[str, Change] = {
    "rights-name-actions": put("projects:IAMMember prod-identity-chat-logs", "role", "roles/editor"),
    "rights-name-resources": put("projects:IAMMember prod-identity-chat-logs", "role", "roles/run.invoker"),
    "own-identity-per-service": put("cloudrunv2:Service prod-compute-chat", "template.serviceAccount", None),
    "trust-is-narrow": put(
        "iam:WorkloadIdentityPoolProvider prod-identity-github-provider", "attributeCondition", None
    ),
    "no-lasting-keys": added("gcp:serviceaccount/key:Key", {}),
    "keys-rotate": put("kms:CryptoKey prod-keys-data", "rotationPeriod", "7776001s"),
    "only-the-entry-is-open": put("cloudrunv2:Service prod-compute-gateway", "ingress", "INGRESS_TRAFFIC_ALL"),
    "plain-http-only-redirects": put("compute:URLMap prod-entry-redirect", "defaultUrlRedirect.httpsRedirect", False),
    "tls-of-today": put("compute:SSLPolicy prod-entry-tls", "minTlsVersion", "TLS_1_1"),
    "inside-is-encrypted": put("compute:BackendService prod-entry-gateway", "protocol", "HTTP"),
    "filters-and-defaults-are-closed": put("compute:Firewall prod-network-deny-ingress", "logConfig", None),
    "data-stores-are-private": put("sql:DatabaseInstance prod-database", "settings.ipConfiguration.ipv4Enabled", True),
    "flow-is-logged": put("compute:Subnetwork prod-network-services", "logConfig", None),
    "attacks-are-filtered-and-logged": put("compute:BackendService prod-entry-gateway", "securityPolicy", None),
    "network-is-hardened": put("dns:Policy prod-network-dns", "enableLogging", False),
    "stores-are-hardened": put("redis:Instance prod-cache", "authEnabled", False),
    "services-are-hardened": put(
        "projects:IAMMember prod-identity-chat-logs", "member", "serviceAccount:1-compute@developer.gserviceaccount.com"
    ),
    "stored-data-has-our-key": put("sql:DatabaseInstance prod-database", "encryptionKeyName", None),
    "data-links-need-tls": put(
        "sql:DatabaseInstance prod-database", "settings.ipConfiguration.sslMode", "ALLOW_UNENCRYPTED_AND_ENCRYPTED"
    ),
    "objects-are-private": put("storage:Bucket prod-storage", "publicAccessPrevention", "inherited"),
    "backups-are-kept": put(
        "sql:DatabaseInstance prod-database", "settings.backupConfiguration.backupRetentionSettings.retainedBackups", 6
    ),
    "deletion-is-guarded": put("sql:DatabaseInstance prod-database", "deletionProtection", False),
    "versions-are-kept": put("storage:Bucket prod-storage", "versioning.enabled", False),
    "access-is-logged": put(
        "projects:IAMAuditConfig prod-account-audit", "auditLogConfigs", [{"logType": "ADMIN_READ"}]
    ),
    "logs-live-long-enough": put("logging:ProjectBucketConfig prod-monitoring-logs", "retentionDays", 364),
    "no-secret-in-plain": put("cloudrunv2:Service prod-compute-chat", "template.containers.0.envs", [SECRET]),
    "images-are-scanned": put("artifactregistry:Repository prod-registry", "dockerConfig.immutableTags", False),
    "containers-are-confined": put("cloudrunv2:Service prod-compute-chat", "template.executionEnvironment", None),
    "zones-at-least-two": put("sql:DatabaseInstance prod-database", "settings.availabilityType", "ZONAL"),
    "minor-updates-are-taken": put("redis:Instance prod-cache", "maintenancePolicy", None),
    "alarms-reach-people": put("monitoring:AlertPolicy prod-monitoring-cache-evictions", "notificationChannels", []),
    "money-is-watched": removed("billing:Budget"),
    "permission-changes-are-watched": put(
        "logging:Metric prod-monitoring-count-account-permissions-changes", "filter", "severity=ERROR"
    ),
    "odd-traffic-is-watched": put(
        "monitoring:AlertPolicy prod-monitoring-entry-firewall-blocked-percent", "conditions", []
    ),
    "everything-is-tagged": put("providers:gcp prod-us-central1", "defaultLabels", json.dumps({"team": "agents"})),
}
ROLE = "/subscriptions/0/providers/Microsoft.Authorization/roleDefinitions/"
AZURE: Mapping[str, Change] = {
    "rights-name-actions": put(
        "authorization:RoleAssignment prod-cache-redis-url-read-by-gateway", "roleDefinitionId", f"{ROLE}8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    ),
    "rights-name-resources": put("authorization:RoleAssignment prod-cache-redis-url-read-by-gateway", "scope", "/subscriptions/0"),
    "own-identity-per-service": put("app:ContainerApp prod-compute-chat", "identity.userAssignedIdentities", []),
    "trust-is-narrow": put("managedidentity:FederatedIdentityCredential prod-identity-deployer-github", "subject", "repo:acme/*"),
    "only-the-entry-is-open": put("app:ManagedEnvironment prod-environment", "publicNetworkAccess", "Enabled"),
    "plain-http-only-redirects": put("cdn:Route prod-entry-gateway", "httpsRedirect", "Disabled"),
    "tls-of-today": put("cdn:AFDCustomDomain prod-entry-domain", "tlsSettings.minimumTlsVersion", "TLS10"),
    "inside-is-encrypted": put("app:ContainerApp prod-compute-chat", "configuration.ingress.allowInsecure", True),
    "filters-and-defaults-are-closed": put("network:Subnet prod-network-database", "networkSecurityGroup", None),
    "data-stores-are-private": put("keyvault:Vault prod-vault", "properties.publicNetworkAccess", "Enabled"),
    "data-has-no-way-out": put("network:Subnet prod-network-database", "natGateway", {"id": "a"}),
    "keys-rotate": put("keyvault:Key prod-vault-data", "properties.rotationPolicy", None),
    "network-is-hardened": put("network:FlowLog prod-network-flow-logs", "retentionPolicy.days", 89),
    "stores-are-hardened": put("keyvault:Vault prod-vault", "properties.enableSoftDelete", False),
    "flow-is-logged": removed("network:FlowLog"),
    "attacks-are-filtered-and-logged": put("frontdoor:Policy prod-entry-firewall", "policySettings.mode", "Detection"),
    "data-links-need-tls": put("redisenterprise:Database prod-cache-data", "clientProtocol", "Plaintext"),
    "objects-are-private": put("storage:StorageAccount prod-storage", "allowBlobPublicAccess", None),
    "backups-are-kept": put("dbforpostgresql:Server prod-database", "backup.backupRetentionDays", 6),
    "deletion-is-guarded": put("keyvault:Vault prod-vault", "properties.enablePurgeProtection", None),
    "versions-are-kept": put("storage:BlobServiceProperties prod-storage-blobs", "isVersioningEnabled", False),
    "access-is-logged": put("monitor:DiagnosticSetting prod-vault-diagnostics", "resourceUri", "another"),
    "logs-live-long-enough": put("operationalinsights:Workspace prod-logs", "retentionInDays", 364),
    "no-secret-in-plain": put("app:ContainerApp prod-compute-chat", "template.containers.0.env", [SECRET]),
    "images-are-scanned": put("containerregistry:Registry prod-registry", "anonymousPullEnabled", True),
    "containers-are-confined": put("app:ContainerApp prod-compute-chat", "identity.type", "SystemAssigned"),
    "zones-at-least-two": put("app:ManagedEnvironment prod-environment", "zoneRedundant", False),
    "minor-updates-are-taken": put("dbforpostgresql:Server prod-database", "maintenanceWindow", None),
    "alarms-reach-people": lambda inventory: with_input(
        with_input(inventory, "monitor:ActionGroup prod-channels-critical", "emailReceivers", []),
        "monitor:ActionGroup prod-channels-critical", "logicAppReceivers", [],
    ),
    "money-is-watched": removed("consumption:Budget"),
    "permission-changes-are-watched": put(
        "monitor:ActivityLogAlert prod-monitoring-account-permissions-changes", "actions.actionGroups", []
    ),
    "denied-flows-are-watched": put(
        "monitor:ScheduledQueryRule prod-monitoring-network-flows-denied", "criteria.allOf", []
    ),
    "odd-traffic-is-watched": put(
        "monitor:ScheduledQueryRule prod-monitoring-entry-firewall-blocked-percent", "criteria.allOf", []
    ),
    "everything-is-tagged": put("keyvault:Vault prod-vault", "tags.stack", None),
}  # fmt: skip
FAULTS = {"aws": AWS, "gcp": GCP, "azure": AZURE, "kubernetes": KUBERNETES}
"""Change that makes a check fail which production passes."""

REPAIRS: Mapping[tuple[str, str], Change] = {
    ("aws", "pass-role-and-run"): removed("iam:Policy", "iam:RolePolicy"),
    ("aws", "secrets-rotate"): removed("secretsmanager:Secret"),
    ("aws", "inside-is-encrypted"): put("lb:TargetGroup prod-ingress-gateway", "protocol", "HTTPS"),
    ("aws", "backups-leave-the-region"): added(
        "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication", {}
    ),
    ("gcp", "pass-role-and-run"): removed("serviceaccount:IAMMember"),
    ("gcp", "secrets-rotate"): removed("secretmanager:Secret"),
    ("gcp", "backups-leave-the-region"): put(
        "sql:DatabaseInstance prod-database", "settings.backupConfiguration.location", "us-east1"
    ),
    ("azure", "no-lasting-keys"): lambda inventory: with_input(
        with_input(inventory, "dbforpostgresql:Server prod-database", "authConfig.passwordAuth", "Disabled"),
        "redisenterprise:Database prod-cache-data", "accessKeysAuthentication", "Disabled",
    ),
    ("azure", "pass-role-and-run"): removed("authorization:RoleAssignment"),
    ("azure", "secrets-rotate"): removed("keyvault:Secret"),
    ("azure", "stored-data-has-our-key"): removed(
        "dbforpostgresql:Server", "storage:StorageAccount", "containerregistry:Registry"
    ),
    ("azure", "backups-leave-the-region"): put("dbforpostgresql:Server prod-database", "backup.geoRedundantBackup", "Enabled"),
    ("kubernetes", "no-lasting-keys"): removed("core:Secret"),
    ("kubernetes", "secrets-rotate"): removed("core:Secret"),
    ("kubernetes", "inside-is-encrypted"): removed("core:Service"),
    ("kubernetes", "data-has-no-way-out"): put(DATABASE_POLICY, "spec.egress", []),
}  # fmt: skip
"""Change that repairs a check which production fails."""
CASES = [(cloud, check) for cloud in CLOUDS for check in CHECK_IDS if isinstance(answer_of(cloud, check), CloudCheck)]
RESOURCE_CASES = [(cloud, check) for cloud, check in CASES if check not in PLATFORM_CHECKS]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_cloud_answers_every_check_once(cloud: str) -> None:
    answers = audit(cloud)
    assert answers is not None
    assert sorted([*answers, *PLATFORM_CHECKS]) == sorted(CHECK_IDS)


def test_every_check_has_a_title_and_a_fix() -> None:
    assert len(CHECK_IDS) == len(set(CHECK_IDS))
    assert [check.id for check in CHECKS if not (check.title and check.remediation and check.group)] == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_check_that_is_not_answered_has_a_reason(cloud: str) -> None:
    answers = [answer_of(cloud, check) for check in CHECK_IDS]
    assert [each for each in answers if isinstance(each, NotApplicable | OnlyLive) and not each.reason] == []


@pytest.mark.parametrize(("cloud", "check"), RESOURCE_CASES)
def test_each_check_has_a_fault_or_a_repair(cloud: str, check: str) -> None:
    assert (check in FAULTS[cloud]) != ((cloud, check) in REPAIRS)


@pytest.mark.parametrize(("cloud", "check"), [(cloud, check) for cloud in CLOUDS for check in FAULTS[cloud]])
def test_a_planted_fault_fails_its_check_with_evidence(cloud: str, check: str) -> None:
    assert result_of(audited(cloud), check).verdict is CheckVerdict.PASSED
    result = result_of(audited(cloud, FAULTS[cloud][check](inventory_of(cloud))), check)
    assert result.verdict is CheckVerdict.FAIL
    failed = [finding.evidence for finding in result.findings if finding.verdict is CheckVerdict.FAIL]
    assert failed
    assert all(evidence.why and evidence.property and evidence.value for evidence in failed)


@pytest.mark.parametrize(("cloud", "check"), REPAIRS)
def test_a_repaired_failure_passes_or_has_nothing_to_check(cloud: str, check: str) -> None:
    assert result_of(audited(cloud), check).verdict is CheckVerdict.FAIL
    result = result_of(audited(cloud, REPAIRS[cloud, check](inventory_of(cloud))), check)
    assert result.verdict in (CheckVerdict.PASSED, CheckVerdict.NOT_APPLICABLE)


def test_a_public_service_without_authentication_fails() -> None:
    risk = {"accept_risk": {"ingress.auth": "the gateway requires a session cookie"}}
    audit = audited_with("aws", {"services.gateway.secrets": ["OPENAI_API_KEY"], **risk})
    assert result_of(audit, "entry-knows-its-caller").verdict is CheckVerdict.FAIL
    assert result_of(audit, "risks-have-reasons").verdict is CheckVerdict.PASSED
    limited = audited_with(
        "aws", {"services.gateway.secrets": ["OPENAI_API_KEY"], "ingress.allowed_cidrs": ["198.51.100.0/24"]}
    )
    assert result_of(limited, "entry-knows-its-caller").verdict is CheckVerdict.PASSED


def test_a_drill_answers_whether_restores_are_tested() -> None:
    assert result_of(audited("aws"), "restore-is-tested").verdict is CheckVerdict.FAIL
    assert result_of(audited_with("aws", {"recovery.drill": DRILL}), "restore-is-tested").verdict is CheckVerdict.PASSED


def test_an_image_by_tag_is_not_pinned() -> None:
    image = {"services.chat.image": "chat:1.0", "accept_risk": {"services.chat.image": "a trial of one week"}}
    (finding,) = [
        each
        for each in result_of(audited_with("aws", image), "images-are-pinned").findings
        if each.verdict is CheckVerdict.FAIL
    ]
    assert finding.evidence.resource == "service chat"


def test_copies_in_a_standby_region_answer_for_the_loss_of_a_region() -> None:
    audit = audited_with("aws", {"recovery": {"mode": "backup", "standby_region": "us-east-1"}})
    assert result_of(audit, "backups-leave-the-region").verdict is CheckVerdict.PASSED


def test_a_platform_without_a_database_has_no_backups_to_check() -> None:
    changes = {
        "database": DROP,
        "services.gateway.uses": ["cache", "storage", "models"],
        "services.chat.uses": [],
        "services.worker.uses": ["cache"],
    }
    audit = audited_with("aws", changes)
    for check in ("backups-are-kept", "backups-leave-the-region", "restore-is-tested"):
        assert result_of(audit, check).verdict is CheckVerdict.NOT_APPLICABLE


ACCEPTED = "no TLS in the services yet"


def test_an_accepted_failure_has_its_reason() -> None:
    audit = audited_with("aws", {"accept_checks": {"inside-is-encrypted": {"reason": ACCEPTED}}})
    result = result_of(audit, "inside-is-encrypted")
    assert result.verdict is CheckVerdict.ACCEPTED
    assert [finding.reason for finding in result.findings] == [ACCEPTED]
    assert audit.useless == ()


def test_an_acceptance_of_one_resource_leaves_the_others() -> None:
    key = "secrets-rotate/prod-secrets-OPENAI_API_KEY"
    result = result_of(audited_with("aws", {"accept_checks": {key: {"reason": ACCEPTED}}}), "secrets-rotate")
    assert result.verdict is CheckVerdict.FAIL
    accepted = [finding.evidence.resource for finding in result.findings if finding.verdict is CheckVerdict.ACCEPTED]
    assert accepted == ["secretsmanager:Secret prod-secrets-OPENAI_API_KEY"]


@pytest.mark.parametrize(
    ("day", "verdict"), [(date(2027, 3, 31), CheckVerdict.ACCEPTED), (date(2027, 4, 1), CheckVerdict.FAIL)]
)
def test_an_acceptance_ends_after_its_last_day(day: date, verdict: CheckVerdict) -> None:
    entry = {"reason": ACCEPTED, "until": "2027-03-31"}
    audit = audited_with("aws", {"accept_checks": {"inside-is-encrypted": entry}}, day)
    assert result_of(audit, "inside-is-encrypted").verdict is verdict
    messages = [str(error) for error in audit.useless]
    expired = "accept_checks.inside-is-encrypted: expired on 2027-03-31. Fix the failure, or set a later date with the reason."
    assert messages == ([] if verdict is CheckVerdict.ACCEPTED else [expired])


def test_an_acceptance_of_a_check_that_passes_fails_the_audit() -> None:
    audit = audited_with("aws", {"accept_checks": {"keys-rotate": {"reason": ACCEPTED}}})
    assert [str(error) for error in audit.useless] == [
        "accept_checks.keys-rotate: accepts nothing: the check does not fail. Remove it."
    ]


def test_an_acceptance_for_another_cloud_is_of_no_use_only_there() -> None:
    entries = {"azure/stored-data-has-our-key": {"reason": ACCEPTED}, "aws/inside-is-encrypted": {"reason": ACCEPTED}}
    aws, azure = (audited_with(cloud, {"accept_checks": entries}) for cloud in ("aws", "azure"))
    assert (aws.useless, azure.useless) == ((), ())
    assert result_of(aws, "inside-is-encrypted").verdict is CheckVerdict.ACCEPTED
    assert result_of(azure, "stored-data-has-our-key").verdict is CheckVerdict.ACCEPTED


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("keys-rotate", ("", "keys-rotate", "")),
        ("aws/keys-rotate", ("aws", "keys-rotate", "")),
        ("keys-rotate/prod-keys-data", ("", "keys-rotate", "prod-keys-data")),
        ("gcp/keys-rotate/prod-keys-data", ("gcp", "keys-rotate", "prod-keys-data")),
    ],
)
def test_a_key_of_an_acceptance_has_cloud_check_and_resource(key: str, parts: tuple[str, str, str]) -> None:
    assert acceptance_key(key) == parts


def test_no_evidence_shows_a_secret() -> None:
    for cloud in CLOUDS:
        values = [finding.evidence.value for each in audited(cloud).results for finding in each.findings]
        assert values
        assert not [value for value in values if "the value of every listed secret" in value]


def test_the_document_is_up_to_date() -> None:
    assert (ROOT / AUDIT_FILE).read_text(encoding="utf-8") == audit_text(ROOT), "run `agent-platform config audit`"
