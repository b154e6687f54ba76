"""Images: one table, pinned, replaceable."""

import re

import pytest

from automation.plan.inventory import Inventory
from providers.docker.base.platform_images import (
    COURIER,
    IMAGES,
    POSTGRES_BY_VERSION,
    REDIS_EXPORTER,
    ROLES,
    image_of,
    roles_of,
)
from tests.docker.asked import spec_of
from tests.planning import DROP, plan, production

PINNED = re.compile(r"[a-z0-9./_-]+:[\w.-]+@sha256:[0-9a-f]{64}")
BY_VERSION = {COURIER, REDIS_EXPORTER}


@pytest.mark.parametrize("image", [image for role, image in IMAGES.items() if role not in BY_VERSION])
def test_an_image_is_pinned_by_digest_beside_its_version(image: str) -> None:
    assert PINNED.fullmatch(image)


@pytest.mark.parametrize("role", sorted(BY_VERSION))
def test_without_a_known_digest_an_image_is_pinned_by_its_exact_version(role: str) -> None:
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", IMAGES[role])


def test_every_major_version_of_the_spec_has_an_image() -> None:
    assert set(POSTGRES_BY_VERSION) == {"14", "15", "16", "17", "18"}
    assert all(PINNED.fullmatch(image) for image in POSTGRES_BY_VERSION.values())


@pytest.mark.parametrize("role", ROLES)
def test_every_image_can_be_replaced(role: str) -> None:
    spec = spec_of({"docker.images": {role: "registry.example.com/own:1.0"}})
    assert image_of(spec, role) == "registry.example.com/own:1.0"


def test_the_database_version_chooses_its_image() -> None:
    assert image_of(spec_of({"database.version": "16"}), "postgres").startswith("postgres:16@")


def test_roles_that_nobody_needs_are_not_pulled() -> None:
    uses: dict[str, object] = {f"services.{name}.uses": [] for name in ("gateway", "chat", "worker")}
    spec = spec_of(
        {**uses, "database": DROP, "cache": DROP, "storage": DROP, "monitoring.dashboards": False, "accept_risk": {}}
    )
    assert roles_of(spec) == ("proxy", "prometheus", "alertmanager", "host-exporter", "container-exporter")


def test_an_image_stays_when_the_stack_goes(prod: Inventory) -> None:
    images = prod.of_type("docker:RemoteImage")
    assert {image.inputs["keepLocally"] for image in images} == {True}


def test_a_container_runs_what_was_found_under_its_images_name() -> None:
    replaced = plan(production({"docker.images": {"redis": "redis:7.2"}}, cloud="docker"))
    assert replaced.one("prod-registry-role-redis").inputs["name"] == "redis:7.2"
    assert replaced.one("prod-cache-server").inputs["image"] == "<docker:RemoteImage prod-registry-role-redis>.imageId"
