"""Faulty platforms: every error in one run, one line each, and no error that the user did not make."""

import json
from collections.abc import Mapping
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.validation.parse import parse
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec import Platform
from providers.contract.spec.defaults import Raw
from tests.planning import DRILL, DROP, production


def messages(changes: Mapping[str, object], cloud: str | None = None) -> list[str]:
    """Return the errors of production with `changes`."""
    with pytest.raises(InvalidConfiguration) as invalid:
        parse(production(changes, cloud), "prod")
    return [str(diagnostic) for diagnostic in invalid.value.diagnostics]


ERRORS: dict[str, tuple[Mapping[str, object], str]] = {
    "a cloud that does not exist": (
        {"cloud": "awz"},
        'cloud: "awz" is not one of the allowed values (did you mean aws). Use aws, gcp, azure, docker or kubernetes.',
    ),
    "an unknown key": (
        {"databse": {}},
        "databse: unknown key (did you mean database). Use accept_checks, accept_risk, aws, azure, budget, cache, caches, cloud, cost, database, deployer, docker, gcp, ingress, jobs, kubernetes, monitoring, network, overrides, profile, recovery, registry, services, storage or tags.",
    ),
    "an unknown key deep inside": (
        {"services.gateway.size": {"vcpus": 1}},
        "services.gateway.size.vcpus: unknown key (did you mean vcpu). Use memory_gib or vcpu.",
    ),
    "min above max": (
        {"services.gateway.replicas": {"min": 5, "max": 2}},
        "services.gateway.replicas: min (5) is greater than max (2). Raise max to 5, or lower min.",
    ),
    "two services on one path": (
        {"services.chat.path": "/"},
        'services.chat.path: "/" is the path of gateway too. Give each service its own path.',
    ),
    "two services on one path but for a slash": (
        {"services.chat.path": "/api/", "services.gateway.path": "/api"},
        'services.chat.path: "/api/" is the path of gateway too. Give each service its own path.',
    ),
    "calls nobody": (
        {"services.gateway.calls": ["chatt"]},
        "services.gateway.calls: chatt is not a service (did you mean chat). Use chat or worker.",
    ),
    "calls itself": (
        {"services.chat.calls": ["chat"]},
        "services.chat.calls: chat is the service itself. Remove it; a service calls others.",
    ),
    "calls a worker": (
        {"services.chat.calls": ["worker"]},
        "services.chat.calls: worker has no port, so nothing can call it. Set services.worker.port, or remove it here.",
    ),
    "uses a cache that is not there": (
        {"cache": DROP},
        "services.worker.uses: the platform has no cache. Add `cache: {eviction: noeviction}`, or remove cache here.",
    ),
    "uses models without a model": (
        {"aws.models": []},
        "services.gateway.uses: no models are listed. List some under `aws.models`, or remove models here.",
    ),
    "a tag image in production": (
        {"services.chat.image": "chat:1.0"},
        'services.chat.image: the tag of "chat:1.0" can be moved to another image. Pin a digest (chat@sha256:...), or accept it by `accept_risk: {"services.chat.image": "<reason>"}`.',
    ),
    "latest": (
        {"services.chat.image": "chat:latest"},
        'services.chat.image: "chat:latest" means the tag `latest`, which changes over time. Use a digest (chat@sha256:...).',
    ),
    "latest by silence": (
        {"services.chat.image": "chat"},
        'services.chat.image: "chat" means the tag `latest`, which changes over time. Use a digest (chat@sha256:...).',
    ),
    "backups that meet maintenance": (
        {"database.backup.window_start": "03:30"},
        'database.backup.window_start: "03:30" overlaps the maintenance hour at 04:00. Keep the two an hour apart.',
    ),
    "backups that meet maintenance across midnight": (
        {"database.backup.window_start": "23:30", "database.maintenance": {"window_start": "00:00"}},
        'database.backup.window_start: "23:30" overlaps the maintenance hour at 00:00. Keep the two an hour apart.',
    ),
    "an account id of eleven digits": (
        {"aws.account_id": "11112222333"},
        'aws.account_id: "11112222333" has the wrong form. Correct it: account ID, 12 digits in quotes.',
    ),
    "an account id without quotes": (
        {"aws.account_id": 111122223333},
        'aws.account_id: must be text, not 111122223333. Put it in quotes: "111122223333".',
    ),
    "a domain outside its zone": (
        {"ingress.domain": "agents.example.org"},
        'ingress.domain: "agents.example.org" is outside the zone example.com. Use a name that ends in .example.com.',
    ),
    "a disk that may not grow": (
        {"database.max_storage_gib": 50},
        "database.max_storage_gib: 50 is less than storage_gib (100). Use 100 or more.",
    ),
    "closed egress without endpoints": (
        {"network.egress": "none", "network.private_endpoints": False},
        "network.egress: none needs `network.private_endpoints: true`; images could not be pulled and secrets not be read. Set network.private_endpoints to true, or use single.",
    ),
    "recovery in no region": (
        {"recovery": {"mode": "warm"}},
        'recovery.mode: "warm" requires a standby region. Set recovery.standby_region or aws.standby_region.',
    ),
    "a drill without a database": (
        {"recovery.drill": DRILL, "database": DROP},
        "recovery.drill: the platform has no database to restore. Add `database`, or remove the drill.",
    ),
    "a drill without backups": (
        {"recovery.drill": DRILL, "database.backup": {"retention_days": 0}},
        "recovery.drill: database.backup.retention_days is 0, so there is no backup to restore. Set it to 1 or more, or remove the drill.",
    ),
    "an age below the longest pause of the drills": (
        {"recovery.drill": {**DRILL, "max_age_days": 6}},
        'recovery.drill.max_age_days: 6 is less than the longest pause of "0 4 * * 0", 7 days. Use 7 or more, or a schedule with shorter pauses.',
    ),
    "a monthly drill with the default age": (
        {"recovery.drill": {**DRILL, "schedule": "0 4 1 * *"}},
        'recovery.drill.max_age_days: 8 is less than the longest pause of "0 4 1 * *", 31 days. Use 31 or more, or a schedule with shorter pauses.',
    ),
    "a drill at an hour that does not exist": (
        {"recovery.drill": {**DRILL, "schedule": "0 24 * * *"}},
        'recovery.drill.schedule: "0 24 * * *": the field hour (24) is not valid. Use numbers from 0 to 23, `*`, ranges, lists and steps.',
    ),
    "a drill that changes data": (
        {"recovery.drill": {"query": "DELETE FROM sessions"}},
        'recovery.drill.query: "DELETE FROM sessions" has the wrong form. Correct it: SQL query, SELECT or WITH, on the restored database.',
    ),
    "a drill without a query": (
        {"recovery.drill": {}},
        "recovery.drill.query: missing. Set it: SQL query, SELECT or WITH, on the restored database.",
    ),
    "a health path on a worker": (
        {"services.worker.health": {"path": "/health"}},
        "services.worker.health.path: an HTTP health check needs a port. Set `port`, or use `health.command` instead.",
    ),
    "a path without a port": (
        {"services.worker.path": "/w"},
        "services.worker.path: a routed service needs a port. Set `port`, or remove the path.",
    ),
    "a check longer than its interval": (
        {"services.chat.health": {"interval_seconds": 10, "timeout_seconds": 10}},
        "services.chat.health.timeout_seconds: 10 is not less than interval_seconds (10). Lower it, or raise interval_seconds.",
    ),
    "a variable that the platform sets": (
        {"services.chat.environment": {"DATABASE_URL": "x"}},
        "services.chat.environment.DATABASE_URL: the platform sets DATABASE_URL itself. Use another name.",
    ),
    "a variable both plain and secret": (
        {"services.gateway.environment": {"OPENAI_API_KEY": "x"}},
        "services.gateway.secrets: OPENAI_API_KEY is also a plain variable in `environment`. Keep one of the two.",
    ),
    "a service named like a part": (
        {"services.cache": {"app": "fastapi", "image": "c@sha256:" + "0" * 64}},
        "services.cache: the platform uses this name itself (database, cache, storage, money, platform, models and tokens are taken). Rename the service.",
    ),
    "the platform's own tag": (
        {"tags": {"stack": "x"}},
        "tags.stack: the platform sets this tag itself (project, stack and managed-by are taken). Use another name.",
    ),
    "a wrong type": (
        {"network.zones": "three"},
        'network.zones: must be a whole number, not "three". Write a whole number without quotes.',
    ),
    "a number out of bounds": ({"network.zones": 9}, "network.zones: 9 is too large. Use 4 or less."),
    "a network with host bits": (
        {"network.cidr": "10.0.0.1/16"},
        'network.cidr: "10.0.0.1/16" has host bits set. Write it like 10.20.0.0/16.',
    ),
    "the cloud's block missing": (
        {"aws": DROP},
        "aws: missing; cloud aws needs this block. Add it with account and region.",
    ),
    "no service": ({"services": {}}, "services: empty. Add at least 1 entry."),
    "a service without an image": (
        {"services.chat.image": DROP},
        "services.chat.image: missing. Set `image`, or `build` to build it from a Dockerfile.",
    ),
    "a build that is a folder": (
        {"services.chat.image": DROP, "services.chat.build": "./chat"},
        'services.chat.build: must be a mapping, not "./chat". Write it as {context: FOLDER, dockerfile: FILE}.',
    ),
    "a build context elsewhere on this machine": (
        {"services.chat.build": {"context": "/home/me/chat"}},
        'services.chat.build.context: "/home/me/chat" has the wrong form. Correct it: build context: a folder relative to that of the stack file, such as `.`, `gateway` or `../gateway`.',
    ),
    "a Dockerfile outside its context": (
        {"services.chat.build": {"dockerfile": "../Dockerfile"}},
        'services.chat.build.dockerfile: "../Dockerfile" has the wrong form. Correct it: dockerfile inside the build context, such as `docker/web.Dockerfile`.',
    ),
    "a build for another registry": (
        {"services.gateway.build": {}},
        "services.gateway.build: images are pushed to the platform's own registry, and `image` names ghcr.io. Remove `image`, or build and push with your own tools and remove services.gateway.build.",
    ),
    "the tag of an image to be built, without a build": (
        {"services.chat.image": "chat:unbuilt"},
        "services.chat.image: the tag `unbuilt` stands for an image that is still to be built, and `build` is missing. Set `build`, or use a digest.",
    ),
    "credentials of the platform's own registry": (
        {"services.chat.image": "chat@sha256:" + "0" * 64, "services.chat.image_credentials": "REGISTRY"},
        f'services.chat.image_credentials: no effect: "chat@sha256:{"0" * 64}" is in the platform\'s own registry, which needs no credentials. Remove it, or name the registry in `image`.',
    ),
    "credentials of a registry that containers could read": (
        {"services.gateway.image_credentials": "OPENAI_API_KEY"},
        "services.gateway.image_credentials: OPENAI_API_KEY is also listed under services.gateway.secrets, so containers could read it. Use a secret of its own.",
    ),
    "metrics of a worker without a port": (
        {"services.worker.metrics": {"path": "/metrics"}},
        "services.worker.metrics.port: missing; the service has no port of its own. Set it, or set metrics to none.",
    ),
    "a key of a rollout in steps without steps": (
        {"services.chat.rollout": {"bake_minutes": 5}},
        "services.chat.rollout.bake_minutes: no effect with the strategy rolling. Set `strategy` to canary or blue_green, or remove it.",
    ),
    "steps of a blue/green rollout": (
        {"services.chat.rollout": {"strategy": "blue_green", "steps": [10, 100]}},
        "services.chat.rollout.steps: a blue/green rollout has one step, all requests. Remove it, or set `strategy` to canary.",
    ),
    "steps that are not ascending": (
        {"services.chat.rollout": {"strategy": "canary", "steps": [50, 10, 100]}},
        "services.chat.rollout.steps: 50, 10 and 100 are not ascending. Use [10, 50, 100].",
    ),
    "steps that do not end with all requests": (
        {"services.chat.rollout": {"strategy": "canary", "steps": [10, 50]}},
        "services.chat.rollout.steps: the last step is 50, so the rollout would never end. Use [10, 50, 100].",
    ),
    "a rollout that nothing can end": (
        {"services.chat.rollout": {"strategy": "canary", "abort_on": []}},
        "services.chat.rollout.abort_on: empty, so nothing could end the rollout. List error_percent.",
    ),
    "a signal that is listed twice": (
        {"services.chat.rollout": {"strategy": "canary", "abort_on": ["error_percent", "error_percent"]}},
        "services.chat.rollout.abort_on: a signal is listed twice. List it once.",
    ),
    "a smoke test of a worker": (
        {"services.worker.rollout": {"strategy": "canary", "smoke": {"path": "/ready"}}},
        "services.worker.rollout.smoke: a smoke test needs a port. Set `port`, or remove the smoke test.",
    ),
    "a service name in upper case": (
        {"services.Chat": {"image": "chat:1"}},
        "services.Chat: this name cannot be used. Use lower-case letters, digits and hyphens, beginning with a letter, 40 at most.",
    ),
    "an acceptance of no risk": (
        {"accept_risk": {"network.zones": "it is fine"}},
        "accept_risk.network.zones: accepts nothing; this stack takes no risk. Remove it.",
    ),
    "a parameter that is a list": (
        {"database.parameters": {"work_mem": [1]}},
        "database.parameters.work_mem: must be text, not a list. Write one value.",
    ),
}


