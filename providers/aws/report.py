"""Facts for the report of a stack on AWS, read from security groups, policies, secrets and keys. Pure."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_list, is_mapping, texts
from providers.contract.report import (
    DATABASE,
    ENTRY,
    EVERY_PORT,
    INTERNET,
    MODELS,
    REFERENCE,
    STORAGE,
    AllowedConnection,
    CloudFacts,
    DeclaredIdentity,
    EncryptionKey,
    GrantedRight,
    ReportSite,
    SecretReader,
    StoredData,
    StoredSecret,
    evidence,
    is_anywhere,
    port_text,
)

SERVICE_GROUP = "service-"
GROUPS = {"load-balancer": ENTRY, "database": DATABASE, "endpoints": "private endpoints of AWS"}
"""Part by the name of its security group; those of services begin with `service-`."""
INGRESS, EGRESS = "vpc:SecurityGroupIngressRule", "vpc:SecurityGroupEgressRule"
POLICIES = ("iam:RolePolicy", "iam:Policy")
READ_SECRET = "secretsmanager:GetSecretValue"  # noqa: S105  # the name of an action
BY_PERMISSION = {"s3:GetObject": STORAGE, "s3:PutObject": STORAGE, "bedrock:InvokeModel": MODELS}
"""Part that an action reaches without a rule of a security group."""
AWS_KEY = "key of AWS"
Statement = Mapping[str, object]


def connections(site: ReportSite) -> Iterator[AllowedConnection]:
    """Yield connections that both security groups allow, clients, outbound access, and permissions on objects and models."""
    accepted = {_ends(site, rule): rule for rule in site.of_type(INGRESS)}
    for rule in site.of_type(INGRESS):
        source = rule.value("cidrIpv4") or rule.value("cidrIpv6")
        if source is not None:
            yield AllowedConnection(
                INTERNET if is_anywhere(source) else str(source),
                _group(site, rule.value("securityGroupId")),
                _ports(rule),
                evidence(rule),
                site.region(rule),
                is_anywhere(source),
            )
    for rule in site.of_type(EGRESS):
        if rule.value("referencedSecurityGroupId") and _ends(site, rule) in accepted:
            source, target, _ports_of_rule, region = _ends(site, rule)
            yield AllowedConnection(source, target, _ports(rule), evidence(accepted[_ends(site, rule)]), region)
        elif not rule.value("referencedSecurityGroupId"):
            yield _outbound(site, rule)
    yield from _permissions(site)


def _ends(site: ReportSite, rule: DeclaredResource) -> tuple[str, str, str, str]:
    """Return source, target, ports and region of a rule between two groups, the same for both of its sides."""
    own, other = _group(site, rule.value("securityGroupId")), _group(site, rule.value("referencedSecurityGroupId"))
    source, target = (other, own) if rule.type == INGRESS else (own, other)
    return source, target, _ports(rule), site.region(rule)


def _outbound(site: ReportSite, rule: DeclaredResource) -> AllowedConnection:
    cidr = rule.value("cidrIpv4") or rule.value("cidrIpv6")
    target = "S3" if rule.value("prefixListId") else INTERNET if is_anywhere(cidr) else str(cidr)
    source = _group(site, rule.value("securityGroupId"))
    return AllowedConnection(source, target, _ports(rule), evidence(rule), site.region(rule), is_anywhere(cidr))


def _permissions(site: ReportSite) -> Iterator[AllowedConnection]:
    users = _role_users(site)
    for policy, role, statement in _allowed(site):
        if role is None or role.name not in users:
            continue
        for part in dict.fromkeys(
            BY_PERMISSION[each] for each in texts(statement.get("Action")) if each in BY_PERMISSION
        ):
            yield AllowedConnection(users[role.name], part, "", evidence(policy), site.region(policy))


def _group(site: ReportSite, value: object) -> str:
    group = site.referred(value)
    if group is None:
        return str(value)
    part = site.part(group)
    return (
        part.removeprefix(SERVICE_GROUP) if part.startswith(SERVICE_GROUP) else GROUPS.get(part, site.cache_key(part))
    )


def _ports(rule: DeclaredResource) -> str:
    if rule.value("ipProtocol") == "-1":
        return EVERY_PORT
    return port_text(rule.value("fromPort"), rule.value("toPort"))


def rights(site: ReportSite) -> Iterator[GrantedRight]:
    """Yield the allowed actions of every policy, and managed policies that are attached."""
    for policy, role, statement in _allowed(site):
        identity = site.label(role) if role is not None else site.label(policy)
        for target in texts(statement.get("Resource")):
            yield GrantedRight(identity, tuple(texts(statement.get("Action"))), _target(site, target), evidence(policy))
    for attachment in site.of_type("iam:RolePolicyAttachment"):
        role, arn = site.referred(attachment.value("role")), str(attachment.value("policyArn"))
        if role is not None and not REFERENCE.search(arn):
            name = arn.rpartition("/")[2]
            yield GrantedRight(site.label(role), (name,), "what the managed policy names", evidence(attachment))


def _target(site: ReportSite, value: str) -> str:
    """Return a target with the label of the resource that it refers to."""
    resource = site.referred(value)
    if resource is None:
        return "every resource" if value == "*" else value
    suffix = REFERENCE.sub("", value, count=1).removeprefix(".arn").removeprefix(".repositoryUrl")
    return f"{resource.type} {site.label(resource)}{suffix}"


def identities(site: ReportSite) -> Iterator[DeclaredIdentity]:
    """Yield every role with what uses it and what its trust policy allows."""
    users = _role_users(site)
    for role in site.of_type("iam:Role"):
        principals = [_principal(statement) for statement in _statements(role, "assumeRolePolicy")]
        yield DeclaredIdentity(site.label(role), users.get(role.name, ""), "; ".join(principals), evidence(role))


def _principal(statement: Statement) -> str:
    """Return the principal of a trust policy with what its condition names."""
    principal, condition = statement.get("Principal"), statement.get("Condition")
    names = (
        ", ".join(text for each in _values(principal) for text in texts(each))
        if is_mapping(principal)
        else str(principal)
    )
    parts = [
        f"{key} {', '.join(texts(value))}"
        for test in _values(condition)
        if is_mapping(test)
        for key, value in test.items()
    ]
    return f"{names}, if {'; '.join(parts)}" if parts else names


def _values(value: object) -> list[object]:
    return list(value.values()) if is_mapping(value) else []


def _role_users(site: ReportSite) -> Mapping[str, str]:
    """Return the service of each role of a task definition, by the role's name."""
    users: dict[str, str] = {}
    for task in site.of_type("ecs:TaskDefinition"):
        for key in ("taskRoleArn", "executionRoleArn"):
            role = site.referred(task.value(key))
            if role is not None:
                users.setdefault(role.name, _service(site, task))
    return users


