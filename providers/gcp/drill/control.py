"""Drills by hand on Google Cloud, and their results: executions of the workflow, and instances that drills left."""

import json
import re
from collections.abc import Sequence
from datetime import datetime

from providers.contract.cli import CliCommand, CliFailure, DeployedStack, Shell
from providers.contract.drill import (
    KEY,
    DrillControl,
    DrillEvidence,
    drill_in_progress,
    ended_execution,
    execution_evidence,
    require_deployed,
    with_query_log,
)
from providers.contract.json_data import Raw, is_list, is_mapping
from providers.contract.spec import Platform
from providers.gcp.cli import home_context, read_logs
from providers.gcp.cli_executions import LOG_DELAY_SECONDS
from providers.gcp.context import GcpContext
from providers.gcp.drill.names import copy_pattern, drill_workflow, query_job

WORKFLOW_TYPE = "gcp:workflows/workflow:Workflow"
CONSOLE = "Workflows"


class GcpDrills:
    """See `providers.contract.drill.DrillControl` for each method."""

    def declared(self, spec: Platform) -> bool:
        """See `DrillControl.declared`."""
        return spec.recovery.drill is not None

    def run(self, stack: DeployedStack, shell: Shell) -> DrillEvidence:
        """See `DrillControl.run`; Ctrl-C leaves the execution, which deletes the copy of the database itself."""
        require_deployed(stack, WORKFLOW_TYPE, "drill-workflow")
        context = home_context(stack.spec, stack.name)
        started = _answer(shell, _workflows(context, "execute", drill_workflow(stack.name)))
        execution = str(started.get("name"))
        ended = ended_execution(
            lambda: _described(context, execution, shell), "state", ("ACTIVE", "QUEUED"), execution, CONSOLE, shell
        )
        evidence = _evidence(ended)
        shell.sleep(LOG_DELAY_SECONDS)
        return with_query_log(evidence, shell.output(_log(stack, ended)))

    def last_verified(self, stack: DeployedStack, shell: Shell) -> datetime | None:
        """See `DrillControl.last_verified`."""
        context = home_context(stack.spec, stack.name)
        newest = _executions(context, "SUCCEEDED", shell)
        if not newest:
            return None
        evidence = _evidence(_described(context, newest[0], shell))
        return datetime.fromisoformat(evidence.recovery_point_time) if evidence.recovery_point_time else None

    def leftovers(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        """See `DrillControl.leftovers`."""
        context = home_context(stack.spec, stack.name)
        if _executions(context, "ACTIVE", shell):
            raise drill_in_progress("copy")
        listed = CliCommand(
            ("gcloud", "sql", "instances", "list", "--format=value(name)", f"--project={context.project}")
        )
        return [name for name in shell.output(listed).split() if re.fullmatch(copy_pattern(stack.name), name)]

    def delete(self, stack: DeployedStack, leftover: str, shell: Shell) -> None:
        """See `DrillControl.delete`."""
        context = home_context(stack.spec, stack.name)
        shell.output(
            CliCommand(("gcloud", "sql", "instances", "delete", leftover, f"--project={context.project}", "--quiet"))
        )


def _workflows(context: GcpContext, *arguments: str) -> CliCommand:
    place = (f"--project={context.project}", f"--location={context.region}", "--format=json")
    return CliCommand(("gcloud", "workflows", *arguments, *place))


def _answer(shell: Shell, command: CliCommand) -> Raw:
    document: object = json.loads(shell.output(command) or "null")
    if not is_mapping(document):
        raise CliFailure(KEY, "gcloud printed no execution", "run it again, and look at the workflow in the console")
    return document


def _executions(context: GcpContext, state: str, shell: Shell) -> list[str]:
    """Names of the newest executions in a state; at most one."""
    newest = (f"--filter=state={state}", "--sort-by=~startTime", "--limit=1")
    listed = _workflows(context, "executions", "list", drill_workflow(context.stack), *newest)
    document: object = json.loads(shell.output(listed) or "[]")
    return [str(each.get("name")) for each in (document if is_list(document) else []) if is_mapping(each)]


def _described(context: GcpContext, execution: str, shell: Shell) -> Raw:
    """State and result of an execution; its name contains the workflow, which gcloud also wants."""
    name = execution.rpartition("/")[2]
    workflow = f"--workflow={drill_workflow(context.stack)}"
    return _answer(shell, _workflows(context, "executions", "describe", name, workflow))


def _evidence(ended: Raw) -> DrillEvidence:
    error = ended.get("error")
    payload = error.get("payload") if is_mapping(error) else None
    text = str(ended.get("result") if ended.get("state") == "SUCCEEDED" else payload or "")
    return execution_evidence(text, ended.get("state"), CONSOLE)


def _log(stack: DeployedStack, ended: Raw) -> CliCommand:
    """Command that prints what the query has printed since the start of the execution."""
    job = f'resource.type="cloud_run_job" AND resource.labels.job_name="{query_job(stack.name)}"'
    return read_logs(stack, f'{job} AND timestamp>="{ended.get("startTime")}"')


CONTROL: DrillControl = GcpDrills()
