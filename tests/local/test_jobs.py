"""Jobs in real containers: a run at its minute, by hand and never twice at once, with metrics, an alert and logs."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from automation import ServiceOperations
from tests.local import host_stack
from tests.local.host_stack import HostStack, docker
from tests.local.images import service_images
from tests.local.poll import eventually
from tests.local.requirements import require_docker
from tests.planning import DROP

RUN_SECONDS, METRICS_SECONDS = 130, 60
STACK = "jobs"
TOOLS = {"app": "fastapi", "port": 8001, "size": {"vcpu": 0.5, "memory_gib": 0.5}, "replicas": {"min": 1, "max": 1}}
ENVIRONMENT = {"GREETING": "hello"}
MINUTELY = {
    "service": "tools",
    "schedule": "* * * * *",
    "command": ["python", "-c", "import os; print(os.environ['GREETING'])"],
}
BROKEN = {"service": "tools", "schedule": "0 0 29 2 *", "command": ["sh", "-c", "echo broken; exit 3"]}
SLOW = {"service": "tools", "schedule": "0 0 29 2 *", "command": ["sleep", "5"]}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostStack]:
    """One service with three jobs, beside the stack of the other tests."""
    require_docker()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(host_stack, "STACK", STACK)
        created = HostStack.create(tmp_path_factory.mktemp("jobs"))
        service = {**TOOLS, "image": service_images()["tools"], "environment": ENVIRONMENT}
        created.write(
            {
                "services": {"tools": service},
                "jobs": {"minutely": MINUTELY, "broken": BROKEN, "slow": SLOW},
                "network.cidr": "10.77.0.0/16",
                **{part: DROP for part in ("database", "cache", "ingress")},
            }
        )
        try:
            created.deployment.up()
            yield created
        finally:
            created.deployment.destroy()


def lines(stack: HostStack, job: str) -> list[tuple[datetime, str]]:
    """Time and text of each line of a job's log."""
    text = docker("logs", "--timestamps", stack.container(f"jobs-{job}"))
    found = re.findall(r"^(\S+?)(?:\.\d+)?Z (.*)$", text, re.MULTILINE)
    return [(datetime.fromisoformat(time), line) for time, line in found]


def operations(stack: HostStack) -> ServiceOperations:
    return ServiceOperations(STACK, stack.project.folder, environment=dict(stack.project.environment))


def value(stack: HostStack, query: str) -> float:
    return stack.prometheus(query)[0][1]


def test_a_job_runs_at_its_minute_with_the_environment_of_its_service(stack: HostStack) -> None:
    eventually(lambda: [text for _, text in lines(stack, "minutely")].count("minutely: succeeded") >= 2, RUN_SECONDS)
    texts = [text for _, text in lines(stack, "minutely")]
    assert texts[:3] == ["minutely: started", "hello", "minutely: succeeded"]
    started = [time for time, text in lines(stack, "minutely") if text == "minutely: started"]
    assert (started[1] - started[0]).total_seconds() == pytest.approx(60, abs=5)
    assert all(time.second < 5 for time in started)


def test_a_second_update_changes_nothing_and_no_job_is_unhealthy(stack: HostStack) -> None:
    before = stack.containers("jobs-minutely")
    stack.deployment.up()
    assert stack.containers("jobs-minutely") == before
    assert not docker("ps", "--quiet", "--filter", f"name=^/{STACK}-jobs-", "--filter", "health=unhealthy").split()


def test_prometheus_has_the_last_success_under_the_name_of_the_job(stack: HostStack) -> None:
    query = 'time() - job_last_success_timestamp_seconds{job="minutely"}'
    eventually(lambda: stack.prometheus(query) and value(stack, query) < 90, RUN_SECONDS)


def test_a_run_by_hand_returns_the_exit_code_and_sets_off_the_alert(stack: HostStack) -> None:
    failed = 'job_failed_runs_total{job="broken"}'
    eventually(lambda: stack.prometheus(failed) and value(stack, failed) == 0, METRICS_SECONDS)
    assert operations(stack).run_job("broken") == 3
    alert = 'ALERTS{alertname="broken-job-failed",alertstate="firing"}'
    eventually(lambda: stack.prometheus(alert), METRICS_SECONDS)
    assert not stack.prometheus('ALERTS{alertname="minutely-job-failed"}')


def test_a_second_run_is_refused_while_one_is_in_progress(stack: HostStack) -> None:
    container = stack.container("jobs-slow")
    docker("exec", "--detach", container, "/bin/sh", "/etc/agent-platform/job.sh", "now")
    eventually(lambda: operations(stack).run_job("slow") == 75, 10)
    eventually(lambda: operations(stack).run_job("slow") == 0, 30)


def test_logs_of_a_job_are_those_of_its_container(stack: HostStack, capfd: pytest.CaptureFixture[str]) -> None:
    assert operations(stack).logs("minutely", since_seconds=300) == 0
    assert "minutely: succeeded" in capfd.readouterr().out
