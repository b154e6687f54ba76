"""Disk of the database in a preview: larger, smaller and already grown."""

from pathlib import Path

import pytest

from automation.deploy.database import (
    deployed_gib,
    disk_of,
    enlarge_disk,
    refuse_older_version,
    refuse_other_creation,
    refuse_smaller_disk,
)
from automation.deploy.events import ResourceState, StepMetadata, StepStarted
from automation.plan.recorder import record
from automation.stack.document import stack_of
from automation.stack.workdir import Workdir
from automation.urn import Urn
from components.settings import PLATFORM_KEY, PROJECT
from providers import resource_traits
from providers.contract.database_disk import DatabaseDisk
from providers.contract.diagnostics import InvalidConfiguration
from tests.planning import ROOT, SECRET, plan, production

TYPE = "gcp:sql/databaseInstance:DatabaseInstance"
PATHS = {"gcp": "settings.diskSize", "azure": "storage.storageSizeGB"}
DISK = DatabaseDisk(TYPE, "settings.diskSize", 120)


def started(old: ResourceState | None, token: str = TYPE) -> StepStarted:
    """Start of a step on a database."""
    return StepStarted(
        0, StepMetadata(Urn(f"urn:pulumi:prod::agent-platform::{token}::prod-database"), "same", old=old)
    )


def state(declared: object, current: object) -> ResourceState:
    """State of a database with these sizes."""
    return ResourceState(
        "id", {"settings": {"diskSize": declared}}, {"settings": {"diskSize": current}}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "current", "expected"),
    [(50, 50, (50, 50)), (50, 80, (50, 80)), (50.0, "80", (50, 80)), (50, None, (50, 50)), ("[secret]", 80, None)],
)
def test_the_state_has_the_declared_and_the_current_size(
    declared: object, current: object, expected: tuple[int, int] | None
) -> None:
    assert deployed_gib([started(None), started(state(declared, current))], DISK) == expected


def test_a_database_that_does_not_exist_has_no_size() -> None:
    assert deployed_gib([started(None), started(state(1, 1), "gcp:sql/database:Database")], DISK) is None


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
@pytest.mark.parametrize(
    ("deployed", "requested", "refused"), [("17", "16", True), ("16", "17", False), ("17", "17", False)]
)
def test_an_older_version_than_that_of_the_server_is_refused(
    cloud: str, deployed: str, requested: str, refused: bool
) -> None:
    version = resource_traits(cloud).database_version
    assert version is not None
    token, key = version
    (before,), (after,) = (
        plan(production({"database.version": each}, cloud)).of_type(token) for each in (deployed, requested)
    )
    assert (before.inputs[key] == after.inputs[key]) is (deployed == requested)
    old, new = (ResourceState("id", each.inputs) for each in (before, after))
    events = [StepStarted(0, StepMetadata(before.urn, "update", old=old, new=new))]
    spec = stack_of("prod", {PLATFORM_KEY: production({"database.version": requested}, cloud)}).spec
    if not refused:
        return refuse_older_version(events, spec)
    with pytest.raises(InvalidConfiguration, match=r"database\.version: 16 is below the 17 of the deployed server"):
        refuse_older_version(events, spec)


def test_a_new_server_has_any_version() -> None:
    spec = stack_of("prod", {PLATFORM_KEY: production({"database.version": "16"}, "aws")}).spec
    urn = Urn("urn:pulumi:prod::agent-platform::aws:rds/instance:Instance::prod-database")
    refuse_older_version(
        [StepStarted(0, StepMetadata(urn, "create", new=ResourceState("", {"engineVersion": "16"})))], spec
    )


def test_a_disk_below_that_of_the_last_update_is_refused() -> None:
    with pytest.raises(InvalidConfiguration, match=r"database\.storage_gib: 120 GiB is below the 121 GiB"):
        refuse_smaller_disk(DISK, 121)
    refuse_smaller_disk(DISK, 120)
    refuse_smaller_disk(DISK, 0)


@pytest.mark.parametrize(
    ("declared", "current", "requested", "applied"),
    [
        (50, 50, 50, ()),
        (50, 50, 60, (PATHS["gcp"],)),
        (50, 80, 60, ()),
        (50, 80, 90, (PATHS["gcp"],)),
        (80, 80, 60, ()),
    ],
)
def test_only_a_disk_that_is_larger_than_the_current_one_is_applied(
    declared: int, current: int, requested: int, applied: tuple[str, ...], tmp_path: Path
) -> None:
    spec = stack_of("prod", {PLATFORM_KEY: production({"database.storage_gib": requested}, "gcp")}).spec
    workdir = Workdir(tmp_path, "prod", "prod", {})
    events = [started(state(declared, current))]
    assert enlarge_disk(events, spec, workdir, lambda: disk_of(spec)) is bool(applied)
    assert tuple(path for path in PATHS.values() if workdir.applies(path)) == applied
    assert enlarge_disk(events, spec, workdir, lambda: disk_of(spec)) is False, "a second preview applies nothing more"


@pytest.mark.parametrize("cloud", PATHS)
def test_a_property_that_an_update_applies_is_not_ignored(cloud: str) -> None:
    raw, key = production(cloud=cloud), "agent-platform:applied"
    read = stack_of("prod", {PLATFORM_KEY: raw})
    secrets = {f"{PROJECT}:{name}": SECRET for name in read.missing_secrets}
    for config, expected in (({}, True), ({key: PATHS[cloud]}, False)):
        found = record(ROOT / "__main__.py", "prod", {**read.config, **secrets, **config}, read.secret_keys, "symbolic")
        ignored = {path for resource in found.custom for path in resource.ignore_changes}
        assert (PATHS[cloud] in ignored) is expected


@pytest.mark.parametrize(
    ("cloud", "deployed", "mode", "refused"),
    [
        ("azure", "Disabled", "backup", True),
        ("azure", "Enabled", "backup", False),
        ("azure", "Disabled", "none", False),
        ("azure", None, "backup", False),
    ],
)
def test_a_server_without_what_only_a_new_one_can_have_is_refused(
    cloud: str, deployed: str | None, mode: str, refused: bool
) -> None:
    choice = next(each for each in resource_traits(cloud).creation_choices if each.key == "recovery.mode")
    there = {
        "azure.location": "eastus2",
        "azure.standby_location": "centralus",
        "azure.customer_managed_keys": False,
        "recovery": {"mode": mode},
    }
    spec = stack_of("prod", {PLATFORM_KEY: production(there, cloud)}).spec
    old = ResourceState("id", {"backup": {"geoRedundantBackup": deployed}} if deployed else {})
    events = [started(None, choice.type), started(old, choice.type), started(old, "azure-native:app:ContainerApp")]
    if not refused:
        return refuse_other_creation(events, spec)
    with pytest.raises(InvalidConfiguration) as found:
        refuse_other_creation(events, spec)
    assert [str(each) for each in found.value.diagnostics] == [
        "recovery.mode: the deployed server was created without geo-redundant backup, and Azure cannot add it. Use none or warm, or "
        "restore a dump into a new stack with this mode."
    ]
