"""Failover and failback with the real engine on a platform in two regions, whose cloud is a fake one."""

from pathlib import Path

import pytest

from automation.deploy.errors import DeploymentFailed
from automation.deploy.failover_record import FailoverRecord
from automation.deploy.partial_program import deploy_targets
from automation.deploy.targets import FAILOVER_MESSAGE
from automation.failover.region_status import status_of
from automation.failover.stack_failover import StackFailover
from automation.plan.build import plan_of
from automation.urn import Urn
from providers.contract.json_data import is_mapping
from tests.engine.failover_project import differing, inputs_by_urn
from tests.engine.faults import FaultStack
from tests.engine.project import STACK
from tests.engine.warm_aws import (
    HOME,
    INSTANCE,
    SERVICE,
    STANDBY,
    WarmStack,
)

pytestmark = pytest.mark.xdist_group("warm")


def is_up_to_date(stack: WarmStack) -> None:
    """Assert that the file, the state and the cloud agree."""
    stack.project.up("--expect-no-changes")
    assert stack.deployment.drift() == ()


def serves(stack: WarmStack, region: str) -> None:
    """Assert that a region serves, and that the other one runs nothing and starts nothing."""
    record, other = stack.failover.record(), STANDBY if region == HOME else HOME
    assert record is not None and not record.open
    assert (stack.failover.active, stack.served, stack.writes(region)) == (region, region, True)
    assert {low for low, _ in stack.capacities[other]} == {0}
    assert all(low for low, _ in stack.capacities[region])


def test_a_stack_of_one_region_gains_the_other_one_and_keeps_all_it_has(
    warm_deployed: tuple[WarmStack, WarmStack],
) -> None:
    single, warm = warm_deployed
    before = {(each.token, each.id) for each in single.project.cloud.objects()}
    assert before <= {(each.token, each.id) for each in warm.project.cloud.objects()}
    assert warm.project.cloud.calls("delete") == []
    assert warm.writes(HOME) and not warm.writes(STANDBY)
    is_up_to_date(warm)


@pytest.fixture(scope="module")
def planned(warm_deployed: tuple[WarmStack, WarmStack], tmp_path_factory: pytest.TempPathFactory) -> WarmStack:
    """Stack after a planned failover; tests use a copy."""
    stack = warm_deployed[1].copy(tmp_path_factory.mktemp("planned"))
    stack.move()
    return stack


def test_after_a_planned_failover_nothing_is_left_to_do(
    warm_deployed: tuple[WarmStack, WarmStack], planned: WarmStack
) -> None:
    serves(planned, STANDBY)
    assert inputs_by_urn(planned.project).keys() == inputs_by_urn(warm_deployed[1].project).keys()
    assert planned.project.cloud.calls("delete") == []
    assert [each for each in planned.shell.commands if each[0] == "rds promote-read-replica"] == [
        ("rds promote-read-replica", STANDBY)
    ]
    is_up_to_date(planned)
    assert list(status_of(planned.failover, (HOME, STANDBY)))[-2:] == [
        f"{HOME}: the database does not replicate and has old data",
        f"{STANDBY}: the database writes",
    ]


def test_a_region_that_hangs_is_left_without_a_call_into_it_and_reduced_when_it_answers(warm: WarmStack) -> None:
    before = inputs_by_urn(warm.project)
    warm.lose(HOME)
    changed = {str(urn) for urn in warm.failover.targets(STANDBY)}
    warm.move(planned=False)
    assert warm.project.cloud.calls("Configure") == []
    assert warm.project.cloud.calls("delete") == []
    assert (warm.failover.active, warm.served, warm.writes(STANDBY)) == (STANDBY, STANDBY, True)
    # the number of tasks is that of autoscaling, and no difference of the program's
    unchanged = {urn for urn in changed if SERVICE in urn}
    assert differing(before, inputs_by_urn(warm.project)).keys() == changed - unchanged

    # only what the role decides in the region that answers again, and the record that a command has changed
    warm.lose("")
    steps = [step for step in warm.project.steps() if step["op"] not in ("same", "refresh")]
    assert {step["op"] for step in steps} <= {"update"}
    assert not [step["urn"] for step in steps if f"{STACK}-{STANDBY}" in step["urn"].rpartition("::")[2]]
    warm.deployment.refresh()
    warm.project.up()
    serves(warm, STANDBY)
    is_up_to_date(warm)


def test_a_failback_ends_in_the_original_shape(
    warm_deployed: tuple[WarmStack, WarmStack], planned: WarmStack, tmp_path: Path
) -> None:
    stack = planned.copy(tmp_path)
    stack.move("failback")
    serves(stack, HOME)
    assert not stack.writes(STANDBY)
    assert [name.rpartition("-")[0] for name in stack.shell.snapshots] == ["prod-database-before-failback"] * 2
    changed = differing(inputs_by_urn(warm_deployed[1].project), inputs_by_urn(stack.project))
    assert {urn.rpartition("::")[2]: keys for urn, keys in changed.items()} == {
        # a replica has these from its source
        "prod-database": {"dbName", "engine", "username"},
        # the number of tasks is that of autoscaling, whose bounds are the original ones
        "prod-compute-chat": {"desiredCount"},
        "prod-compute-gateway": {"desiredCount"},
    }
    is_up_to_date(stack)


