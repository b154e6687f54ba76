"""Dashboard in Grafana's JSON for platforms that Prometheus watches, built from the rows that are the same on every cloud. Pure.

A panel shows the PromQL expression of its alarm, with the alarm's threshold as a line.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from providers.contract.alarms import AlarmRules, Signal
from providers.contract.dashboard import DashboardRow, GraphOnlyMetric, Panel, dashboard_rows
from providers.contract.prometheus import OWN_SERVER, Series, expression, is_scraped, scrape_endpoint
from providers.contract.spec import Platform

PANEL_WIDTH, PANEL_HEIGHT, GRID_WIDTH = 8, 7, 24
"""Units of Grafana's grid, which is 24 wide: three panels in a row."""
GrafanaPanel = dict[str, object]


@dataclass(frozen=True)
class GrafanaSite:
    """Grafana server that shows a dashboard, and the series of the platform on its data source."""

    uid: str
    """Unique ID of the dashboard on the server."""
    data_source: Mapping[str, str]
    """Type and unique ID of the data source with the metrics."""
    no_bill: str
    """Sentence in place of the panel on spending."""
    series: Series = OWN_SERVER
    variables: Sequence[Mapping[str, object]] = ()
    """Variables that a user of the dashboard chooses, such as the data source."""
    traces: str = "tempo"
    """Unique ID of the data source with traces."""


def dashboard_document(spec: Platform, stack: str, rules: AlarmRules, site: GrafanaSite) -> str:
    """Dashboard of the platform."""
    panels: list[GrafanaPanel] = []
    top = 0
    for row in _rows_with_data(spec, rules, site.series):
        panels.append(
            {"type": "row", "title": row.name, "gridPos": _grid_position(0, top, GRID_WIDTH, 1), "panels": []}
        )
        positions = [
            (index * PANEL_WIDTH % GRID_WIDTH, top + 1 + index * PANEL_WIDTH // GRID_WIDTH * PANEL_HEIGHT)
            for index in range(len(row.panels))
        ]
        panels += [
            _panel(spec, rules, row, panel, site, *position)
            for panel, position in zip(row.panels, positions, strict=True)
        ]
        top = positions[-1][1] + PANEL_HEIGHT if positions else top + 1
    numbered = [{"id": number, **panel} for number, panel in enumerate(panels, start=1)]
    document = {
        "uid": site.uid,
        "title": f"Agent platform {stack}",
        "timezone": "utc",
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "schemaVersion": 39,
        "panels": numbered,
        **({"templating": {"list": [*site.variables]}} if site.variables else {}),
    }
    return json.dumps(document, indent=1, sort_keys=True)


def _rows_with_data(spec: Platform, rules: AlarmRules, series: Series) -> Iterator[DashboardRow]:
    """Rows without the panels of services that Prometheus does not scrape; the one on cost says that there is no bill."""
    for row in dashboard_rows(spec, rules):
        shown = [
            panel
            for panel in row.panels
            if panel.shows == GraphOnlyMetric.SPENDING or _query(spec, rules, row.name, panel, series)
        ]
        if shown:
            yield DashboardRow(row.name, tuple(shown))


def _grid_position(x: int, y: int, width: int = PANEL_WIDTH, height: int = PANEL_HEIGHT) -> Mapping[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(
    spec: Platform, rules: AlarmRules, row: DashboardRow, panel: Panel, site: GrafanaSite, x: int, y: int
) -> GrafanaPanel:
    position = _grid_position(x, y)
    query = _query(spec, rules, row.name, panel, site.series)
    if not query:
        note = (
            site.no_bill
            if panel.threshold is None
            else f"{site.no_bill} The threshold is {panel.threshold:g} {panel.unit}."
        )
        return {
            "type": "text",
            "title": panel.title,
            "gridPos": position,
            "options": {"mode": "markdown", "content": note},
        }
    return {
        "type": "timeseries",
        "title": panel.title,
        "gridPos": position,
        "datasource": site.data_source,
        "targets": [{"refId": "A", "expr": query, "legendFormat": row.name, "datasource": site.data_source}],
        "fieldConfig": {
            "defaults": {**_field_defaults(panel), **_trace_links(spec, row, panel, site)},
            "overrides": [],
        },
    }


def _trace_links(spec: Platform, row: DashboardRow, panel: Panel, site: GrafanaSite) -> Mapping[str, object]:
    """Link from a latency panel to the traces of the service that were slower than the value that is clicked on."""
    if spec.monitoring.tracing is None or panel.shows != Signal.LATENCY_P95_SECONDS:
        return {}
    query = f'{{resource.service.name="{row.name}" && duration>=${{__value.raw}}s}}'
    pane = {
        "datasource": site.traces,
        "queries": [
            {"refId": "A", "datasource": {"type": "tempo", "uid": site.traces}, "queryType": "traceql", "query": query}
        ],
        "range": {"from": "${__from}", "to": "${__to}"},
    }
    # variables are replaced in the text as it is here, so they are not encoded
    panes = quote(json.dumps({"traces": pane}), safe="${}_")
    url = f"/explore?schemaVersion=1&orgId=1&panes={panes}"
    return {"links": [{"title": "Slow traces", "url": url, "targetBlank": False}]}


def _query(spec: Platform, rules: AlarmRules, name: str, panel: Panel, series: Series) -> str:
    """PromQL of a panel; empty for one without data."""
    if panel.shows == GraphOnlyMetric.SPENDING:
        return ""
    if panel.shows == GraphOnlyMetric.REQUESTS:
        requests = (
            f'60 * sum(rate(http_server_request_duration_seconds_count{{{series.labels}job="{series.job_of(name)}"}}'
            f"[{panel.period_seconds}s]))"
        )
        return requests if scrape_endpoint(spec.services[name]) is not None else ""
    rule = rules.rule(name, Signal(panel.shows))
    return expression(spec, rule, series) if is_scraped(spec, rule, series) else ""


def _field_defaults(panel: Panel) -> Mapping[str, object]:
    steps: list[Mapping[str, object]] = [{"color": "green", "value": None}]
    if panel.threshold is not None:
        steps.append({"color": "red", "value": panel.threshold})
    return {
        "unit": "percent" if panel.unit == "percent" else "s" if panel.unit == "seconds" else "short",
        "custom": {"thresholdsStyle": {"mode": "line" if panel.threshold is not None else "off"}},
        "thresholds": {"mode": "absolute", "steps": steps},
    }