def _service(site: ReportSite, task: DeclaredResource) -> str:
    """Return the service of a task definition: of the names of services, the longest that its own begins with."""
    part = site.part(task)
    fitting = [name for name in site.spec.services if part == name or part.startswith(f"{name}-")]
    return max(fitting, key=len, default=site.label(task))


def secrets(site: ReportSite) -> Iterator[StoredSecret]:
    """Yield every secret with the roles whose policies allow to read it."""
    rotated = {urn for rotation in site.of_type("secretsmanager:SecretRotation") for urn in rotation.depends_on}
    users = _role_users(site)
    for secret in site.of_type("secretsmanager:Secret"):
        readers = [
            SecretReader(users.get(role.name, site.label(role)) if role else site.label(policy), evidence(policy))
            for policy, role, statement in _allowed(site)
            if _reads(statement) and any(_covers(text, secret.name) for text in texts(statement.get("Resource")))
        ]
        key = site.label_of(secret.value("kmsKeyId")) or AWS_KEY
        yield StoredSecret.of(site, secret, readers, key, "scheduled" if secret.urn in rotated else "")


def _reads(statement: Statement) -> bool:
    return any(fnmatchcase(READ_SECRET, action) for action in texts(statement.get("Action")))


def _covers(resource: str, secret: str) -> bool:
    """Return whether the resource of a statement covers a secret: its reference, or a pattern for all secrets."""
    match = REFERENCE.search(resource)
    return match["name"] == secret if match else resource == "*" or ":secret:*" in resource


def data(site: ReportSite) -> Iterator[StoredData]:
    """Yield database, cache, buckets, copies and logs."""
    yield from _databases(site)
    for cache in site.of_type("elasticache:ReplicationGroup"):
        days, mode = cache.value("snapshotRetentionLimit"), cache.value("transitEncryptionMode")
        transit = "TLS required" if mode == "required" else "TLS optional"
        backup = f"daily snapshots kept {days} days" if days else "none"
        yield _stored(site, site.cache_of(cache), "Valkey", cache, cache.value("kmsKeyId"), transit, backup)
    yield from _buckets(site)
    for replication in site.of_type("rds:InstanceAutomatedBackupsReplication"):
        days = replication.value("retentionPeriod")
        yield _stored(
            site, "copies", "database backups", replication, replication.value("kmsKeyId"), "TLS", f"kept {days} days"
        )
    for vault in site.of_type("backup:Vault"):
        yield _stored(site, "copies", "backup vault", vault, vault.value("kmsKeyArn"), "TLS", "see its plan")
    groups = site.of_type("cloudwatch:LogGroup")
    for retention, key in sorted(
        {(str(each.value("retentionInDays")), str(each.value("kmsKeyId"))) for each in groups}
    ):
        same = [
            each
            for each in groups
            if (str(each.value("retentionInDays")), str(each.value("kmsKeyId"))) == (retention, key)
        ]
        yield _stored(site, "logs", f"{len(same)} log groups", same[0], key, "TLS", f"kept {retention} days")


