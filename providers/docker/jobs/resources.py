"""Scheduled jobs: a container for each job with the image, variables, files and networks of its service.

A scheduler with Docker's socket could start new containers, and would control the host; so each container waits for its own
times. It has no alias in the networks, because callers of the service must not reach it. The container is deleted before it
is replaced, so that no run starts twice. The numbers of failed runs and the times of the last success are files in one volume,
which all jobs can write: a command could change the numbers of another job, and reaches nothing else through them.

A release command has a container that the update creates and does not start; `agent-platform up` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.contract.component import Scope
from providers.contract.release import CommandTask, release_tasks
from providers.contract.results import Environment, Jobs
from providers.docker.base.containers import ContainerSpec, create_container, create_volume, script, script_path
from providers.docker.base.platform_images import PROMETHEUS
from providers.docker.base.resources import DockerBaseResources
from providers.docker.compute.resources import HOME, storage_variables
from providers.docker.compute.sizes import memory_mib
from providers.docker.jobs.program import METRICS_FOLDER, job_settings
from providers.docker.naming import CONFIG_FOLDER
from providers.docker.network.flows import service_networks

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
        container = _release_container(base, command, environment)
        create_container(scope, base.context, command.name, container, environment.prerequisites(command.service))


def _release_container(base: DockerBaseResources, command: CommandTask, environment: Environment) -> ContainerSpec:
    service = base.spec.services[command.service]
    secrets = {variable: secret.reference for variable, secret in environment.secrets.items()}
    return ContainerSpec(
        image=base.registry.images[command.service],
        memory_mib=memory_mib(service.size.memory_gib),
        vcpu=service.size.vcpu,
        networks=[base.attachment(network) for network in service_networks(base.spec, command.service)],
        command=command.command,
        environment={"HOME": HOME, **storage_variables(base, command.service), **secrets, **environment.plain},
        files={path: stored.reference for path, stored in environment.files.items()},
        ignores_image_probe=True,
        init=True,
        started=False,
    )


def _container(
    base: DockerBaseResources, name: str, environment: Environment, metrics: pulumi.Output[str]
) -> ContainerSpec:
    job = base.spec.jobs[name]
    service = base.spec.services[job.service]
    secrets = {variable: secret.reference for variable, secret in environment.secrets.items()}
    return ContainerSpec(
        image=base.registry.images[job.service],
        memory_mib=memory_mib(service.size.memory_gib),
        vcpu=service.size.vcpu,
        networks=[base.attachment(network) for network in service_networks(base.spec, job.service)],
        entrypoint=["/bin/sh", script_path("job")],
        environment={"HOME": HOME, **storage_variables(base, job.service), **secrets, **environment.plain},
        files={
            script_path("job"): script("job"),
            SETTINGS_FILE: job_settings(name, job),
            **{path: stored.reference for path, stored in environment.files.items()},
        },
        volumes={METRICS_FOLDER: metrics},
        ignores_image_probe=True,
        # forwards the signal that ends a run, and collects processes that the command leaves behind
        init=True,
    )
