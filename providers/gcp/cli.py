"""Commands of Google Cloud through the Google Cloud CLI, `gcloud`. Pure.

Every command names the stack's project and region, so that the defaults of `gcloud` do not matter. Names of repositories
are known before a deployment; the log bucket's name is in the state.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from providers.contract.cli import (
    CliCommand,
    CliFailure,
    CliProgram,
    CloudCli,
    DataClient,
    DeployedResource,
    DeployedStack,
    LogQuery,
    Shell,
    StateBackend,
)
from providers.contract.data_clients import private_store
from providers.contract.diagnostics import InvalidConfiguration, Unsupported, displayed
from providers.contract.existing_registry import stored_addresses
from providers.contract.region_specs import is_warm
from providers.contract.spec import Platform
from providers.gcp.base.enabled_services import STATE_SERVICES, enable_command
from providers.gcp.base.existing_registry import existing_repository
from providers.gcp.base.image_sources import images, platform_repository_id
from providers.gcp.cli_executions import JobExecutions
from providers.gcp.cli_job import RUN_TYPES, GcpJob
from providers.gcp.context import GcpContext
from providers.gcp.monitoring.metrics import SUBJECTS
from providers.gcp.naming import MAX_BUCKET_CHARACTERS, STATE_NAME, region_name, run_name, state_bucket
from providers.gcp.recovery.instances import designate

PROGRAMS = (
    CliProgram(
        name="gcloud",
        check=("gcloud", "version"),
        install=(
            "install the Google Cloud CLI (https://cloud.google.com/sdk/docs/install), then run gcloud auth login and "
            "gcloud auth application-default login"
        ),
    ),
)
LOG_BUCKET_TYPE = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
JOB_TYPE = "gcp:cloudrunv2/job:Job"
LOG_SUBJECTS: Mapping[str, str] = {
    "gcp:cloudrunv2/service:Service": "service",
    "gcp:cloudrunv2/workerPool:WorkerPool": "worker",
    JOB_TYPE: "job",
}
"""Kind of subject by the type of the resource that writes a log."""
LINE_FORMAT = "value(timestamp,severity,firstof(textPayload,jsonPayload.message,jsonPayload))"
OUTPUT_LOGS = (
    '(log_id("run.googleapis.com/stdout") OR log_id("run.googleapis.com/stderr") OR '
    'log_id("run.googleapis.com/varlog/system"))'
)
"""Output of containers and messages of Cloud Run, without the entries for requests."""
BUFFER_SECONDS = 2
"""Time for which `tail` holds entries back to print them in order; its default is 10 seconds."""


@dataclass(frozen=True)
class GcpCli:
    """Commands of Google Cloud; see `providers.contract.cli.CloudCli` for each method."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def programs(self) -> Sequence[CliProgram]:
        """See `CloudCli.programs`."""
        return PROGRAMS

    @property
    def keeps_images_on_host(self) -> bool:
        """See `CloudCli.keeps_images_on_host`."""
        return False

    def repositories(self, spec: Platform, stack: str) -> Mapping[str, str]:
        """See `CloudCli.repositories`."""
        return {**_repositories(home_context(spec, stack)), **stored_addresses(spec)}

    def standby_repositories(self, spec: Platform, stack: str) -> Mapping[str, str]:
        """See `CloudCli.standby_repositories`."""
        return {
            service: address
            for context in _standby_contexts(spec, stack)
            for service, address in _repositories(context).items()
        }

    def registry_login(self, spec: Platform, stack: str) -> Sequence[CliCommand]:
        """See `CloudCli.registry_login`; the token is valid for one hour."""
        login = ("docker", "login", "--username", "oauth2accesstoken", "--password-stdin")
        token = CliCommand(("gcloud", "auth", "print-access-token"))
        own = (home_context(spec, stack), *_standby_contexts(spec, stack))
        existing = existing_repository(spec)
        hosts = (existing.host,) if existing else tuple(context.registry_host for context in own)
        return tuple(CliCommand((*login, f"https://{host}"), stdin=token) for host in hosts)

    def open_registry(self, stack: DeployedStack, shell: Shell) -> bool:
        """See `CloudCli.open_registry`; Artifact Registry accepts every authenticated client."""
        return False

    def close_registry(self, stack: DeployedStack, shell: Shell) -> None:
        """See `CloudCli.close_registry`."""

    def after_update(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        """See `CloudCli.after_update`: the replica is designated for disaster recovery, which names an instance that must exist."""
        if not is_warm(stack.spec) or stack.spec.database is None:
            return ()
        passive = (
            stack.spec.standby_region if stack.spec.active_region == stack.spec.home_region else stack.spec.home_region
        )
        done = designate(stack, passive or "", shell)
        return (done,) if done else ()

    def logs(self, stack: DeployedStack, query: LogQuery, shell: Shell) -> int:
        """See `CloudCli.logs`."""
        context, resource = _deployed(stack, query.service)
        since = self.now() - timedelta(seconds=query.since_seconds)
        kind, label = SUBJECTS[LOG_SUBJECTS[resource.type]]
        name = run_name(context.stack, query.service)
        entries = f'resource.type="{kind}" AND resource.labels.{label}="{name}" AND {OUTPUT_LOGS}'
        # `--freshness` works for the descending order only, so the filter has the time
        code = shell.stream(read_logs(stack, f'{entries} AND timestamp>="{since:%Y-%m-%dT%H:%M:%SZ}"'))
        if code != 0 or not query.follow:
            return code
        tail = ("gcloud", "beta", "logging", "tail", entries, *_log_place(stack, context))
        return shell.stream(CliCommand((*tail, f"--buffer-window={BUFFER_SECONDS}s", f"--format={LINE_FORMAT}")))

    def run(self, stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
        """See `CloudCli.run`."""
        context, resource = _deployed(stack, service)
        job = GcpJob(context, service, resource, tuple(command))
        return job.run(shell, lambda entries: read_logs(stack, entries))

    def run_job(self, stack: DeployedStack, job: str, shell: Shell) -> int:
        """See `CloudCli.run_job`."""
        stack.require_job(job)
        context, _ = _deployed(stack, job)
        hours = ceil(stack.spec.jobs[job].max_minutes / 60) + 1
        executions = JobExecutions(context, f"jobs.{job}", run_name(context.stack, job), hours)
        return executions.run(shell, lambda entries: read_logs(stack, entries))

    def exec(self, stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
        """See `CloudCli.exec`; no release of `gcloud run services` opens a shell in a replica (Google Cloud CLI 528)."""
        _deployed(stack, service)
        problem = "Cloud Run opens no terminal in a running replica"
        fix = (
            f"run agent-platform run {stack.name} {service} -- {shlex.join(command)}, which starts a new container with the "
            "service's image, environment and access"
        )
        raise InvalidConfiguration([Unsupported("gcp", f"services.{service}", problem=problem, fix=fix)])

    def open_data(self, stack: DeployedStack, client: DataClient, arguments: Sequence[str], shell: Shell) -> int:
        """See `CloudCli.open_data`; a job is started in the network of the service, without a terminal."""
        raise private_store("gcp", stack, client)

    def state_backend(self, spec: Platform, name: str) -> StateBackend:
        """See `CloudCli.state_backend`; names of buckets are globally unique, so the bucket's begins with the project."""
        context = home_context(spec, name)
        bucket = state_bucket(context.project, name)
        if not STATE_NAME.fullmatch(name) or len(bucket) > MAX_BUCKET_CHARACTERS:
            longest = MAX_BUCKET_CHARACTERS - len(state_bucket(context.project, ""))
            fix = f"use up to {longest} lower-case letters, digits and hyphens, with a letter or digit at both ends"
            raise CliFailure("--create-state", f"{displayed(name)} cannot be part of the name of a bucket", fix)
        ring = f"{name}-pulumi"
        key = f"projects/{context.project}/locations/{context.region}/keyRings/{ring}/cryptoKeys/{STATE_KEY}"
        return StateBackend(
            url=f"gs://{bucket}",
            secrets_provider=f"gcpkms://{key}",
            commands=(
                CliCommand(enable_command(context.project, *STATE_SERVICES)),
                *_bucket_commands(context, bucket),
                *_key_commands(context, ring),
            ),
        )


STATE_KEY = "state"
STATE_KEY_ROTATION = "90d"


def _repositories(context: GcpContext) -> Mapping[str, str]:
    """Address without tag by service, for images of the platform's repository."""
    repository = f"{context.registry_host}/{context.project}/{platform_repository_id(context.stack)}"
    own = {name: image for name, image in images(context.spec).items() if image.registry is None}
    return {name: f"{repository}/{image.name}" for name, image in own.items()}


def _standby_contexts(spec: Platform, stack: str) -> tuple[GcpContext, ...]:
    """Context of the standby region; empty without copies."""
    return () if spec.standby_region is None else (GcpContext(spec, stack, spec.standby_region),)


def read_logs(stack: DeployedStack, entries: str) -> CliCommand:
    """Command that prints log entries, oldest first."""
    place = _log_place(stack, context_of(stack.spec, stack.name))
    return CliCommand(("gcloud", "logging", "read", entries, *place, "--order=asc", f"--format={LINE_FORMAT}"))


def _log_place(stack: DeployedStack, context: GcpContext) -> tuple[str, ...]:
    """Options for the stack's log bucket; before it exists, the project's `_Default` bucket has the entries."""
    project = f"--project={context.project}"
    bucket = stack.resource(LOG_BUCKET_TYPE, f"{stack.active_name}-monitoring-logs")
    if bucket is None:
        return (project,)
    return (project, f"--bucket={bucket.outputs['bucketId']}", f"--location={context.region}", "--view=_AllLogs")


def context_of(spec: Platform, stack: str) -> GcpContext:
    """Context of the region of a stack that serves, with the names there."""
    region = spec.active_region
    return GcpContext(spec, stack if region == spec.home_region else region_name(stack, region), region)


def home_context(spec: Platform, stack: str) -> GcpContext:
    """Context of the home region of a stack, which has the state and the drills."""
    return GcpContext(spec, stack, spec.home_region)


def _deployed(stack: DeployedStack, service: str) -> tuple[GcpContext, DeployedResource]:
    """Context of the stack, and the Cloud Run service or worker pool of a service, or the Cloud Run job of a job."""
    if service in stack.spec.jobs:
        resource = stack.resource(JOB_TYPE, f"{stack.active_name}-jobs-{service}")
    else:
        name = f"{stack.active_name}-compute-{service}"
        resource = next((found for token in RUN_TYPES if (found := stack.resource(token, name))), None)
    if resource is None:
        raise stack.not_deployed(service)
    return context_of(stack.spec, stack.name), resource


def _bucket_commands(context: GcpContext, bucket: str) -> tuple[CliCommand, ...]:
    """Bucket with versions and without public access."""
    url, project = f"gs://{bucket}", f"--project={context.project}"
    buckets = ("gcloud", "storage", "buckets")
    access = ("--uniform-bucket-level-access", "--public-access-prevention")
    return (
        CliCommand(
            (*buckets, "create", url, project, f"--location={context.region}", *access),
            unless=CliCommand((*buckets, "describe", url, project)),
        ),
        CliCommand((*buckets, "update", url, project, "--versioning", *access)),
    )


def _key_commands(context: GcpContext, ring: str) -> tuple[CliCommand, ...]:
    place = (f"--location={context.region}", f"--project={context.project}")
    rings, keys = ("gcloud", "kms", "keyrings"), ("gcloud", "kms", "keys")
    rotation = (f"--rotation-period={STATE_KEY_ROTATION}", f"--next-rotation-time={STATE_KEY_ROTATION}")
    key = (STATE_KEY, f"--keyring={ring}", *place)
    return (
        CliCommand((*rings, "create", ring, *place), unless=CliCommand((*rings, "describe", ring, *place))),
        CliCommand(
            (*keys, "create", *key, "--purpose=encryption", *rotation),
            unless=CliCommand((*keys, "describe", *key)),
        ),
    )


CLI: CloudCli = GcpCli()
