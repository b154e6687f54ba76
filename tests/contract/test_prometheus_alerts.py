"""Alerting rules of the contract as Prometheus evaluates them: `promtool test rules` on series of replicas over time."""

import json
import shutil
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from providers.contract.alarms import alarm_rules
from providers.contract.prometheus import rules_document
from tests.contract.test_alarms import spec_of

pytestmark = [
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on PATH"),
    pytest.mark.long(reason="needs promtool"),
]

MINUTES_IN_A_DAY = 24 * 60
REPLICAS = ("a", "b", "c")
"""Instances of the service `gateway`, which has a minimum of three replicas."""


def require(
    folder: Path,
    series: Mapping[str, str],
    minutes: int,
    firing: Collection[str],
    subject: str = "gateway",
    **changes: object,
) -> None:
    """Fail unless exactly the alerts `firing` of a subject fire after `minutes`; `series` has a value for each minute."""
    spec = spec_of(**changes)
    document = rules_document(spec, alarm_rules(spec), subjects=("service", "entry"))
    (folder / "rules.yml").write_text(document, encoding="utf-8")
    groups = json.loads(document)["groups"]
    rules = [rule for group in groups for rule in group["rules"] if rule["labels"]["service"] == subject]
    assert set(firing) <= {rule["alert"] for rule in rules}
    expected = {
        rule["alert"]: [{"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]}]
        for rule in rules
        if rule["alert"] in firing
    }
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {"eval_time": f"{minutes}m", "alertname": rule["alert"], "exp_alerts": expected.get(rule["alert"], [])}
            for rule in rules
        ],
    }
    cases = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (folder / "cases.yml").write_text(json.dumps(cases), encoding="utf-8")
    run = subprocess.run(
        ["promtool", "test", "rules", "cases.yml"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def scrapes(*values: str) -> dict[str, str]:
    """`up` of each replica over time, in promtool's notation: `1x30 0x10` is 31 successes and 11 failures."""
    return {
        f'up{{job="gateway",instance="{instance}"}}': value for instance, value in zip(REPLICAS, values, strict=False)
    }


def test_a_service_that_never_served_metrics_sets_off_no_alert(tmp_path: Path) -> None:
    """An AgentOS answers `/metrics` with JSON, so every scrape of it fails."""
    require(tmp_path, scrapes("0x90", "0x90", "0x90"), minutes=80, firing=())


def test_healthy_replicas_set_off_no_alert(tmp_path: Path) -> None:
    require(tmp_path, scrapes("1x90", "1x90", "1x90"), minutes=80, firing=())


def test_replicas_that_worked_and_disappeared_are_missing(tmp_path: Path) -> None:
    """No series remains when Docker's DNS or a task's collector is gone with the replica."""
    gone = "1x30 stale _x60"
    require(tmp_path, scrapes(gone, gone, gone), minutes=80, firing=("gateway-missing-replicas",))


def test_a_replica_that_stops_serving_metrics_is_missing_and_unhealthy(tmp_path: Path) -> None:
    series = scrapes("1x90", "1x90", "1x30 0x60")
    require(tmp_path, series, minutes=80, firing=("gateway-missing-replicas", "gateway-unhealthy-replicas"))


def test_a_service_without_metrics_for_a_day_is_taken_as_one_that_has_none(tmp_path: Path) -> None:
    long = f"1x30 0x{2 * MINUTES_IN_A_DAY}"
    series, firing = scrapes(long, long, long), ("gateway-missing-replicas", "gateway-unhealthy-replicas")
    require(tmp_path, series, minutes=20 * 60, firing=firing)
    require(tmp_path, series, minutes=30 * 60, firing=())


def blocked(denied: str, total: str) -> dict[str, str]:
    """Counters of the entry over time, in promtool's notation: `0+3x60` is 3 more each minute."""
    frontend = '{job="proxy",proxy="https",instance="proxy:8404"}'
    return {
        f"haproxy_frontend_requests_denied_total{frontend}": denied,
        f"haproxy_frontend_http_requests_total{frontend}": total,
    }


@pytest.mark.parametrize(
    ("denied", "total", "fires"),
    [
        ("0+3x60", "0+3x60", False),  # 15 requests of a scanner in 5 minutes, all blocked
        ("0+12x60", "0+40x60", True),  # 30 % of 200
        ("0+4x60", "0+40x60", False),  # 10 %
        ("0x60", "0+40x60", False),
    ],
)
def test_a_share_of_blocked_requests_needs_a_number_of_requests(
    tmp_path: Path, denied: str, total: str, fires: bool
) -> None:
    firing = ("entry-firewall-blocked-percent",) if fires else ()
    require(tmp_path, blocked(denied, total), minutes=40, firing=firing, subject="entry firewall")
