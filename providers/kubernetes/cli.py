"""Commands of Kubernetes through kubectl: logs, one-off tasks and a shell in a pod, and the place of the Pulumi state. Pure.

Every command names context and namespace, so that the defaults of the kubeconfig do not matter. Pods are found by the labels of
their stack and component.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.contract.cli import (
    CliCommand,
    CliFailure,
    CliProgram,
    CloudCli,
    DataClient,
    DeployedStack,
    LogQuery,
    Shell,
    StateBackend,
)
from providers.contract.data_clients import private_store
from providers.contract.existing_registry import stored_addresses
from providers.contract.json_data import is_list, is_mapping
from providers.contract.spec import Platform
from providers.kubernetes.cli_runs import JobRun, kubectl, pod_selector, run_name
from providers.kubernetes.context import block_of
from providers.kubernetes.naming import TASK_LABEL, task_component

PROGRAMS = (
    CliProgram(
        name="kubectl",
        check=("kubectl", "version", "--client"),
        install="install kubectl (https://kubernetes.io/docs/tasks/tools/), and log in to the cluster",
    ),
)
TASK_SECONDS = 86_400
"""Longest time of a one-off task, after which the cluster ends its pod."""
REMOVED_FIELDS = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "ports")
"""Fields of a service's container that a task does not have: nothing sends it requests."""


