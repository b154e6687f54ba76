"""Security checks over the declared resources of a stack: the list, which is the same on every cloud, and evidence. Pure.

Every `providers/<cloud>/audit/checks.py` ends with `AUDIT: CloudAudit = ...`: for each check a function that yields evidence
and the ids of public controls, or the reason why it does not apply or only a running stack shows.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, get_args

from providers.contract.declaration import DeclaredResource, ResourceSet
from providers.contract.spec import CloudName, Platform

MAX_VALUE_CHARACTERS = 100
BACKUP_DAYS, LOG_DAYS = 7, 365
"""Shortest retention of backups and logs that passes."""


class Severity(StrEnum):
    """Severity of a failed check."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Check:
    """Check that every cloud answers: title, group, severity, and the fix of a failure."""

    id: str
    title: str
    group: str
    severity: Severity
    remediation: str


@dataclass(frozen=True)
class CheckEvidence:
    """Property of a resource that a check has read; `resource` is empty for a fact about the whole stack."""

    resource: str
    property: str
    value: str
    passed: bool
    why: str = ""


@dataclass(frozen=True)
class AuditSite(ResourceSet):
    """Stack that is audited: all of its resources, and its spec."""

    spec: Platform


CheckRun = Callable[[AuditSite], Iterable[CheckEvidence]]


@dataclass(frozen=True)
class CloudCheck:
    """Answer of a cloud to a check: its function, and the ids of public controls that ask the same."""

    run: CheckRun
    controls: tuple[str, ...] = ()
    in_existing_network: str = ""
    """Part of an existing network to read in the account, as the stack declares nothing that the check reads."""
    in_existing_registry: str = ""
    """Settings of an existing registry to read in the account, for the same reason."""


@dataclass(frozen=True)
class NotApplicable:
    """Reason why a check does not apply to a cloud."""

    reason: str


@dataclass(frozen=True)
class OnlyLive:
    """Check that must be answered in the account, with what to look at."""

    reason: str
    controls: tuple[str, ...] = ()


Answer = CloudCheck | NotApplicable | OnlyLive
CloudAudit = Mapping[str, Answer]
"""Answers of one cloud by the id of the check."""

Test = Callable[[object], bool]


def require(resources: Iterable[DeclaredResource], path: str, test: Test, why: str) -> Iterator[CheckEvidence]:
    """Yield evidence for an input of each resource, given by its dotted path, which must pass `test`."""
    for resource in resources:
        value = resource.value(*path.split("."))
        passed = test(value)
        yield CheckEvidence(identity(resource), path, shown(value), passed, "" if passed else why)


def require_one(resources: Sequence[DeclaredResource], subject: str, why: str) -> Iterator[CheckEvidence]:
    """Yield evidence that a stack declares at least one of some resources."""
    names = ", ".join(resource.name for resource in resources[:3])
    yield CheckEvidence("", subject, names or "none", bool(resources), "" if resources else why)


def watched_budget(site: AuditSite, type_name: str, notifications: str) -> Iterator[CheckEvidence]:
    """Yield evidence that a stack has a budget of a type, and that its input `notifications` is set."""
    budgets = site.of_type(type_name)
    yield from require_one(budgets, type_name, "unexpected costs notify no one")
    yield from require(budgets, notifications, is_set, "the budget notifies no one")


def json_input(resource: DeclaredResource, path: str) -> object:
    """Return the content of an input that is JSON; None when it is not set, or only the cloud can compute it."""
    value = resource.value(path)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def state(resource: DeclaredResource, part: str, value: object, passed: bool, why: str) -> CheckEvidence:
    """Return evidence about a part of a resource that no single input has."""
    return CheckEvidence(identity(resource), part, shown(value), passed, "" if passed else why)


def identity(resource: DeclaredResource) -> str:
    """Return short type and logical name: `rds:Instance prod-database`."""
    return f"{resource.type} {resource.name}"


def shown(value: object) -> str:
    """Return a value as text, cut to 100 characters; secrets are masked in the resources already."""
    text = "unset" if value is None else str(value)
    return text if len(text) <= MAX_VALUE_CHARACTERS else f"{text[: MAX_VALUE_CHARACTERS - 3]}..."