@pytest.mark.parametrize(("changes", "message"), ERRORS.values(), ids=ERRORS)
def test_an_error_names_key_problem_and_fix(changes: Mapping[str, object], message: str) -> None:
    lines = messages(changes)
    assert lines.count(message) == 1, lines
    assert all(line.endswith(".") and "\n" not in line for line in lines)


MEANT: dict[str, tuple[str, ...]] = {
    "architecture": ("arch", "platform", "cpu_architecture", "runtime_platform", "archtecture"),
    "build": ("dockerfile", "docker-build", "buid"),
    "image_credentials": ("registry_credentials", "imagePullSecrets", "pull-secret", "image_credential"),
    "egress": ("egress_ports", "outbound", "allowed_hosts"),
    "metrics": ("prometheus", "scrape", "metric"),
}
"""Words that users write for a key of a service."""


@pytest.mark.parametrize(("key", "word"), [(key, word) for key, words in MEANT.items() for word in words])
def test_another_word_for_a_key_names_the_key(key: str, word: str) -> None:
    (message,) = messages({f"services.chat.{word}": "x"})
    assert message.startswith(f"services.chat.{word}: unknown key (did you mean {key}). ")


def test_a_service_with_a_build_needs_no_image_even_in_production() -> None:
    spec = parse(production({"services.chat.image": DROP, "services.chat.build": {"context": "../chat"}}), "prod")
    chat = spec.services["chat"]
    assert (chat.image, chat.built, chat.build and chat.build.dockerfile) == ("chat:unbuilt", False, "Dockerfile")
    assert all(service.built for name, service in spec.services.items() if name != "chat")


