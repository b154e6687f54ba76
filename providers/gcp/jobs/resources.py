"""Scheduled jobs: a Cloud Run job with the settings of its service, and a job of Cloud Scheduler that executes it.

A release command is such a Cloud Run job, which `agent-platform up` executes. Cloud Scheduler calls the API of Cloud Run as a service account that may execute the jobs of this stack and nothing else. A
task runs as the account of its service, in its network, with its secrets and size.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.region_specs import is_passive
from providers.contract.release import CommandTask, job_task, release_tasks
from providers.contract.results import Environment, Jobs
from providers.contract.schedule import schedule_of
from providers.contract.spans import without_spans
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.compute.containers import directory_of, file_of, plain_variables, volume_of
from providers.gcp.compute.resources import DEPLOYER_ROLE, INVOKER_ROLE, prerequisites
from providers.gcp.compute.sizes import run_size
from providers.gcp.naming import APP_CONTAINER, job_starter_id, run_name, standby_starter_id

START_RETRIES = 3
"""Attempts to start a run that the API of Cloud Run refused."""
START_DEADLINE_SECONDS = 60

Container = gcp.cloudrunv2.JobTemplateTemplateContainerArgs
Variable = gcp.cloudrunv2.JobTemplateTemplateContainerEnvArgs


@dataclass(frozen=True)
class GcpJobs(Jobs):
    """Cloud Run job by name."""

    jobs: "Mapping[str, gcp.cloudrunv2.Job]"


def create_jobs(scope: Scope, base: GcpBaseResources, environments: Mapping[str, Environment]) -> GcpJobs:
    """Create every job with its schedule, and the service account that starts them."""
    starter = _create_starter(scope, base)
    jobs: dict[str, gcp.cloudrunv2.Job] = {}
    for name, job in base.spec.jobs.items():
        jobs[name] = _create_job(scope, base, job_task(base.spec, name), without_spans(environments[job.service]))
        grant = _grant(scope, base, f"{name}-starter", jobs[name], INVOKER_ROLE, starter.member)
        if base.identity.deployer is not None:
            _grant(scope, base, f"{name}-deployer", jobs[name], DEPLOYER_ROLE, base.identity.deployer)
        _create_schedule(scope, base, name, starter, [jobs[name], grant])
    return GcpJobs(names=tuple(jobs), jobs=jobs)


def create_releases(scope: Scope, base: GcpBaseResources, environments: Mapping[str, Environment]) -> None:
    """Create the Cloud Run job of every release command."""
    for command in release_tasks(base.spec):
        _create_job(scope, base, command, without_spans(environments[command.service]))


def _create_starter(scope: Scope, base: GcpBaseResources) -> gcp.serviceaccount.Account:
    context, received = base.context, base.received
    identity = standby_starter_id(received.context.stack, context.region) if received else job_starter_id(context.stack)
    return gcp.serviceaccount.Account(
        scope.named("starter"),
        project=context.project,
        account_id=identity,
        display_name=f"{context.stack} jobs",
        description=f"Starts the scheduled jobs of the stack {context.stack}",
        opts=scope.opts(),
    )


def _create_job(
    scope: Scope, base: GcpBaseResources, command: CommandTask, environment: Environment
) -> "gcp.cloudrunv2.Job":
    context, service = base.context, command.service
    return gcp.cloudrunv2.Job(
        scope.named(command.name),
        name=run_name(context.stack, command.name),
        project=context.project,
        location=context.region,
        # a job holds no data
        deletion_protection=False,
        template=gcp.cloudrunv2.JobTemplateArgs(
            task_count=1,
            parallelism=1,
            template=gcp.cloudrunv2.JobTemplateTemplateArgs(
                execution_environment="EXECUTION_ENVIRONMENT_GEN2",
                service_account=base.identity.accounts[service].email,
                encryption_key=base.keys.usable["run"],
                max_retries=command.retries,
                timeout=f"{command.timeout_minutes * 60}s",
                containers=[_container(base, command, environment)],
                volumes=_volumes(environment) or None,
                vpc_access=_network(base, service),
            ),
        ),
        # no input refers to what the first run needs: grants, secret values, routes
        opts=scope.opts(depends_on=prerequisites(base, service, environment)),
    )


def _container(base: GcpBaseResources, command: CommandTask, environment: Environment) -> Container:
    service = base.spec.services[command.service]
    return Container(
        name=APP_CONTAINER,
        image=base.registry.images[command.service],
        # args, not command: the image keeps its entry point, as on other clouds
        args=list(command.command),
        envs=[*_variables(environment), *_secrets(environment)],
        resources=gcp.cloudrunv2.JobTemplateTemplateContainerResourcesArgs(limits=run_size(service.size).limits),
        volume_mounts=[
            gcp.cloudrunv2.JobTemplateTemplateContainerVolumeMountArgs(
                name=volume_of(path), mount_path=directory_of(path)
            )
            for path in environment.files
        ]
        or None,
    )


def _variables(environment: Environment) -> list[Variable]:
    return [Variable(name=name, value=value) for name, value in plain_variables(environment).items()]


def _secrets(environment: Environment) -> list[Variable]:
    return [
        Variable(
            name=name,
            value_source=gcp.cloudrunv2.JobTemplateTemplateContainerEnvValueSourceArgs(
                secret_key_ref=gcp.cloudrunv2.JobTemplateTemplateContainerEnvValueSourceSecretKeyRefArgs(
                    secret=secret.reference, version=secret.version
                )
            ),
        )
        for name, secret in environment.secrets.items()
    ]


def _volumes(environment: Environment) -> list[gcp.cloudrunv2.JobTemplateTemplateVolumeArgs]:
    return [
        gcp.cloudrunv2.JobTemplateTemplateVolumeArgs(
            name=volume_of(path),
            secret=gcp.cloudrunv2.JobTemplateTemplateVolumeSecretArgs(
                secret=stored.reference,
                items=[
                    gcp.cloudrunv2.JobTemplateTemplateVolumeSecretItemArgs(path=file_of(path), version=stored.version)
                ],
            ),
        )
        for path, stored in environment.files.items()
    ]


def _network(base: GcpBaseResources, service: str) -> gcp.cloudrunv2.JobTemplateTemplateVpcAccessArgs:
    interface = gcp.cloudrunv2.JobTemplateTemplateVpcAccessNetworkInterfaceArgs(
        network=base.network.network_id, subnetwork=base.network.subnet_id, tags=[base.network.tags[service]]
    )
    # as for services, all traffic uses the network and its firewall rules
    return gcp.cloudrunv2.JobTemplateTemplateVpcAccessArgs(egress="ALL_TRAFFIC", network_interfaces=[interface])


def _grant(
    scope: Scope,
    base: GcpBaseResources,
    part: str,
    job: "gcp.cloudrunv2.Job",
    role: str,
    member: pulumi.Input[str],
) -> pulumi.Resource:
    return gcp.cloudrunv2.JobIamMember(
        scope.named(part),
        project=base.context.project,
        location=base.context.region,
        name=job.name,
        role=role,
        member=member,
        opts=scope.opts(),
    )


def _create_schedule(
    scope: Scope,
    base: GcpBaseResources,
    name: str,
    starter: gcp.serviceaccount.Account,
    depends_on: list[pulumi.Resource],
) -> None:
    context, job = base.context, base.spec.jobs[name]
    path = f"projects/{context.project}/locations/{context.region}/jobs/{run_name(context.stack, name)}"
    gcp.cloudscheduler.Job(
        scope.named(f"{name}-schedule"),
        name=run_name(context.stack, name),
        project=context.project,
        region=context.region,
        description=f"Starts the job {name} of the stack {context.stack}",
        schedule=schedule_of(job).text,
        time_zone=job.time_zone,
        paused=is_passive(base.spec) or None,
        attempt_deadline=f"{START_DEADLINE_SECONDS}s",
        retry_config=gcp.cloudscheduler.JobRetryConfigArgs(retry_count=START_RETRIES),
        http_target=gcp.cloudscheduler.JobHttpTargetArgs(
            uri=f"https://run.googleapis.com/v2/{path}:run",
            http_method="POST",
            # an access token, which Google's own APIs require
            oauth_token=gcp.cloudscheduler.JobHttpTargetOauthTokenArgs(service_account_email=starter.email),
        ),
        # the address is text, and the first start needs the grant
        opts=scope.opts(depends_on=depends_on),
    )
