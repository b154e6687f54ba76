"""Target of a rotation: readers of a secret, its dependents, and changes that do not belong to the rotation."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from automation.day2.rotation_targets import (
    RotationTarget,
    dependents_of,
    live_resources,
    readers_without_change,
    rotation_interval_problem,
    secret_urns,
    target_of,
    unrelated_changes,
)
from automation.plan.inventory import Value
from automation.stack.document import stack_of
from components.configuration import PLATFORM_KEY
from providers import AVAILABLE, resource_traits
from providers.contract.diagnostics import ConfigError, Diagnostic, InvalidConfiguration
from providers.contract.resource_traits import KEY_TYPE
from tests.automation.event_fixtures import urn_of
from tests.automation.rotation_state import (
    BUCKET,
    CHAT,
    DATABASE_URL,
    GATEWAY,
    LISTED_SECRET,
    NOON,
    PASSWORD,
    SECRET_NAME,
    STATE,
    WORKER,
    change,
    resource,
)
from tests.planning import DROP, production

ROTATABLE = [cloud for cloud in AVAILABLE if not next(iter(resource_traits(cloud).passwords)).refused]


def config(cloud: str = "gcp", changes: Mapping[str, object] | None = None) -> Mapping[str, Value]:
    return {PLATFORM_KEY: production(changes, cloud)}


def target(name: str, cloud: str = "gcp", changes: Mapping[str, object] | None = None) -> RotationTarget:
    return target_of(stack_of("prod", config(cloud, changes)), name)


def refusal(name: str, cloud: str = "gcp", changes: Mapping[str, object] | None = None) -> Diagnostic:
    with pytest.raises(InvalidConfiguration) as refused:
        target_of(stack_of("prod", config(cloud, changes)), name)
    (diagnostic,) = refused.value.diagnostics
    return diagnostic


@pytest.mark.parametrize("cloud", ROTATABLE)
def test_services_that_use_the_database_read_its_password(cloud: str) -> None:
    password = target("database-password", cloud)
    assert (password.readers, password.needs_value) == (("chat", "gateway", "worker"), False)


def test_services_that_list_a_secret_read_it() -> None:
    secret = target(SECRET_NAME)
    assert (secret.readers, secret.needs_value, secret.rounds) == (("gateway",), True, 1)


def test_a_secret_of_the_cloud_can_be_rotated() -> None:
    assert target("SLACK_WEBHOOK_URL", "azure").readers == ()
    assert "SLACK_WEBHOOK_URL" not in str(refusal("SLACK", "gcp"))


def test_an_unknown_secret_is_refused_with_a_suggestion() -> None:
    assert refusal("OPENAI_KEY", "aws") == ConfigError(
        "rotate",
        'prod has no secret "OPENAI_KEY" (did you mean OPENAI_API_KEY)',
        "use database-password, cache-password, OPENAI_API_KEY or OS_SECURITY_KEY",
    )


@pytest.mark.parametrize("cloud", ["gcp", "azure"])
def test_a_password_that_the_cloud_generates_is_refused_with_the_alternative(cloud: str) -> None:
    (password,) = (row for row in resource_traits(cloud).passwords if row.name == "cache-password")
    region = {"gcp": "us-central1", "azure": "westus3"}[cloud]
    problem, _, fix = password.refused.format(stack="prod", region=region, cache="cache").partition("; ")
    assert problem
    assert refusal("cache-password", cloud) == ConfigError("rotate", f"cache-password on {cloud}: {problem}", fix)


def test_the_command_that_regenerates_the_cache_key_on_azure_names_the_group_of_the_stack() -> None:
    fix = refusal("cache-password", "azure").fix
    assert fix.count("--resource-group prod-agents-westus3") == 2
    assert "{" not in fix


def test_an_absent_data_store_has_no_password() -> None:
    without_cache = {"cache": DROP, "services.gateway.uses": ["database"], "services.worker.uses": ["database"]}
    assert (
        refusal("cache-password", "aws", without_cache).fix
        == "use database-password, OPENAI_API_KEY or OS_SECURITY_KEY"
    )


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_every_cloud_states_for_each_password_whether_it_can_rotate(cloud: str) -> None:
    assert [row.name for row in resource_traits(cloud).passwords] == ["database-password", "cache-password"]


def test_a_resource_that_waits_for_its_deletion_is_not_rotated() -> None:
    old = resource(PASSWORD, delete=True)
    assert live_resources({"deployment": {"resources": [old, *STATE]}}) == STATE
    assert secret_urns(target("database-password"), STATE) == (PASSWORD,)


def test_dependents_are_found_along_all_dependencies() -> None:
    assert dependents_of(STATE, [PASSWORD]) == {PASSWORD, DATABASE_URL, GATEWAY, CHAT, WORKER}
    assert dependents_of(STATE, [LISTED_SECRET]) == {LISTED_SECRET, GATEWAY}


def test_dependents_of_the_secret_belong_to_the_rotation() -> None:
    assert unrelated_changes(target(SECRET_NAME), [change(LISTED_SECRET), change(GATEWAY)], STATE) == ()


def test_other_resources_do_not_belong_to_the_rotation() -> None:
    unrelated = unrelated_changes(target(SECRET_NAME), [change(LISTED_SECRET), change(BUCKET)], STATE)
    assert [each.name for each in unrelated] == ["prod-storage"]


def test_a_dependent_service_that_does_not_read_the_secret_does_not_belong_to_the_rotation() -> None:
    state = [*STATE[:5], resource(CHAT, GATEWAY)]
    unrelated = unrelated_changes(target(SECRET_NAME), [change(GATEWAY), change(CHAT)], state)
    assert [each.urn for each in unrelated] == [CHAT]


def test_a_reader_that_would_not_restart_is_reported() -> None:
    changes = [change(GATEWAY), change(CHAT)]
    assert readers_without_change(target("database-password"), changes) == ("prod-compute-worker",)


@pytest.mark.parametrize(("age_hours", "problem"), [
    (23, "created less than 24 hours ago; the cloud accepts another from 2031-05-17 13:00 UTC"),
    (25, ""),
])  # fmt: skip
def test_a_password_cannot_rotate_within_the_interval_of_the_cloud(age_hours: int, problem: str) -> None:
    state = [resource(PASSWORD, created=NOON - timedelta(hours=age_hours))]
    assert rotation_interval_problem(target("database-password"), state, NOON) == problem


def test_a_cloud_without_an_interval_accepts_a_password_at_any_time() -> None:
    state = [resource(PASSWORD, created=NOON)]
    assert rotation_interval_problem(target("database-password", "aws"), state, NOON) == ""


OPEN: Mapping[str, object] = {"services.gateway.secrets": ["OPENAI_API_KEY"]}
KEY = urn_of(KEY_TYPE, "prod-secrets-api-key", "Secrets")


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_a_key_that_the_program_generates_is_replaced(cloud: str) -> None:
    key = target("api-key", cloud, OPEN)
    assert (key.readers, key.needs_value, key.keys) == (("gateway",), False, ())
    assert secret_urns(key, [resource(KEY), resource(PASSWORD)]) == (KEY,)
    assert secret_urns(target("database-password", cloud, OPEN), [resource(KEY), resource(PASSWORD)]) == (PASSWORD,)


def test_a_key_that_up_generates_gets_another_value_in_the_stack_file() -> None:
    changes = {**OPEN, "ingress.auth": {"mode": "api_key"}, "services.chat.path": "/chat"}
    key = target("api-key", "docker", changes)
    assert (key.readers, key.needs_value) == (("chat", "gateway"), True)
    assert key.stored_names == key.keys == ("OS_SECURITY_KEY", "API_KEY")


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        ({}, "rotate OS_SECURITY_KEY by its name"),
        ({"services.gateway.secrets": [], "services.gateway.auth": "app", "services.gateway.app": "fastapi"},
         "set ingress.auth to generate one"),
    ],
)  # fmt: skip
def test_a_key_that_the_platform_did_not_generate_is_refused(changes: Mapping[str, object], fix: str) -> None:
    error = ConfigError("rotate", "the platform generates no key for prod", fix)
    assert refusal("api-key", "aws", changes) == error


def test_each_replica_on_a_host_is_a_resource_of_its_service() -> None:
    container = "docker:index/container:Container"
    names = ("gateway-1", "gateway-2", "gateway-3", "chat-1", "worker-1")
    replicas = [urn_of(container, f"prod-compute-{name}", "Compute") for name in names]
    router = urn_of(container, "prod-entry-router", "Entry")
    key = target("api-key", "docker", OPEN)
    changes = [change(urn, "replace") for urn in (*replicas, router)]
    assert [each.name for each in unrelated_changes(key, changes, [])] == [
        "prod-compute-chat-1",
        "prod-compute-worker-1",
    ]
    assert readers_without_change(key, changes) == ()
    assert readers_without_change(key, changes[3:]) == ("prod-compute-gateway",)
