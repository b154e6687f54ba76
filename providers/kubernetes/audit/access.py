"""Checks of identities, rights and secrets on Kubernetes. Pure."""

from collections.abc import Iterator

from providers.contract.audit import (
    AuditSite,
    CheckEvidence,
    equals,
    is_secret_name,
    state,
)
from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import mappings, texts

ROLE, SECRET = "rbac.authorization.k8s.io:Role", "core:Secret"
PODS = ("apps:Deployment", "apps:StatefulSet")
CRON_JOB = "batch:CronJob"
STARTS_PODS = frozenset({"pods", "deployments", "statefulsets", "daemonsets", "jobs", "cronjobs", "clusters", "*"})
"""Kinds whose creation runs an image that the creator chooses."""
WILDCARD = "*"


def _roles(site: AuditSite) -> Iterator[DeclaredResource | None]:
    """Yield each role; None once for a stack without any, whose pods have no rights in the API server."""
    roles = site.of_type(ROLE)
    yield from roles or (None,)


def _no_role() -> CheckEvidence:
    return CheckEvidence("", ROLE, "none", passed=True)


def templates(site: AuditSite) -> Iterator[tuple[DeclaredResource, tuple[str, ...]]]:
    """Yield each workload with the path of its pod's spec."""
    for workload in site.of_type(*PODS):
        yield workload, ("spec", "template", "spec")
    for job in site.of_type(CRON_JOB):
        yield job, ("spec", "jobTemplate", "spec", "template", "spec")


def rights_name_actions(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield verbs and kinds of every role."""
    for role in _roles(site):
        if role is None:
            yield _no_role()
            continue
        words = {
            word for rule in role.items("rules") for key in ("verbs", "resources") for word in texts(rule.get(key))
        }
        yield state(
            role, "rules", sorted(words), WILDCARD not in words, "a wildcard grants rights of later versions too"
        )


def rights_name_resources(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield rules without names of objects; the creation of an object cannot be limited by its name."""
    for role in _roles(site):
        if role is None:
            yield _no_role()
            continue
        wide = [
            ", ".join(texts(rule.get("verbs")))
            for rule in role.items("rules")
            if not rule.get("resourceNames") and texts(rule.get("verbs")) != ["create"]
        ]
        yield state(role, "rules.resourceNames", wide or "named", not wide, "applies to every object of the namespace")


def own_identity_per_service(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the service account of each workload, of which one is no other workload's; two revisions share one."""
    known: dict[str, str] = {}
    for workload in site.of_type(*PODS):
        account = str(workload.value("spec", "template", "spec", "serviceAccountName") or "default")
        name = str(workload.value("metadata", "name")).removesuffix("-next")
        own = account != "default" and known.setdefault(account, name) == name
        yield state(workload, "serviceAccountName", account, own, "has no separate service account")


def no_lasting_keys(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield tokens that pods mount, and keys of the bucket."""
    for workload, path in templates(site):
        mounted = workload.value(*path, "automountServiceAccountToken")
        # the token of a drill is projected and expires after an hour
        yield state(workload, "automountServiceAccountToken", mounted, mounted is not None, "mounts a token by default")
    for secret in site.of_type(SECRET):
        if "aws-secret-access-key" in secret.name or secret.name.endswith("-bucket-keys"):
            yield state(secret, "data", "keys of the bucket", False, "the keys of the bucket do not expire")


def pass_role_and_run(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield roles that may start pods, which run any image with any service account of the namespace."""
    for role in _roles(site):
        if role is None:
            yield _no_role()
            continue
        starts = {
            kind
            for rule in role.items("rules")
            if {"create", WILDCARD} & set(texts(rule.get("verbs")))
            for kind in texts(rule.get("resources"))
        } & STARTS_PODS
        why = "its user may run any image with any service account of the namespace"
        yield state(role, "rules", sorted(starts) or "starts no pods", not starts, why)


def secrets_rotate(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield every Secret, none of which has an expiry."""
    for secret in site.of_type(SECRET):
        yield state(secret, "expiry", "none", False, "does not expire")


def no_secret_in_plain(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield variables of containers whose names promise a secret."""
    for workload, path in templates(site):
        plain = [
            str(each.get("name"))
            for container in workload.items(*path, "containers")
            for each in mappings(container.get("env"))
            if is_secret_name(str(each.get("name"))) and not each.get("valueFrom")
        ]
        yield state(workload, "env", plain or "no secret", not plain, "a plain variable has the name of a secret")


def containers_are_confined(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the level that the namespace enforces, and the security context of each container."""
    enforced = "pod-security.kubernetes.io/enforce"
    for namespace in site.of_type("core:Namespace"):
        level = namespace.value("metadata", "labels", enforced)
        yield state(namespace, enforced, level, equals("restricted")(level), "the server admits privileged pods")
    for workload, path in templates(site):
        for container in workload.items(*path, "containers"):
            security = container.get("securityContext")
            text = str(security)
            confined = (
                "'readOnlyRootFilesystem': True" in text
                and "'allowPrivilegeEscalation': False" in text
                and "'drop': ['ALL']" in text
                and workload.value(*path, "securityContext", "runAsNonRoot") is True
            )
            yield state(workload, f"securityContext of {container.get('name')}", confined, confined, "has more rights")
