"""The dashboard as Grafana's JSON, drawn from the rows that are the same on every cloud. Pure.

A panel asks Prometheus the question that its alarm asks, with the alarm's threshold as a line.
"""

import json
from collections.abc import Mapping

from providers.contract.alarms import AlarmRules, Signal
from providers.contract.dashboard import DashboardRow, GraphOnlyMetric, Panel, dashboard_rows
from providers.contract.prometheus import expression, is_scraped
from providers.contract.spec import Platform

UID = "agent-platform"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
WIDTH, HEIGHT, ACROSS = 8, 7, 24
"""Units of Grafana's grid: 24 across, three graphs abreast."""
NO_BILL = "This machine bills nobody."
NO_METRICS = "A service without a port shows no metrics."

Widget = dict[str, object]


def dashboard_document(spec: Platform, stack: str, rules: AlarmRules) -> str:
    """The whole dashboard."""
    widgets: list[Widget] = []
    top = 0
    for row in dashboard_rows(spec, rules):
        widgets.append({"type": "row", "title": row.name, "gridPos": _place(0, top, ACROSS, 1), "panels": []})
        places = [(n * WIDTH % ACROSS, top + 1 + n * WIDTH // ACROSS * HEIGHT) for n in range(len(row.panels))]
        widgets += [_widget(spec, rules, row, panel, *place) for panel, place in zip(row.panels, places, strict=True)]
        top = places[-1][1] + HEIGHT if places else top + 1
    numbered = [{"id": number, **widget} for number, widget in enumerate(widgets, start=1)]
    document = {
        "uid": UID,
        "title": f"Agent platform {stack}",
        "timezone": "utc",
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "schemaVersion": 39,
        "panels": numbered,
    }
    return json.dumps(document, indent=1, sort_keys=True)


def _place(x: int, y: int, width: int = WIDTH, height: int = HEIGHT) -> Mapping[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _widget(spec: Platform, rules: AlarmRules, row: DashboardRow, panel: Panel, x: int, y: int) -> Widget:
    place = _place(x, y)
    question = _question(spec, rules, row.name, panel)
    if not question:
        text = NO_BILL if panel.shows == GraphOnlyMetric.SPENDING else NO_METRICS
        note = text if panel.threshold is None else f"{text} The line would be {panel.threshold:g} {panel.unit}."
        return {
            "type": "text",
            "title": panel.title,
            "gridPos": place,
            "options": {"mode": "markdown", "content": note},
        }
    return {
        "type": "timeseries",
        "title": panel.title,
        "gridPos": place,
        "datasource": SOURCE,
        "targets": [{"refId": "A", "expr": question, "legendFormat": row.name, "datasource": SOURCE}],
        "fieldConfig": {"defaults": _drawn(panel), "overrides": []},
    }


def _question(spec: Platform, rules: AlarmRules, name: str, panel: Panel) -> str:
    """PromQL of a panel; empty for one that nothing can be asked for."""
    if panel.shows == GraphOnlyMetric.SPENDING:
        return ""
    if panel.shows == GraphOnlyMetric.REQUESTS:
        return f'60 * sum(rate(http_server_request_duration_seconds_count{{job="{name}"}}[{panel.period_seconds}s]))'
    rule = rules.rule(name, Signal(panel.shows))
    return expression(spec, rule) if is_scraped(spec, rule) else ""


def _drawn(panel: Panel) -> Mapping[str, object]:
    steps: list[Mapping[str, object]] = [{"color": "green", "value": None}]
    if panel.threshold is not None:
        steps.append({"color": "red", "value": panel.threshold})
    return {
        "unit": "percent" if panel.unit == "percent" else "s" if panel.unit == "seconds" else "short",
        "custom": {"thresholdsStyle": {"mode": "line" if panel.threshold is not None else "off"}},
        "thresholds": {"mode": "absolute", "steps": steps},
    }
