"""Previews of changed keys with the real engine: stateful resources are replaced only by the keys of the table.

What each single key changes on a standing stack is computed from two plans (tests/contract/test_every_leaf_lasts.py); here the
engine takes the same steps for many keys at once.
"""

from collections.abc import Mapping
from typing import cast

import pytest

from automation.deploy.events import normalize_operation
from automation.plan.inventory import Value
from automation.plan.spec_keys import LEAVES
from automation.stack.document import stack_of, with_values
from automation.urn import Urn
from components.configuration import PLATFORM_KEY
from providers import resource_traits
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import Raw
from tests.contract.test_every_leaf_lasts import COPY_KEYS, WARM_KEYS, losing_change
from tests.engine.fake_cloud.steps import PROTECTION, steps
from tests.engine.handmade_networks import make
from tests.engine.project import EngineProject
from tests.planning import plan, production

REPLACING_OPERATIONS = {"replace", "delete", "create-replacement", "delete-replaced"}
ANOTHER_STACK = {"aws.region", "aws.account_id", "gcp.project", "azure.subscription_id"}
REMOVED_BY_NAME = {"services.<name>.secrets"}
OF_ONE_CLOUD = {"overrides"}
"""Keys whose value names a resource of one cloud; tests/components/test_overrides.py has them on every cloud."""
ZONES = 3
"""Zones of production, in which an existing network on AWS has subnets."""
MIN_KEYS = 40
"""Number of keys that can be changed together; with fewer the test would be without effect."""


def test_changing_many_keys_at_once_replaces_no_stateful_resource(deployed_copy: EngineProject, cloud: str) -> None:
    raw, keys = harmless_changes(cloud)
    assert len(keys) >= MIN_KEYS
    deployed_copy.write(raw)
    deployed_copy.set_missing_secrets()
    preview = deployed_copy.preview()
    assert sum(cast("Mapping[str, int]", preview["changeSummary"]).values()) > 0
    assert lost_types(preview, cloud) == set()
    computed = steps(plan(production(cloud=cloud)), plan(raw))
    taken = operations(preview)
    assert {step: taken.get((step.type, step.name)) for step in computed if step.properties != (PROTECTION,)} == {
        step: step.operation for step in computed if step.properties != (PROTECTION,)
    }


@pytest.mark.long(reason="a preview for each key; that no other key replaces anything is in the chosen set")
def test_each_key_of_the_table_replaces_its_type_or_is_stopped_by_protection(
    deployed_copy: EngineProject, cloud: str
) -> None:
    for row in resource_traits(cloud).losing:
        if row.key in COPY_KEYS.keys() | WARM_KEYS.keys() or row.key.startswith("caches."):
            # the deployed stack has one region and one cache; tests/contract/test_every_leaf_lasts.py compares two plans with them
            continue
        raw = losing_change(row.key, cloud)
        if row.key.startswith("network.existing"):
            raw = with_values(raw, {"network.existing": make(deployed_copy.cloud, raw, ZONES)})
        deployed_copy.write(raw)
        deployed_copy.set_missing_secrets()
        preview = deployed_copy.preview(expected=None)
        stopped = "marked for protection" in str(preview["diagnostics"])
        lost = lost_types(preview, cloud)
        assert stopped or row.type in lost or (row.type == "*" and lost), row.key


def harmless_changes(cloud: str) -> tuple[Raw, list[str]]:
    """Return production with every key changed that is not in the table, nor below a key of it, and that can be combined with the others."""
    losing = {row.key for row in resource_traits(cloud).losing}
    raw, keys = production(cloud=cloud), list[str]()
    for leaf in LEAVES:
        path = leaf.path.replace("services.web", "services.gateway")
        if (
            leaf.key in ANOTHER_STACK | REMOVED_BY_NAME | OF_ONE_CLOUD
            or any(f"{leaf.key}.".startswith(f"{key}.") for key in losing)
            or leaf.block not in (None, cloud)
            or leaf.context.keys() & {"profile"}
        ):
            continue
        candidate = with_values(raw, {path: leaf.value})
        if candidate != raw and is_valid(candidate):
            raw, keys = candidate, [*keys, leaf.key]
    return raw, keys


def is_valid(raw: Raw) -> bool:
    """True for a valid platform."""
    try:
        stack_of("prod", {PLATFORM_KEY: raw})
    except (InvalidConfiguration, AttributeError, TypeError):
        return False
    return True


def operations(preview: Mapping[str, Value]) -> Mapping[tuple[str, str], str]:
    """Return the operation of the engine on each resource by type and logical name."""
    taken: dict[tuple[str, str], str] = {}
    for step in cast("list[Mapping[str, str]]", preview["steps"]):
        urn = Urn(step["urn"])
        operation = normalize_operation(step["op"])
        if taken.get((urn.type, urn.name)) != "replace":
            taken[urn.type, urn.name] = operation
    return taken


def lost_types(preview: Mapping[str, Value], cloud: str) -> set[str]:
    """Return the stateful types of which the preview replaces or deletes a resource."""
    steps = cast("list[Mapping[str, str]]", preview["steps"])
    types = {step["urn"].split("::")[2].rpartition("$")[2] for step in steps if step["op"] in REPLACING_OPERATIONS}
    return types & set(resource_traits(cloud).holds)
