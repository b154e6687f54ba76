"""Saved searches in the Log Analytics workspace of the stack, in a category of its name.

The access log of Front Door has addresses without values of the query (`entry/resources.py`). That of Application Gateway
has the query in a separate column, which the search leaves out.
"""

from collections.abc import Mapping

import pulumi_azure_native as azure_native

from providers.azure.console_logs import CONSOLE_LOGS
from providers.azure.context import AzureContext
from providers.azure.entry.limits import has_gateway
from providers.azure.naming import gateway_name, profile_name
from providers.azure.observability.logs import AzureLogs
from providers.contract.component import Scope
from providers.contract.log_searches import (
    ERROR_SEVERITIES,
    ERROR_WORDS,
    MAX_LINES,
    PLACEHOLDER,
    SERVICE,
    SEVERITY,
    SHOWN_FIELDS,
    TITLES,
    LogSearch,
    log_searches,
)

_FALLBACKS: Mapping[str, str] = {SERVICE: "ContainerAppName", "message": "Log"}
"""Columns that have the value of a field where the line is not JSON."""
_NEWEST = f"top {MAX_LINES} by TimeGenerated desc"


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _lines() -> str:
    """Return the query of the lines of services and jobs, without those of the metrics collector."""
    fields = ", ".join(
        f"{name} = coalesce(tostring(line.{name}), {_FALLBACKS[name]})"
        if name in _FALLBACKS
        else f"{name} = tostring(line.{name})"
        for name in SHOWN_FIELDS
    )
    return f'{CONSOLE_LOGS} | where ContainerName == "app" | extend line = parse_json(Log) | extend {fields}'


def _text(column: str) -> str:
    """Return the expression of a column that Azure creates with its first value; a suffix is its type."""
    absent = "real(null)" if column.endswith("_d") else '""'
    return f'tostring(column_ifexists("{column}", {absent}))'


def _requests(context: AzureContext, category: str) -> str:
    """Return the query of a log of the entry, without what follows a question mark in its addresses."""
    gateway = has_gateway(context.spec)
    log, name = (
        ("ApplicationGateway", gateway_name(context.stack)) if gateway else ("FrontDoor", profile_name(context.stack))
    )
    names = {
        "method": "httpMethod_s",
        "status": "httpStatus_d" if gateway else "httpStatusCode_s",
        "seconds": "timeTaken_d" if gateway else "timeTaken_s",
        "rule": "ruleName_s",
        "action": "action_s",
        "request_id": "transactionId_g" if gateway else "trackingReference_s",
    }
    columns = ", ".join(f"{column} = {_text(source)}" for column, source in names.items())
    path = f"path = tostring(split({_text('requestUri_s')}, '?')[0])"
    return (
        f'AzureDiagnostics | where Category == "{log}{category}" and Resource =~ "{name}" '
        f"| extend {path}, {columns} | project TimeGenerated, path, {', '.join(names)}"
    )


def search_query(context: AzureContext, search: LogSearch) -> str:
    """Return the query of a search."""
    lines, shown = _lines(), f"project TimeGenerated, {', '.join(SHOWN_FIELDS)}, ContainerGroupName"
    errors = (
        f"{SEVERITY} in ({_quoted(ERROR_SEVERITIES)}) or (isempty({SEVERITY}) and Log has_any ({_quoted(ERROR_WORDS)}))"
    )
    firewall = "FirewallLog" if has_gateway(context.spec) else "WebApplicationFirewallLog"
    queries = {
        LogSearch.ERRORS: f"{lines} | where {errors} | {shown} | {_NEWEST}",
        LogSearch.LINES: f"{lines} | {shown} | {_NEWEST}",
        LogSearch.REQUEST: f'{lines} | where Log has "{PLACEHOLDER}" | {shown} | order by TimeGenerated asc',
        LogSearch.ENTRY: f"{_requests(context, 'AccessLog')} | {_NEWEST}",
        LogSearch.BLOCKED: f'{_requests(context, firewall)} | where action startswith "Block" | {_NEWEST}',
    }
    return queries[search]


def create_log_searches(scope: Scope, context: AzureContext, logs: AzureLogs) -> None:
    """Declare a saved search for each search of the contract."""
    for search in log_searches(context.spec):
        azure_native.operationalinsights.SavedSearch(
            scope.named(f"search-{search}"),
            resource_group_name=context.group,
            workspace_name=logs.workspace_name,
            saved_search_id=str(search),
            category=f"Agent platform {context.stack}",
            display_name=TITLES[search],
            query=search_query(context, search).replace(" | ", "\n| "),
            version=2,
            opts=scope.opts(),
        )
