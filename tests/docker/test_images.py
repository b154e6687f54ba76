"""Images of the platform: one table, pinned, each replaceable."""

import json
import re

import pytest

from automation.plan.inventory import Inventory
from providers.docker.base.platform_images import (
    COURIER,
    IMAGES,
    LOG_STORE,
    POSTGRES_BY_VERSION,
    REDIS_EXPORTER,
    ROLES,
    image_of,
    roles_of,
)
from tests.docker.specs import spec_of
from tests.planning import DROP, plan, production, revealed

PINNED_BY_DIGEST = re.compile(r"[a-z0-9./_-]+:[\w.-]+@sha256:[0-9a-f]{64}")
PINNED_BY_VERSION = {COURIER, LOG_STORE, REDIS_EXPORTER}


@pytest.mark.parametrize("image", [image for role, image in IMAGES.items() if role not in PINNED_BY_VERSION])
def test_an_image_is_pinned_by_digest_and_version(image: str) -> None:
    assert PINNED_BY_DIGEST.fullmatch(image)


@pytest.mark.parametrize("role", sorted(PINNED_BY_VERSION))
def test_an_image_without_a_confirmed_digest_is_pinned_by_exact_version(role: str) -> None:
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", IMAGES[role])


def test_every_major_version_of_the_spec_has_an_image() -> None:
    assert set(POSTGRES_BY_VERSION) == {"14", "15", "16", "17", "18"}
    assert all(PINNED_BY_DIGEST.fullmatch(image) for image in POSTGRES_BY_VERSION.values())


@pytest.mark.parametrize("role", ROLES)
def test_every_image_can_be_replaced(role: str) -> None:
    spec = spec_of({"docker.images": {role: "registry.example.com/own:1.0"}})
    assert image_of(spec, role) == "registry.example.com/own:1.0"


def test_the_database_version_selects_its_image() -> None:
    assert image_of(spec_of({"database.version": "16"}), "postgres").startswith("postgres:16@")


def test_images_that_the_platform_does_not_need_are_not_pulled() -> None:
    unused: dict[str, object] = {f"services.{name}.uses": [] for name in ("gateway", "chat", "worker")}
    spec = spec_of(
        {**unused, "database": DROP, "cache": DROP, "storage": DROP, "monitoring.dashboards": False, "accept_risk": {}}
    )
    assert roles_of(spec) == ("proxy", "prometheus", "alertmanager", "host-exporter", "container-exporter")


def test_the_image_of_a_service_is_pulled_for_its_architecture() -> None:
    declared = plan(production({"services.chat.architecture": "arm64"}, cloud="docker"))
    platforms = {image.name: image.inputs.get("platform") for image in declared.of_type("docker:RemoteImage")}
    assert platforms["prod-registry-service-chat"] == "linux/arm64"
    assert platforms["prod-registry-service-gateway"] == "linux/amd64"
    assert platforms["prod-registry-role-redis"] is None


def test_a_private_registry_has_a_login_of_the_provider() -> None:
    changes = {"services.gateway.image_credentials": "GHCR_LOGIN"}
    declared = plan(production(changes, cloud="docker"), secret="robot:a:password")
    (provider,) = declared.of_type("pulumi:providers:docker")
    assert "a:password" not in str(provider.inputs)
    # the engine passes nested settings of a provider as JSON
    logins = json.loads(str(revealed(provider.inputs["registryAuth"])))
    assert logins == [{"address": "ghcr.io", "username": "robot", "password": "a:password"}]


def test_without_credentials_the_provider_has_no_login(prod: Inventory) -> None:
    (provider,) = prod.of_type("pulumi:providers:docker")
    assert "registryAuth" not in provider.inputs


def test_images_are_kept_when_the_stack_is_destroyed(prod: Inventory) -> None:
    images = prod.of_type("docker:RemoteImage")
    assert {image.inputs["keepLocally"] for image in images} == {True}


def test_a_container_refers_to_the_id_of_the_pulled_image() -> None:
    replaced = plan(production({"docker.images": {"redis": "redis:7.2"}}, cloud="docker"))
    assert replaced.one("prod-registry-role-redis").inputs["name"] == "redis:7.2"
    assert replaced.one("prod-cache-server").inputs["image"] == "<docker:RemoteImage prod-registry-role-redis>.imageId"
