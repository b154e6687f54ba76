"""Jobs on Azure: the Container Apps job, its alarms with their queries, and commands."""

import re
from typing import Any, cast

import pytest

from automation.plan.inventory import Inventory
from components.validation.parse import parse
from providers.azure.cli import CLI
from providers.azure.monitoring.job_queries import (
    JOB_QUERIES,
    WINDOWS_MINUTES,
    replicas_of,
    runs_over_time,
    window_minutes,
)
from providers.contract.alarms import Signal, alarm_rules
from providers.contract.cli import DeployedResource, LogQuery
from providers.contract.diagnostics import InvalidConfiguration
from tests.azure.fake_shell import RESOURCES, FakeShell, stack
from tests.azure.kql import faults, parses_queries
from tests.azure.plans import revealed_inputs, spec_of
from tests.planning import JOBS, plan, production

DEPLOYED = (*RESOURCES, DeployedResource("prod-jobs-nightly", "azure-native:app:Job", "job", {}))


def prod(**changes: object) -> Inventory:
    return plan(production({"jobs": {"nightly": {**JOBS["nightly"], **changes}}}, cloud="azure"))


def test_a_job_has_the_settings_of_its_app_with_its_own_command_timeout_and_retries() -> None:
    inventory = prod(timeout_minutes=45, retries=2, service="worker", schedule="0 3 * * SUN")
    job = cast("dict[str, Any]", revealed_inputs(inventory.one("prod-jobs-nightly", "app:Job")))
    app = cast("dict[str, Any]", revealed_inputs(inventory.one("prod-compute-worker", "app:ContainerApp")))
    for key in ("environmentId", "workloadProfileName", "identity", "tags"):
        assert job[key] == app[key]
    settings = job["configuration"]
    for key in ("secrets", "registries", "identitySettings"):
        assert settings[key] == app["configuration"][key]
    assert (settings["replicaTimeout"], settings["replicaRetryLimit"]) == (2700, 2)
    assert settings["triggerType"] == "Schedule"
    assert settings["scheduleTriggerConfig"]["cronExpression"] == "0 3 * * 0"
    (container,) = job["template"]["containers"]
    of_app = app["template"]["containers"][0]
    assert container["args"] == ["python", "-m", "report"] and "probes" not in container
    for key in ("image", "env", "resources"):
        assert container[key] == of_app[key]


def test_a_time_zone_other_than_utc_is_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="evaluates schedules in UTC only, not in Europe/Berlin"):
        prod(time_zone="Europe/Berlin")
    parse(production({"jobs": {"nightly": {**JOBS["nightly"], "time_zone": "Etc/UTC"}}}, cloud="azure"), "prod")


def test_a_name_that_is_too_long_or_has_two_hyphens_is_refused() -> None:
    for name, text in (("j" * 30, "Container Apps job would have 35 characters"), ("a--b", "two hyphens in a row")):
        with pytest.raises(InvalidConfiguration, match=text):
            parse(production({"jobs": {name: JOBS["nightly"]}}, cloud="azure"), "prod")


def test_the_names_of_replicas_are_those_of_one_job() -> None:
    pattern = re.compile(replicas_of("prod", "nightly"))
    assert pattern.search("prod-nightly-29512980-x7k2p") and not pattern.search("prod-nightly-report-29512980-x7k2p")


@pytest.mark.parametrize(("retries", "timeout", "window"), [(0, 60, 10), (1, 60, 180), (10, 1440, 2880)])
def test_the_window_of_failed_runs_covers_all_attempts(retries: int, timeout: int, window: int) -> None:
    spec = spec_of({"jobs": {"nightly": {**JOBS["nightly"], "retries": retries, "timeout_minutes": timeout}}})
    rule = alarm_rules(spec).rule("nightly", Signal.JOB_FAILED)
    assert window_minutes(spec, rule) == window and window in WINDOWS_MINUTES


@parses_queries
def test_every_query_of_a_job_is_valid() -> None:
    spec = spec_of({"jobs": JOBS})
    rules = [rule for rule in alarm_rules(spec) if rule.subject == "job"]
    queries = [
        *(JOB_QUERIES[rule.signal](spec, "prod", rule) for rule in rules),
        *(runs_over_time("prod", rule) for rule in rules),
    ]
    assert len(queries) == 4 and faults(queries) == [[]] * 4


def test_a_failed_run_has_used_all_attempts_and_a_missing_success_had_one_before() -> None:
    spec = spec_of({"jobs": {"nightly": {**JOBS["nightly"], "retries": 2}}})
    failed, missed = (
        JOB_QUERIES[signal](spec, "prod", alarm_rules(spec).rule("nightly", signal)) for signal in JOB_QUERIES
    )
    assert "failures > 2 and successes == 0" in failed
    assert "ago(27h)" in missed and "total > 0 and recent == 0" in missed


def test_a_run_by_hand_is_a_new_execution_of_the_same_job(capsys: pytest.CaptureFixture[str]) -> None:
    answers = {
        "job start": ["prod-nightly-1\n"],
        "properties.status": ["Running\n", "Succeeded\n"],
        "ContainerAppConsoleLogs": ["done\n"],
    }
    shell = FakeShell(dict(answers))
    deployed = stack(spec_of({"jobs": JOBS}), DEPLOYED)
    assert CLI.run_job(deployed, "nightly", shell) == 0
    assert capsys.readouterr().out == "done\n"
    assert "job start --name prod-nightly " in shell.commands[0]
    assert not shell.with_part("job delete") and not shell.with_part("--method put")


def test_logs_of_a_job_are_those_of_its_replicas_and_then_a_live_stream() -> None:
    shell = FakeShell()
    CLI.logs(stack(spec_of({"jobs": JOBS}), DEPLOYED), LogQuery("nightly", follow=True), shell)
    assert (
        "^prod-nightly-" in shell.commands[0] and "containerapp job logs show --name prod-nightly" in shell.commands[1]
    )
