"""What a preview of the real engine says of changed keys: what holds something stays, but for the rows of the table."""

from collections.abc import Mapping
from typing import cast

from automation.plan.inventory import Value
from automation.plan.spec_keys import LEAVES
from automation.stack.document import stack_of
from automation.stack.keys import with_values
from components.configuration import PLATFORM_KEY
from providers import resource_traits
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import Raw
from tests.contract.test_every_leaf_lasts import losing_change
from tests.engine.project import EngineProject
from tests.planning import production

REPLACING_OPERATIONS = {"replace", "delete", "create-replacement", "delete-replaced"}
ANOTHER_STACK = {"aws.region", "aws.account_id", "gcp.project", "azure.subscription_id"}
TAKEN_AWAY_BY_NAME = {"services.<name>.secrets"}
AT_LEAST = 40
"""Keys that can be changed together; fewer would mean that the test lost its grip."""


def test_many_keys_changed_at_once_replace_nothing_that_holds_something(
    deployed_copy: EngineProject, cloud: str
) -> None:
    raw, keys = harmless_changes(cloud)
    assert len(keys) >= AT_LEAST
    deployed_copy.write(raw)
    deployed_copy.set_missing_secrets()
    preview = deployed_copy.preview()
    assert sum(cast("Mapping[str, int]", preview["changeSummary"]).values()) > 0
    assert lost(preview, cloud) == set()


def test_each_key_of_the_table_replaces_what_it_says_or_is_stopped_by_protection(
    deployed_copy: EngineProject, cloud: str
) -> None:
    for row in resource_traits(cloud).losing:
        deployed_copy.write(losing_change(row.key, cloud))
        preview = deployed_copy.preview(expected=None)
        stopped = "marked for protection" in str(preview["diagnostics"])
        found = lost(preview, cloud)
        assert stopped or row.type in found, row.key


def harmless_changes(cloud: str) -> tuple[Raw, list[str]]:
    """Production with every key changed that the table does not name and that can be changed beside the others."""
    losing = {row.key for row in resource_traits(cloud).losing}
    raw, keys = production(cloud=cloud), list[str]()
    for leaf in LEAVES:
        path = leaf.path.replace("services.web", "services.gateway")
        if (
            leaf.key in losing | ANOTHER_STACK | TAKEN_AWAY_BY_NAME
            or leaf.block not in (None, cloud)
            or leaf.context.keys() & {"profile"}
        ):
            continue
        tried = with_values(raw, {path: leaf.value})
        if tried != raw and accepted(tried):
            raw, keys = tried, [*keys, leaf.key]
    return raw, keys


def accepted(raw: Raw) -> bool:
    """True for a platform that is taken as it is."""
    try:
        stack_of("prod", {PLATFORM_KEY: raw})
    except (InvalidConfiguration, AttributeError, TypeError):
        return False
    return True


def lost(preview: Mapping[str, Value], cloud: str) -> set[str]:
    """Types that hold something, of which the preview replaces or deletes one."""
    steps = cast("list[Mapping[str, str]]", preview["steps"])
    types = {step["urn"].split("::")[2].rpartition("$")[2] for step in steps if step["op"] in REPLACING_OPERATIONS}
    return types & set(resource_traits(cloud).holds)
