"""Checks of the cloud: credentials, the account that they belong to, and quotas that the plan needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from automation.engine.checks.project import NO_CLI
from automation.engine.cloud_queries import Fields
from automation.engine.credentials import CLOUDS, detect_credentials
from automation.engine.findings import CheckInput, Finding, failed, ok, unknown
from automation.engine.installation import INSTALL
from automation.engine.provider_errors import ProviderError
from automation.engine.target import account_of
from automation.stack.document import Stack
from providers.contract.spec import Platform

IDENTITY = "identity"
Need = Callable[[Platform, Mapping[str, int] | None], float | None]
"""Amount that a plan needs, from the spec and the planned resources by type token; None when these are unknown."""
BYTES_PER_GIB = 1024**3


def check_credentials(facts: CheckInput, stack: Stack) -> Finding:
    """Check that credentials exist, without engine and network."""
    subject, cloud = "credentials", CLOUDS.get(stack.spec.cloud)
    if stack.spec.cloud == "kubernetes":
        return ok(subject, "those of the kubeconfig, with which the cluster is asked")
    if cloud is None:
        return ok(subject, f"{stack.spec.cloud} needs no credentials")
    detected = detect_credentials(stack.spec.cloud, facts.environment, facts.home)
    if detected.complete:
        return ok(subject, f"found {', '.join(detected.complete)}")
    if detected.incomplete:
        pairs = ", ".join(f"{present} is set but {missing} is not" for present, missing in detected.incomplete)
        return failed(subject, pairs, f"set both, or run `{cloud.login}`")
    return unknown(
        subject,
        "no credentials in the environment or the home folder",
        f"run `{cloud.login}`, unless the machine has a role",
    )


def check_identity(facts: CheckInput, stack: Stack) -> Finding:
    """Check that the credentials belong to the account, project or subscription in the stack file."""
    subject, name = IDENTITY, stack.spec.cloud
    if name not in CLOUDS:
        return ok(subject, f"{name} has no accounts")
    answer = facts.answers.answers.get(IDENTITY)
    if answer is None:
        return _no_identity(subject, facts, name, facts.answers.error(IDENTITY))
    account, tenant = account_of(stack.spec)
    for key, expected in (("account", account), ("tenant", tenant)):
        actual = str(answer.get(key, ""))
        if expected and actual.lower() != expected.lower():
            observed = f"the credentials belong to {key} {actual or '(none)'}, not to {expected}"
            return failed(subject, observed, f"use credentials of {expected}, or correct `{name}` in the stack file")
    return _identity_finding(subject, facts, account, answer)


def _no_identity(subject: str, facts: CheckInput, cloud: str, error: ProviderError) -> Finding:
    if facts.engine is None:
        return unknown(subject, NO_CLI, INSTALL)
    login = f" with `{CLOUDS[cloud].login}`" if error.kind in ("credentials", "expired") else ""
    result = failed if error.permanent else unknown
    return result(subject, f"cannot query {cloud}: {error.cause}", f"{error.fix}{login}")


def _identity_finding(subject: str, facts: CheckInput, account: str, answer: Fields) -> Finding:
    """Return the finding for the expected account; Azure repeats its settings, so its list of subscriptions counts."""
    subscriptions = facts.answers.answers.get("subscriptions", {})
    if subscriptions.get("listed") == 0.0 and subscriptions.get("complete") == 1.0:
        return failed(
            subject,
            f"the login has no access to the subscription {account}",
            "log in to its tenant, or request a role on the subscription",
        )
    return ok(subject, f"{answer.get('principal', '')} in {account}")


@dataclass(frozen=True)
class Quota:
    """Quota of a cloud: the query for its limit, the amount that a plan needs, and the unit of the answer."""

    subject: str
    query: str
    need: Need
    unit: float = 1
    """Units of the answer in one unit of the need."""


def vcpus(spec: Platform, _: Mapping[str, int] | None) -> float:
    """Return the vCPUs of all services with the maximum number of replicas."""
    return sum(service.size.vcpu * service.replicas.max for service in spec.services.values())


def memory_gib(spec: Platform, _: Mapping[str, int] | None) -> float:
    """Return the memory of all services with the maximum number of replicas."""
    return sum(service.size.memory_gib * service.replicas.max for service in spec.services.values())


def number_of(token: str) -> Need:
    """Return the need for planned resources of a type."""
    return lambda _, planned: None if planned is None else float(planned.get(token, 0))


QUOTAS: Mapping[str, tuple[Quota, ...]] = {
    "aws": (
        Quota("Fargate vCPUs at full scale", "fargate_vcpus", vcpus),
        Quota("VPCs", "vpcs", number_of("aws:ec2/vpc:Vpc")),
        Quota("Elastic IP addresses", "addresses", number_of("aws:ec2/eip:Eip")),
    ),
    "gcp": (
        Quota("Cloud Run vCPUs at full scale", "run_cpu", vcpus, unit=1000),
        Quota("Cloud Run GiB at full scale", "run_memory", memory_gib, unit=BYTES_PER_GIB),
    ),
    "azure": (Quota("Container Apps cores at full scale", "", vcpus),),
}
"""Quotas by cloud; the SDK has no function for a quota without a query."""


def quota_checks(cloud: str) -> tuple[Callable[[CheckInput, Stack], Finding], ...]:
    """Return one check for each quota of a cloud."""
    return tuple(partial(check_quota, quota) for quota in QUOTAS.get(cloud, ()))


def check_quota(quota: Quota, facts: CheckInput, stack: Stack) -> Finding:
    """Check that a quota is sufficient for the plan; resources of the stack itself do not count as used."""
    need, page = quota.need(stack.spec, facts.planned), CLOUDS[stack.spec.cloud].quota_page
    if need is None:
        return unknown(quota.subject, "the plan failed", f"run `agent-platform plan {stack.name}`")
    required = f"the plan needs {need:g}"
    answer = facts.answers.answers.get(quota.query)
    if answer is None or "limit" not in answer:
        return unknown(quota.subject, f"{required}; {_reason(quota, facts)}", f"check the quota at {page}")
    limit, used = float(answer["limit"]) / quota.unit, float(answer.get("used", 0)) / quota.unit
    observed = f"{required}; the quota is {limit:g}{f', {used:g} in use' if used else ''}"
    if need > limit - used:
        return failed(quota.subject, observed, f"request a quota of {need + used:g} at {page}, or reduce the plan")
    return ok(quota.subject, observed)


def _reason(quota: Quota, facts: CheckInput) -> str:
    if not quota.query:
        return "the SDK has no function that returns the quota"
    if facts.engine is None:
        return NO_CLI
    return f"cannot query the quota: {facts.answers.error(quota.query).cause}"
