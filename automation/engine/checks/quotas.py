"""What the plan needs beside what the account may have, where the cloud's SDK can be asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from automation.engine.case import Case
from automation.engine.credentials import CLOUDS
from automation.engine.findings import Finding, allowed, refused, unknown
from automation.stack.document import Stack
from providers.contract.spec import Platform

Need = Callable[[Platform, Mapping[str, int] | None], float | None]
"""What a plan needs: from the spec, and from its resources counted by type token; None where there is no such count."""
BYTES = 1024**3


@dataclass(frozen=True)
class Quota:
    """One limit: the question that tells it, what the plan needs of it, and units of the answer in one of ours."""

    subject: str
    question: str
    need: Need
    scale: float = 1


def vcpus(spec: Platform, _: Mapping[str, int] | None) -> float:
    """vCPUs of all services at full scale."""
    return sum(service.size.vcpu * service.replicas.max for service in spec.services.values())


def memory_gib(spec: Platform, _: Mapping[str, int] | None) -> float:
    """Memory of all services at full scale, in GiB."""
    return sum(service.size.memory_gib * service.replicas.max for service in spec.services.values())


def number_of(token: str) -> Need:
    """Resources of one type in the plan."""
    return lambda _, declared: None if declared is None else float(declared.get(token, 0))


QUOTAS: Mapping[str, tuple[Quota, ...]] = {
    "aws": (
        Quota("Fargate vCPUs at full scale", "fargate_vcpus", vcpus),
        Quota("VPCs", "vpcs", number_of("aws:ec2/vpc:Vpc")),
        Quota("Elastic IP addresses", "addresses", number_of("aws:ec2/eip:Eip")),
    ),
    "gcp": (
        Quota("Cloud Run vCPUs at full scale", "run_cpu", vcpus, scale=1000),
        Quota("Cloud Run GiB at full scale", "run_memory", memory_gib, scale=BYTES),
    ),
    "azure": (Quota("Container Apps cores at full scale", "", vcpus),),
}
"""By cloud; a quota without a question cannot be asked by the SDK."""


def quota_checks(cloud: str) -> tuple[Callable[[Case, Stack], Finding], ...]:
    """One check for each quota of a cloud."""
    return tuple(partial(enough, quota) for quota in QUOTAS.get(cloud, ()))


def enough(quota: Quota, case: Case, stack: Stack) -> Finding:
    """The account may have what the plan needs; the stack's own part of what is used is not counted against it."""
    need, cloud = quota.need(stack.spec, case.declared), CLOUDS[stack.spec.cloud]
    if need is None:
        return unknown(quota.subject, "the program could not be planned", f"run `agent-platform plan {stack.name}`")
    needed = f"the plan needs {need:g}"
    answer = case.answers.given.get(quota.question)
    if answer is None or "limit" not in answer:
        return unknown(quota.subject, f"{needed}; {_why(quota, case)}", f"look at {cloud.quota_page}")
    limit, used = float(answer["limit"]) / quota.scale, float(answer.get("used", 0)) / quota.scale
    told = f"{needed}, the quota is {limit:g}{f' and {used:g} are taken' if used else ''}"
    if need > limit - used:
        return refused(quota.subject, told, f"ask for {need + used:g} at {cloud.quota_page}, or plan less")
    return allowed(quota.subject, told)


def _why(quota: Quota, case: Case) -> str:
    if not quota.question:
        return "the SDK has no function that tells the quota"
    if case.engine is None:
        return "the CLI, which asks for the quota, is missing"
    return f"asked for the quota: {case.answers.trouble(quota.question).told}"
