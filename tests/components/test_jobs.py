"""Rules over jobs, in a stack file as a user writes it."""

from collections.abc import Mapping

import pytest

from components.adjustments import adjustments
from components.validation.parse import parse
from providers.contract.alarms import Signal, alarm_rules
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.job_limits import MAX_HOURS_WITHOUT_SUCCESS, hours_without_success
from providers.contract.spec import CloudName
from tests.planning import production

JOB: Mapping[str, object] = {"service": "gateway", "schedule": "0 3 * * *", "command": ["report"]}


def messages(jobs: Mapping[str, object], **changes: object) -> list[str]:
    with pytest.raises(InvalidConfiguration) as caught:
        parse(production({"jobs": jobs, **changes}), "prod")
    return [str(diagnostic) for diagnostic in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"service": "gatway"}, "jobs.nightly.service: gatway is not a service (did you mean gateway). Use gateway, chat or worker."),
        ({"schedule": "0 3 * *"}, "jobs.nightly.schedule: "),
        ({"schedule": "61 3 * * *"}, 'jobs.nightly.schedule: "61 3 * * *": the field minute (61) is not valid. Use numbers from 0 to 59, `*`, ranges, lists and steps.'),
        ({"schedule": "0 0 30 2 *"}, 'jobs.nightly.schedule: "0 0 30 2 *": no date matches it. Use a day that one of its months has.'),
        ({"time_zone": "Europe/Berln"}, 'jobs.nightly.time_zone: "Europe/Berln" is not a time zone of the IANA database (did you mean Europe/Berlin). Use a name such as UTC or Europe/Berlin.'),
        ({"command": []}, "jobs.nightly.command"),
        ({"timeout_minutes": 0}, "jobs.nightly.timeout_minutes"),
        ({"timeout_minutes": 10081}, "jobs.nightly.timeout_minutes"),
        ({"retries": 11}, "jobs.nightly.retries"),
        ({"cron": "* * * * *"}, "jobs.nightly.cron: unknown key (did you mean schedule)"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_job_has_one_message(change: Mapping[str, object], expected: str) -> None:
    (message,) = messages({"nightly": {**JOB, **change}})
    assert message.startswith(expected) or message == expected


def test_names_of_services_and_parts_are_refused() -> None:
    assert [message.partition(":")[0] for message in messages({"chat": dict(JOB), "database": dict(JOB)})] == [
        "jobs.chat",
        "jobs.database",
    ]


def test_every_mistake_is_reported_at_once_and_a_faulty_job_is_not_judged_further() -> None:
    jobs = {
        "a": {**JOB, "service": "x", "schedule": "0 0 30 2 *", "time_zone": "nowhere"},
        "b": {**JOB, "command": "x"},
    }
    keys = [message.partition(":")[0] for message in messages(jobs)]
    assert sorted(keys) == [
        "jobs.a.schedule",
        "jobs.a.service",
        "jobs.a.time_zone",
        "jobs.b.command",
    ]


def test_a_secret_in_a_command_is_refused_without_its_value() -> None:
    key = "sk-proj-" + "a1B2c3D4" * 6
    (message,) = messages({"nightly": {**JOB, "command": ["report", "--api-key", key]}})
    assert message.startswith("jobs.nightly.command[2]: looks like") and key not in message
    assert "services.gateway.secrets" in message


@pytest.mark.parametrize(
    ("change", "hours"),
    [
        ({}, 25),
        ({"retries": 2}, 27),
        ({"time_zone": "Europe/Berlin"}, 26),
        ({"schedule": "*/5 * * * *", "timeout_minutes": 10}, 1),
        ({"schedule": "0 3 * * 1"}, 169),
    ],
)
def test_a_success_is_missing_after_the_longest_pause_and_all_attempts(
    change: Mapping[str, object], hours: int
) -> None:
    spec = parse(production({"jobs": {"nightly": {**JOB, **change}}}, cloud="docker"), "prod")
    assert hours_without_success(spec, "nightly") == hours
    rule = alarm_rules(spec).rule("nightly", Signal.JOB_MISSED)
    assert (rule.key, rule.period_seconds * rule.periods, rule.severity) == (
        "nightly-job-missed",
        hours * 3600,
        "critical",
    )


@pytest.mark.parametrize("cloud", MAX_HOURS_WITHOUT_SUCCESS)
def test_a_pause_that_a_cloud_cannot_watch_is_said_in_words(cloud: CloudName) -> None:
    hours, _ = MAX_HOURS_WITHOUT_SUCCESS[cloud]
    schedule = "0 0 29 2 *" if hours > 1000 else "0 3 * * 1"
    spec = parse(production({"jobs": {"nightly": {**JOB, "schedule": schedule}}}, cloud=cloud), "prod")
    signals = {rule.signal for rule in alarm_rules(spec) if rule.subject == "job"}
    assert signals == {Signal.JOB_FAILED}
    said = [
        each.reason
        for each in adjustments(spec)
        if each.key == "jobs.nightly.schedule" and "never starts:" in each.reason
    ]
    assert len(said) == 1 and f"{hours} hours" in said[0]


def test_both_day_fields_are_refused_where_a_cloud_cannot_express_them() -> None:
    jobs = {"nightly": {**JOB, "schedule": "0 0 13 * 5"}}
    for cloud in ("aws", "gcp", "azure"):
        with pytest.raises(InvalidConfiguration) as caught:
            parse(production({"jobs": jobs}, cloud=cloud), "prod")
        assert [diagnostic.key for diagnostic in caught.value.diagnostics] == ["jobs.nightly.schedule"]
    assert parse(production({"jobs": jobs}, cloud="docker"), "prod").jobs["nightly"].schedule == "0 0 13 * 5"
