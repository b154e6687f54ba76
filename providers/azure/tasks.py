"""One-off task of a service: a Container Apps job with image, variables, secrets, identities and volumes of its app.

The job is written from the app that runs, so that it sees the same secret versions; it has no ingress and no probes, and
COMMAND takes the place of the app's arguments, after the entry point of the image. Its name is fixed by service: a job that
an interrupted run leaves behind is replaced and deleted by the next one. Output and exit code come from the workspace, which
receives them minutes after the task has ended; the execution itself says only whether it succeeded.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from providers.azure.cli_commands import az, context_of, required, rest_put
from providers.azure.console_logs import execution_query, query_command, termination_query
from providers.azure.context import AzureContext
from providers.azure.naming import app_name, job_name, salt
from providers.contract.cli import CliFailure, DeployedStack, Shell

API_VERSION = "2025-01-01"
"""Microsoft.App/jobs."""
TIMEOUT_SECONDS = 4 * 3600
POLL_SECONDS = 10
MAX_CREATE_POLLS = 60
"""Ten minutes for Resource Manager to create the job."""
STATUS_SECONDS = 1800
"""Time beyond the longest run of a task for its start and for the status to arrive."""
MAX_OUTPUT_POLLS = 30
"""Five minutes for the output to arrive; a task that prints nothing takes as long."""
SETTLED_POLLS = 3
"""Answers with the same number of lines after which the output is complete."""
EXIT_CODE = re.compile(r"exit code '(?P<code>\d+)'")
"""`Container 'app' was terminated with exit code '1' and reason 'ProcessExited'`: reason ContainerTerminated."""
MAX_CODE_POLLS = 6
RUNNING_STATES = ("Running", "Processing", "Unknown", "")
KEPT_IN_CONTAINER = ("name", "image", "env", "resources", "volumeMounts", "command")
KEPT_IN_CONFIGURATION = ("secrets", "registries", "identitySettings")

Document = dict[str, object]


def task_name(context: AzureContext, service: str) -> str:
    """`task-1a2b3c`: one job for each service."""
    return f"task-{salt(context, f'task/{service}')}"


def job_document(app: Mapping[str, object], command: Sequence[str]) -> Document:
    """Return the job that runs `command` in the service's container of an app, as Resource Manager returns the app."""
    properties = cast("Mapping[str, Document]", app["properties"])
    template, configuration = properties["template"], properties["configuration"]
    containers = cast("Sequence[Mapping[str, object]]", template["containers"])
    container = {key: containers[0][key] for key in KEPT_IN_CONTAINER if containers[0].get(key)}
    identities = cast("Mapping[str, Mapping[str, object]]", app.get("identity") or {}).get("userAssignedIdentities", {})
    return {
        "location": app["location"],
        # the ids of principals are read-only
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {name: {} for name in identities}},
        "properties": {
            "environmentId": properties["environmentId"],
            "workloadProfileName": properties.get("workloadProfileName"),
            "configuration": {
                **{key: configuration[key] for key in KEPT_IN_CONFIGURATION if configuration.get(key)},
                "triggerType": "Manual",
                "replicaTimeout": TIMEOUT_SECONDS,
                "replicaRetryLimit": 0,
                "manualTriggerConfig": {"parallelism": 1, "replicaCompletionCount": 1},
            },
            "template": {
                "containers": [{**container, "args": list(command)}],
                "volumes": template.get("volumes") or [],
            },
        },
    }


def run_task(stack: DeployedStack, service: str, command: Sequence[str], shell: Shell) -> int:
    """Run a command once, print its output and return its exit code; 1 for a failure whose code is not known."""
    context = context_of(stack.spec, stack.name)
    required(stack, "app:ContainerApp", f"{stack.active_name}-compute-{service}")
    job = task_name(context, service)
    group = ("--resource-group", context.group)
    show = az(context, "containerapp", "show", "--name", app_name(stack.name, service), *group, "--output", "json")
    document = job_document(json.loads(shell.output(show)), command)
    try:
        create_job(context, job, document, shell)
        return _finished(stack, job, start_execution(context, job, shell), shell)
    finally:
        # a failed deletion must not hide the first failure; the next run of the service deletes the job
        shell.succeeds(az(context, "containerapp", "job", "delete", "--name", job, *group, "--yes", "--output", "none"))


def run_job(stack: DeployedStack, job: str, shell: Shell) -> int:
    """Start a run of a scheduled job, print its output and return its exit code; Ctrl-C ends the run."""
    context = context_of(stack.spec, stack.name)
    required(stack, "app:Job", f"{stack.active_name}-jobs-{job}")
    name = job_name(stack.name, job)
    execution = start_execution(context, name, shell)
    try:
        return _finished(stack, name, execution, shell, stack.spec.jobs[job].max_minutes * 60)
    except KeyboardInterrupt:
        stop_execution(context, name, execution, shell)
        raise


