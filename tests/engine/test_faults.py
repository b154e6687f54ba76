"""What goes wrong in the middle: after `recover` and `up` everything is as if nothing had happened."""

import json
import random
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from automation.deploy import DeploymentFailed
from automation.recover import Topic
from automation.urn import short_type
from tests.engine.conftest import need_engine
from tests.engine.faults import SECONDS_PER_MINUTE, SMALL, FaultStack, StackContents
from tests.engine.project import TIMEOUT_SECONDS, EngineProject
from tests.engine.resource_manager import resource_manager

KILLS = {"aws": 5, "gcp": 7, "azure": 8}
"""Twenty in all; Azure's small platform is the quickest."""
ONE = pytest.mark.parametrize("cloud", ["azure"], indirect=True)
"""Where the clouds do not differ."""
ALERT = "azure-native:monitor:MetricAlert"
ENVIRONMENT = "azure-native:app:ManagedEnvironment"
RANDOM = random.Random(20261121)  # noqa: S311  # points in time, no secrets
LOST = {
    "aws": {"aws:ec2/subnet:Subnet", "aws:ec2/securityGroup:SecurityGroup", "aws:iam/role:Role"},
    "gcp": {"gcp:compute/network:Network", "gcp:artifactregistry/repository:Repository", "gcp:cloudrunv2/service:Service"},
    "azure": {"azure-native:network:VirtualNetwork", "azure-native:resources:ResourceGroup"},
}  # fmt: skip
"""Types of which a creation loses its answer: with a drawn name, with a given one, with none at all."""


@pytest.fixture(scope="session")
def deployed_stack(cloud: str, tmp_path_factory: pytest.TempPathFactory) -> FaultStack:
    """The small stack, up and undisturbed; tests leave it as it is."""
    need_engine()
    stack = FaultStack(EngineProject.create(tmp_path_factory.mktemp(f"healthy-{cloud}")).init(cloud, SMALL))
    stack.project.up()
    return stack


@pytest.fixture(scope="session")
def expected(deployed_stack: FaultStack) -> StackContents:
    return deployed_stack.contents


@pytest.fixture
def stack(cloud: str, tmp_path: Path) -> Generator[FaultStack]:
    """The small stack before its first update."""
    need_engine()
    yield from reachable(EngineProject.create(tmp_path).init(cloud, SMALL))


@pytest.fixture
def stack_copy(deployed_stack: FaultStack, tmp_path: Path) -> Generator[FaultStack]:
    """A copy of the small stack that a test may do anything to."""
    yield from reachable(deployed_stack.project.copy(tmp_path))


def reachable(project: EngineProject) -> Generator[FaultStack]:
    with resource_manager(project.cloud) as address:
        yield FaultStack(EngineProject(project.folder, project.cloud, {**project.environment, "ARM_ENDPOINT": address}))


def test_wherever_the_engine_is_killed_nothing_is_made_twice_and_nothing_is_left(
    stack: FaultStack, expected: StackContents, cloud: str
) -> None:
    stack.project.cloud.set("seconds_a_minute", SECONDS_PER_MINUTE)
    points = sorted(RANDOM.sample(range(1, expected.state.total() - 1), KILLS[cloud]))
    for point in points:
        assert stack.kill_after(point), f"the update had ended before creation {point} of {points}"
        done = stack.recover()
        assert done.orphans == ()
        assert stack.running_programs == []
    stack.project.cloud.set("seconds_a_minute", 0)
    stack.project.up()
    assert stack.contents == expected
    assert stack.pending_operations == 0
    stack.project.up("--expect-no-changes")


def test_creations_whose_answers_were_lost_are_found_again(
    stack: FaultStack, expected: StackContents, cloud: str
) -> None:
    for token in LOST[cloud]:
        stack.project.cloud.plan_fault("drop", "create", token)
    found: list[str] = []
    while not stack.update():
        done = stack.recover()
        assert done.orphans == ()
        found += done.imported
        assert len(found) <= len(LOST[cloud])
    assert sorted(found) == sorted(f"{name} ({short_type(token)})" for token, name in stack.lost_creations)
    assert {token for token, _ in stack.lost_creations} == LOST[cloud]
    assert stack.contents == expected
    stack.project.up("--expect-no-changes")


@ONE
def test_an_update_that_failed_half_way_goes_on(stack: FaultStack, expected: StackContents) -> None:
    stack.project.cloud.plan_fault("fail", "create", ENVIRONMENT)
    assert not stack.update()
    assert stack.contents.cloud.total() < expected.cloud.total()
    stack.project.up()
    assert stack.contents == expected


