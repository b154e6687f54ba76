"""Stack files that `init` writes: every combination of answers is a valid file with the written keys, and can be planned."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from automation.plan.build import plan_of
from automation.stack.document import Stack, StackDocument
from automation.stack.template import (
    APPS,
    CLOUDS,
    LOCATION_KEYS,
    PROFILES,
    SERVICE_NAMES,
    WITHOUT_MODELS,
    NewStack,
    new_stack_text,
)
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec import PRESETS, App, CloudName, Profile

pytestmark = pytest.mark.long(reason="plans a stack for each choice of the template")

DIGEST = "sha256:" + "5" * 64
GUIDS = ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002")
BLOCKS: dict[CloudName, dict[str, str]] = {
    "aws": {"region": "us-west-2", "account_id": "111122223333"},
    "gcp": {"project": "acme-agents", "region": "us-central1"},
    "azure": {"subscription_id": GUIDS[0], "tenant_id": GUIDS[1], "location": "westus3"},
    "docker": {},
    "kubernetes": {
        "context": "acme-prod", "cluster_uid": "3f0c2b1e-0000-4000-8000-000000000000", "tls_secret": "agents-tls",
        "registry": "ghcr.io/acme",
    },
}  # fmt: skip


def answers(cloud: CloudName, app: App, profile: Profile, *, build: bool) -> NewStack:
    return NewStack(
        name="trial",
        cloud=cloud,
        app=app,
        profile=profile,
        service=SERVICE_NAMES[app],
        block=BLOCKS[cloud],
        image=None if build else f"ghcr.io/acme/web@{DIGEST}",
        build="../web" if build else None,
        domain="agents.example.com" if profile == "production" else None,
        own_auth=profile == "production",
    )


BUCKET = {"name": "acme-agents", "endpoint_url": "https://s3.example.com", "region": "eu-central-1"}


def with_bucket(new: NewStack) -> NewStack:
    """Return the answers with the bucket that `init` asks for."""
    return replace(new, bucket=BUCKET) if new.needs_bucket else new


def read(new: NewStack) -> Stack:
    path = Path(f"Pulumi.{new.name}.yaml")
    return StackDocument.parse(new_stack_text(new, path), path).stack(new.name)


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("app", APPS)
def test_every_combination_of_answers_is_a_valid_file(cloud: CloudName, profile: Profile, app: App) -> None:
    for build, *parts in product((False, True), repeat=5):
        database, cache, storage, models = parts
        new = replace(
            answers(cloud, app, profile, build=build),
            database=database,
            cache=cache,
            storage=storage,
            models=models and cloud not in WITHOUT_MODELS,
            port=9000 if app == "custom" and storage else None,
        )
        spec = read(with_bucket(new)).spec
        service = spec.services[SERVICE_NAMES[app]]
        assert (spec.cloud, spec.profile, service.app) == (cloud, profile, app)
        used = {part for part, wanted in zip(("database", "cache", "storage", "models"), parts, strict=True) if wanted}
        assert set(service.uses) == used - ({"models"} if cloud in WITHOUT_MODELS else set())
        assert (spec.database is not None, spec.cache is not None, spec.storage is not None) == tuple(parts[:3])
        assert service.built != build
        assert (service.path == "/") == new.routed


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(("profile", "app"), [("production", "agentos"), ("development", "celery")])
def test_a_written_file_can_be_planned(cloud: CloudName, profile: Profile, app: App, tmp_path: Path) -> None:
    new = replace(answers(cloud, app, profile, build=True), database=True, cache=True, storage=True)
    assert plan_of(read(with_bucket(new)), tmp_path).inventory.resources


def test_a_cluster_without_a_bucket_has_neither_files_nor_a_database_in_production() -> None:
    new = answers("kubernetes", "fastapi", "production", build=False)
    with pytest.raises(InvalidConfiguration, match=r"Set kubernetes\.bucket"):
        read(replace(new, storage=True))
    with pytest.raises(InvalidConfiguration, match=r"database\.backup\.retention_days: "):
        read(replace(new, database=True))
    trial = replace(new, profile="development", own_auth=False, database=True)
    kept = [read(each).spec.database for each in (trial, replace(trial, bucket=BUCKET))]
    assert [each is not None and each.backup.retention_days > 0 for each in kept] == [False, True]


def test_the_keys_of_a_block_are_those_that_the_cloud_requires() -> None:
    for cloud, keys in LOCATION_KEYS.items():
        for missing in keys if cloud != "kubernetes" else ("context",):
            block = {key: value for key, value in BLOCKS[cloud].items() if key != missing}
            with pytest.raises(InvalidConfiguration, match=rf"{cloud}\.{missing}: missing"):
                read(replace(answers(cloud, "fastapi", "development", build=False), block=block))


def test_a_public_agent_needs_a_key() -> None:
    for cloud, profile in product(CLOUDS, PROFILES):
        stack = read(answers(cloud, "agentos", profile, build=True))
        assert stack.is_written("services.agent.secrets")
        assert stack.spec.secrets == ("OS_SECURITY_KEY",)
        assert stack.generated_secrets == (("OS_SECURITY_KEY",) if cloud == "docker" else ())


@pytest.mark.parametrize("app", [app for app in APPS if app != "agentos" and PRESETS[app].port is not None])
def test_production_needs_to_know_who_authenticates_clients(app: App) -> None:
    new = answers("aws", app, "production", build=True)
    assert "ingress.auth" in read(new).spec.accept_risk
    assert not read(replace(new, own_auth=False, allowed_cidrs=("203.0.113.0/24",))).spec.accept_risk
    with pytest.raises(InvalidConfiguration, match=r"ingress\.auth: "):
        read(replace(new, own_auth=False))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image", "yes:1.0"), ("image", "localhost:5000/on:1"), ("domain", "no.example.com"), ("build", "./it's #1"),
        ("build", "null"), ("service", "on"), ("service", "true"),
    ],
)  # fmt: skip
def test_a_value_that_yaml_would_read_as_something_else_stays_text(field: str, value: str) -> None:
    new = replace(answers("aws", "fastapi", "development", build=field == "build"), **{field: value})  # pyrefly: ignore[bad-argument-type]
    try:
        spec = read(new).spec
    except InvalidConfiguration as invalid:
        assert field == "build" and "wrong form" in str(invalid)
        return
    (service,) = spec.services.values()
    context = service.build.context if service.build else None
    assert value in (service.image, spec.ingress.domain, context, *spec.services)


def test_an_image_without_a_version_is_refused_before_anything_is_written() -> None:
    new = replace(answers("aws", "fastapi", "development", build=False), image="web:latest")
    with pytest.raises(InvalidConfiguration, match=r"services\.api\.image: "):
        read(new)
