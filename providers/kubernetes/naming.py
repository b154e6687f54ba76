"""Names on Kubernetes: the namespace, components, ports and labels, and which of them are limited. Pure.

Objects that others address (Deployment, Service, ServiceAccount) have the fixed name of their service. Secrets and ConfigMaps
are named by Pulumi, so that a changed one exists beside the old one until its readers are replaced.
"""

import re
from collections.abc import Iterator, Mapping

from providers.contract.diagnostics import ConfigError, Diagnostic, Unsupported, displayed
from providers.contract.naming import CONFIG_FOLDER as CONFIG_FOLDER
from providers.contract.naming import STACK_PATTERN, Name, length_refusal
from providers.contract.release import release_name
from providers.contract.spec import Platform

LABEL_NAME = "agent-platform"
DATABASE, CACHE, ENTRY = "database", "cache", "entry"
"""Components of the platform itself; no service has these names."""
MONITORING, TEMPO, DRILL = "monitoring", "traces", "drill"
HTTP = "http"
"""Name of the port of a service's container, by which Services, probes and network policies refer to it."""
METRICS = "metrics"
"""Name of a separate port of metrics."""
MAX_LABEL = 63
"""Longest label value, and longest name of a namespace and of a Service."""
MAX_CRON_JOB = 52
"""Longest name of a CronJob: its jobs add 11 characters
(https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/)."""
LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
POD_SECURITY, POD_SECURITY_VERSION = "restricted", "v1.33"
"""Level and version of the Pod Security Standard of the namespace: `latest` would change with the cluster."""
POD_SECURITY_LABELS: Mapping[str, str] = {
    **{f"pod-security.kubernetes.io/{mode}": POD_SECURITY for mode in ("enforce", "audit", "warn")},
    "pod-security.kubernetes.io/enforce-version": POD_SECURITY_VERSION,
}
REPLICAS_SUFFIX = "-replicas"
RESERVED = (DATABASE, CACHE, ENTRY, MONITORING, TEMPO, DRILL)


def replicas_service(service: str) -> str:
    """`web-replicas`: headless Service, whose name has the address of each ready replica."""
    return f"{service}{REPLICAS_SUFFIX}"


TASK_LABEL = "agent-platform/task"
"""Label of the pods of a job or release command with its name: those of one CronJob have no other label in common."""


def task_component(service: str) -> str:
    """`web.task`: component of the pods of jobs and release commands, which no Service and no autoscaler selects."""
    return f"{service}.task"


def namespace_name(spec: Platform, stack: str) -> str:
    """Return the namespace of the block, else `agent-platform-<stack>`."""
    block = spec.kubernetes
    return (block.namespace if block else None) or f"{LABEL_NAME}-{stack}"


def naming_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Stack names, service names and tags that objects of Kubernetes cannot have."""
    return [*_stack_name(spec, stack), *_reserved_names(spec), *_cron_job_names(spec), *_tags(spec)]


def _stack_name(spec: Platform, stack: str) -> Iterator[Diagnostic]:
    if not STACK_PATTERN.fullmatch(stack):
        fix = "use lower-case letters, digits and single hyphens, beginning with a letter and not ending with a hyphen"
        yield ConfigError("stack", f"{displayed(stack)} is no valid part of a namespace", fix)
        return
    name = Name("namespace", namespace_name(spec, stack), "stack", stack, MAX_LABEL)
    if name.excess > 0:
        yield length_refusal(name, cloud="kubernetes", brand="Kubernetes")


def _reserved_names(spec: Platform) -> Iterator[Diagnostic]:
    for name in spec.services:
        if name in RESERVED or name.removesuffix(REPLICAS_SUFFIX) in set(spec.services) - {name}:
            problem = f"an object of the platform itself has the name {name} on kubernetes"
            yield Unsupported("kubernetes", f"services.{name}", problem, "rename the service")


def _cron_job_names(spec: Platform) -> Iterator[Diagnostic]:
    tasks = {release_name(name): f"services.{name}" for name in spec.releases}
    for name, key in {**tasks, **{name: f"jobs.{name}" for name in spec.jobs}}.items():
        text = Name("CronJob", name, key, name, MAX_CRON_JOB)
        if text.excess > 0:
            yield length_refusal(text, cloud="kubernetes", brand="Kubernetes")


def _tags(spec: Platform) -> Iterator[Diagnostic]:
    for key, value in spec.tags.items():
        if not LABEL_KEY.fullmatch(key) or len(key.rpartition("/")[2]) > MAX_LABEL:
            problem = "not a valid label key; tags are labels on kubernetes"
            yield Unsupported(
                "kubernetes", f"tags.{key}", problem, "use letters, digits, hyphens, underscores and dots"
            )
        elif not LABEL_VALUE.fullmatch(value) or len(value) > MAX_LABEL:
            problem = f"not a valid label value; labels allow letters, digits, `-`, `_` and `.`, {MAX_LABEL} at most"
            yield Unsupported("kubernetes", f"tags.{key}", problem, "change the value")
