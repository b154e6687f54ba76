"""Saved searches of the logs, the same on every cloud, and the fields of a structured log line. Pure.

A line is one JSON object. `severity` and `message` are the names that Cloud Logging reads (Cloud Logging documentation,
"Structured logging"), with the severities of Python's `logging`; `trace_id` and `span_id` are those of OpenTelemetry
("Trace Context in non-OTLP Log Formats"). A line of another form is found by its text.
"""

from collections.abc import Mapping
from enum import StrEnum

from providers.contract.spec import Platform

SEVERITY, MESSAGE, SERVICE, REQUEST_ID, TRACE_ID = "severity", "message", "service", "request_id", "trace_id"
SHOWN_FIELDS = (SEVERITY, SERVICE, MESSAGE, REQUEST_ID, TRACE_ID)
"""Fields that a search shows, in this order."""
ERROR_SEVERITIES = ("ERROR", "CRITICAL")
ERROR_WORDS = (*ERROR_SEVERITIES, "Traceback")
"""Words of an error in a line without a severity: names of Python's levels, and the beginning of a stack trace."""
PLACEHOLDER = "TRACE_OR_REQUEST_ID"
"""Text in the search for one request that a user replaces."""
MAX_LINES = 200


class LogSearch(StrEnum):
    """Saved search; the value is the last part of its name."""

    ERRORS = "errors"
    LINES = "service-lines"
    REQUEST = "one-request"
    ENTRY = "entry-requests"
    BLOCKED = "blocked-requests"


TITLES: Mapping[LogSearch, str] = {
    LogSearch.ERRORS: "Errors of the services",
    LogSearch.LINES: "Lines of the services",
    LogSearch.REQUEST: "Lines of one request or trace",
    LogSearch.ENTRY: "Requests at the entry",
    LogSearch.BLOCKED: "Requests that the entry blocked",
}
OF_THE_ENTRY = frozenset({LogSearch.ENTRY, LogSearch.BLOCKED})


def log_searches(spec: Platform) -> tuple[LogSearch, ...]:
    """Return the searches of a platform; those of the entry only where a service has a path."""
    return tuple(search for search in LogSearch if spec.public or search not in OF_THE_ENTRY)
