"""One-off task of a service as a Cloud Run job, which is executed once and then deleted. Pure.

Image, variables, secrets, service account, size, key and network are those of the deployed service, from the state. The job
is named after the service and the command. A job that exists already was left by a run that was killed: the same command
then waits for its execution and prints its output, and does not start it a second time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from providers.contract.cli import CliCommand, CliFailure, DeployedResource, OutputReader, Shell
from providers.contract.spec.defaults import Raw, is_list, is_mapping
from providers.gcp.cli_executions import MAX_HOURS, JobExecutions
from providers.gcp.context import GcpContext
from providers.gcp.naming import APP_CONTAINER, job_name

OUTPUTS = OutputReader("Cloud Run service")
RUN_TYPES = ("gcp:cloudrunv2/service:Service", "gcp:cloudrunv2/workerPool:WorkerPool")
DELIMITERS = ("|", "~", "@@", "##", "%%", ";;", "&&")
"""Separators of list items, for `gcloud topic escaping`; the first that no item contains is used."""


@dataclass(frozen=True)
class GcpJob:
    """Command in a new container of a deployed service."""

    context: GcpContext
    service: str
    resource: DeployedResource
    command: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the job: `prod-gateway-run-1a2b3c4d`, with a digest of the command."""
        digest = sha256("\0".join(self.command).encode()).hexdigest()[:8]
        return job_name(self.context.stack, self.service, digest)

    def run(self, shell: Shell, read_logs: Callable[[str], CliCommand]) -> int:
        """Execute the job, print its output, delete it, and return the exit code of the command."""
        execution = self._left_execution(shell)
        if execution is None:
            shell.output(self.create_command())
            try:
                shell.stream(self.executions.command("execute", self.name, "--wait"))
            except KeyboardInterrupt:
                shell.succeeds(self._delete())
                raise
            execution = self.executions.last(shell)
        if execution is None:
            raise CliFailure(self._key, "the task did not start", "run the same command again")
        code = self.executions.finish(shell, execution, read_logs)
        shell.output(self._delete())
        return code

    def create_command(self) -> CliCommand:
        """Command that creates the job; secrets are references to versions, not values."""
        template = OUTPUTS.mapping(self.resource.outputs, "template")
        container = self._container(template)
        limits = OUTPUTS.mapping(OUTPUTS.mapping(container, "resources"), "limits")
        variables, secrets = _variables(container), {**_secrets(container), **_files(template, container)}
        return self.executions.command(
            "create",
            self.name,
            f"--image={OUTPUTS.text(container, 'image')}",
            list_option("args", self.command),
            *([list_option("set-env-vars", pairs(variables))] if variables else []),
            *([list_option("set-secrets", pairs(secrets))] if secrets else []),
            *access_options(template),
            f"--cpu={OUTPUTS.text(limits, 'cpu')}",
            f"--memory={OUTPUTS.text(limits, 'memory')}",
            "--tasks=1",
            # a task that failed may have done a part of its work
            "--max-retries=0",
            f"--task-timeout={MAX_HOURS}h",
            label_option(self.context),
        )

    @property
    def _key(self) -> str:
        return f"services.{self.service}"

    @property
    def executions(self) -> JobExecutions:
        """Executions of the job."""
        return JobExecutions(self.context, self._key, self.name)

    def _container(self, template: Raw) -> Raw:
        for container in _list(template, "containers"):
            if is_mapping(container) and container.get("name") == APP_CONTAINER:
                return container
        raise OUTPUTS.missing("containers")

    def _delete(self) -> CliCommand:
        """Delete the job, which also ends an execution that is still running."""
        return self.executions.command("delete", self.name, "--quiet")

    def _left_execution(self, shell: Shell) -> str | None:
        """Execution that a killed run has left; a job without an execution is deleted."""
        if not shell.succeeds(self.executions.command("describe", self.name)):
            return None
        execution = self.executions.last(shell)
        if execution is None:
            shell.output(self._delete())
        return execution


def access_options(template: Raw) -> Sequence[str]:
    """Options with the service account, key and network of a deployed service, from its template."""
    network = _first(OUTPUTS.mapping(template, "vpcAccess"), "networkInterfaces")
    return (
        f"--service-account={OUTPUTS.text(template, 'serviceAccount')}",
        f"--key={OUTPUTS.text(template, 'encryptionKey')}",
        f"--network={OUTPUTS.text(network, 'network')}",
        f"--subnet={OUTPUTS.text(network, 'subnetwork')}",
        list_option("network-tags", [str(tag) for tag in _list(network, "tags")]),
        "--vpc-egress=all-traffic",
    )


def label_option(context: GcpContext) -> str:
    """Option with the labels of the stack; those in the state are masked, because the SDK marks them as secret."""
    return list_option("labels", pairs({**context.spec.tags, "stack": context.stack_label}))


def list_option(option: str, items: Sequence[str]) -> str:
    """Option with a list, separated by text that no item contains."""
    delimiter = next((each for each in DELIMITERS if not any(each in item for item in items)), None)
    if delimiter is None:
        fix = f"use a value without one of {' '.join(DELIMITERS)}"
        raise CliFailure(f"--{option}", "the values contain every separator that gcloud can be told to use", fix)
    return f"--{option}=^{delimiter}^{delimiter.join(items)}"


def pairs(values: Mapping[str, str]) -> list[str]:
    """`["STAGE=prod"]`: items of an option from names and values."""
    return [f"{name}={value}" for name, value in values.items()]


def _variables(container: Raw) -> dict[str, str]:
    return {
        OUTPUTS.text(each, "name"): str(each["value"])
        for each in _envs(container)
        if isinstance(each.get("value"), str)
    }


def _secrets(container: Raw) -> dict[str, str]:
    """Variables from versions of secrets: `{"OPENAI_API_KEY": "prod-OPENAI_API_KEY:3"}`."""
    references: dict[str, str] = {}
    for each in _envs(container):
        source = each.get("valueSource")
        if is_mapping(source) and is_mapping(source.get("secretKeyRef")):
            reference = OUTPUTS.mapping(source, "secretKeyRef")
            references[OUTPUTS.text(each, "name")] = (
                f"{OUTPUTS.text(reference, 'secret')}:{OUTPUTS.text(reference, 'version')}"
            )
    return references


def _files(template: Raw, container: Raw) -> dict[str, str]:
    """Secrets that are mounted as files, by path."""
    volumes = {OUTPUTS.text(each, "name"): each for each in _list(template, "volumes") if is_mapping(each)}
    files: dict[str, str] = {}
    for mount in _list(container, "volumeMounts"):
        if is_mapping(mount):
            secret = OUTPUTS.mapping(volumes[OUTPUTS.text(mount, "name")], "secret")
            item = _first(secret, "items")
            path = f"{OUTPUTS.text(mount, 'mountPath')}/{OUTPUTS.text(item, 'path')}"
            files[path] = f"{OUTPUTS.text(secret, 'secret')}:{OUTPUTS.text(item, 'version')}"
    return files


def _envs(container: Raw) -> Iterator[Raw]:
    return (each for each in _list(container, "envs") if is_mapping(each))


def _first(values: Raw, key: str) -> Raw:
    items = _list(values, key)
    if not items or not is_mapping(items[0]):
        raise OUTPUTS.missing(key)
    return items[0]


def _list(values: Raw, key: str) -> list[object]:
    value = values.get(key)
    return value if is_list(value) else []
