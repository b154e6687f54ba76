"""What changes or ends outside of an update: objects deleted and edited by hand, and an engine that is killed, on a real control plane."""

import random
from collections.abc import Mapping

import pytest

from automation.recover import Topic
from automation.recover import recover as recover_stack
from automation.stack.document import with_values
from providers.contract.spec.defaults import Raw
from providers.kubernetes.preflight.kubectl import fields
from tests.kubernetes.cluster_stack import ClusterStack
from tests.kubernetes.conftest import CreateStack
from tests.kubernetes.inputs import at, items
from tests.kubernetes.platforms import small

pytestmark = pytest.mark.long(reason="needs a control plane of Kubernetes and the provider of the engine")
RANDOM = random.Random(20261129)  # noqa: S311  # not used for secrets
KILLS = 3
LEVEL = "services.web.environment.LOG_LEVEL"
EDITED = '{"spec": {"template": {"spec": {"containers": [{"name": "web", "env": [{"name": "LOG_LEVEL", "value": "trace"}]}]}}}}'
"""Patch of a variable, as of `kubectl edit`."""


def platform(level: str = "info", **changes: object) -> Raw:
    """Return the small platform with a variable of its service."""
    return with_values(small(), {LEVEL: level, **{key.replace("__", "."): value for key, value in changes.items()}})


@pytest.fixture(scope="module")
def deployed(create_stack: CreateStack) -> ClusterStack:
    """Small stack after its first update; each test leaves it as the program declares it."""
    stack = create_stack(platform())
    stack.up()
    return stack


def level_of(stack: ClusterStack) -> object:
    """Return the value of the variable in the Deployment on the server."""
    variables = items(stack.read("deployment", "web"), "spec", "template", "spec", "containers", 0, "env")
    return next(at(each, "value") for each in variables if at(each, "name") == "LOG_LEVEL")


def drift_of(stack: ClusterStack) -> Mapping[str, str]:
    """Return the kind of the difference of each resource that differs."""
    return {each.name: each.kind for each in stack.deployment.drift()}


def test_a_stack_without_a_change_by_hand_has_no_drift(deployed: ClusterStack) -> None:
    assert drift_of(deployed) == {}


def test_a_deleted_object_is_reported_and_created_again(deployed: ClusterStack) -> None:
    deployed.kubectl("delete", "poddisruptionbudget", "web")
    assert drift_of(deployed) == {"prod-compute-web-disruption-budget": "gone"}
    deployed.deployment.refresh()
    assert deployed.up()["created"] == 1
    assert all(deployed.uids.values())
    assert drift_of(deployed) == {}


def test_an_edited_field_is_reported_and_taken_back_after_a_refresh(deployed: ClusterStack) -> None:
    deployed.kubectl("patch", "deployment", "web", f"--patch={EDITED}")
    assert level_of(deployed) == "trace"
    assert drift_of(deployed) == {"prod-compute-web": "changed"}
    # the dry run of a preview meets the other manager of the field
    assert "1 to update" in deployed.project.run("preview", "--refresh", "--suppress-progress")
    deployed.deployment.refresh()
    assert deployed.up()["updated"] == 1
    assert level_of(deployed) == "info"
    assert drift_of(deployed) == {}


@pytest.mark.parametrize("manager", ["kubectl-patch", "acme-controller"])
def test_an_update_takes_back_what_was_edited(deployed: ClusterStack, manager: str) -> None:
    deployed.kubectl("patch", "deployment", "web", f"--patch={EDITED}", f"--field-manager={manager}")
    deployed.write(platform("debug"))
    deployed.up()
    assert level_of(deployed) == "debug"
    deployed.write(platform())
    deployed.up()


@pytest.mark.parametrize(("manager", "stays"), [("kubectl-annotate", False), ("acme-controller", True)])
def test_a_field_that_the_stack_does_not_set_is_that_of_its_manager_unless_it_is_kubectl(
    deployed: ClusterStack, manager: str, stays: bool
) -> None:
    deployed.kubectl("annotate", "deployment", "web", "acme.example.com/owner=search", f"--field-manager={manager}")
    deployed.write(platform("debug"))
    deployed.up()
    annotations = fields(at(deployed.read("deployment", "web"), "metadata", "annotations"))
    assert ("acme.example.com/owner" in annotations) == stays
    deployed.write(platform())
    deployed.up()


def test_the_replicas_of_an_autoscaler_stay(deployed: ClusterStack) -> None:
    deployed.kubectl("scale", "deployment/web", "--replicas=3")
    deployed.write(platform("debug"))
    deployed.up()
    assert at(deployed.read("deployment", "web"), "spec", "replicas") == 3
    deployed.write(platform())
    deployed.up()


def test_a_killed_engine_leaves_no_orphans_and_creates_nothing_twice(
    create_stack: CreateStack, deployed: ClusterStack
) -> None:
    stack = create_stack(platform())
    expected = len(deployed.listed())
    for point in sorted(RANDOM.sample(range(1, expected - 1), KILLS)):
        assert stack.kill_after(point), f"the update had ended before object {point} of {expected}"
        result = recover_stack(stack.deployment)
        assert result.orphans == ()
        unsearched = [step for step in result.steps if step.topic is Topic.UNSEARCHED]
        assert unsearched == []
    stack.up()
    assert stack.resources == deployed.resources
    assert len(stack.listed()) == expected
    assert set(stack.listed()) <= set(stack.keys)
    stack.up("--expect-no-changes")


def test_a_lost_state_is_rebuilt_from_the_cluster(create_stack: CreateStack) -> None:
    stack = create_stack(platform())
    stack.up()
    before = stack.uids
    stack.lose_state()
    assert recover_stack(stack.deployment).orphans == ()
    stack.up()
    after = stack.uids
    kept = {key for key, uid in before.items() if after.get(key) == uid}
    assert kept >= {key for key in before if key[0].rpartition(":")[2] not in ("Secret", "ConfigMap")}
