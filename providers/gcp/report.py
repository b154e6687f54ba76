"""Facts for the report of a stack on Google Cloud, read from firewalls, role bindings, secrets and keys. Pure."""

from collections.abc import Iterator, Mapping

from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import texts
from providers.contract.report import (
    DATABASE,
    ENTRY,
    EVERY_SERVICE,
    INTERNET,
    MODELS,
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
)

RUN_TYPES = ("cloudrunv2:Service", "cloudrunv2:WorkerPool")
MEMBERS: Mapping[str, str] = {
    "artifactregistry:RepositoryIamMember": "repository",
    "cloudrunv2:JobIamMember": "name",
    "cloudrunv2:ServiceIamMember": "name",
    "cloudrunv2:WorkerPoolIamMember": "name",
    "kms:CryptoKeyIAMMember": "cryptoKeyId",
    "projects:IAMMember": "project",
    "secretmanager:SecretIamMember": "secretId",
    "serviceaccount:IAMMember": "serviceAccountId",
    "storage:BucketIAMMember": "bucket",
}
"""Input with the target of a role, by the type that binds it."""
TARGETS = {"to-database": DATABASE, "to-google": "interfaces of Google", "to-world": INTERNET}
"""Part by the name of the firewall rule for outbound connections."""
INVOKER, READ_SECRET = "roles/run.invoker", "roles/secretmanager.secretAccessor"
BALANCED = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
GOOGLE_KEY = "key of Google"
MODELS_ROLE = "-models>"
OUTBOUND, INBOUND = "EGRESS", "INGRESS"


def connections(site: ReportSite) -> Iterator[AllowedConnection]:
    """Yield the entry's ports, services behind it, permitted calls, outbound rules, and permissions on objects and models."""
    for rule in site.of_type("compute:GlobalForwardingRule"):
        ports = str(rule.value("portRange"))
        yield AllowedConnection(INTERNET, ENTRY, ports, evidence(rule), site.region(rule), open=True)
    for service in site.of_type("cloudrunv2:Service"):
        if service.value("ingress") == BALANCED:
            yield AllowedConnection(ENTRY, site.part(service), _port(service), evidence(service), site.region(service))
    for rule in site.of_type("compute:Firewall"):
        yield from _firewall(site, rule)
    yield from _permissions(site)


def _firewall(site: ReportSite, rule: DeclaredResource) -> Iterator[AllowedConnection]:
    """Yield what a rule allows; a rule for all machines of the network is one for every service."""
    allowed = [port for each in rule.items("allows") for port in _ports(each.get("ports"))]
    outbound = rule.value("direction") == OUTBOUND
    ranges = texts(rule.value("destinationRanges" if outbound else "sourceRanges"))
    services = [_service(site, tag) for tag in texts(rule.value("targetTags"))] or [EVERY_SERVICE]
    wide = any(is_anywhere(each) for each in ranges)
    for service in services if rule.length("allows") else ():
        other = INTERNET if wide else _destination(site, site.part(rule), ", ".join(ranges))
        source, target = (service, other) if outbound else (other, service)
        yield AllowedConnection(source, target, ", ".join(allowed), evidence(rule), site.region(rule), wide)


def _destination(site: ReportSite, rule: str, ranges: str) -> str:
    """Return the part that a rule leads to, by its name; else its ranges."""
    caches = {f"to-{cache.part}": cache.key for cache in site.spec.all_caches}
    return {**TARGETS, **caches}.get(rule, ranges)


def _permissions(site: ReportSite) -> Iterator[AllowedConnection]:
    users = _account_users(site)
    for member, account in _members(site):
        user = users.get(account.name) if account is not None else None
        role, kind = str(member.value("role")), member.type
        if user is None:
            continue
        if kind == "cloudrunv2:ServiceIamMember" and role == INVOKER:
            callee = _service(site, str(member.value("name")))
            yield AllowedConnection(user, callee, _port_of(site, callee), evidence(member), site.region(member))
        elif kind == "storage:BucketIAMMember" and site.label_of(member.value("bucket")) == STORAGE:
            yield AllowedConnection(user, STORAGE, "", evidence(member), site.region(member))
        elif kind == "projects:IAMMember" and MODELS_ROLE in role:
            yield AllowedConnection(user, MODELS, "", evidence(member), site.region(member))


def _port_of(site: ReportSite, callee: str) -> str:
    return next((_port(each) for each in site.of_type("cloudrunv2:Service") if site.part(each) == callee), "")


def _port(service: DeclaredResource) -> str:
    """Return the port at which Cloud Run serves a service: 443, in front of the container's own."""
    return "443" if service.items("template", "containers") else ""


def _service(site: ReportSite, tag: str) -> str:
    return tag.removeprefix(f"{site.stack}-")


def rights(site: ReportSite) -> Iterator[GrantedRight]:
    """Yield every role of every member with its target."""
    for member, account in _members(site):
        identity = site.label(account) if account is not None else str(member.value("member"))
        role = site.referred(member.value("role"))
        named = tuple(texts(role.value("permissions"))) if role is not None else (str(member.value("role")),)
        yield GrantedRight(identity, named, _target(site, member), evidence(member))


def _target(site: ReportSite, member: DeclaredResource) -> str:
    value = member.value(MEMBERS[member.type])
    resource = site.referred(value)
    if resource is not None:
        return f"{resource.type} {site.label(resource)}"
    return f"project {value}" if member.type == "projects:IAMMember" else str(value)


