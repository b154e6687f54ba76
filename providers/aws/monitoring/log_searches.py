"""Saved queries of CloudWatch Logs Insights on the log groups of services, jobs and the web ACL.

The load balancer writes its own access log to a bucket, so the requests of the entry are those of the web ACL, which inspects
each one; its log has neither query strings nor credentials (`entry/resources.py`).
"""

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.entry.resources import AwsEntry
from providers.aws.workloads import AwsWatched
from providers.contract.component import Scope
from providers.contract.log_searches import (
    ERROR_SEVERITIES,
    ERROR_WORDS,
    MAX_LINES,
    OF_THE_ENTRY,
    PLACEHOLDER,
    SEVERITY,
    SHOWN_FIELDS,
    LogSearch,
    log_searches,
)
from providers.contract.results import Entry

_SHOWN = f"fields @timestamp, {', '.join(SHOWN_FIELDS)}, @message, @log"
_NEWEST = f"sort @timestamp desc | limit {MAX_LINES}"
_ERRORS = f"{SEVERITY} in {json.dumps(ERROR_SEVERITIES)}"
_REQUEST = (
    "fields @timestamp, httpRequest.httpMethod as method, httpRequest.uri as path, action, "
    "terminatingRuleId as rule, httpRequest.clientIp as client, httpRequest.requestId as request"
)
QUERIES: Mapping[LogSearch, str] = {
    LogSearch.ERRORS: (
        f"{_SHOWN} | filter {_ERRORS} or (not ispresent({SEVERITY}) and @message like /{'|'.join(ERROR_WORDS)}/) | {_NEWEST}"
    ),
    LogSearch.LINES: f"{_SHOWN} | {_NEWEST}",
    LogSearch.REQUEST: f'{_SHOWN} | filter @message like "{PLACEHOLDER}" | sort @timestamp asc | limit 1000',
    LogSearch.ENTRY: f"{_REQUEST} | {_NEWEST}",
    LogSearch.BLOCKED: f'{_REQUEST} | filter action = "BLOCK" | {_NEWEST}',
}
"""Amazon CloudWatch Logs user guide, "CloudWatch Logs Insights language query syntax"; AWS WAF developer guide, "Log fields for
web ACL traffic"."""


def create_log_searches(scope: Scope, base: AwsBaseResources, watched: AwsWatched, entry: Entry) -> None:
    """Declare a query definition for each search, in a folder of the stack's name."""
    context = base.context
    services = [group.name for group in watched.workloads.compute.log_groups.values()]
    requests = entry.request_logs.get(context.region) if isinstance(entry, AwsEntry) else None
    groups: dict[LogSearch, list[pulumi.Output[str]]] = {}
    for search in log_searches(base.spec):
        if search not in OF_THE_ENTRY:
            with_entry = search is LogSearch.REQUEST and requests is not None
            groups[search] = [*services, requests] if with_entry and requests is not None else services
        elif requests is not None:
            groups[search] = [requests]
    for search, names in groups.items():
        aws.cloudwatch.QueryDefinition(
            scope.named(f"search-{search}"),
            name=f"{context.stack}/{search}",
            query_string=QUERIES[search].replace(" | ", "\n| "),
            log_group_names=names,
            opts=scope.opts(),
        )
