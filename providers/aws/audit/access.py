"""Checks of identities, rights, keys and secrets on AWS. Pure."""

from collections.abc import Iterator, Mapping

from providers.contract.audit import (
    AuditSite,
    CheckEvidence,
    is_secret_name,
    is_set,
    is_true,
    json_input,
    require,
    require_one,
    state,
)
from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_list, is_mapping

UNBOUNDED_ACTIONS = (
    "backup:DescribeRestoreJob", "backup:PutRestoreValidationResult", "cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "cloudwatch:GetMetricWidgetImage", "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
    "logs:DescribeLogGroups", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
)  # fmt: skip
"""Actions for which IAM has no resource: Service Authorization Reference."""
IAM_EVENTS = ("PutRolePolicy", "AttachRolePolicy", "iam.amazonaws.com")


def rights_name_actions(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the actions of every identity policy; a wildcard alone is broader than any service needs."""
    for policy, statement in _allowed(site):
        wide = [action for action in _texts(statement.get("Action")) if action == "*" or action.endswith(":*")]
        yield state(policy, "policy.Action", _texts(statement.get("Action")), not wide, f"allows {', '.join(wide)}")


def rights_name_resources(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the resources of every identity policy."""
    for policy, statement in _allowed(site):
        actions = [action for action in _texts(statement.get("Action")) if action not in UNBOUNDED_ACTIONS]
        wide = "*" in _texts(statement.get("Resource")) and bool(actions)
        yield state(
            policy,
            "policy.Resource",
            _texts(statement.get("Resource")),
            not wide,
            f"{', '.join(actions)} on every resource",
        )


def own_identity_per_service(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the role of each task, which differs from its execution role and from the roles of other services."""
    roles: set[object] = set()
    for task in site.of_type("ecs:TaskDefinition"):
        role, execution = task.value("taskRoleArn"), task.value("executionRoleArn")
        passed = role is not None and role != execution
        roles.add(role)
        yield state(task, "taskRoleArn", role, passed, "the task has the role that starts it")
    enough = len(roles) >= len(site.spec.services)
    counted = f"{len(roles)} roles of {len(site.spec.services)} services"
    yield CheckEvidence("", "taskRoleArn", counted, enough, "" if enough else "services share a role")


def trust_is_narrow(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the trust policy of every role: a condition, or tasks of this account."""
    for role in site.of_type("iam:Role"):
        for statement in statements_of(role, "assumeRolePolicy"):
            condition, principal = statement.get("Condition"), statement.get("Principal")
            named = principal != "*" and not (is_mapping(principal) and "*" in _texts(principal.get("AWS")))
            why = "any caller of the service is trusted" if named else "every account is trusted"
            yield state(role, "assumeRolePolicy.Condition", condition, bool(condition) and named, why)


def no_lasting_keys(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield users and access keys, of which a stack has none."""
    keys = site.of_type("iam:User", "iam:AccessKey")
    names = ", ".join(each.name for each in keys)
    yield CheckEvidence(
        "", "iam:User, iam:AccessKey", names or "none", not keys, "" if not keys else "keys without expiry"
    )


def pass_role_and_run(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield identities that may choose a role and define what runs with it."""
    by_role: dict[str, set[str]] = {}
    for policy, statement in _allowed(site):
        role = str(policy.value("role") or policy.name)
        by_role.setdefault(role, set()).update(_texts(statement.get("Action")))
    for role, actions in by_role.items():
        if "iam:PassRole" in actions:
            both = "ecs:RegisterTaskDefinition" in actions
            why = "its user may start a task with any image and every secret of a service"
            yield CheckEvidence(role, "policy.Action", "iam:PassRole", not both, why if both else "")


def keys_rotate(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the rotation of every key."""
    yield from require(site.of_type("kms:Key"), "enableKeyRotation", is_true, "the key material never changes")


def secrets_rotate(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the rotation of every secret."""
    rotated = {urn for rotation in site.of_type("secretsmanager:SecretRotation") for urn in rotation.depends_on}
    for secret in site.of_type("secretsmanager:Secret"):
        yield state(secret, "rotation", secret.urn in rotated, secret.urn in rotated, "nothing rotates the secret")


def permission_changes_are_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield alarms that notify when a rule on changes of permissions has matched an event."""
    rules = {
        rule.urn
        for rule in site.of_type("cloudwatch:EventRule")
        if any(event in str(rule.value("eventPattern")) for event in IAM_EVENTS)
    }
    alarms = site.of_type("cloudwatch:MetricAlarm")
    watching = [alarm for alarm in alarms if rules & alarm.depends_on and is_set(alarm.value("alarmActions"))]
    yield from require_one(watching, "alarm on changes of IAM", "no alarm of the stack watches changes of permissions")


def stored_data_has_our_key(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the key of every store; access logs of load balancer and bucket support keys of S3 only."""
    why = "encrypted with a key of AWS"
    for path, types in (
        ("kmsKeyId", ("rds:Instance", "elasticache:ReplicationGroup", "secretsmanager:Secret", "cloudwatch:LogGroup")),
        ("kmsMasterKeyId", ("sns:Topic",)),
        ("kmsKeyArn", ("amp:Workspace", "backup:Vault")),
    ):
        yield from require(site.of_type(*types), path, is_set, why)
    for repository in site.of_type("ecr:Repository"):
        kinds = [each.get("encryptionType") for each in repository.items("encryptionConfigurations")]
        yield state(repository, "encryptionConfigurations", kinds, kinds == ["KMS"], why)
    for settings in site.of_type("s3:BucketServerSideEncryptionConfiguration"):
        rules = [each.get("applyServerSideEncryptionByDefault") for each in settings.items("rules")]
        kinds = [each.get("sseAlgorithm") for each in rules if is_mapping(each)]
        logs = settings.name.endswith(("-logs-encryption", "-access-encryption"))
        yield state(settings, "sseAlgorithm", kinds, logs or kinds == ["aws:kms"], why)


def no_secret_in_plain(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield variables of containers whose names promise a secret."""
    for task in site.of_type("ecs:TaskDefinition"):
        variables = [each for container in containers(task) for each in _objects(container.get("environment"))]
        plain = [str(each.get("name")) for each in variables if is_secret_name(str(each.get("name")))]
        yield state(
            task,
            "containerDefinitions.environment",
            plain or "no secret",
            not plain,
            "a plain variable has the name of a secret",
        )


def containers(task: DeclaredResource) -> list[Mapping[str, object]]:
    """Return the containers of a task definition."""
    return _objects(json_input(task, "containerDefinitions"))


def _allowed(site: AuditSite) -> Iterator[tuple[DeclaredResource, Mapping[str, object]]]:
    for policy in site.of_type("iam:RolePolicy", "iam:Policy"):
        for statement in statements_of(policy, "policy"):
            if statement.get("Effect") == "Allow":
                yield policy, statement


def statements_of(resource: DeclaredResource, path: str) -> list[Mapping[str, object]]:
    """Return the statements of a policy that is an input."""
    document = json_input(resource, path)
    statements = document.get("Statement") if is_mapping(document) else None
    return [statements] if is_mapping(statements) else _objects(statements)


def _objects(value: object) -> list[Mapping[str, object]]:
    return [each for each in value if is_mapping(each)] if is_list(value) else []


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if is_list(value) else [str(value)] if value else []
