"""Scheduled jobs: a container for each job with the image, variables, files and networks of its service.

A scheduler with Docker's socket could start new containers, and would control the host; so each container waits for its own
times. It has no alias in the networks, because callers of the service must not reach it. The container is deleted before it
is replaced, so that no run starts twice. The numbers of failed runs and the times of the last success are files in one volume,
which all jobs can write: a command could change the numbers of another job, and reaches nothing else through them.

A release command has a container that the update creates and does not start; `agent-platform up` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi

from providers.contract.component import Scope
from providers.contract.release import release_tasks
from providers.contract.results import Environment, Jobs
from providers.docker.base.containers import ContainerSpec, create_container, create_volume, script, script_path
from providers.docker.base.platform_images import PROMETHEUS
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.resources import service_container
from providers.docker.jobs.program import METRICS_FOLDER, job_settings
from providers.docker.naming import CONFIG_FOLDER
from providers.docker.observability.log_delivery import JOBS

SETTINGS_FILE = f"{CONFIG_FOLDER}/job.conf"


@dataclass(frozen=True)
class DockerJobs(Jobs):
    """Name of the volume with the metrics of all jobs."""

    metrics: pulumi.Output[str]


def create_jobs(scope: Scope, base: DockerBaseResources, environments: Mapping[str, Environment]) -> DockerJobs:
    """Declare the container of every job, and the volume of their metrics."""
    metrics = create_volume(scope, base.context, "metrics", base.image(PROMETHEUS))
    for name, job in base.spec.jobs.items():
        environment = environments[job.service]
        container = _container(base, name, environment, metrics.name)
        ready = [metrics.ready, *environment.prerequisites(job.service)]
        create_container(scope, base.context, name, container, ready, delete_before_replace=True)
    return DockerJobs(names=tuple(base.spec.jobs), metrics=metrics.name)


def create_releases(scope: Scope, base: DockerBaseResources, environments: Mapping[str, Environment]) -> None:
    """Declare the container of every release command."""
    for command in release_tasks(base.spec):
        environment = environments[command.service]
        task = _task_container(base, command.service, environment)
        container = replace(task, command=command.command, started=False, log_name=f"{JOBS}/{command.name}")
        create_container(scope, base.context, command.name, container, environment.prerequisites(command.service))


def _container(
    base: DockerBaseResources, name: str, environment: Environment, metrics: pulumi.Output[str]
) -> ContainerSpec:
    job = base.spec.jobs[name]
    common = _task_container(base, job.service, environment)
    return replace(
        common,
        entrypoint=["/bin/sh", script_path("job")],
        files={script_path("job"): script("job"), SETTINGS_FILE: job_settings(name, job), **common.files},
        volumes={METRICS_FOLDER: metrics},
        log_name=f"{JOBS}/{name}",
    )


def _task_container(base: DockerBaseResources, service: str, environment: Environment) -> ContainerSpec:
    # init forwards the signal that ends a run, and collects processes that the command leaves behind
    return replace(service_container(base, service, environment), ignores_image_probe=True, init=True)
