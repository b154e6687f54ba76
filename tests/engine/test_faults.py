"""Faults during an update: after `recover` and `up` state and cloud are the same as without the fault."""

import json
import random
import signal
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from automation.deploy import DeploymentFailed
from automation.recover import Topic
from automation.urn import short_type
from tests.engine.conftest import need_engine
from tests.engine.faults import SECONDS_PER_MINUTE, SMALL, FaultStack, StackContents
from tests.engine.project import TIMEOUT_SECONDS, EngineProject
from tests.engine.resource_manager import resource_manager

KILLS_BY_CLOUD = {"aws": 5, "gcp": 7, "azure": 8}
"""Twenty kills; the small platform is fastest on Azure."""
FEW_KILLS = 2
MANY_KILLS = pytest.mark.long(reason="a kill at two points of the same update is in the chosen set")
ON_AZURE = pytest.mark.parametrize("cloud", ["azure"], indirect=True)
"""For behaviour that is the same on every cloud."""
ALERT = "azure-native:monitor:MetricAlert"
ENVIRONMENT = "azure-native:app:ManagedEnvironment"
IAM_EVENTS = "prod-monitoring-iam-changes"
RANDOM = random.Random(20261121)  # noqa: S311  # not used for secrets
DROPPED: Mapping[str, Mapping[str, str]] = {
    "aws": {
        "aws:ec2/subnet:Subnet": "", "aws:ec2/securityGroup:SecurityGroup": "",
        # events of IAM exist in another region than that of the provider, and what refers to the rule there too
        "aws:cloudwatch/eventRule:EventRule": IAM_EVENTS, "aws:cloudwatch/eventTarget:EventTarget": IAM_EVENTS,
        "aws:iam/role:Role": IAM_EVENTS,
    },
    "gcp": {"gcp:compute/network:Network": "", "gcp:artifactregistry/repository:Repository": "", "gcp:cloudrunv2/service:Service": ""},
    "azure": {"azure-native:network:VirtualNetwork": "", "azure-native:resources:ResourceGroup": ""},
}  # fmt: skip
"""Types whose creation loses its response, and the name of the resource; empty for the first of its type.

They have a generated name, a set one, none, or the ID of what they belong to.
"""


@pytest.fixture(scope="session")
def deployed_stack(cloud: str, tmp_path_factory: pytest.TempPathFactory) -> FaultStack:
    """Small stack after an update without faults; tests do not change it."""
    need_engine()
    stack = FaultStack(EngineProject.create(tmp_path_factory.mktemp(f"healthy-{cloud}")).init(cloud, SMALL))
    stack.project.up()
    return stack


@pytest.fixture(scope="session")
def expected(deployed_stack: FaultStack) -> StackContents:
    return deployed_stack.contents


@pytest.fixture
def stack(cloud: str, tmp_path: Path) -> Generator[FaultStack]:
    """Small stack before its first update."""
    need_engine()
    yield from with_resource_manager(EngineProject.create(tmp_path).init(cloud, SMALL))


@pytest.fixture
def stack_copy(deployed_stack: FaultStack, tmp_path: Path) -> Generator[FaultStack]:
    """Copy of the deployed small stack that a test may change."""
    yield from with_resource_manager(deployed_stack.project.copy(tmp_path))


def with_resource_manager(project: EngineProject) -> Generator[FaultStack]:
    with resource_manager(project.cloud) as address:
        yield FaultStack(EngineProject(project.folder, project.cloud, {**project.environment, "ARM_ENDPOINT": address}))


@pytest.mark.parametrize("few", [True, pytest.param(False, marks=MANY_KILLS)], ids=["few", "many"])
def test_a_killed_engine_at_any_point_creates_no_duplicates_and_leaves_no_orphans(
    stack: FaultStack, expected: StackContents, cloud: str, few: bool
) -> None:
    stack.project.cloud.set("seconds_a_minute", SECONDS_PER_MINUTE)
    kills = FEW_KILLS if few else KILLS_BY_CLOUD[cloud]
    points = sorted(RANDOM.sample(range(1, expected.state.total() - 1), kills))
    for point in points:
        assert stack.kill_after(point), f"the update had ended before creation {point} of {points}"
        result = stack.recover()
        assert result.orphans == ()
        assert stack.running_programs == []
    stack.project.cloud.set("seconds_a_minute", 0)
    stack.project.up()
    assert stack.contents == expected
    assert stack.pending_operations == 0
    stack.project.up("--expect-no-changes")


@pytest.mark.chosen_on(
    "azure", reason="a killed engine, which loses responses too, is in the chosen set on every cloud"
)
def test_creations_with_a_lost_response_are_imported(stack: FaultStack, expected: StackContents, cloud: str) -> None:
    for token, name in DROPPED[cloud].items():
        stack.project.cloud.plan_fault("drop", "create", token, name)
    imported: list[str] = []
    while not stack.update():
        result = stack.recover()
        assert result.orphans == ()
        assert result.imported, "an update failed without a lost response"
        imported += result.imported
        assert len(imported) <= len(DROPPED[cloud])
    assert sorted(imported) == sorted(f"{name} ({short_type(token)})" for token, name in stack.lost_creations)
    assert {token for token, _ in stack.lost_creations} == DROPPED[cloud].keys()
    assert stack.contents == expected
    stack.project.up("--expect-no-changes")