@pytest.mark.long(reason="a region that hangs is in the chosen set")
def test_a_failback_whose_source_is_lost_ends_before_the_promotion_and_a_failover_continues_without_it(
    planned: WarmStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = planned.copy(tmp_path)
    write = StackFailover.write

    def lose_it(port: StackFailover, record: FailoverRecord) -> None:
        write(port, record)
        if record.phase == "stopping":
            stack.lose(STANDBY)

    with monkeypatch.context() as patched:
        patched.setattr(StackFailover, "write", lose_it)
        with pytest.raises(DeploymentFailed, match="us-east-1 does not answer any more, so nothing was promoted"):
            stack.move("failback")
    assert (stack.failover.active, stack.served, stack.writes(HOME)) == (STANDBY, STANDBY, False)

    deleted = stack.project.cloud.calls("delete")
    changed = {str(urn) for urn in stack.failover.targets(HOME)}
    before = inputs_by_urn(stack.project)
    stack.move(planned=False)
    assert (stack.failover.active, stack.served, stack.writes(HOME)) == (HOME, HOME, True)
    assert (stack.project.cloud.calls("Configure"), stack.project.cloud.calls("request")) == ([], [])
    assert stack.project.cloud.calls("delete") == deleted
    assert differing(before, inputs_by_urn(stack.project)).keys() <= changed

    stack.lose("")
    stack.deployment.refresh()
    stack.project.up()
    serves(stack, HOME)
    is_up_to_date(stack)


@pytest.mark.long(reason="shows why a failover declares one region only, which the other tests need not repeat")
def test_an_update_that_registers_the_lost_region_waits_for_it_and_fails(warm: WarmStack) -> None:
    warm.lose(HOME)
    failover = warm.failover
    targets = failover.targets(STANDBY)
    failover.deployment.workdir.set_values({"recovery.active_region": STANDBY})
    declared = plan_of(failover.deployment.file, failover.deployment.folder).inventory
    with pytest.raises(DeploymentFailed):
        deploy_targets(failover.deployment, declared, targets, FAILOVER_MESSAGE)
    assert warm.project.cloud.calls("Configure") == [("lost region", HOME)]


@pytest.mark.long(
    reason="an unplanned failover is in the chosen set, and the driver's order is tested without the engine"
)
def test_a_region_that_answers_again_is_stopped_before_requests_move(
    warm: WarmStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm.lose(HOME)
    adopt = StackFailover.adopt

    def answer_again(port: StackFailover, region: str) -> None:
        adopt(port, region)
        warm.lose("")

    monkeypatch.setattr(StackFailover, "adopt", answer_again)
    warm.move(planned=False)
    operations = [operation for operation, region in warm.shell.commands if region in (HOME, STANDBY)]
    assert operations.index("ecs update-service") < operations.index("route53 change-resource-record-sets")
    serves(warm, STANDBY)
    is_up_to_date(warm)


@pytest.mark.long(reason="the refusal is tested without the engine")
def test_a_second_failover_at_once_is_refused_and_changes_nothing(planned: WarmStack, tmp_path: Path) -> None:
    stack = planned.copy(tmp_path)
    before = stack.project.cloud.objects()
    with pytest.raises(DeploymentFailed, match=r"is from before .* when us-east-1 began to serve"):
        stack.move()
    assert stack.project.cloud.objects() == before
    serves(stack, STANDBY)


@pytest.mark.long(reason="a failover with a promotion is in the chosen set")
def test_a_replica_that_was_promoted_by_hand_is_taken_over(warm: WarmStack) -> None:
    database = warm.shell.database(STANDBY)
    assert database is not None
    warm.promote_by_hand(STANDBY)
    warm.move()
    assert "rds promote-read-replica" not in {operation for operation, _ in warm.shell.commands}
    found = warm.shell.database(STANDBY)
    assert found is not None and (found.id, found.token) == (database.id, f"{INSTANCE}@{STANDBY}")
    serves(warm, STANDBY)
    is_up_to_date(warm)


@pytest.mark.long(
    reason="a lost state of one region is in the chosen set, and the match by region is tested without the engine"
)
def test_a_lost_state_of_both_regions_is_recovered_each_object_in_its_own(warm: WarmStack) -> None:
    before, objects = inputs_by_urn(warm.project), warm.project.cloud.objects()
    lost = FaultStack(warm.project)
    lost.delete_state()
    result = lost.recover()
    assert {f"{STACK}-database (rds:Instance)", f"{STACK}-{STANDBY}-database (rds:Instance)"} <= set(result.imported)
    assert warm.project.cloud.objects() == objects, "nothing was created or changed"
    for each in warm.project.state():
        outputs = each.get("outputs")
        arn = str(outputs.get("arn", "")) if is_mapping(outputs) else ""
        name = Urn.of_provider(str(each.get("provider") or "")).name
        _, _, service, region, *_ = arn.split(":") if arn.startswith("arn:aws:") else [""] * 4
        # types without a rule have the ARN of a made-up service in one region
        if region and service != "fake":
            assert name == f"{STACK}-{region}", each["urn"]
    assert inputs_by_urn(warm.project).keys() <= before.keys()
