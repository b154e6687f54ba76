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
from tests.engine.bench import LONGEST_SECONDS, Bench
from tests.engine.conftest import need_engine
from tests.engine.faulty import SLOWLY, SMALL, Facts, Patient
from tests.engine.manager import resource_manager

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
def healthy(cloud: str, tmp_path_factory: pytest.TempPathFactory) -> Patient:
    """The small stack, up and undisturbed; tests leave it as it is."""
    need_engine()
    patient = Patient(Bench.lay(tmp_path_factory.mktemp(f"healthy-{cloud}")).init(cloud, SMALL))
    patient.bench.up()
    return patient


@pytest.fixture(scope="session")
def undisturbed(healthy: Patient) -> Facts:
    return healthy.facts


@pytest.fixture
def patient(cloud: str, tmp_path: Path) -> Generator[Patient]:
    """The small stack before its first update."""
    need_engine()
    yield from reachable(Bench.lay(tmp_path).init(cloud, SMALL))


@pytest.fixture
def standing(healthy: Patient, tmp_path: Path) -> Generator[Patient]:
    """A copy of the small stack that a test may do anything to."""
    yield from reachable(healthy.bench.copied(tmp_path))


def reachable(bench: Bench) -> Generator[Patient]:
    with resource_manager(bench.cloud) as address:
        yield Patient(Bench(bench.folder, bench.cloud, {**bench.environment, "ARM_ENDPOINT": address}))


def test_wherever_the_engine_is_killed_nothing_is_made_twice_and_nothing_is_left(
    patient: Patient, undisturbed: Facts, cloud: str
) -> None:
    patient.bench.cloud.set("seconds_a_minute", SLOWLY)
    points = sorted(RANDOM.sample(range(1, undisturbed.state.total() - 1), KILLS[cloud]))
    for point in points:
        assert patient.killed_after(point), f"the update had ended before creation {point} of {points}"
        done = patient.recover()
        assert done.orphans == ()
        assert patient.left_running == []
    patient.bench.cloud.set("seconds_a_minute", 0)
    patient.bench.up()
    assert patient.facts == undisturbed
    assert patient.pending == 0
    patient.bench.up("--expect-no-changes")


def test_creations_whose_answers_were_lost_are_found_again(patient: Patient, undisturbed: Facts, cloud: str) -> None:
    for token in LOST[cloud]:
        patient.bench.cloud.plan_fault("drop", "create", token)
    found: list[str] = []
    while not patient.goes_up():
        done = patient.recover()
        assert done.orphans == ()
        found += done.imported
        assert len(found) <= len(LOST[cloud])
    assert sorted(found) == sorted(f"{name} ({short_type(token)})" for token, name in patient.lost)
    assert {token for token, _ in patient.lost} == LOST[cloud]
    assert patient.facts == undisturbed
    patient.bench.up("--expect-no-changes")


@ONE
def test_an_update_that_failed_half_way_goes_on(patient: Patient, undisturbed: Facts) -> None:
    patient.bench.cloud.plan_fault("fail", "create", ENVIRONMENT)
    assert not patient.goes_up()
    assert patient.facts.cloud.total() < undisturbed.cloud.total()
    patient.bench.up()
    assert patient.facts == undisturbed


@ONE
def test_an_object_that_was_changed_or_has_vanished_is_made_what_it_was(standing: Patient, undisturbed: Facts) -> None:
    before = standing.inputs
    changed, vanished, *_ = standing.bench.cloud.objects(ALERT)
    standing.bench.cloud.change(ALERT, changed.name, "severity", 4)
    standing.bench.cloud.remove(ALERT, vanished.id)
    told = {step.subject.split()[0]: step.told for step in standing.recover().steps if step.topic is Topic.DRIFT}
    assert told == {
        changed.name: "differs in the cloud: taken over into the state",
        vanished.name: "is gone from the cloud: taken out of the state",
    }
    standing.bench.up()
    assert standing.facts == undisturbed
    assert standing.inputs[(ALERT, changed.name)] == before[(ALERT, changed.name)]


@ONE
def test_a_damaged_state_is_mended_from_its_backup_and_the_cloud(standing: Patient, undisturbed: Facts) -> None:
    state = standing.states / "prod.json"
    state.write_text(state.read_text(encoding="utf-8")[:1000], encoding="utf-8")
    (standing.states / "prod.json.attrs").write_text("", encoding="utf-8")
    files = [step.subject for step in standing.recover().steps if step.topic is Topic.FILE]
    assert files == ["prod.json.attrs", "prod.json"]
    assert len(list(standing.states.glob("prod.json.damaged-*"))) == 1
    standing.bench.up()
    assert standing.facts == undisturbed
    standing.bench.up("--expect-no-changes")


@ONE
def test_a_state_that_was_lost_is_made_anew_from_what_the_cloud_tells(standing: Patient, undisturbed: Facts) -> None:
    standing.lose_state()
    done = standing.recover()
    assert "prod-account (resources:ResourceGroup)" in done.imported
    assert f"prod-environment ({short_type(ENVIRONMENT)})" in done.imported
    assert standing.facts.state.total() == len(done.imported)
    assert standing.facts.cloud == undisturbed.cloud
    # its name is made of a drawn word that went with the state
    assert [address.rpartition("/")[0].rpartition("/")[2] for address in done.orphans] == ["vaults"]


@ONE
def test_a_dry_run_tells_what_would_be_done_and_does_nothing(standing: Patient, undisturbed: Facts) -> None:
    name = standing.forget(ALERT)
    before = standing.files
    told = standing.recover(dry_run=True)
    assert [subject.split()[0] for subject in told.imported] == [name]
    assert standing.files == before
    assert standing.facts.cloud == undisturbed.cloud


@ONE
def test_where_the_cloud_cannot_be_searched_it_is_said_and_nothing_is_guessed(standing: Patient) -> None:
    standing.forget(ALERT)
    standing.bench.cloud.set("search", "off")
    told = standing.recover()
    unsearched = [step.subject for step in told.steps if step.topic is Topic.UNSEARCHED]
    assert "the Resource Manager's list of resources" in unsearched
    assert told.imported == ()


@ONE
def test_an_object_that_nobody_claims_is_told_and_left_where_it_is(standing: Patient) -> None:
    double = standing.double(ALERT)
    ended = standing.command("recover", "prod", "--json")
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [one["subject"] for one in told if one["topic"] == "orphan"] == [double.id]
    assert ended.returncode == 3
    assert standing.bench.cloud.find(ALERT, double.id) == double


@ONE
def test_an_undisturbed_stack_has_nothing_to_recover(standing: Patient) -> None:
    told = standing.recover(dry_run=True)
    assert told.whole, told.steps


@ONE
def test_an_update_that_still_runs_is_left_alone(patient: Patient) -> None:
    patient.bench.cloud.plan_fault("hang", "create", "azure-native:resources:ResourceGroup")
    process = patient.bench.start("up", "--yes", "--skip-preview", "--suppress-progress")
    try:
        patient.wait_for("azure-native:resources:ResourceGroup")
        with pytest.raises(DeploymentFailed, match="still runs on this machine"):
            patient.recover()
        assert process.poll() is None
        assert patient.left_running != []
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONGEST_SECONDS)
