"""Saved queries of the Logs Explorer, and the log scope in which they find the entries of the stack.

The entries are in the bucket of the stack and not in `_Default`, which the Logs Explorer shows unless another scope is chosen.
The list of requests shows no address: the log of the load balancer has it with its query string, and cannot leave it out
(Cloud Load Balancing documentation, "Global external Application Load Balancer logging").
"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp

from providers.contract.component import Scope
from providers.contract.log_searches import PLACEHOLDER, SHOWN_FIELDS, TITLES, LogSearch, log_searches
from providers.gcp.context import GcpContext
from providers.gcp.monitoring.log_filters import request_logs, workload_logs

_LINE = tuple(name if name == "severity" else f"jsonPayload.{name}" for name in SHOWN_FIELDS)
_REQUEST = (
    "httpRequest.requestMethod",
    "httpRequest.status",
    "httpRequest.latency",
    "jsonPayload.statusDetails",
    "trace",
)
SUMMARIES: Mapping[LogSearch, Sequence[str]] = {
    LogSearch.ERRORS: _LINE,
    LogSearch.LINES: _LINE,
    LogSearch.REQUEST: _LINE,
    LogSearch.ENTRY: _REQUEST,
    LogSearch.BLOCKED: (*_REQUEST, "jsonPayload.enforcedSecurityPolicy.name"),
}
"""Fields that the list of results shows."""


def search_filter(context: GcpContext, search: LogSearch) -> str:
    """Return the filter of a search in the Logging query language."""
    lines, requests = workload_logs(context.spec, context.stack), request_logs(context.stack)
    return {
        LogSearch.ERRORS: f"({lines}) AND severity>=ERROR",
        LogSearch.LINES: lines,
        LogSearch.REQUEST: f'({lines} OR {requests}) AND "{PLACEHOLDER}"',
        LogSearch.ENTRY: requests,
        LogSearch.BLOCKED: f'{requests} AND jsonPayload.enforcedSecurityPolicy.outcome="DENY"',
    }[search]


def create_log_searches(scope: Scope, context: GcpContext, bucket: gcp.logging.ProjectBucketConfig) -> None:
    """Declare the shared queries and the scope with the stack's bucket."""
    parent = f"projects/{context.project}"
    gcp.logging.LogScope(
        scope.named("log-scope"),
        name=scope.named("logs"),
        parent=parent,
        location="global",
        description=f"Log entries of the stack {context.stack}",
        resource_names=[pulumi.Output.concat(bucket.id, "/views/_AllLogs")],
        opts=scope.opts(),
    )
    for search in log_searches(context.spec):
        fields = [gcp.logging.SavedQueryLoggingQuerySummaryFieldArgs(field=name) for name in SUMMARIES[search]]
        gcp.logging.SavedQuery(
            scope.named(f"search-{search}"),
            name=scope.named(search),
            display_name=f"{context.stack}: {TITLES[search]}",
            description=f"Select the log scope {scope.named('logs')}",
            parent=parent,
            location="global",
            visibility="SHARED",
            logging_query=gcp.logging.SavedQueryLoggingQueryArgs(
                filter=search_filter(context, search), summary_fields=fields
            ),
            opts=scope.opts(),
        )
