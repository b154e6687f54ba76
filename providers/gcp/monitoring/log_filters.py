"""Filters of the log entries of a stack: what its bucket stores, and what saved searches read. Pure."""

from collections.abc import Mapping, Sequence

from providers.contract.spec import Platform
from providers.gcp.monitoring.metrics import (
    COPIED_DATABASE,
    COPIED_OBJECTS,
    DATA_ACCESS_LOGS,
    NETWORK_LOG_FILTERS,
    REQUEST_LOGS,
    SUBJECTS,
)
from providers.gcp.naming import job_name, run_name


def stored_subjects(spec: Platform) -> tuple[str, ...]:
    """Names of the subjects beside services and jobs, whose logs the stack's bucket stores."""
    return ("database", *(cache.part for cache in spec.all_caches), COPIED_DATABASE, COPIED_OBJECTS)


def platform_logs(spec: Platform, stack: str, data: Mapping[str, str]) -> str:
    """Filter of every log entry that the stack's bucket stores; `data` has Google Cloud's names by subject."""
    subjects = {"database": ["database"], "cache": [cache.part for cache in spec.all_caches]}
    known = {kind: [data[name] for name in names if name in data] for kind, names in subjects.items()}
    stores = [_any_of(*SUBJECTS[kind], names) for kind, names in known.items() if names]
    copies = [f"({subject_logs(kind, data[kind])})" for kind in (COPIED_DATABASE, COPIED_OBJECTS) if kind in data]
    network = [pattern.format(stack=stack) for pattern in NETWORK_LOG_FILTERS]
    return " OR ".join((workload_logs(spec, stack), *stores, *copies, *network, DATA_ACCESS_LOGS))


def workload_logs(spec: Platform, stack: str) -> str:
    """Filter of the log entries of services, one-off tasks and scheduled jobs."""
    services = [
        _any_of(resource, label, names) for (resource, label), names in _run_names(spec, stack).items() if names
    ]
    return " OR ".join((*services, _job_logs(spec, stack), *_scheduled_job_logs(spec, stack)))


def request_logs(stack: str) -> str:
    """Filter of the entry's log of requests."""
    return REQUEST_LOGS.format(stack=stack)


def subject_logs(kind: str, name: str) -> str:
    """Filter of the log entries of one subject; the label of a transfer may have the prefix `transferJobs/`."""
    resource, label = SUBJECTS[kind]
    equals = ":" if kind == COPIED_OBJECTS else "="
    return f'resource.type="{resource}" AND resource.labels.{label}{equals}"{name}"'


def _job_logs(spec: Platform, stack: str) -> str:
    """Filter of the logs of one-off tasks."""
    names = "|".join(job_name(stack, service, "[0-9a-f]{8}") for service in spec.services)
    return f'(resource.type="cloud_run_job" AND resource.labels.job_name=~"^({names})$")'


def _scheduled_job_logs(spec: Platform, stack: str) -> list[str]:
    """Filters of the logs of scheduled jobs, and of the attempts to start them."""
    names = [run_name(stack, job) for job in spec.jobs]
    return [_any_of(*SUBJECTS["job"], names), _any_of("cloud_scheduler_job", "job_id", names)] if names else []


def _run_names(spec: Platform, stack: str) -> dict[tuple[str, str], list[str]]:
    services = [name for name, service in spec.services.items() if service.port is not None]
    workers = [name for name in spec.services if name not in services]
    return {
        SUBJECTS["service"]: [run_name(stack, name) for name in services],
        SUBJECTS["worker"]: [run_name(stack, name) for name in workers],
    }


def _any_of(resource: str, label: str, names: Sequence[str]) -> str:
    quoted = " OR ".join(f'"{name}"' for name in names)
    return f'(resource.type="{resource}" AND resource.labels.{label}=({quoted}))'