@ONE
def test_an_object_that_was_changed_or_has_vanished_is_made_what_it_was(
    stack_copy: FaultStack, expected: StackContents
) -> None:
    before = stack_copy.inputs
    changed, vanished, *_ = stack_copy.project.cloud.objects(ALERT)
    stack_copy.project.cloud.change(ALERT, changed.name, "severity", 4)
    stack_copy.project.cloud.remove(ALERT, vanished.id)
    told = {step.subject.split()[0]: step.told for step in stack_copy.recover().steps if step.topic is Topic.DRIFT}
    assert told == {
        changed.name: "differs in the cloud: taken over into the state",
        vanished.name: "is gone from the cloud: taken out of the state",
    }
    stack_copy.project.up()
    assert stack_copy.contents == expected
    assert stack_copy.inputs[(ALERT, changed.name)] == before[(ALERT, changed.name)]


@ONE
def test_a_damaged_state_is_mended_from_its_backup_and_the_cloud(
    stack_copy: FaultStack, expected: StackContents
) -> None:
    state = stack_copy.state_folder / "prod.json"
    state.write_text(state.read_text(encoding="utf-8")[:1000], encoding="utf-8")
    (stack_copy.state_folder / "prod.json.attrs").write_text("", encoding="utf-8")
    backend_files = [step.subject for step in stack_copy.recover().steps if step.topic is Topic.FILE]
    assert backend_files == ["prod.json.attrs", "prod.json"]
    assert len(list(stack_copy.state_folder.glob("prod.json.damaged-*"))) == 1
    stack_copy.project.up()
    assert stack_copy.contents == expected
    stack_copy.project.up("--expect-no-changes")


@ONE
def test_a_state_that_was_lost_is_made_anew_from_what_the_cloud_tells(
    stack_copy: FaultStack, expected: StackContents
) -> None:
    stack_copy.delete_state()
    done = stack_copy.recover()
    assert "prod-account (resources:ResourceGroup)" in done.imported
    assert f"prod-environment ({short_type(ENVIRONMENT)})" in done.imported
    assert stack_copy.contents.state.total() == len(done.imported)
    assert stack_copy.contents.cloud == expected.cloud
    # its name is made of a drawn word that went with the state
    assert [address.rpartition("/")[0].rpartition("/")[2] for address in done.orphans] == ["vaults"]


@ONE
def test_a_dry_run_tells_what_would_be_done_and_does_nothing(stack_copy: FaultStack, expected: StackContents) -> None:
    name = stack_copy.remove_from_state(ALERT)
    before = stack_copy.backend_files
    told = stack_copy.recover(dry_run=True)
    assert [subject.split()[0] for subject in told.imported] == [name]
    assert stack_copy.backend_files == before
    assert stack_copy.contents.cloud == expected.cloud


@ONE
def test_where_the_cloud_cannot_be_searched_it_is_said_and_nothing_is_guessed(stack_copy: FaultStack) -> None:
    stack_copy.remove_from_state(ALERT)
    stack_copy.project.cloud.set("search", "off")
    told = stack_copy.recover()
    unsearched = [step.subject for step in told.steps if step.topic is Topic.UNSEARCHED]
    assert "the Resource Manager's list of resources" in unsearched
    assert told.imported == ()


@ONE
def test_an_object_that_nobody_claims_is_told_and_left_where_it_is(stack_copy: FaultStack) -> None:
    duplicate = stack_copy.duplicate(ALERT)
    ended = stack_copy.command("recover", "prod", "--json")
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [one["subject"] for one in told if one["topic"] == "orphan"] == [duplicate.id]
    assert ended.returncode == 3
    assert stack_copy.project.cloud.find(ALERT, duplicate.id) == duplicate


@ONE
def test_an_undisturbed_stack_has_nothing_to_recover(stack_copy: FaultStack) -> None:
    told = stack_copy.recover(dry_run=True)
    assert told.whole, told.steps


@ONE
def test_an_update_that_still_runs_is_left_alone(stack: FaultStack) -> None:
    stack.project.cloud.plan_fault("hang", "create", "azure-native:resources:ResourceGroup")
    process = stack.project.start("up", "--yes", "--skip-preview", "--suppress-progress")
    try:
        stack.wait_for_creation("azure-native:resources:ResourceGroup")
        with pytest.raises(DeploymentFailed, match="still runs on this machine"):
            stack.recover()
        assert process.poll() is None
        assert stack.running_programs != []
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT_SECONDS)
