"""Runs of tasks: a Job made from the CronJob of a job or of a release command, followed until it ends. Pure."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from providers.contract.cli import CliCommand, CliFailure, DeployedStack, Shell
from providers.contract.json_data import is_list, is_mapping
from providers.contract.release import TaskEnd
from providers.kubernetes.context import REGION, KubernetesContext, block_of


def kubectl(stack: DeployedStack, *arguments: str, stdin: CliCommand | None = None) -> CliCommand:
    """Return a command in the namespace of a stack."""
    context = context_of(stack)
    place = (f"--context={block_of(stack.spec).context}", f"--namespace={context.namespace}")
    return CliCommand(("kubectl", *place, *arguments), stdin=stdin)


def context_of(stack: DeployedStack) -> KubernetesContext:
    """Return the context of a deployed stack."""
    return KubernetesContext(stack.spec, stack.name, REGION)


def pod_selector(stack: DeployedStack, component: str) -> str:
    """Return the label selector of the pods of a component: a service, a job or a part of the platform."""
    return ",".join(f"{key}={value}" for key, value in context_of(stack).selector(component).items())


MAX_JOB_NAME = 63
SUFFIX_BYTES = 3
POLL_SECONDS = 2
START_POLLS = 300
"""Polls until the pod of a run has started or failed to."""
DEADLINE = "DeadlineExceeded"
UNKNOWN_EXIT_CODE = 1
FAILED_WAITS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError")


@dataclass(frozen=True)
class JobRun:
    """Job of one run, by its name."""

    name: str

    @classmethod
    def start(cls, stack: DeployedStack, cron_job: str, shell: Shell) -> "JobRun":
        """Create a Job from a CronJob, suspended or not; raises CliFailure when it does not exist."""
        if not shell.succeeds(kubectl(stack, "get", f"cronjob/{cron_job}")):
            raise stack.not_deployed(cron_job)
        run = cls(run_name(cron_job, "run"))
        shell.output(kubectl(stack, "create", "job", run.name, f"--from=cronjob/{cron_job}"))
        return run

    def follow(self, stack: DeployedStack, shell: Shell) -> int:
        """Print the output of a run until it ends, and return its exit code."""
        for _ in range(START_POLLS):
            if self.end(stack, shell) is not None or self._has_started(stack, shell):
                break
            shell.sleep(POLL_SECONDS)
        shell.stream(kubectl(stack, "logs", f"job/{self.name}", "--all-containers", "--follow", "--ignore-errors"))
        for _ in range(START_POLLS):
            end = self.end(stack, shell)
            if end is not None:
                return end.exit_code
            shell.sleep(POLL_SECONDS)
        fix = f"run `kubectl --namespace=... describe job/{self.name}` to see why"
        raise CliFailure(f"jobs.{self.name}", "its output has ended, and the run has not", fix)

    def end(self, stack: DeployedStack, shell: Shell) -> TaskEnd | None:
        """Return the end of the run; None while it runs."""
        job = read_json(stack, shell, f"job/{self.name}")
        return None if end_of(job) is None else end_of(job, self._pods(stack, shell))

    def _has_started(self, stack: DeployedStack, shell: Shell) -> bool:
        for pod in self._pods(stack, shell):
            for state in _states(pod):
                waiting = state.get("waiting")
                if is_mapping(waiting) and waiting.get("reason") in FAILED_WAITS:
                    message = str(waiting.get("message") or waiting.get("reason"))
                    raise CliFailure(self.name, f"its pod cannot start ({message})", "correct the image of its service")
                if "running" in state or "terminated" in state:
                    return True
        return False

    def _pods(self, stack: DeployedStack, shell: Shell) -> list[Mapping[str, object]]:
        selector = f"--selector=batch.kubernetes.io/job-name={self.name}"
        items = read_json(stack, shell, "pods", selector).get("items")
        return [each for each in (items if is_list(items) else []) if is_mapping(each)]


def end_of(job: Mapping[str, object], pods: Sequence[Mapping[str, object]] = ()) -> TaskEnd | None:
    """Return the end of a Job from its conditions, with the exit code and the deadline of its pods; None while it runs."""
    status = job.get("status")
    conditions = status.get("conditions") if is_mapping(status) else None
    for each in conditions if is_list(conditions) else []:
        if is_mapping(each) and each.get("status") == "True":
            if each.get("type") == "Complete":
                return TaskEnd(0)
            if each.get("type") == "Failed":
                return TaskEnd(_exit_code(pods), timed_out=any(_reason(pod) == DEADLINE for pod in pods))
    return None


def _exit_code(pods: Sequence[Mapping[str, object]]) -> int:
    """Exit code of the first process that failed; 1 without one, as for a pod that never started."""
    for pod in pods:
        for state in _states(pod):
            ended = state.get("terminated")
            code = ended.get("exitCode") if is_mapping(ended) else None
            if isinstance(code, int) and code:
                return code
    return UNKNOWN_EXIT_CODE


def _reason(pod: Mapping[str, object]) -> object:
    status = pod.get("status")
    return status.get("reason") if is_mapping(status) else None


def run_name(task: str, kind: str) -> str:
    """Return a new name of a run, which a label can hold."""
    suffix = f"-{kind}-{secrets.token_hex(SUFFIX_BYTES)}"
    return f"{task[: MAX_JOB_NAME - len(suffix)]}{suffix}"


def read_json(stack: DeployedStack, shell: Shell, *arguments: str) -> Mapping[str, object]:
    """Return the answer of `kubectl get` as JSON."""
    document: object = json.loads(shell.output(kubectl(stack, "get", *arguments, "--output=json")))
    return document if is_mapping(document) else {}


def _states(pod: Mapping[str, object]) -> list[Mapping[str, object]]:
    status = pod.get("status")
    containers = status.get("containerStatuses") if is_mapping(status) else None
    states = [each.get("state") for each in (containers if is_list(containers) else []) if is_mapping(each)]
    return [state for state in states if is_mapping(state)]
