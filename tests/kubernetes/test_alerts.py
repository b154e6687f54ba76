"""Rules of a cluster as Prometheus evaluates them: `promtool` on series of kube-state-metrics, the kubelet and CloudNativePG."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.monitoring.rules import rules_spec
from tests.kubernetes.platforms import prod, spec_of
from tests.planning import DRILL, JOBS

pytestmark = [
    pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on PATH"),
    pytest.mark.long(reason="needs promtool"),
]

NS, OTHER = 'namespace="agent-platform-prod"', 'namespace="other"'
CREATED = {f"kube_namespace_created{{{NS}}}": "0x3000"}
"""The namespace is older than the first evaluation."""
POD = "gateway-7c9d8b6f5-x2v4k"
PRESENT = {
    f'kube_deployment_spec_replicas{{{NS},deployment="gateway"}}': "3x3000",
    f'container_memory_working_set_bytes{{{NS},pod="{POD}",container="gateway"}}': "1000x3000",
}
DAY, STEP = 24 * 60, 30
VALUES_A_DAY = DAY // STEP
"""Values of a day in tests that last for days, which have one each half hour."""


def document() -> dict[str, object]:
    """Return the rules of production with a job and a drill."""
    spec = spec_of(prod({"jobs": JOBS, "recovery": {"drill": DRILL}}))
    return dict(rules_spec(KubernetesContext(spec, "prod", "cluster")))


def promtool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run promtool in a folder with the rules."""
    (folder / "rules.yml").write_text(json.dumps(document()), encoding="utf-8")
    return subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def is_firing(folder: Path, alert: str, series: Mapping[str, str], minutes: int, step: int = 1) -> bool:
    """Return whether an alert fires after some minutes; `series` has a value for each `step` minutes."""
    groups = document()["groups"]
    assert isinstance(groups, list)
    (rule,) = [rule for group in groups for rule in group["rules"] if rule["alert"] == alert]
    expected = [{"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]}]
    results = []
    for alerts in (expected, []):
        test = {
            "interval": f"{step}m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "alert_rule_test": [{"eval_time": f"{minutes}m", "alertname": alert, "exp_alerts": alerts}],
        }
        cases = {"rule_files": ["rules.yml"], "evaluation_interval": f"{step}m", "tests": [test]}
        (folder / "cases.yml").write_text(json.dumps(cases), encoding="utf-8")
        run = promtool(folder, "test", "rules", "cases.yml")
        results.append(run.returncode == 0)
        if run.returncode == 0:
            break
    assert any(results), run.stdout + run.stderr
    return results[0]


def test_prometheus_accepts_every_rule(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").touch()
    run = promtool(tmp_path, "check", "rules", "rules.yml")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "SUCCESS" in run.stdout


@pytest.mark.parametrize(("available", "firing"), [("2x20", True), ("3x20", False)])
def test_missing_replicas_fire_below_the_minimum(tmp_path: Path, available: str, firing: bool) -> None:
    series = {
        **CREATED,
        f'kube_deployment_status_replicas_available{{{NS},deployment="gateway"}}': available,
        f'kube_deployment_status_replicas_available{{{OTHER},deployment="gateway"}}': "9x20",
    }
    assert is_firing(tmp_path, "gateway-missing-replicas", series, 10) is firing


def test_a_deployment_that_was_deleted_has_no_replica(tmp_path: Path) -> None:
    assert is_firing(tmp_path, "gateway-missing-replicas", CREATED, 10)


def test_cpu_is_that_of_the_replicas_and_not_of_a_job(tmp_path: Path) -> None:
    busy = f'container_cpu_usage_seconds_total{{{NS},pod="{POD}",container="gateway"}}'
    job = f'container_cpu_usage_seconds_total{{{NS},pod="nightly-29384-x2v4k",container="gateway"}}'
    assert is_firing(tmp_path, "gateway-cpu-percent", {busy: "0+54x30", job: "0x30"}, 20)
    assert not is_firing(tmp_path, "gateway-cpu-percent", {busy: "0+30x30", job: "0+60x30"}, 20)


def test_a_pod_that_is_not_ready_fires_when_it_has_had_time_to_start(tmp_path: Path) -> None:
    series = {
        f'kube_pod_status_ready{{{NS},pod="{POD}",condition="true"}}': "0x40",
        f'kube_pod_status_phase{{{NS},pod="{POD}",phase="Running"}}': "1x40",
        f'kube_pod_created{{{NS},pod="{POD}"}}': "0x40",
    }
    assert is_firing(tmp_path, "gateway-unhealthy-replicas", series, 20)
    assert not is_firing(tmp_path, "gateway-unhealthy-replicas", series, 8)


def test_a_database_without_an_instance_fires_and_one_with_a_single_one_does_not(tmp_path: Path) -> None:
    alert = "database-failed-connections"
    one_of_three = {
        f'cnpg_collector_up{{{NS},job="database",pod="database-1"}}': "1x40",
        f'cnpg_collector_up{{{NS},job="database",pod="database-2"}}': "0x40",
    }
    assert not is_firing(tmp_path, alert, {**CREATED, **one_of_three}, 30)
    assert is_firing(tmp_path, alert, CREATED, 30)
    # a new stack has no series yet
    assert not is_firing(tmp_path, alert, CREATED, 10)


def test_connections_and_cpu_are_those_of_the_busiest_instance(tmp_path: Path) -> None:
    used = {
        f'cnpg_backends_total{{{NS},job="database",pod="database-{number}",state="active"}}': f"{count}x40"
        for number, count in ((1, 170), (2, 10), (3, 10))
    }
    limit = {
        f'cnpg_pg_settings_setting{{{NS},job="database",pod="database-{number}",name="max_connections"}}': "200x40"
        for number in (1, 2, 3)
    }
    assert is_firing(tmp_path, "database-connections-percent", {**used, **limit}, 20)
    calm = {name: values.replace("170", "100") for name, values in used.items()}
    assert not is_firing(tmp_path, "database-connections-percent", {**calm, **limit}, 20)


def test_a_full_volume_fires(tmp_path: Path) -> None:
    claim = f'{NS},persistentvolumeclaim="database-1"'
    sizes = {f"kubelet_volume_stats_capacity_bytes{{{claim}}}": "100x40"}
    used = f"kubelet_volume_stats_used_bytes{{{claim}}}"
    assert is_firing(tmp_path, "database-storage-percent", {**sizes, used: "90x40"}, 20)
    assert not is_firing(tmp_path, "database-storage-percent", {**sizes, used: "80x40"}, 20)


def test_a_missing_backup_is_counted_from_the_first_volume(tmp_path: Path) -> None:
    volume = {f'kube_persistentvolumeclaim_created{{{NS},persistentvolumeclaim="database-1"}}': f"0x{2 * VALUES_A_DAY}"}
    last = f'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{{{NS},job="database"}}'
    never = {last: f"0x{2 * VALUES_A_DAY}"}
    assert not is_firing(tmp_path, "database-backup-failed", {**volume, **never}, DAY, STEP)
    assert is_firing(tmp_path, "database-backup-failed", {**volume, **never}, 27 * 60, STEP)
    assert not is_firing(
        tmp_path, "database-backup-failed", {**volume, last: f"{20 * 3600}x{2 * VALUES_A_DAY}"}, 27 * 60, STEP
    )


def test_a_run_that_fails_fires_once(tmp_path: Path) -> None:
    failed = f'kube_job_failed{{{NS},job_name="nightly-29384",condition="true"}}'
    series = {failed: "_x10 1x60"}
    assert is_firing(tmp_path, "nightly-job-failed", series, 13)
    assert not is_firing(tmp_path, "nightly-job-failed", series, 40)


def test_a_job_that_never_succeeded_is_counted_from_its_creation(tmp_path: Path) -> None:
    created = {f'kube_cronjob_created{{{NS},cronjob="nightly"}}': f"0x{3 * VALUES_A_DAY}"}
    assert is_firing(tmp_path, "nightly-job-missed", created, 3 * DAY - STEP, STEP)
    success = {f'kube_cronjob_status_last_successful_time{{{NS},cronjob="nightly"}}': f"{48 * 3600}x{3 * VALUES_A_DAY}"}
    assert not is_firing(tmp_path, "nightly-job-missed", {**created, **success}, 3 * DAY - STEP, STEP)


def test_an_old_drill_fires(tmp_path: Path) -> None:
    series = {
        f'kube_cronjob_created{{{NS},cronjob="drill"}}': f"0x{10 * VALUES_A_DAY}",
        f'kube_cronjob_status_last_successful_time{{{NS},cronjob="drill"}}': f"{3600}x{10 * VALUES_A_DAY}",
    }
    assert is_firing(tmp_path, "database-backup-verified-age-seconds", series, 9 * DAY, STEP)
    assert not is_firing(tmp_path, "database-backup-verified-age-seconds", series, 7 * DAY, STEP)


def test_missing_metrics_of_the_cluster_fire(tmp_path: Path) -> None:
    assert not is_firing(tmp_path, "cluster-metrics-missing", PRESENT, 30)
    assert is_firing(tmp_path, "cluster-metrics-missing", dict(list(PRESENT.items())[:1]), 30)
    assert is_firing(tmp_path, "cluster-metrics-missing", dict(list(PRESENT.items())[1:]), 30)