def is_true(value: object) -> bool:
    """Return whether a value is the boolean true."""
    return value is True


def is_false(value: object) -> bool:
    """Return whether a value is false or not set."""
    return value in (False, None)


def is_set(value: object) -> bool:
    """Return whether a value is set, also to one that only the cloud can compute."""
    return bool(value)


def equals(*expected: object) -> Test:
    """Return a test for one of some values."""
    return lambda value: value in expected


def minimum_of(minimum: float) -> Test:
    """Return a test for a number of at least `minimum`."""
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= minimum


def is_secret_name(name: str) -> bool:
    """Return whether a variable's name promises a secret."""
    return name.upper().endswith(("KEY", "TOKEN", "PASSWORD", "SECRET", "CREDENTIALS")) and not name.endswith(
        "_PUBLIC_KEY"
    )


IAM, NETWORK, DATA, OPERATIONS = "Identity and access", "Network", "Data", "Operations"
LOW, MEDIUM, HIGH, CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL

CHECKS: tuple[Check, ...] = (
    Check("rights-name-actions", "Rights name their actions", IAM, HIGH, "name the actions instead of a wildcard or an administrator's role"),
    Check("rights-name-resources", "Rights name their resources", IAM, MEDIUM, "limit the right to resources of the stack"),
    Check("own-identity-per-service", "Each service has its own identity", IAM, MEDIUM, "give each service a separate identity"),
    Check("trust-is-narrow", "Identities trust one source only", IAM, HIGH, "add a condition on account, source or subject"),
    Check("no-lasting-keys", "No keys or passwords without expiry", IAM, HIGH, "use the identity of the service instead of a key"),
    Check("pass-role-and-run", "No identity both chooses roles and starts tasks", IAM, HIGH, "remove one of the two rights, or limit who has the identity"),
    Check("keys-rotate", "Encryption keys rotate", IAM, MEDIUM, "enable automatic rotation of the key"),
    Check("secrets-rotate", "Secrets rotate or expire", IAM, MEDIUM, "rotate with `agent-platform rotate`, and accept the check with the interval"),
    Check("permission-changes-are-watched", "Changes of permissions raise an alarm", IAM, MEDIUM, "set monitoring.alerts.permission_changes to true, or accept the check where the account has such an alarm"),
    Check("only-the-entry-is-open", "Only the entry accepts connections from the internet", NETWORK, CRITICAL, "remove the open rule, or route the service through the entry"),
    Check("plain-http-only-redirects", "Plain HTTP only redirects", NETWORK, HIGH, "set ingress.domain, which adds HTTPS"),
    Check("tls-of-today", "The entry needs TLS 1.2 or later", NETWORK, HIGH, "use a TLS policy of 1.2 or later"),
    Check("inside-is-encrypted", "Connections inside the network are encrypted", NETWORK, MEDIUM, "serve TLS in the container, or accept the check with the reason"),
    Check("filters-and-defaults-are-closed", "Network filters and defaults are closed", NETWORK, MEDIUM, "close the rule, and leave default groups without rules"),
    Check("data-stores-are-private", "Data stores have no public address", NETWORK, CRITICAL, "remove the public access"),
    Check("data-has-no-way-out", "Data stores cannot open connections to the internet", NETWORK, MEDIUM, "remove the route to the internet from the subnet of the data"),
    Check("flow-is-logged", "Network flows are logged", NETWORK, MEDIUM, "set network.flow_logs to true"),
    Check("attacks-are-filtered-and-logged", "A firewall filters and logs requests", NETWORK, HIGH, "set ingress.waf to true"),
    Check("odd-traffic-is-watched", "Blocked requests raise an alarm", NETWORK, LOW, "alert on the number of requests that the firewall blocks"),
    Check("denied-flows-are-watched", "Denied connections inside the network raise an alarm", NETWORK, LOW, "set network.flow_logs to true, or accept the check where the account has such an alarm"),
    Check("network-is-hardened", "Network and entry have the settings of the frameworks", NETWORK, MEDIUM, "remove the override that changes the setting"),
    Check("entry-knows-its-caller", "Public services authenticate their callers", NETWORK, HIGH, "list OS_SECURITY_KEY under the service's secrets, or limit ingress.allowed_cidrs"),
    Check("stored-data-has-our-key", "Stored data is encrypted with a key of the stack", DATA, MEDIUM, "encrypt with a key of the stack"),
    Check("data-links-need-tls", "Data stores refuse connections without TLS", DATA, HIGH, "require TLS in the data store"),
    Check("objects-are-private", "Objects cannot be made public", DATA, CRITICAL, "block public access to the bucket"),
    Check("backups-are-kept", "Database backups are kept for 7 days or more", DATA, HIGH, "set database.backup.retention_days to 7 or more"),
    Check("backups-leave-the-region", "Backups are copied to another region", DATA, MEDIUM, "set recovery.mode to backup"),
    Check("restore-is-tested", "Restores are tested", DATA, MEDIUM, "set recovery.drill"),
    Check("deletion-is-guarded", "Data cannot be deleted by mistake", DATA, HIGH, "set deletion protection"),
    Check("versions-are-kept", "Overwritten and deleted objects are kept", DATA, MEDIUM, "set storage.versioning to true"),
    Check("access-is-logged", "Access to data is logged", DATA, MEDIUM, "log the access"),
    Check("logs-live-long-enough", "Logs are kept for 365 days", DATA, MEDIUM, "set monitoring.log_retention_days to 365 or more"),
    Check("stores-are-hardened", "Stores and keys have the settings of the frameworks", DATA, MEDIUM, "remove the override that changes the setting"),
    Check("no-secret-in-plain", "No secret is a plain variable", DATA, CRITICAL, "list the variable under the service's secrets"),
    Check("images-are-pinned", "Images are pinned by digest", OPERATIONS, MEDIUM, "pin the digest of the image"),
    Check("images-are-scanned", "Pushed images cannot change and are scanned", OPERATIONS, MEDIUM, "make tags immutable and scan on push"),
    Check("containers-are-confined", "Containers have no shell access and few rights", OPERATIONS, MEDIUM, "run as a user with a read-only file system"),
    Check("services-are-hardened", "Services and alarms have the settings of the frameworks", OPERATIONS, MEDIUM, "remove the override that changes the setting"),
    Check("zones-at-least-two", "The platform runs in two zones or more", OPERATIONS, MEDIUM, "set network.zones to 2 or more, and high_availability to true"),
    Check("minor-updates-are-taken", "Data stores take minor updates", OPERATIONS, MEDIUM, "enable automatic minor updates"),
    Check("alarms-reach-people", "Alarms reach a person", OPERATIONS, MEDIUM, "set monitoring.emails or monitoring.slack"),
    Check("money-is-watched", "A budget raises an alarm", OPERATIONS, LOW, "set budget.monthly_usd"),
    Check("everything-is-tagged", "Resources name project, stack and owner", OPERATIONS, LOW, "leave the tags of the platform in place"),
    Check("risks-have-reasons", "Accepted risks have reasons", OPERATIONS, LOW, "give the reason in accept_risk"),
    Check("account-baseline", "The account records and watches itself", OPERATIONS, HIGH, "enable audit trail, threat detection and configuration history for the account"),
    Check("people", "People are trained, and access is reviewed", OPERATIONS, LOW, "keep the records of training and reviews with this report"),
)  # fmt: skip
"""Every check; its id is used in `accept_checks` and must not change."""
CHECK_IDS = tuple(check.id for check in CHECKS)


class AcceptanceKey(NamedTuple):
    """Parts of a key of `accept_checks`; cloud and resource are empty where the key names none."""

    cloud: str
    check: str
    resource: str


def acceptance_key(key: str) -> AcceptanceKey:
    """Return the parts of `<check>`, `<check>/<resource>`, or either with `<cloud>/` before it."""
    first, _, rest = key.partition("/")
    cloud, path = (first, rest) if first in get_args(CloudName) else ("", key)
    check, _, resource = path.partition("/")
    return AcceptanceKey(cloud, check, resource)