def _members(site: ReportSite) -> Iterator[tuple[DeclaredResource, DeclaredResource | None]]:
    """Yield every binding with the identity of the stack that has the role; None for another member."""
    for member in site.of_type(*MEMBERS):
        yield member, site.referred(member.value("member"))


def identities(site: ReportSite) -> Iterator[DeclaredIdentity]:
    """Yield every service account with the service that runs as it, and what may act as it."""
    users = _account_users(site)
    bindings = [each for each in site.of_type("serviceaccount:IAMMember")]
    for account in site.of_type("serviceaccount:Account"):
        trusted = [
            f"{site.label_of(each.value('member')) or each.value('member')} ({each.value('role')})"
            for each in bindings
            if f" {account.name}>" in str(each.value("serviceAccountId"))
        ]
        name = site.label(account)
        yield DeclaredIdentity(name, users.get(account.name, ""), "; ".join(trusted), evidence(account))


def _account_users(site: ReportSite) -> Mapping[str, str]:
    """Return the service that runs as each service account, by the account's name."""
    users: dict[str, str] = {}
    for service in site.of_type(*RUN_TYPES):
        account = site.referred(service.value("template", "serviceAccount"))
        if account is not None:
            users[account.name] = site.part(service)
    return users


def secrets(site: ReportSite) -> Iterator[StoredSecret]:
    """Yield every secret with the members that may read it, and those that may read every secret of the project."""
    users = _account_users(site)
    readers: dict[str, list[SecretReader]] = {}
    everywhere: list[SecretReader] = []
    for member, account in _members(site):
        if member.value("role") == READ_SECRET:
            name = users.get(account.name, site.label(account)) if account is not None else str(member.value("member"))
            reader = SecretReader(name, evidence(member))
            if member.type == "secretmanager:SecretIamMember":
                readers.setdefault(str(member.value("secretId")), []).append(reader)
            elif member.type == "projects:IAMMember":
                everywhere.append(reader)
    for secret in site.of_type("secretmanager:Secret"):
        replicas = secret.items("replication", "userManaged", "replicas")
        key = next((site.label_of(each.get("customerManagedEncryption")) for each in replicas), "")
        rotation = "reminder" if secret.value("rotation") else ""
        own = [*readers.get(str(secret.value("secretId")), ()), *everywhere]
        yield StoredSecret.of(site, secret, own, key or GOOGLE_KEY, rotation)


def data(site: ReportSite) -> Iterator[StoredData]:
    """Yield database, cache, buckets and logs."""
    for database in site.of_type("sql:DatabaseInstance"):
        backup = database.value("settings", "backupConfiguration", "enabled")
        kept = database.value("settings", "backupConfiguration", "backupRetentionSettings", "retainedBackups")
        mode = database.value("settings", "ipConfiguration", "sslMode")
        yield _stored(
            site, DATABASE, "PostgreSQL", database, database.value("encryptionKeyName"),
            "TLS required" if mode in ("ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED") else "TLS optional",
            f"point in time, kept {kept} days" if backup else "none",
        )  # fmt: skip
    for cache in site.of_type("redis:Instance"):
        encrypted = cache.value("transitEncryptionMode") == "SERVER_AUTHENTICATION"
        snapshots = cache.value("persistenceConfig", "persistenceMode") == "RDB"
        yield _stored(
            site, site.cache_of(cache), "Redis", cache, cache.value("customerManagedKey"),
            "TLS required" if encrypted else "no TLS", "snapshots for restarts" if snapshots else "none",
        )  # fmt: skip
    for bucket in site.of_type("storage:Bucket"):
        label = site.label(bucket)
        part = STORAGE if label == STORAGE else "copies" if bucket.component == "Recovery" else "logs"
        versions = bucket.value("versioning", "enabled")
        key = bucket.value("encryption", "defaultKmsKeyName")
        backup = "versions of objects" if versions else "none"
        yield _stored(site, part, f"bucket {label}", bucket, key, "TLS required", backup)
    for logs in site.of_type("logging:ProjectBucketConfig"):
        kept = f"kept {logs.value('retentionDays')} days"
        yield _stored(site, "logs", "log bucket", logs, logs.value("cmekSettings", "kmsKeyName"), "TLS", kept)


def _stored(
    site: ReportSite, part: str, what: str, resource: DeclaredResource, key: object, transit: str, backup: str
) -> StoredData:
    label = site.label_of(key) or GOOGLE_KEY
    return StoredData(part, what, label, transit, backup, evidence(resource), site.region(resource))


def keys(site: ReportSite) -> Iterator[EncryptionKey]:
    """Yield the keys of the stack."""
    for key in site.of_type("kms:CryptoKey"):
        seconds = str(key.value("rotationPeriod") or "").removesuffix("s")
        rotation = f"every {int(seconds) // 86400} days" if seconds.isdecimal() else "none"
        yield EncryptionKey(site.label(key), rotation, evidence(key), site.region(key))


def _ports(value: object) -> list[str]:
    return texts(value) or ["every port"]


FACTS = CloudFacts(
    connections=connections,
    rights=rights,
    identities=identities,
    secrets=secrets,
    data=data,
    keys=keys,
    alarm_types=("monitoring:AlertPolicy",),
)
