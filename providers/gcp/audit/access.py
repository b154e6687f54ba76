"""Checks of identities, rights, keys and secrets on Google Cloud. Pure."""

import re
from collections.abc import Iterator

from providers.contract.audit import AuditSite, CheckEvidence, is_secret_name, is_set, require, require_one, state
from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_mapping

BASIC_ROLES = ("roles/owner", "roles/editor", "roles/viewer")
PROJECT_ROLES = ("roles/logging.logWriter", "roles/monitoring.metricWriter", "roles/cloudtrace.agent")
"""Roles whose smallest resource is the project."""
SERVICE_AGENT = ".serviceAgent"
"""End of the roles that Google's own agents have in every project."""
CUSTOM_ROLE = "<projects:IAMCustomRole"
MEMBERS = (
    "artifactregistry:RepositoryIamMember", "cloudrunv2:JobIamMember", "cloudrunv2:ServiceIamMember", "cloudrunv2:WorkerPoolIamMember",
    "kms:CryptoKeyIAMMember", "projects:IAMMember", "secretmanager:SecretIamMember", "serviceaccount:IAMMember",
    "storage:BucketIAMMember",
)  # fmt: skip
ROTATION_SECONDS = 7_776_000
EVERYBODY = ("allUsers", "allAuthenticatedUsers")
CHANGES = ("SetIamPolicy", "setIamPolicy")


def rights_name_actions(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield every granted role; basic and administrator roles have more actions than any service needs."""
    for member in site.of_type(*MEMBERS):
        role = str(member.value("role"))
        wide = role in BASIC_ROLES or role.lower().endswith("admin")
        yield state(member, "role", role, not wide, "a role of an administrator")


def rights_name_resources(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield roles on the project, which apply to every resource of a service."""
    for member in site.of_type("projects:IAMMember"):
        role = str(member.value("role"))
        narrow = role in PROJECT_ROLES or role.endswith(SERVICE_AGENT) or role.startswith(CUSTOM_ROLE)
        yield state(member, "role", role, narrow, "applies to the whole project")


def own_identity_per_service(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the service account of each service; none has that of another one or the default."""
    known: set[object] = set()
    for service in site.of_type("cloudrunv2:Service", "cloudrunv2:WorkerPool"):
        account = service.value("template", "serviceAccount")
        passed = account is not None and account not in known
        known.add(account)
        yield state(
            service, "template.serviceAccount", account, passed, "shares its identity, or has the project's default"
        )


def trust_is_narrow(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the condition of each trusted issuer."""
    pools = site.of_type("iam:WorkloadIdentityPoolProvider")
    yield from require(pools, "attributeCondition", is_set, "every repository of the issuer is trusted")


def no_lasting_keys(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield keys of service accounts, of which a stack has none."""
    keys = site.of_type("serviceaccount:Key")
    names = ", ".join(each.name for each in keys)
    yield CheckEvidence("", "serviceaccount:Key", names or "none", not keys, "" if not keys else "keys without expiry")


def pass_role_and_run(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield identities that may act as a service and change what it runs."""
    by_member: dict[str, set[str]] = {}
    for member in site.of_type(*MEMBERS):
        by_member.setdefault(str(member.value("member")), set()).add(str(member.value("role")))
    for member, roles in by_member.items():
        if "roles/iam.serviceAccountUser" in roles:
            both = "roles/run.developer" in roles
            why = "its user may run any image with the identity of a service"
            yield CheckEvidence(member, "role", "roles/iam.serviceAccountUser", not both, why if both else "")


def keys_rotate(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the rotation period of every key, at most 90 days."""
    for key in site.of_type("kms:CryptoKey"):
        period = str(key.value("rotationPeriod") or "")
        seconds = period.removesuffix("s")
        passed = seconds.isdecimal() and int(seconds) <= ROTATION_SECONDS
        yield state(key, "rotationPeriod", period or "none", passed, "the key material is used for more than 90 days")


def secrets_rotate(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the rotation of every secret."""
    yield from require(site.of_type("secretmanager:Secret"), "rotation", is_set, "nothing reminds of the rotation")


def permission_changes_are_watched(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield metrics of permission changes in the audit log that an alert reads."""
    alerts = [str(each.value("conditions")) for each in site.of_type("monitoring:AlertPolicy")]
    metrics = [
        each
        for each in site.of_type("logging:Metric")
        if any(word in str(each.value("filter")) for word in CHANGES)
        and any(re.sub(r"\W", "_", str(each.value("name"))) in re.sub(r"\W", "_", alert) for alert in alerts)
    ]
    yield from require_one(
        metrics, "alert on SetIamPolicy in the log", "no alarm of the stack watches changes of permissions"
    )


def stored_data_has_our_key(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the key of every store."""
    why = "encrypted with a key of Google"
    for name, path in (
        ("sql:DatabaseInstance", "encryptionKeyName"),
        ("redis:Instance", "customerManagedKey"),
        ("storage:Bucket", "encryption.defaultKmsKeyName"),
        ("artifactregistry:Repository", "kmsKeyName"),
        ("logging:ProjectBucketConfig", "cmekSettings.kmsKeyName"),
        ("cloudrunv2:Service", "template.encryptionKey"),
        ("cloudrunv2:WorkerPool", "template.encryptionKey"),
    ):
        yield from require(site.of_type(name), path, is_set, why)
    for secret in site.of_type("secretmanager:Secret"):
        replicas = secret.items("replication", "userManaged", "replicas")
        keyed = bool(replicas) and all(each.get("customerManagedEncryption") for each in replicas)
        yield state(secret, "replication.customerManagedEncryption", keyed, keyed, why)


def no_secret_in_plain(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield variables of containers whose names promise a secret."""
    for service in site.of_type("cloudrunv2:Service", "cloudrunv2:WorkerPool"):
        plain = [
            str(each.get("name"))
            for container in _containers(service)
            for each in container.items("envs")
            if is_secret_name(str(each.get("name"))) and not each.get("valueSource")
        ]
        yield state(
            service,
            "template.containers.envs",
            plain or "no secret",
            not plain,
            "a plain variable has the name of a secret",
        )


def _containers(service: DeclaredResource) -> list[DeclaredResource]:
    """Return the containers of a service as parts with separate inputs."""
    parts = service.items("template", "containers")
    return [
        DeclaredResource(service.urn, service.type, service.name, service.component, part)
        for part in parts
        if is_mapping(part)
    ]
