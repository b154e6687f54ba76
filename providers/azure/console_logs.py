"""Console logs of services and tasks, from the Log Analytics workspace of the stack or live from a replica.

The workspace has the lines of all replicas, also of ended ones, and receives them some minutes late; its query API is called
with `az rest`, because `az monitor log-analytics query` is an extension. The live stream has one replica at a time.
"""

import json

from providers.azure.cli_commands import az, context_of, required
from providers.azure.monitoring.job_queries import replicas_of
from providers.azure.naming import app_name, job_name
from providers.contract.cli import CliCommand, DeployedStack, LogQuery, Shell

QUERY_URL = "https://api.loganalytics.io"
"""Microsoft Learn, "Azure Monitor Log Analytics API overview"."""
MAX_LINES = 5000
LIVE_LINES = 20
"""Last lines that the live stream begins with; the workspace may not have received them yet."""
CONSOLE_LOGS = (
    "union isfuzzy=true ContainerAppConsoleLogs, (datatable(TimeGenerated: datetime, ContainerAppName: string, "
    "ContainerName: string, ContainerGroupName: string, Log: string)[])"
)
"""The table, or no line before Azure creates it with its first row."""


def service_query(stack: str, service: str, since_seconds: int) -> str:
    """Return the query of the last lines of a service in all replicas, without those of its metrics collector."""
    condition = f'ContainerAppName == "{app_name(stack, service)}" and ContainerName == "app"'
    return _query(condition, since_seconds)


def job_query(stack: str, job: str, since_seconds: int) -> str:
    """Return the query of the last lines of all runs of a job."""
    return _query(f'ContainerGroupName matches regex "{replicas_of(stack, job)}"', since_seconds)


def execution_query(execution: str, since_seconds: int) -> str:
    """Return the query of the lines of one job execution; the names of its replicas begin with its name."""
    return _query(f'ContainerGroupName startswith "{execution}"', since_seconds)


def termination_query(execution: str, since_seconds: int) -> str:
    """Return the query of the event that ends a container of a job execution; its text has the exit code."""
    return (
        "union isfuzzy=true ContainerAppSystemLogs, "
        "(datatable(TimeGenerated: datetime, ReplicaName: string, Reason: string, Log: string)[]) "
        f'| where TimeGenerated > ago({since_seconds}s) and ReplicaName startswith "{execution}" '
        'and Log has "exit code" | top 1 by TimeGenerated desc | project Log'
    )


def query_command(stack: DeployedStack, query: str, columns: str) -> CliCommand:
    """Return the command that prints the rows of a query, one a line; `columns` are zero-based indexes of JMESPath."""
    workspace = required(stack, "operationalinsights:Workspace", f"{stack.active_name}-logs").outputs["customerId"]
    body = json.dumps({"query": query})
    return CliCommand(
        (
            *("az", "rest", "--method", "post", "--resource", QUERY_URL),
            *("--url", f"{QUERY_URL}/v1/workspaces/{workspace}/query", "--body", body),
            *("--query", f"tables[0].rows[].{columns}", "--output", "tsv"),
        )
    )


def show_logs(stack: DeployedStack, query: LogQuery, shell: Shell) -> int:
    """Print the logs of a service or job."""
    is_job = query.service in stack.spec.jobs
    if is_job:
        required(stack, "app:Job", f"{stack.active_name}-jobs-{query.service}")
        text = job_query(stack.name, query.service, query.since_seconds)
    else:
        required(stack, "app:ContainerApp", f"{stack.active_name}-compute-{query.service}")
        text = service_query(stack.name, query.service, query.since_seconds)
    code = shell.stream(query_command(stack, text, "[[0], [1], [2]]"))
    if not query.follow or code != 0:
        return code
    return shell.stream(_live_job(stack, query.service) if is_job else _live(stack, query.service))


def _live(stack: DeployedStack, service: str) -> CliCommand:
    context = context_of(stack.spec, stack.name)
    return az(
        context,
        *("containerapp", "logs", "show", "--name", app_name(stack.name, service), "--resource-group", context.group),
        *("--container", "app", "--follow", "true", "--tail", str(LIVE_LINES), "--format", "text"),
    )


def _live_job(stack: DeployedStack, job: str) -> CliCommand:
    """Live stream of the newest run of a job."""
    context = context_of(stack.spec, stack.name)
    return az(
        context,
        *("containerapp", "job", "logs", "show", "--name", job_name(stack.name, job)),
        *("--resource-group", context.group, "--container", "app"),
        *("--follow", "true", "--tail", str(LIVE_LINES), "--format", "text"),
    )


def _query(condition: str, since_seconds: int) -> str:
    return (
        f"{CONSOLE_LOGS} | where TimeGenerated > ago({since_seconds}s) and {condition} "
        f"| top {MAX_LINES} by TimeGenerated desc | order by TimeGenerated asc "
        "| project TimeGenerated, ContainerGroupName, Log"
    )
