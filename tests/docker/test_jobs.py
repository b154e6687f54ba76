"""Jobs: the container, its settings, and the script that waits, runs, stops and records.

The script runs as in its container, with other folders for metrics and scratch files.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from automation.plan.inventory import Inventory
from providers.contract.diagnostics import Effect
from providers.contract.spec import Job
from providers.docker.base.containers import script
from providers.docker.compute.sizes import total_memory_gib
from providers.docker.jobs.limits import WITHOUT_RULE
from providers.docker.jobs.program import METRICS_FOLDER, job_settings, posix_zone
from providers.docker.observability.prometheus import JOB_OF_SCHEDULE, prometheus_document
from tests.docker.plans import container, files, networks, settings, variables
from tests.docker.specs import adjustments, context_of, refusals, spec_of
from tests.planning import plan, production

NIGHTLY: Mapping[str, object] = {"service": "gateway", "schedule": "0 3 * * *", "command": ["python", "-m", "report"]}


def with_job(**changes: object) -> Inventory:
    return plan(production({"jobs": {"nightly": {**NIGHTLY, **changes}}}, cloud="docker"))


def job_of(**changes: object) -> Job:
    return spec_of({"jobs": {"nightly": {**NIGHTLY, **changes}}}).jobs["nightly"]


class JobScript:
    """Script of a job in a folder, with the settings of a job and a clock that tests choose."""

    def __init__(self, folder: Path, job: Job) -> None:
        self.folder, self.metrics, self.scratch = folder, folder / "metrics", folder / "scratch"
        self.programs = folder / "programs"
        for each in (self.metrics, self.scratch, self.programs):
            each.mkdir()
        (folder / "job.sh").write_text(script("job"), encoding="utf-8")
        (folder / "job.conf").write_text(job_settings("nightly", job, str(self.metrics), str(self.scratch)))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        path = f"{self.programs}:{os.environ['PATH']}"
        return subprocess.Popen(
            ["sh", str(self.folder / "job.sh"), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PATH": path, "HOME": str(self.scratch)},
        )

    def now(self) -> tuple[int, str]:
        process = self.start("now")
        output, _ = process.communicate(timeout=60)
        return process.returncode, output

    def at(self, *times: str) -> None:
        """Programs `date` and `sleep` by which each minute is one of these times, as `date '+%M %H %d %m %w'` prints it."""
        (self.folder / "times").write_text("".join(f"{time}\n" for time in times))
        date = (
            'case "$1" in \'+%M %H %d %m %w\') t=$(head -n 1 times.now); echo "$t";; '
            '+%Y%m%d%H%M) head -n 1 times.now;; *) exec /bin/date "$@";; esac'
        )
        sleep = (
            'if [ "$1" -gt 1 ] || [ ! -s times.now ]; then sed -n 1p times > times.now; sed -i 1d times; '
            '[ -s times.now ] || exec /bin/sleep 60; else exec /bin/sleep "$1"; fi'
        )
        for name, text in (("date", date), ("sleep", sleep)):
            program = self.programs / name
            program.write_text(f"#!/bin/sh\ncd {self.folder}\n{text}\n")
            program.chmod(0o755)

    def recorded(self) -> dict[str, float]:
        text = (self.metrics / "nightly.prom").read_text()
        return {
            name: float(value) for name, value in re.findall(r'^(\w+)\{scheduled_job="nightly"\} (\S+)$', text, re.M)
        }


def test_a_job_has_the_access_of_its_service_and_no_name_in_its_networks() -> None:
    inventory = with_job()
    job, service = container(inventory, "jobs-nightly"), container(inventory, "compute-gateway-1")
    assert variables(job) == variables(service)
    assert networks(job) == networks(service)
    assert not any(each.get("aliases") for each in settings(job, "networksAdvanced"))
    assert job.inputs["image"] == service.inputs["image"]
    assert job.inputs["memory"] == service.inputs["memory"]


def test_the_container_runs_the_script_with_the_command_of_the_job() -> None:
    inventory = with_job(command=["python", "-c", "print('it''s')"])
    job = container(inventory, "jobs-nightly")
    assert job.inputs["healthcheck"] == {
        "tests": ["NONE"],
        "interval": "30s",
        "timeout": "30s",
        "startPeriod": "1s",
        "retries": 1,
    }, "the check of the image asks for a server, and its times would be drift"
    assert job.inputs["entrypoints"] == ["/bin/sh", "/etc/agent-platform/job.sh"]
    assert files(inventory, "jobs-nightly")["job.conf"].splitlines()[-1].startswith("job_command() { exec python -c ")


def test_a_job_is_deleted_before_it_is_replaced_so_that_no_run_starts_twice() -> None:
    assert container(with_job(), "jobs-nightly").options["deleteBeforeReplace"] is True


def test_the_exporter_reads_the_metrics_of_jobs_beside_those_of_backups() -> None:
    inventory = with_job()
    exporter, job = container(inventory, "monitoring-host-exporter"), container(inventory, "jobs-nightly")
    assert "--collector.textfile.directory=/exchange*" in cast("list[str]", exporter.inputs["command"])
    mounts = {
        each["containerPath"]: each["volumeName"] for each in settings(exporter, "volumes") if "volumeName" in each
    }
    (metrics,) = [
        each["volumeName"] for each in settings(job, "volumes") if each.get("containerPath") == METRICS_FOLDER
    ]
    assert set(mounts) == {"/exchange", "/exchange-jobs"} and mounts["/exchange-jobs"] == metrics


def test_prometheus_names_the_series_of_a_job_after_it_and_changes_nothing_without_jobs() -> None:
    scraped = context_of({"jobs": {"nightly": dict(NIGHTLY)}})
    assert str(JOB_OF_SCHEDULE["target_label"]) == "job"
    assert "scheduled_job" in prometheus_document(scraped, "")
    assert "scheduled_job" not in prometheus_document(context_of(), "")


def test_the_memory_of_a_job_counts() -> None:
    before, after = total_memory_gib(spec_of()), total_memory_gib(spec_of({"jobs": {"nightly": dict(NIGHTLY)}}))
    assert after - before == spec_of().services["gateway"].size.memory_gib


@pytest.mark.parametrize(
    ("zone", "rule"), [("UTC", "UTC0"), ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"), ("Asia/Kolkata", "IST-5:30")]
)
def test_a_time_zone_is_a_rule_that_needs_no_data(zone: str, rule: str) -> None:
    assert posix_zone(zone) == rule


def test_a_zone_without_a_rule_and_a_name_of_the_platform_are_refused() -> None:
    (refused,) = refusals({"jobs": {"nightly": {**NIGHTLY, "time_zone": WITHOUT_RULE[0]}}})
    assert (refused.key, "Ramadan" in refused.problem) == ("jobs.nightly.time_zone", True)
    (refused,) = refusals({"jobs": {"nightly-files": dict(NIGHTLY)}})
    assert refused.key == "jobs.nightly-files"


def test_the_plan_says_that_one_container_runs_a_job() -> None:
    (adjusted,) = adjustments({"jobs": {"nightly": dict(NIGHTLY)}})["jobs.nightly.service"]
    assert adjusted.effect is Effect.ADJUSTED
    assert "ENTRYPOINT is not used" in adjusted.reason and "2 GiB" in adjusted.reason


def test_a_run_passes_on_the_exit_code_and_the_words_of_the_command(tmp_path: Path) -> None:
    job = JobScript(
        tmp_path, job_of(command=["sh", "-c", 'printf "<%s>" "$@"; exit 3', "sh", "two words", "it's", "*"])
    )
    assert job.now() == (3, "<two words><it's><*>nightly: failed with exit code 3\n")


def test_a_success_is_recorded_and_leaves_no_files(tmp_path: Path) -> None:
    job = JobScript(tmp_path, job_of(command=["sh", "-c", "touch $HOME/left $HOME/.hidden"]))
    assert job.now() == (0, "")
    assert list(job.scratch.iterdir()) == []
    assert job.recorded()["job_failed_runs_total"] == 0
    assert time.time() - job.recorded()["job_last_success_timestamp_seconds"] < 60


def test_failures_are_counted_over_restarts_and_keep_the_last_success(tmp_path: Path) -> None:
    job = JobScript(tmp_path, job_of(command=["sh", "-c", 'exit "$(cat ' + str(tmp_path / "code") + ')"']))
    (tmp_path / "code").write_text("0")
    job.now()
    success = job.recorded()["job_last_success_timestamp_seconds"]
    (tmp_path / "code").write_text("1")
    assert [job.now()[0], job.now()[0]] == [1, 1]
    assert job.recorded() == {"job_failed_runs_total": 2, "job_last_success_timestamp_seconds": success}


@pytest.mark.long(reason="the script waits in real time")
def test_a_failed_attempt_is_repeated_as_often_as_the_spec_says(tmp_path: Path) -> None:
    count = f"n=$(($(cat {tmp_path}/n 2>/dev/null || echo 0)+1)); echo $n > {tmp_path}/n; [ $n -ge 3 ]"
    job = JobScript(tmp_path, job_of(command=["sh", "-c", count], retries=2))
    code, output = job.now()
    assert (code, job.recorded()["job_failed_runs_total"]) == (0, 0)
    assert output.splitlines() == [f"nightly: attempt {n} of 3 failed with exit code 1" for n in (1, 2)]


@pytest.mark.long(reason="the script waits in real time")
def test_a_command_is_stopped_at_its_timeout(tmp_path: Path) -> None:
    job = JobScript(tmp_path, job_of(command=["sleep", "600"]))
    conf = tmp_path / "job.conf"
    conf.write_text(conf.read_text().replace("job_timeout_seconds=3600", "job_timeout_seconds=1"))
    assert job.now() == (124, "nightly: stopped after 1 seconds\nnightly: failed with exit code 124\n")


@pytest.mark.long(reason="the script waits in real time")
def test_two_runs_never_overlap(tmp_path: Path) -> None:
    job = JobScript(tmp_path, job_of(command=["sleep", "4"]))
    first = job.start("now")
    while not (job.metrics / ".nightly.lock").exists():
        time.sleep(0.05)
    assert job.now() == (75, "nightly: a run is in progress\n")
    assert first.wait(timeout=30) == 0


@pytest.mark.long(reason="the script waits in real time")
def test_a_signal_ends_the_command_and_frees_the_next_run(tmp_path: Path) -> None:
    job = JobScript(
        tmp_path, job_of(command=["sh", "-c", f"trap 'touch {tmp_path}/ended; exit' TERM; sleep 60 & wait"])
    )
    process = job.start("now")
    while not (job.metrics / ".nightly.lock").exists():
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=40) == 143
    assert (tmp_path / "ended").exists() and not (job.metrics / ".nightly.lock").exists()


@pytest.mark.long(reason="the script waits in real time")
@pytest.mark.parametrize(
    ("schedule", "due", "not_due"),
    [
        ("0 3 * * *", "00 03 28 11 6", "00 04 28 11 6"),
        ("*/15 9-17 * * MON-FRI", "45 09 30 11 1", "45 09 28 11 6"),
        ("30 4 1 JAN *", "30 04 01 01 5", "30 04 01 02 1"),
        ("0 0 13 * 5", "00 00 27 11 5", "00 00 28 11 6"),
        ("0 0 13 * 5", "00 00 13 12 0", "00 00 14 12 1"),
        ("8 8 8 8 *", "08 08 08 08 6", "08 08 18 08 2"),
    ],
)
def test_a_run_starts_at_the_minutes_of_the_schedule_only(
    schedule: str, due: str, not_due: str, tmp_path: Path
) -> None:
    job = JobScript(tmp_path, job_of(schedule=schedule, command=["sh", "-c", f"echo run >> {tmp_path}/runs"]))
    job.at(not_due, due, not_due)
    process = job.start()
    runs = tmp_path / "runs"
    deadline = time.monotonic() + 30
    while (tmp_path / "times").read_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    process.terminate()
    process.wait(timeout=40)
    assert runs.read_text() == "run\n"


@pytest.mark.long(reason="the script waits in real time")
def test_a_repeated_hour_runs_a_job_once(tmp_path: Path) -> None:
    job = JobScript(tmp_path, job_of(schedule="30 2 * * *", command=["sh", "-c", f"echo run >> {tmp_path}/runs"]))
    job.at("30 02 25 10 0", "31 02 25 10 0", "30 02 25 10 0")
    process = job.start()
    deadline = time.monotonic() + 30
    while (tmp_path / "times").read_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(2)
    process.terminate()
    process.wait(timeout=40)
    assert (tmp_path / "runs").read_text() == "run\n"