def test_all_errors_of_a_file_are_reported_in_one_run() -> None:
    lines = messages(
        {
            "databse": {},
            "aws.account_id": "1",
            "services.gateway.size": {"vcpu": "one"},
            "services.chat.path": "/",
            "database.high_availability": False,
        }
    )
    for path in (
        "databse",
        "aws.account_id",
        "services.gateway.size.vcpu",
        "services.chat.path",
        "database.high_availability",
        "ingress.auth",
    ):
        assert len([line for line in lines if line.startswith(f"{path}:")]) == 1, lines
    assert len(lines) == 6


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def paths(raw: object, prefix: str = "") -> list[str]:
    """Return every dotted path of a raw object, without names that have a point or a slash themselves."""
    if not isinstance(raw, dict):
        return []
    keys = [(key, value) for key, value in cast("Raw", raw).items() if not {".", "/"} & set(key)]
    return [path for key, value in keys for path in (f"{prefix}{key}", *paths(value, f"{prefix}{key}."))]


PATHS = sorted(paths(production()))
WRONG: object = [{"wrong": True}]
"""Value that no key takes: a list of mappings."""
WITH_EVERY_CLOUD = [(path, cloud) for cloud in ("aws", "gcp", "azure", "docker") for path in PATHS]


@pytest.mark.parametrize(("path", "cloud"), WITH_EVERY_CLOUD)
def test_a_value_of_the_wrong_kind_is_one_error(path: str, cloud: str) -> None:
    lines = messages({path: WRONG}, cloud)
    assert [line.partition(":")[0].removesuffix("[0]") for line in lines] == [path], lines


@given(path=st.sampled_from(PATHS), value=json_values)
def test_any_value_of_any_key_is_accepted_or_reported(path: str, value: object) -> None:
    try:
        spec = parse(production({path: value}), "prod")
    except InvalidConfiguration as invalid:
        assert invalid.diagnostics
        assert all(str(diagnostic).endswith(".") for diagnostic in invalid.diagnostics)
    else:
        assert Platform.model_validate_json(json.dumps(spec.model_dump(mode="json")))