def _databases(site: ReportSite) -> Iterator[StoredData]:
    forced = any(
        each.get("name") == "rds.force_ssl" and each.get("value") == "1"
        for group in site.of_type("rds:ParameterGroup")
        for each in group.items("parameters")
    )
    for database in site.of_type("rds:Instance"):
        days = database.value("backupRetentionPeriod")
        backup = f"point in time, kept {days} days" if days else "none"
        transit = "TLS required" if forced else "TLS optional"
        yield _stored(site, DATABASE, "PostgreSQL", database, database.value("kmsKeyId"), transit, backup)


def _buckets(site: ReportSite) -> Iterator[StoredData]:
    settings = {each.name: each for each in site.of_type("s3:BucketServerSideEncryptionConfiguration")}
    policies = [str(each.value("policy")) for each in site.of_type("s3:BucketPolicy")]
    versions = {
        reference["name"]
        for each in site.of_type("s3:BucketVersioning")
        if each.value("versioningConfiguration", "status") == "Enabled"
        and (reference := REFERENCE.search(str(each.value("bucket"))))
    }
    for bucket in site.of_type("s3:Bucket"):
        rules = settings[f"{bucket.name}-encryption"].items("rules") if f"{bucket.name}-encryption" in settings else ()
        keys = [rule.get("applyServerSideEncryptionByDefault") for rule in rules]
        key = next((each.get("kmsMasterKeyId") for each in keys if is_mapping(each)), None)
        tls = any(f"{bucket.name}>" in policy and "aws:SecureTransport" in policy for policy in policies)
        backup = "versions of objects" if bucket.name in versions else "none"
        part = (
            STORAGE
            if site.label(bucket) == STORAGE
            else "logs"
            if "log" in bucket.name or "access" in bucket.name
            else "copies"
        )
        yield _stored(
            site, part, f"bucket {site.label(bucket)}", bucket, key, "TLS required" if tls else "TLS optional", backup
        )


def _stored(
    site: ReportSite, part: str, what: str, resource: DeclaredResource, key: object, transit: str, backup: str
) -> StoredData:
    label = site.label_of(key) or (str(key) if isinstance(key, str) and key.startswith("arn:") else AWS_KEY)
    return StoredData(part, what, label, transit, backup, evidence(resource), site.region(resource))


def keys(site: ReportSite) -> Iterator[EncryptionKey]:
    """Yield the keys of the stack."""
    for key in site.of_type("kms:Key", "kms:ReplicaKey"):
        rotates = key.value("enableKeyRotation") is True or key.type == "kms:ReplicaKey"
        yield EncryptionKey(site.label(key), "every year" if rotates else "none", evidence(key), site.region(key))


def _allowed(site: ReportSite) -> Iterator[tuple[DeclaredResource, DeclaredResource | None, Statement]]:
    """Yield the allowing statements of policies with the role that has them; None for a policy without one."""
    attached = {
        policy.urn: site.referred(each.value("role"))
        for each in site.of_type("iam:RolePolicyAttachment")
        if (policy := site.referred(each.value("policyArn"))) is not None
    }
    by_name = {str(role.value("name")): role for role in site.of_type("iam:Role")}
    for policy in site.of_type(*POLICIES):
        role = site.referred(policy.value("role")) or attached.get(policy.urn) or by_name.get(str(policy.value("role")))
        for statement in _statements(policy, "policy"):
            if statement.get("Effect") == "Allow":
                yield policy, role, statement


def _statements(resource: DeclaredResource, key: str) -> list[Statement]:
    document: object = json.loads(str(resource.value(key) or "{}"))
    statements = document.get("Statement") if is_mapping(document) else None
    listed = [statements] if is_mapping(statements) else statements
    return [each for each in listed if is_mapping(each)] if is_list(listed) else []


FACTS = CloudFacts(
    connections=connections,
    rights=rights,
    identities=identities,
    secrets=secrets,
    data=data,
    keys=keys,
    alarm_types=("cloudwatch:MetricAlarm", "cloudwatch:CompositeAlarm"),
)
