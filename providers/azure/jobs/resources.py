"""Scheduled jobs: a Container Apps job with the settings of its service's app, in the same environment.

A release command is such a job without a schedule, which `agent-platform up` starts. A run is a new replica that ends. It has the identities, secrets, variables and files of the app, no ingress and no probes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.roles import CONTAINER_APPS_JOBS_CONTRIBUTOR, grant_role
from providers.azure.compute.containers import job_container, platform_values, secret_volumes, secrets_version
from providers.azure.compute.environment import WORKLOAD_PROFILE
from providers.azure.compute.image_pull import ImagePull
from providers.azure.compute.resources import AzureCompute, hidden_identities, identities, prerequisites, stored_secrets
from providers.azure.naming import job_name
from providers.contract.component import Scope
from providers.contract.region_specs import is_passive
from providers.contract.release import CommandTask, job_task, release_tasks
from providers.contract.results import Environment, Jobs
from providers.contract.schedule import schedule_of
from providers.contract.spans import without_spans


@dataclass(frozen=True)
class AzureJobs(Jobs):
    """Container Apps job by name."""

    jobs: "Mapping[str, azure_native.app.Job]"


def create_jobs(
    scope: Scope, base: AzureBaseResources, compute: AzureCompute, environments: Mapping[str, Environment]
) -> AzureJobs:
    """Declare every job, and the deployer's role on it; in a location that does not serve none has a schedule."""
    passive = is_passive(base.spec)
    jobs = {
        name: _job(
            scope,
            base,
            job_task(base.spec, name),
            without_spans(environments[job.service]),
            compute.pulls[job.service],
            None if passive else schedule_of(job).text,
        )
        for name, job in base.spec.jobs.items()
    }
    deployer = base.identity.deployer
    if deployer is not None:
        for name, job in jobs.items():
            role = CONTAINER_APPS_JOBS_CONTRIBUTOR
            grant_role(scope, base.context, f"{name}-deployer", role, deployer.principal_id, job.id)
    return AzureJobs(names=tuple(jobs), jobs=jobs)


def create_releases(
    scope: Scope, base: AzureBaseResources, compute: AzureCompute, environments: Mapping[str, Environment]
) -> None:
    """Declare the job of every release command."""
    for command in release_tasks(base.spec):
        _job(scope, base, command, without_spans(environments[command.service]), compute.pulls[command.service])


class JobTrigger(TypedDict):
    """Arguments of a job's configuration that decide when it runs."""

    trigger_type: str
    schedule_trigger_config: "azure_native.app.JobConfigurationScheduleTriggerConfigArgs | None"
    manual_trigger_config: "azure_native.app.JobConfigurationManualTriggerConfigArgs | None"


def job_trigger(schedule: str | None) -> JobTrigger:
    """Return the trigger of a job with a schedule, and of one that only commands start."""
    app = azure_native.app
    if schedule is None:
        manual = app.JobConfigurationManualTriggerConfigArgs(parallelism=1, replica_completion_count=1)
        return JobTrigger(trigger_type="Manual", schedule_trigger_config=None, manual_trigger_config=manual)
    scheduled = app.JobConfigurationScheduleTriggerConfigArgs(
        cron_expression=schedule, parallelism=1, replica_completion_count=1
    )
    return JobTrigger(trigger_type="Schedule", schedule_trigger_config=scheduled, manual_trigger_config=None)


def _job(
    scope: Scope,
    base: AzureBaseResources,
    command: CommandTask,
    environment: Environment,
    pull: ImagePull,
    schedule: str | None = None,
) -> "azure_native.app.Job":
    context, service = base.context, command.service
    app = azure_native.app
    plain = {**environment.plain, **platform_values(base, service), **secrets_version(environment)}
    image = base.registry.images[service]
    return app.Job(
        scope.named(command.name),
        resource_group_name=context.group,
        # fixed, because log queries find the runs by it
        job_name=job_name(context.stack, command.name),
        environment_id=base.environment.id,
        workload_profile_name=WORKLOAD_PROFILE,
        identity=identities(base, service, pull),
        configuration=app.JobConfigurationArgs(
            **job_trigger(schedule),
            replica_timeout=command.timeout_minutes * 60,
            replica_retry_limit=command.retries,
            secrets=stored_secrets(base, service, environment, pull),
            registries=list(pull.registries),
            identity_settings=hidden_identities(pull),
        ),
        template=app.JobTemplateArgs(
            containers=[job_container(base.spec.services[service], command.command, image, plain, environment)],
            volumes=secret_volumes(environment.files) or None,
        ),
        tags=dict(scope.tags),
        # the first run needs roles, secret values and DNS records that no input refers to
        opts=scope.opts(depends_on=prerequisites(base, service, environment, pull), delete_before_replace=True),
    )
