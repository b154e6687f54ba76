"""One-off task of a service as a Cloud Run job, which is executed once and then deleted. Pure.

Image, variables, secrets, service account, size, key and network are those of the deployed service, from the state. The job
is named after the service and the command. A job that exists already was left by a run that was killed: the same command
then waits for its execution and prints its output, and does not start it a second time.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from providers.contract.cli import CliCommand, CliFailure, DeployedResource, OutputReader, Shell
from providers.contract.spec.defaults import Raw, is_list, is_mapping
from providers.gcp.context import GcpContext
from providers.gcp.naming import APP_CONTAINER, job_name

OUTPUTS = OutputReader("Cloud Run service")
RUN_TYPES = ("gcp:cloudrunv2/service:Service", "gcp:cloudrunv2/workerPool:WorkerPool")
DELIMITERS = ("|", "~", "@@", "##", "%%", ";;", "&&")
"""Separators of list items, for `gcloud topic escaping`; the first that no item contains is used."""
MAX_HOURS = 24
POLL_SECONDS = 10
POLLS = MAX_HOURS * 3600 // POLL_SECONDS
LOG_DELAY_SECONDS = 8
"""Time until Cloud Logging returns the last lines of a task."""


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
                shell.stream(self._jobs("execute", self.name, "--wait"))
            except KeyboardInterrupt:
                shell.succeeds(self._delete())
                raise
            execution = self._last_execution(shell)
        if execution is None:
            raise CliFailure(self._key, "the task did not start", "run the same command again")
        self._wait(shell, execution)
        shell.sleep(LOG_DELAY_SECONDS)
        label = f'labels."run.googleapis.com/execution_name"="{execution}"'
        shell.stream(read_logs(f'resource.type="cloud_run_job" AND resource.labels.job_name="{self.name}" AND {label}'))
        code = self._exit_code(shell, execution)
        shell.output(self._delete())
        return code

    def create_command(self) -> CliCommand:
        """Command that creates the job; secrets are references to versions, not values."""
        template = OUTPUTS.mapping(self.resource.outputs, "template")
        container = self._container(template)
        limits = OUTPUTS.mapping(OUTPUTS.mapping(container, "resources"), "limits")
        network = _first(OUTPUTS.mapping(template, "vpcAccess"), "networkInterfaces")
        variables, secrets = _variables(container), {**_secrets(container), **_files(template, container)}
        return self._jobs(
            "create",
            self.name,
            f"--image={OUTPUTS.text(container, 'image')}",
            _items("args", self.command),
            *([_items("set-env-vars", _pairs(variables))] if variables else []),
            *([_items("set-secrets", _pairs(secrets))] if secrets else []),
            f"--service-account={OUTPUTS.text(template, 'serviceAccount')}",
            f"--key={OUTPUTS.text(template, 'encryptionKey')}",
            f"--cpu={OUTPUTS.text(limits, 'cpu')}",
            f"--memory={OUTPUTS.text(limits, 'memory')}",
            f"--network={OUTPUTS.text(network, 'network')}",
            f"--subnet={OUTPUTS.text(network, 'subnetwork')}",
            _items("network-tags", [str(tag) for tag in _list(network, "tags")]),
            "--vpc-egress=all-traffic",
            "--tasks=1",
            # a task that failed may have done a part of its work
            "--max-retries=0",
            f"--task-timeout={MAX_HOURS}h",
            _items("labels", _pairs(self._labels())),
        )

    @property
    def _key(self) -> str:
        return f"services.{self.service}"

    def _labels(self) -> Mapping[str, str]:
        """Labels of the stack; those in the state are masked, because the SDK marks them as secret."""
        return {**self.context.spec.tags, "stack": self.context.stack}

    def _container(self, template: Raw) -> Raw:
        for container in _list(template, "containers"):
            if is_mapping(container) and container.get("name") == APP_CONTAINER:
                return container
        raise OUTPUTS.missing("containers")

    def _jobs(self, *arguments: str) -> CliCommand:
        place = (f"--project={self.context.project}", f"--region={self.context.region}")
        return CliCommand(("gcloud", "run", "jobs", *arguments, *place))

    def _delete(self) -> CliCommand:
        """Delete the job, which also ends an execution that is still running."""
        return self._jobs("delete", self.name, "--quiet")

    def _left_execution(self, shell: Shell) -> str | None:
        """Execution that a killed run has left; a job without an execution is deleted."""
        if not shell.succeeds(self._jobs("describe", self.name)):
            return None
        execution = self._last_execution(shell)
        if execution is None:
            shell.output(self._delete())
        return execution

    def _last_execution(self, shell: Shell) -> str | None:
        newest = ("--sort-by=~metadata.creationTimestamp", "--limit=1", "--format=value(metadata.name)")
        return shell.output(self._jobs("executions", "list", f"--job={self.name}", *newest)).strip() or None

    def _wait(self, shell: Shell, execution: str) -> None:
        finished = self._jobs("executions", "describe", execution, "--format=value(status.completionTime)")
        for _ in range(POLLS):
            if shell.output(finished).strip():
                return
            shell.sleep(POLL_SECONDS)
        raise CliFailure(
            self._key, f"the task still runs after {MAX_HOURS} hours", "run the same command again to wait"
        )

    def _exit_code(self, shell: Shell, execution: str) -> int:
        """Exit code of the task's container; 1 when it could not start and has none."""
        tasks: object = json.loads(
            shell.output(self._jobs("executions", "tasks", "list", f"--execution={execution}", "--format=json"))
        )
        task = tasks[0] if is_list(tasks) and tasks else None
        status = task.get("status") if is_mapping(task) else None
        if not is_mapping(status):
            return 1
        conditions = (each for each in _list(status, "conditions") if is_mapping(each))
        if any((each.get("type"), each.get("status")) == ("Completed", "True") for each in conditions):
            return 0
        result = status.get("lastAttemptResult")
        code = result.get("exitCode") if is_mapping(result) else None
        return code if isinstance(code, int) and code else 1


def _items(option: str, items: Sequence[str]) -> str:
    """Option with a list, separated by text that no item contains."""
    delimiter = next((each for each in DELIMITERS if not any(each in item for item in items)), None)
    if delimiter is None:
        fix = f"use a value without one of {' '.join(DELIMITERS)}"
        raise CliFailure(f"--{option}", "the values contain every separator that gcloud can be told to use", fix)
    return f"--{option}=^{delimiter}^{delimiter.join(items)}"


def _pairs(values: Mapping[str, str]) -> list[str]:
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
