"""Saved searches of the log store: a dashboard of Grafana with a list for each. Pure.

A query selects containers by the names that `observability/log_delivery.py` gives them, and reads the fields of a structured line
from its text (VictoriaLogs documentation, "LogsQL").
"""

import json
from collections.abc import Mapping, Sequence

from providers.contract.log_searches import (
    ERROR_SEVERITIES,
    ERROR_WORDS,
    PLACEHOLDER,
    SEVERITY,
    SHOWN_FIELDS,
    TITLES,
    LogSearch,
    log_searches,
)
from providers.contract.spec import Platform
from providers.docker.observability.log_delivery import ENTRY, JOBS, SERVICES
from providers.docker.observability.log_store import DATA_SOURCE

DASHBOARD_UID = "agent-platform-logs"
PANEL_HEIGHT, GRID_WIDTH = 9, 24
VARIABLE = "request"
REQUEST_FIELDS = ("method", "path", "status", "duration_ms", "client", "backend", "rules", "request_id", "trace_id")
"""Fields of a request in the log of the router (`contract/haproxy/request_log.py`)."""


def _fields(names: Sequence[str]) -> str:
    return f"unpack_json fields ({', '.join(names)})"


_LINES = f'{{app_name=~"({SERVICES}|{JOBS})/.+"}}'
_REQUESTS = f'{{app_name=~"{ENTRY}/.+"}}'
_IS_ERROR = f'{SEVERITY}:in({", ".join(ERROR_SEVERITIES)}) or {SEVERITY}:""'
QUERIES: Mapping[LogSearch, str] = {
    LogSearch.ERRORS: f"{_LINES} ({' or '.join(ERROR_WORDS)}) | {_fields(SHOWN_FIELDS)} | filter {_IS_ERROR}",
    LogSearch.LINES: f"{_LINES} | {_fields(SHOWN_FIELDS)}",
    LogSearch.REQUEST: f'"{PLACEHOLDER}" | {_fields(SHOWN_FIELDS)}',
    LogSearch.ENTRY: f"{_REQUESTS} | {_fields(REQUEST_FIELDS)}",
    # HAProxy documentation, "Session state at disconnection": denied by a rule
    LogSearch.BLOCKED: f'{_REQUESTS} | {_fields((*REQUEST_FIELDS, "termination"))} | filter status:=403 termination:="PR"*',
}


def searches_document(spec: Platform, stack: str) -> str:
    """Dashboard with the list of each search; the one for one request reads the field at its top."""
    panels = [
        {
            "id": number,
            "type": "logs",
            "title": TITLES[search],
            "gridPos": {"x": 0, "y": (number - 1) * PANEL_HEIGHT, "w": GRID_WIDTH, "h": PANEL_HEIGHT},
            "datasource": DATA_SOURCE,
            "targets": [
                {
                    "refId": "A",
                    "datasource": DATA_SOURCE,
                    "queryType": "instant",
                    "expr": QUERIES[search].replace(PLACEHOLDER, f"${{{VARIABLE}}}"),
                }
            ],
            "options": {"showTime": True, "wrapLogMessage": True, "enableLogDetails": True, "sortOrder": "Descending"},
        }
        for number, search in enumerate(log_searches(spec), start=1)
    ]
    request = {"name": VARIABLE, "label": "Request or trace", "type": "textbox", "query": PLACEHOLDER}
    document = {
        "uid": DASHBOARD_UID,
        "title": f"Agent platform {stack}: logs",
        "timezone": "utc",
        "time": {"from": "now-1h", "to": "now"},
        "schemaVersion": 39,
        "templating": {"list": [request]},
        "panels": panels,
    }
    return json.dumps(document, indent=1, sort_keys=True)
