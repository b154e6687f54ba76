"""Properties of the plan on every cloud: tree, explicit providers, tags, secrets, least privilege, outputs."""

import json
from collections.abc import Iterator
from functools import cache
from typing import cast

import pytest

from automation.plan.inventory import Declared, Inventory, Secret, as_json
from providers import AVAILABLE
from providers.contract.capabilities import CAPABILITIES
from providers.contract.spec import CloudName
from tests.contract.clouds import KNOWLEDGE, Permission
from tests.planning import DRILL, JOBS, WITH_KEY, fresh_recordings, plan, production

pytestmark = pytest.mark.parametrize("cloud", AVAILABLE)

MARKER = "marker-4f9a2c"
WITH_JOBS = {"jobs": JOBS}
IN_STEPS = {"services.gateway.rollout": {"strategy": "canary"}}


@cache
def production_plan(cloud: str) -> Inventory:
    return plan(production(WITH_JOBS, cloud=cloud), secret=MARKER)


@cache
def preview(cloud: str) -> Inventory:
    return plan(production(WITH_JOBS, cloud=cloud), mode="unknown", secret=MARKER)


def open_strings(value: object) -> Iterator[str]:
    """Every string of a value that is not inside a secret."""
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            yield key
            yield from open_strings(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from open_strings(inner)
    elif isinstance(value, str):
        yield value


def custom_resources(cloud: str) -> tuple[Declared, ...]:
    return production_plan(cloud).custom


def test_every_resource_descends_from_the_platform(cloud: str) -> None:
    plan = production_plan(cloud)
    for resource in plan.resources:
        kinds = [ancestor.type for ancestor in plan.ancestors(resource)]
        assert resource.type == "agent-platform:index:AgentPlatform" or kinds[-1:] == [
            "agent-platform:index:AgentPlatform"
        ]


def test_every_resource_names_its_provider(cloud: str) -> None:
    for resource in custom_resources(cloud):
        assert resource.provider, resource.name
        assert "default" not in resource.provider.rpartition("::")[0].rpartition("::")[2], resource.name


def test_every_resource_that_can_be_tagged_is_tagged(cloud: str) -> None:
    tagged = [KNOWLEDGE[cloud].tags_of(production_plan(cloud), resource) for resource in custom_resources(cloud)]
    assert len([tags for tags in tagged if tags is not None]) > 20
    for tags in tagged:
        assert tags is None or {"project", "stack", "managed-by", "team"} <= set(tags)


def test_a_secret_appears_only_in_secret_inputs(cloud: str) -> None:
    for resource in production_plan(cloud).resources:
        for text in open_strings(dict(resource.inputs)):
            assert MARKER not in text, f"{resource.name} shows a secret"


def test_the_marker_secret_is_used(cloud: str) -> None:
    assert any(MARKER in repr(_opened(dict(resource.inputs))) for resource in custom_resources(cloud))


def _opened(value: object) -> object:
    if isinstance(value, dict):
        return {key: _opened(inner) for key, inner in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_opened(inner) for inner in cast("list[object]", value)]
    return _opened(value.value) if isinstance(value, Secret) else value


def test_a_generated_password_appears_only_in_secret_inputs(cloud: str) -> None:
    names = [
        f"<random:RandomPassword {r.name}>.result" for r in production_plan(cloud).of_type("random:RandomPassword")
    ]
    assert names
    for resource in custom_resources(cloud):
        for text in open_strings(dict(resource.inputs)):
            assert not any(name in text for name in names), f"{resource.name} shows a password"


def test_the_json_of_a_plan_holds_no_secret(cloud: str) -> None:
    assert MARKER not in json.dumps(as_json(production_plan(cloud)))


def test_a_preview_declares_the_same_resources(cloud: str) -> None:
    assert [r.urn for r in preview(cloud).resources] == [r.urn for r in production_plan(cloud).resources]


def test_two_plans_of_one_stack_are_equal(cloud: str) -> None:
    first = as_json(production_plan(cloud))
    with fresh_recordings():
        assert as_json(plan(production(WITH_JOBS, cloud=cloud), secret=MARKER)) == first


def test_a_new_service_renames_nothing(cloud: str) -> None:
    image = "extra@sha256:" + "7" * 64
    grown = plan(
        production({**WITH_JOBS, "services.extra": {**WITH_KEY, "image": image, "path": "/extra"}}, cloud=cloud)
    )
    assert {r.urn for r in production_plan(cloud).resources} <= {r.urn for r in grown.resources}


def test_the_outputs_are_complete(cloud: str) -> None:
    outputs = production_plan(cloud).outputs
    assert set(outputs) == {"url", "services", "database_host", "dashboard_url", "cloud", "region"}
    assert outputs["cloud"] == cloud
    assert outputs["url"] == "https://agents.example.com"
    assert set(cast("dict[str, str]", outputs["services"])) == {"gateway", "chat"}
    assert all(outputs[key] for key in ("database_host", "dashboard_url", "region"))


def all_rights(cloud: str) -> list[Permission]:
    """Permissions of production, and those that a rollout in steps adds."""
    plans = (production_plan(cloud), plan(production(IN_STEPS, cloud=cloud)))
    return [right for inventory in plans for right in KNOWLEDGE[cloud].rights(inventory)]


def test_no_permission_covers_every_action(cloud: str) -> None:
    rights = all_rights(cloud)
    assert len(rights) > 5
    assert not [right for right in rights if KNOWLEDGE[cloud].broad(right)]


def test_an_unbounded_target_has_a_reason(cloud: str) -> None:
    known = KNOWLEDGE[cloud]
    unbounded = {right.action for right in all_rights(cloud) if known.unbounded(right)}
    assert unbounded <= set(known.unbounded_reasons)


def test_a_drill_has_no_broad_and_no_unexplained_permission(cloud: CloudName) -> None:
    drill = {"recovery.drill": DRILL} if "Drill" in CAPABILITIES[cloud] else {}
    known, inventory = KNOWLEDGE[cloud], plan(production({**WITH_JOBS, **drill}, cloud=cloud))
    rights = list(known.rights(inventory))
    assert (len(rights) > len(list(known.rights(production_plan(cloud))))) is bool(drill)
    assert not [right for right in rights if known.broad(right)]
    assert {right.action for right in rights if known.unbounded(right)} <= set(known.unbounded_reasons)


def test_data_stores_are_protected(cloud: str) -> None:
    plan = production_plan(cloud)
    protected = {plan.component_of(resource) for resource in plan.custom if resource.protect}
    # the bucket of a cluster is not the platform's
    assert ({"Database", "Network"} if cloud == "kubernetes" else {"Database", "Storage"}) <= protected
