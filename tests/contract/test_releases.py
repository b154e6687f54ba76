"""Release commands on every cloud: the task, its access, its targets, the rules of the spec, and what the plan reports."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from automation.deploy.targets import engine_urn, release_targets
from automation.plan.build import plan_of
from automation.plan.inventory import Declared, Inventory
from automation.plan.summary import summary_of
from automation.plan.summary_rows import fact_rows
from automation.stack.document import stack_of
from components.adjustments import adjustments
from components.settings import PLATFORM_KEY
from components.validation.parse import parse
from providers import AVAILABLE, release_control
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.release import definition_name
from tests.planning import JOBS, plan, production, revealed

RELEASE: Mapping[str, object] = {"command": ["alembic", "upgrade", "head"], "timeout_minutes": 45}
CHANGES: Mapping[str, object] = {"services.gateway.release": RELEASE, "services.gateway.calls": []}
NAME = definition_name("prod", "gateway")
each_cloud = pytest.mark.parametrize("cloud", AVAILABLE)


def with_release(cloud: str, **changes: object) -> Inventory:
    """Return the plan of production with a release command of the gateway."""
    return plan(production({**CHANGES, **changes}, cloud))


def definition(inventory: Inventory, cloud: str) -> Declared:
    """Return the resource that defines the task."""
    return inventory.one(NAME, release_control(cloud).type)


def text_of(resource: Declared) -> str:
    """Return the inputs of a resource as text, secrets opened."""
    return json.dumps(revealed(dict(resource.inputs)), default=str)


def task_text(inventory: Inventory, cloud: str) -> str:
    """Return everything that defines the task as text."""
    own = [each for each in inventory.custom if each.name == NAME or each.name.startswith(f"{NAME}-")]
    assert definition(inventory, cloud) in own
    return "\n".join(text_of(each) for each in own).replace('\\"', '"')


def services_of(inventory: Inventory, cloud: str) -> list[Declared]:
    """Return the resources that run services."""
    types = {
        "aws": ("aws:ecs/service:Service",),
        "gcp": ("gcp:cloudrunv2/service:Service", "gcp:cloudrunv2/workerPool:WorkerPool"),
        "azure": ("azure-native:app:ContainerApp",),
        "docker": ("docker:index/container:Container",),
        "kubernetes": ("kubernetes:apps/v1:Deployment",),
    }
    found = [each for each in inventory.custom if each.type in types[cloud] and each.urn.component == "Compute"]
    assert len(found) >= 3
    return found


@each_cloud
def test_the_task_has_the_image_command_and_secrets_of_its_service(cloud: str) -> None:
    inventory = with_release(cloud)
    text = task_text(inventory, cloud)
    assert '"alembic", "upgrade", "head"' in text
    assert "DATABASE_URL" in text and "PGHOST" in text
    (gateway, *_) = [each for each in services_of(inventory, cloud) if "gateway" in each.name]
    image = parse(production(CHANGES, cloud), "prod").services["gateway"].image.partition("@")[2]
    assert image
    if cloud != "docker":
        assert image in text
    else:
        assert definition(inventory, cloud).inputs["image"] == gateway.inputs["image"]


@each_cloud
def test_the_cloud_stops_the_command_at_its_timeout_and_does_not_repeat_it(cloud: str) -> None:
    text = text_of(definition(with_release(cloud), cloud)).replace('\\"', '"')
    expected = {
        "aws": ['"Seconds": 2700'],
        "gcp": ['"timeout": "2700s"', '"maxRetries": 0'],
        "azure": ['"replicaTimeout": 2700', '"replicaRetryLimit": 0', '"triggerType": "Manual"'],
        "docker": ['"start": false', '"mustRun": false', '"restart": "no"'],
        "kubernetes": ['"suspend": true', '"backoffLimit": 0', '"activeDeadlineSeconds": 2700'],
    }
    assert [part for part in expected[cloud] if part not in text] == []
    if cloud == "aws":
        assert '"MaxAttempts": 0' in text and text.count('"ErrorEquals"') == 2


@each_cloud
def test_a_release_command_has_no_schedule_and_no_alarm(cloud: str) -> None:
    inventory = with_release(cloud)
    assert [each.name for each in inventory.custom if each.short_type.endswith("Schedule")] == []
    assert not any("release" in each.name for each in inventory.custom if each.urn.component == "Monitoring")
    assert not any("starter" in each.name for each in inventory.custom)


@each_cloud
def test_the_first_update_has_the_task_the_database_and_all_that_they_need_and_no_service(cloud: str) -> None:
    inventory = with_release(cloud, jobs=JOBS)
    targets = set(release_targets(inventory, {NAME}))
    by_name = {urn.name for urn in targets}
    assert NAME in by_name
    assert any(urn.component == "Database" for urn in targets)
    assert not by_name & {each.name for each in services_of(inventory, cloud)}
    assert not by_name & {"prod-jobs-nightly", "prod-jobs-nightly-task"}
    declared = {engine_urn(inventory, each): each for each in inventory.resources}
    for urn in targets:
        needed = {*declared[urn].depends_on, declared[urn].parent} & set(inventory.by_urn)
        assert {engine_urn(inventory, inventory.by_urn[each]) for each in needed} <= targets


@each_cloud
def test_everything_that_a_service_needs_to_start_is_there_for_its_release_command(cloud: str) -> None:
    inventory = with_release(cloud)
    (service, *_) = [each for each in services_of(inventory, cloud) if "gateway" in each.name]
    targets = {urn.name for urn in release_targets(inventory, {NAME})}
    needed = [inventory.by_urn[urn] for urn in service.depends_on if urn in inventory.by_urn]
    kinds = ("Network", "Secrets", "Identity", "Registry", "Database", "Keys", "Vault")
    missing = {each.name for each in needed if each.urn.component in kinds} - targets
    assert missing == set()


@each_cloud
def test_a_release_command_adds_nothing_but_its_task(cloud: str) -> None:
    without = {each.name for each in plan(production({"services.gateway.calls": []}, cloud)).resources}
    added = {each.name for each in with_release(cloud).resources} - without
    assert [name for name in added if not name.startswith(NAME)] == ["prod-jobs"]


@each_cloud
def test_the_plan_reports_that_only_up_runs_the_command(cloud: str) -> None:
    spec = parse(production(CHANGES, cloud), "prod")
    reasons = [each.reason for each in adjustments(spec) if each.key == "services.gateway.release"]
    assert any(reason.startswith("only `agent-platform up` runs the command; `pulumi up`") for reason in reasons)


@each_cloud
def test_the_plan_shows_the_command_and_its_timeout(cloud: str) -> None:
    stack = stack_of("prod", {PLATFORM_KEY: production(CHANGES, cloud)})
    summary = summary_of(plan_of(stack, Path(__file__).parent.parent.parent))
    assert dict(fact_rows(summary))["Release"] == ["gateway, before the rollout: alembic upgrade head, at most 45 min"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"release.command": []}, "services.gateway.release.command"),
        ({"release": {}}, "services.gateway.release.command"),
        ({"release.timeout_minutes": 0}, "services.gateway.release.timeout_minutes"),
        ({"release.timeout_minutes": 1441}, "services.gateway.release.timeout_minutes"),
        ({"release.retries": 1}, "services.gateway.release.retries"),
    ],
)
def test_a_mistake_has_one_message(changes: Mapping[str, object], expected: str) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        parse(production({**CHANGES, **{f"services.gateway.{path}": value for path, value in changes.items()}}), "prod")
    (message,) = [str(diagnostic) for diagnostic in caught.value.diagnostics]
    assert message.startswith(expected)


@each_cloud
def test_a_service_or_job_with_the_name_of_the_task_is_refused(cloud: str) -> None:
    service = {"app": "celery", "image": "ghcr.io/acme/x@sha256:" + "1" * 64}
    changes: Mapping[str, object] = {
        "services.gateway-release": service,
        "jobs": {"gateway-release": dict(JOBS["nightly"])},
    }
    with pytest.raises(InvalidConfiguration) as caught:
        parse(production({**CHANGES, **changes}, cloud), "prod")
    messages = [str(each) for each in caught.value.diagnostics]
    assert (
        "services.gateway-release: the task of the release command of gateway has this name. Rename the service."
        in messages
    )
    assert "jobs.gateway-release: the task of the release command of gateway has this name. Rename the job." in messages


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_a_task_whose_name_would_be_too_long_is_refused_with_the_number_of_characters(cloud: str) -> None:
    name = {"aws": "a" * 26, "gcp": "a" * 25, "azure": "a" * 20}[cloud]
    stack = {"aws": "p" * 20, "gcp": "p" * 34, "azure": "prod"}[cloud]
    service = {"app": "celery", "image": "ghcr.io/acme/x@sha256:" + "1" * 64, "release": dict(RELEASE)}
    with pytest.raises(InvalidConfiguration) as caught:
        parse(production({f"services.{name}": service}, cloud), stack)
    assert any(
        "would have" in str(each) and name in each.key for each in caught.value.diagnostics if hasattr(each, "key")
    )