def start_execution(context: AzureContext, job: str, shell: Shell) -> str:
    """Name of a new execution."""
    address = ("--name", job, "--resource-group", context.group)
    start = az(context, "containerapp", "job", "start", *address, "--query", "name", "--output", "tsv")
    return shell.output(start).strip()


def _finished(stack: DeployedStack, job: str, execution: str, shell: Shell, max_seconds: int = TIMEOUT_SECONDS) -> int:
    """Exit code of an execution, after its end and its output."""
    status = awaited_status(context_of(stack.spec, stack.name), job, execution, shell)
    output = read_output(stack, execution, shell, max(max_seconds, TIMEOUT_SECONDS))
    print(output or "no output has reached the workspace", end="" if output.endswith("\n") else "\n")
    return 0 if status == "Succeeded" else exit_code(stack, execution, shell)


def exit_code(stack: DeployedStack, execution: str, shell: Shell) -> int:
    """Exit code of a failed execution; 1 when it is not known."""
    query = query_command(stack, termination_query(execution, TIMEOUT_SECONDS), "[[0]]")
    for _ in range(MAX_CODE_POLLS):
        match = EXIT_CODE.search(shell.output(query))
        if match is not None:
            return int(match["code"])
        shell.sleep(POLL_SECONDS)
    return 1


def create_job(context: AzureContext, job: str, document: Document, shell: Shell) -> None:
    """Create the job from a file in a folder of this user: its variables would make an argument of several pages."""
    path = f"{context.group_id}/providers/Microsoft.App/jobs/{job}"
    with TemporaryDirectory(prefix="agent-platform-") as folder:
        file = Path(folder) / "job.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        shell.output(rest_put(path, API_VERSION, f"@{file}"))
    show = az(
        context,
        *("containerapp", "job", "show", "--name", job, "--resource-group", context.group),
        *("--query", "properties.provisioningState", "--output", "tsv"),
    )
    fix = f"look at az containerapp job show --name {job} --resource-group {context.group}"
    for _ in range(MAX_CREATE_POLLS):
        state = shell.output(show).strip()
        if state == "Succeeded":
            return
        if state in ("Failed", "Canceled"):
            raise CliFailure("run", f"the job {job} could not be created ({state})", fix)
        shell.sleep(POLL_SECONDS)
    raise CliFailure("run", f"the job {job} was not created within {MAX_CREATE_POLLS * POLL_SECONDS} s", fix)


def execution_status(context: AzureContext, job: str, execution: str, shell: Shell) -> str:
    """Status of an execution; one of RUNNING_STATES until it has ended."""
    show = az(
        context,
        *("containerapp", "job", "execution", "show", "--name", job, "--resource-group", context.group),
        *("--job-execution-name", execution, "--query", "properties.status", "--output", "tsv"),
    )
    return shell.output(show).strip()


def stop_execution(context: AzureContext, job: str, execution: str, shell: Shell) -> None:
    """Stop an execution; succeeds when it has ended."""
    address = ("--name", job, "--resource-group", context.group, "--job-execution-name", execution)
    shell.succeeds(az(context, "containerapp", "job", "stop", *address, "--output", "none"))


def awaited_status(
    context: AzureContext, job: str, execution: str, shell: Shell, max_seconds: int = TIMEOUT_SECONDS
) -> str:
    """Status of an execution after its end; raises CliFailure for one that runs longer than it may."""
    polls = (max_seconds + STATUS_SECONDS) // POLL_SECONDS
    for _ in range(polls):
        status = execution_status(context, job, execution, shell)
        if status not in RUNNING_STATES:
            return status
        shell.sleep(POLL_SECONDS)
    problem = f"the task {execution} did not end within {polls * POLL_SECONDS} s"
    raise CliFailure("run", problem, "shorten the task, or run it as a service")


def read_output(stack: DeployedStack, execution: str, shell: Shell, since_seconds: int) -> str:
    """Return the lines of an execution once their number no longer grows."""
    query = query_command(stack, execution_query(execution, since_seconds), "[[2]]")
    output, settled = "", 0
    for _ in range(MAX_OUTPUT_POLLS):
        current = shell.output(query)
        settled = settled + 1 if current and current == output else 0
        output = current
        if settled == SETTLED_POLLS:
            break
        shell.sleep(POLL_SECONDS)
    return output
