"""What a secret is to a stack: who reads it, what hangs on it, what of a preview is no part of its rotation."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from automation.day2.rotation_targets import (
    RotationTarget,
    dependents_of,
    readers_without_change,
    resources_of,
    rotation_interval_problem,
    secret_urns,
    target_of,
    unrelated_changes,
)
from automation.plan.inventory import Value
from automation.stack.document import stack_of
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE, resource_traits
from providers.contract.diagnostics import InvalidConfiguration
from tests.automation.rotating import (
    BUCKET,
    CHAT,
    GATEWAY,
    KEY,
    LISTED,
    NOON,
    PASSWORD_URN,
    STATE,
    URL,
    WORKER,
    change,
    resource,
)
from tests.planning import production


def stack(cloud: str = "gcp") -> Mapping[str, Value]:
    return {PLATFORM_KEY: production(cloud=cloud)}


def target(name: str, cloud: str = "gcp") -> RotationTarget:
    return target_of(stack_of("prod", stack(cloud)), name)


def refusal(name: str, cloud: str = "gcp") -> str:
    with pytest.raises(InvalidConfiguration) as told:
        target(name, cloud)
    return str(told.value)


TURNING = [cloud for cloud in AVAILABLE if not next(iter(resource_traits(cloud).passwords)).refused]


@pytest.mark.parametrize("cloud", TURNING)
def test_the_databases_password_is_read_by_those_who_use_the_database(cloud: str) -> None:
    found = target("database-password", cloud)
    assert (found.readers, found.given) == (("chat", "gateway", "worker"), False)


def test_a_listed_secret_is_read_by_those_who_list_it() -> None:
    found = target(KEY)
    assert (found.readers, found.given, found.rounds) == (("gateway",), True, 1)


def test_a_secret_of_the_clouds_own_rooms_can_be_rotated_too() -> None:
    assert target("SLACK_WEBHOOK_URL", "azure").readers == ()
    assert "SLACK_WEBHOOK_URL" not in refusal("SLACK", "gcp")


def test_a_misspelt_secret_is_told_with_the_nearest() -> None:
    assert refusal("OPENAI_KEY", "aws") == (
        'rotate: "OPENAI_KEY" is no secret of prod (did you mean OPENAI_API_KEY); those are database-password, '
        "cache-password and OPENAI_API_KEY."
    )


@pytest.mark.parametrize(("cloud", "why"), [("gcp", "Memorystore makes it by itself"), ("azure", "regenerate-key")])
def test_a_password_that_the_cloud_makes_is_refused_with_the_reason(cloud: str, why: str) -> None:
    assert why in refusal("cache-password", cloud)


def test_a_part_that_is_not_there_has_no_password() -> None:
    without = stack_of(
        "prod",
        {
            PLATFORM_KEY: production(
                {"cache": None, "services.gateway.uses": ["database"], "services.worker.uses": ["database"]}, "aws"
            )
        },
    )
    with pytest.raises(InvalidConfiguration, match="those are database-password and OPENAI_API_KEY"):
        target_of(without, "cache-password")


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_every_cloud_says_of_each_password_whether_it_can_be_made_anew(cloud: str) -> None:
    assert [row.name for row in resource_traits(cloud).passwords] == ["database-password", "cache-password"]


def test_what_only_waits_to_be_deleted_is_not_made_anew() -> None:
    old = resource(PASSWORD_URN, delete=True)
    assert resources_of({"deployment": {"resources": [old, *STATE]}}) == STATE
    assert secret_urns(target("database-password"), STATE) == (PASSWORD_URN,)


def test_what_hangs_on_a_secret_is_found_along_all_dependencies() -> None:
    assert dependents_of(STATE, [PASSWORD_URN]) == {PASSWORD_URN, URL, GATEWAY, CHAT, WORKER}
    assert dependents_of(STATE, [LISTED]) == {LISTED, GATEWAY}


def test_what_hangs_on_the_secret_is_part_of_the_rotation() -> None:
    assert unrelated_changes(target(KEY), [change(LISTED), change(GATEWAY)], STATE) == ()


def test_what_does_not_is_told() -> None:
    assert [each.name for each in unrelated_changes(target(KEY), [change(LISTED), change(BUCKET)], STATE)] == [
        "prod-storage"
    ]


def test_a_service_that_does_not_read_the_secret_is_no_part_of_it_though_it_hangs_there() -> None:
    state = [*STATE[:5], resource(CHAT, GATEWAY)]
    assert [each.urn for each in unrelated_changes(target(KEY), [change(GATEWAY), change(CHAT)], state)] == [CHAT]


def test_a_reader_that_would_not_be_restarted_is_told() -> None:
    assert readers_without_change(target("database-password"), [change(GATEWAY), change(CHAT)]) == (
        "prod-compute-worker",
    )


@pytest.mark.parametrize(("age_hours", "young"), [(23, True), (25, False)])
def test_a_cloud_that_takes_one_password_a_day_is_not_asked_for_a_second(age_hours: int, young: bool) -> None:
    state = [resource(PASSWORD_URN, created=NOON - timedelta(hours=age_hours))]
    told = rotation_interval_problem(target("database-password"), state, NOON)
    assert bool(told) is young
    if young:
        assert told == "was made less than 24 hours ago, and the cloud takes another from 2031-05-17 13:00 UTC on"


def test_other_clouds_take_one_at_any_time() -> None:
    assert (
        rotation_interval_problem(target("database-password", "aws"), [resource(PASSWORD_URN, created=NOON)], NOON)
        == ""
    )
