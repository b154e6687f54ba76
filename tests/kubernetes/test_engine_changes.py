"""Every key of the spec, changed by the real engine and provider on a real control plane, in the groups of `key_groups.py`."""

import pytest

from providers.kubernetes.import_ids import GENERATED
from tests.kubernetes.conftest import CreateStack
from tests.kubernetes.key_groups import GROUPS, groups

pytestmark = pytest.mark.long(
    reason="needs a control plane of Kubernetes and the provider of the engine; minutes for each group"
)


@pytest.mark.parametrize("index", range(GROUPS))
def test_no_key_replaces_an_object_with_data_or_a_fixed_name(create_stack: CreateStack, index: int) -> None:
    group = groups()[index]
    stack = create_stack(group.before)
    stack.up()
    before, held = stack.uids, stack.holding
    stack.write(group.after)
    stack.up()
    after = stack.uids
    assert held.items() <= after.items(), sorted(group.changes)
    replaced = {key for key, uid in before.items() if key in after and after[key] != uid}
    assert {key for key in replaced if key[0] not in GENERATED} == set()
    assert all(after.values())
    stack.up("--expect-no-changes")