@ON_AZURE
def test_a_failed_update_continues(stack: FaultStack, expected: StackContents) -> None:
    stack.project.cloud.plan_fault("fail", "create", ENVIRONMENT)
    assert not stack.update()
    assert stack.contents.cloud.total() < expected.cloud.total()
    stack.project.up()
    assert stack.contents == expected


@ON_AZURE
def test_a_changed_and_a_deleted_object_are_restored(stack_copy: FaultStack, expected: StackContents) -> None:
    before = stack_copy.inputs
    changed, deleted, *_ = stack_copy.project.cloud.objects(ALERT)
    stack_copy.project.cloud.change(ALERT, changed.name, "severity", 4)
    stack_copy.project.cloud.remove(ALERT, deleted.id)
    messages = {
        step.subject.split()[0]: step.message for step in stack_copy.recover().steps if step.topic is Topic.DRIFT
    }
    assert messages == {
        changed.name: "changed in the cloud; state updated",
        deleted.name: "deleted in the cloud; removed from the state",
    }
    stack_copy.project.up()
    assert stack_copy.contents == expected
    assert stack_copy.inputs[(ALERT, changed.name)] == before[(ALERT, changed.name)]


@ON_AZURE
def test_a_damaged_state_is_repaired_from_its_backup_and_the_cloud(
    stack_copy: FaultStack, expected: StackContents
) -> None:
    # the backup is the state before the last update, and the first one was written at once
    stack_copy.project.up("--expect-no-changes")
    state = stack_copy.state_folder / "prod.json"
    state.write_text(state.read_text(encoding="utf-8")[:1000], encoding="utf-8")
    (stack_copy.state_folder / "prod.json.attrs").write_text("", encoding="utf-8")
    backend_files = [step.subject for step in stack_copy.recover().steps if step.topic is Topic.FILE]
    assert backend_files == ["prod.json.attrs", "prod.json"]
    assert len(list(stack_copy.state_folder.glob("prod.json.damaged-*"))) == 1
    stack_copy.project.up()
    assert stack_copy.contents == expected
    stack_copy.project.up("--expect-no-changes")


@ON_AZURE
def test_a_lost_state_is_rebuilt_from_the_cloud(stack_copy: FaultStack, expected: StackContents) -> None:
    stack_copy.delete_state()
    result = stack_copy.recover()
    assert "prod-account (resources:ResourceGroup)" in result.imported
    assert f"prod-environment ({short_type(ENVIRONMENT)})" in result.imported
    assert stack_copy.contents.state.total() == len(result.imported)
    assert stack_copy.contents.cloud == expected.cloud
    # its name contains a random id that was only in the state
    assert [address.rpartition("/")[0].rpartition("/")[2] for address in result.orphans] == ["vaults"]


@ON_AZURE
def test_a_dry_run_reports_the_steps_and_changes_nothing(stack_copy: FaultStack, expected: StackContents) -> None:
    name = stack_copy.remove_from_state(ALERT)
    before = stack_copy.backend_files
    result = stack_copy.recover(dry_run=True)
    assert [subject.split()[0] for subject in result.imported] == [name]
    assert stack_copy.backend_files == before
    assert stack_copy.contents.cloud == expected.cloud


@ON_AZURE
def test_a_failed_search_is_reported_and_nothing_is_imported(stack_copy: FaultStack) -> None:
    stack_copy.remove_from_state(ALERT)
    stack_copy.project.cloud.set("search", "off")
    result = stack_copy.recover()
    unsearched = [step.subject for step in result.steps if step.topic is Topic.UNSEARCHED]
    assert "resources of the Resource Manager" in unsearched
    assert result.imported == ()


@ON_AZURE
def test_an_orphan_is_reported_and_not_deleted(stack_copy: FaultStack) -> None:
    duplicate = stack_copy.duplicate(ALERT)
    completed = stack_copy.command("recover", "prod", "--json")
    steps = [json.loads(line) for line in completed.stdout.splitlines()]
    assert [step["subject"] for step in steps if step["topic"] == "orphan"] == [duplicate.id]
    assert completed.returncode == 3
    assert stack_copy.project.cloud.find(ALERT, duplicate.id) == duplicate


@ON_AZURE
def test_a_stack_without_faults_has_nothing_to_recover(stack_copy: FaultStack) -> None:
    result = stack_copy.recover(dry_run=True)
    assert result.unchanged, result.steps


@ON_AZURE
def test_a_running_update_is_not_recovered(stack: FaultStack) -> None:
    stack.project.cloud.plan_fault("hang", "create", "azure-native:resources:ResourceGroup")
    process = stack.project.start("up", "--yes", "--skip-preview", "--suppress-progress")
    try:
        stack.project.cloud.wait_for_fault("create", "azure-native:resources:ResourceGroup", TIMEOUT_SECONDS)
        with pytest.raises(DeploymentFailed, match="still runs on this machine"):
            stack.recover()
        assert process.poll() is None
        assert stack.running_programs != []
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT_SECONDS)