class KubernetesCli:
    """Commands of a cluster; see `providers.contract.cli.CloudCli` for each method."""

    programs: Sequence[CliProgram] = PROGRAMS
    keeps_images_on_host: bool = False

    def repositories(self, spec: Platform, stack: str) -> Mapping[str, str]:
        """Return the addresses in an existing registry: the platform has none, so other images name their own."""
        return stored_addresses(spec)

    def standby_repositories(self, spec: Platform, stack: str) -> Mapping[str, str]:
        """Return nothing: there is no standby region."""
        return {}

    def registry_login(self, spec: Platform, stack: str) -> Sequence[CliCommand]:
        """Return nothing: docker is logged in to the registry of the user already."""
        return ()

    def open_registry(self, stack: DeployedStack, shell: Shell) -> bool:
        """Return False: there is no registry to open."""
        return False

    def close_registry(self, stack: DeployedStack, shell: Shell) -> None:
        """Do nothing."""

    def after_update(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        """Return nothing: the provider waited until every pod is ready."""
        return ()

    def logs(self, stack: DeployedStack, query: LogQuery, shell: Shell) -> int:
        """Print the logs of all pods of a service or job, each line with its time and the pod."""
        is_job = query.service in stack.spec.jobs
        selector = f"{TASK_LABEL}={query.service}" if is_job else pod_selector(stack, query.service)
        options = (
            "logs", f"--selector={selector}", "--all-containers", "--prefix", "--timestamps",
            f"--since={query.since_seconds}s", "--tail=-1", f"--max-log-requests={MAX_LOG_REQUESTS}",
            "--ignore-errors", *(["--follow"] if query.follow else []),
        )  # fmt: skip
        return shell.stream(kubectl(stack, *options))

    def run(self, stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
        """Run a command in a separate pod with the pod specification of the service."""
        template = _template(stack, service, shell)
        name = run_name(service, "task")
        body = task_pod(template, service, name, command)
        # `kubectl run` needs an image, which `--overrides` replaces with the whole pod
        image = str(_first_container(body).get("image", ""))
        attach = ("--attach", "--stdin", *(["--tty"] if _has_terminal() else []))
        options = ("--rm", "--quiet", "--restart=Never", f"--image={image}", "--pod-running-timeout=5m")
        return shell.stream(kubectl(stack, "run", name, *attach, *options, f"--overrides={json.dumps(body)}"))

    def run_job(self, stack: DeployedStack, job: str, shell: Shell) -> int:
        """Start a run of a job from its CronJob, print its output and return its exit code."""
        stack.require_job(job)
        run = JobRun.start(stack, job, shell)
        return run.follow(stack, shell)

    def exec(self, stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
        """Run a command in a ready pod of a service."""
        return shell.stream(kubectl(stack, "exec", *_terminal(), ready_pod(stack, service, shell), "--", *command))

    def open_data(self, stack: DeployedStack, client: DataClient, arguments: Sequence[str], shell: Shell) -> int:
        """Open psql in the primary of the database; the cache and external stores are reached from services alone."""
        block = block_of(stack.spec)
        if client is not DataClient.PSQL or block.database.external:
            raise private_store("kubernetes", stack, client, "exec")
        primary = _first_name(shell.output(kubectl(stack, "get", "pods", f"--selector={PRIMARY}", "--output=name")))
        if primary is None:
            raise CliFailure("database", "no primary is running", f"run `agent-platform up {stack.name}`")
        psql = ("psql", "--dbname=app", *arguments)
        return shell.stream(kubectl(stack, "exec", *_terminal(), primary, "--container=postgres", "--", *psql))

    def state_backend(self, spec: Platform, name: str) -> StateBackend:
        """Raise CliFailure: a cluster has no bucket of its own for the state."""
        problem = "a cluster has no bucket for the state"
        fix = "create a bucket where you keep data, and run `agent-platform login s3://BUCKET` (or gs://, azblob://)"
        raise CliFailure("--create-state", problem, fix)


COMPONENT = "app.kubernetes.io/component"
PRIMARY = "cnpg.io/cluster=database,cnpg.io/instanceRole=primary"
MAX_LOG_REQUESTS = 100
"""Pods whose logs are followed at once; the default of kubectl is 5."""


@dataclass(frozen=True)
class Pod:
    """Pod of a component."""

    name: str
    ready: bool


def pods(stack: DeployedStack, component: str, shell: Shell) -> list[Pod]:
    """Return the pods of a component, ready ones first."""
    answer: object = json.loads(
        shell.output(kubectl(stack, "get", "pods", f"--selector={pod_selector(stack, component)}", "--output=json"))
    )
    items = answer.get("items") if is_mapping(answer) else None
    found = [_pod(item) for item in (items if is_list(items) else []) if is_mapping(item)]
    return sorted(found, key=lambda pod: (not pod.ready, pod.name))


def ready_pod(stack: DeployedStack, service: str, shell: Shell) -> str:
    """Return the name of a ready pod; raises CliFailure when there is none."""
    found = pods(stack, service, shell)
    if not found:
        raise stack.not_deployed(service)
    if not found[0].ready:
        fix = f"run `agent-platform logs {stack.name} {service}` to see why"
        raise CliFailure(f"services.{service}", "no pod of it is ready", fix)
    return found[0].name


def _pod(item: Mapping[str, object]) -> Pod:
    metadata, status = item.get("metadata"), item.get("status")
    conditions = status.get("conditions") if is_mapping(status) else None
    ready = any(
        is_mapping(each) and each.get("type") == "Ready" and each.get("status") == "True"
        for each in (conditions if is_list(conditions) else [])
    )
    return Pod(str(metadata.get("name")) if is_mapping(metadata) else "", ready)


def _template(stack: DeployedStack, service: str, shell: Shell) -> Mapping[str, object]:
    """Pod template of a deployed service."""
    command = kubectl(stack, "get", f"deployment/{service}", "--output=json", "--ignore-not-found")
    text = shell.output(command)
    document: object = json.loads(text) if text.strip() else None
    spec = document.get("spec") if is_mapping(document) else None
    template = spec.get("template") if is_mapping(spec) else None
    if not is_mapping(template):
        raise stack.not_deployed(service)
    return template


def task_pod(template: Mapping[str, object], service: str, name: str, command: Sequence[str]) -> dict[str, object]:
    """Pod with the specification of a service's pods, another command, and the component of the runs of jobs.

    The network policies of the service include that component, and no Service or disruption budget selects it.
    """
    pod = template.get("spec")
    fields = dict(pod) if is_mapping(pod) else {}
    containers = fields.get("containers")
    own = [each for each in (containers if is_list(containers) else []) if is_mapping(each)]
    container = {key: value for key, value in own[0].items() if key not in REMOVED_FIELDS} if own else {}
    container |= {"name": name, "command": list(command), "stdin": True, "stdinOnce": True, "tty": _has_terminal()}
    container.pop("args", None)
    fields |= {"containers": [container], "restartPolicy": "Never", "activeDeadlineSeconds": TASK_SECONDS}
    fields.pop("topologySpreadConstraints", None)
    metadata = template.get("metadata")
    labels = metadata.get("labels") if is_mapping(metadata) else None
    own_labels = {**(labels if is_mapping(labels) else {}), COMPONENT: task_component(service)}
    return {"apiVersion": "v1", "metadata": {"labels": own_labels}, "spec": fields}


def _first_container(body: Mapping[str, object]) -> Mapping[str, object]:
    spec = body.get("spec")
    containers = spec.get("containers") if is_mapping(spec) else None
    first = containers[0] if is_list(containers) and containers else {}
    return first if is_mapping(first) else {}


def _first_name(text: str) -> str | None:
    return next(iter(text.split()), None)


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _terminal() -> Iterator[str]:
    """Options that connect this terminal, or the input that is piped in."""
    yield "--stdin"
    if _has_terminal():
        yield "--tty"


CLI: CloudCli = KubernetesCli()
