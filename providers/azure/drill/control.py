"""Drills by hand on Azure, and their results: executions of the drill's job, and servers that drills left."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from providers.azure.cli_commands import az, home_context, lines
from providers.azure.context import AzureContext
from providers.azure.drill.limits import POINT_SECONDS
from providers.azure.naming import COPY_DIGITS, copy_prefix, drill_group, drill_job
from providers.azure.tasks import RUNNING_STATES, awaited_status, read_output, start_execution
from providers.contract.cli import CliCommand, DeployedStack, Shell
from providers.contract.drill import (
    MAX_DRILL_SECONDS,
    DrillControl,
    DrillEvidence,
    drill_in_progress,
    evidence_of,
    require_deployed,
)
from providers.contract.spec import Platform

JOB_TYPE = "azure-native:app:Job"


class AzureDrills:
    """See `providers.contract.drill.DrillControl` for each method."""

    def declared(self, spec: Platform) -> bool:
        """See `DrillControl.declared`."""
        return spec.recovery.drill is not None

    def run(self, stack: DeployedStack, shell: Shell) -> DrillEvidence:
        """See `DrillControl.run`; Ctrl-C leaves the execution, which deletes the restored server itself."""
        require_deployed(stack, JOB_TYPE, "drill-job")
        context = home_context(stack.spec, stack.name)
        job = drill_job(context)
        execution = start_execution(context, job, shell)
        awaited_status(context, job, execution, shell, MAX_DRILL_SECONDS)
        return evidence_of(read_output(stack, execution, shell, 2 * MAX_DRILL_SECONDS))

    def last_verified(self, stack: DeployedStack, shell: Shell) -> datetime | None:
        """See `DrillControl.last_verified`; a drill restores to some minutes before its start."""
        context = home_context(stack.spec, stack.name)
        times = lines(shell.output(_executions(context, "status=='Succeeded'", "properties.startTime")))
        started = [datetime.fromisoformat(time).astimezone(UTC) for time in times]
        return max(started) - timedelta(seconds=POINT_SECONDS) if started else None

    def leftovers(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        """See `DrillControl.leftovers`."""
        context = home_context(stack.spec, stack.name)
        running = " || ".join(f"properties.status=='{state}'" for state in RUNNING_STATES if state)
        if lines(shell.output(_executions(context, running.removeprefix("properties."), "name"))):
            raise drill_in_progress("server")
        listed = ("postgres", "flexible-server", "list", "--resource-group", drill_group(context))
        names = lines(shell.output(az(context, *listed, "--query", "[].name", "--output", "tsv")))
        pattern = re.compile(rf"{re.escape(copy_prefix(context))}\d{{{COPY_DIGITS}}}")
        return [name for name in names if pattern.fullmatch(name)]

    def delete(self, stack: DeployedStack, leftover: str, shell: Shell) -> None:
        """See `DrillControl.delete`."""
        context = home_context(stack.spec, stack.name)
        server = ("--resource-group", drill_group(context), "--name", leftover)
        shell.output(az(context, "postgres", "flexible-server", "delete", *server, "--yes", "--output", "none"))


def _executions(context: AzureContext, condition: str, field: str) -> CliCommand:
    """Command that prints a field of the executions with a condition on their properties."""
    address = ("--name", drill_job(context), "--resource-group", context.group)
    query = f"[?properties.{condition}].{field}"
    return az(context, "containerapp", "job", "execution", "list", *address, "--query", query, "--output", "tsv")


CONTROL: DrillControl = AzureDrills()
