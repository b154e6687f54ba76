"""Existing network with the real engine on each cloud: read from the account, in use, and untouched by updates and destruction.

The registry and the DNS zone are those of others as well, in another account, project or subscription.
"""

from pathlib import Path

import pytest

from automation.plan.existing_places import BLOCKS, ZONES
from tests.engine.conftest import need_engine
from tests.engine.fake_cloud.networks import AZURE_SUBNET, SUBNET, SUBNETWORK, VNET
from tests.engine.handmade_networks import HANDMADE, make
from tests.engine.project import EngineProject, small_platform

UNFIT = {
    "aws": (SUBNET, "availableIpAddressCount", 3, "has 3 free addresses"),
    "gcp": (SUBNETWORK, "stackType", "IPV6_ONLY", "has IPv6 addresses only"),
    "azure": (AZURE_SUBNET, "delegations", [], "is not delegated to Microsoft.App/environments"),
}
"""Change of the network by hand with which it does not fit, and the words of the refusal."""
REGISTRIES = {**BLOCKS, "aws": {"repositories": {"chat": "team/chat"}}}
"""Registries of others, from which the platform pulls an image."""
OTHERS = {"aws": "vpc-", "gcp": "shared", "azure": "virtualNetworks/main"}
"""Part of the names that resources of the platform have in common with the network."""


def connected(project: EngineProject, cloud: str) -> EngineProject:
    """Create a stack whose platform uses a network made by hand, and a registry and a zone of others."""
    raw = small_platform(cloud)
    network = {"zones": 2, "existing": make(project.cloud, raw)}
    places = {"ingress__dns_account": {cloud: ZONES[cloud]}, "registry": {"existing": {cloud: REGISTRIES[cloud]}}}
    return project.init_with(small_platform(cloud, network=network, **places))


@pytest.fixture(scope="session")
def connected_project(cloud: str, tmp_path_factory: pytest.TempPathFactory) -> EngineProject:
    """Small platform in a network made by hand, deployed; tests use a copy."""
    need_engine()
    project = connected(EngineProject.create(tmp_path_factory.mktemp(f"existing-{cloud}")), cloud)
    project.up()
    return project


@pytest.fixture
def connected_copy(connected_project: EngineProject, tmp_path: Path) -> EngineProject:
    """Copy of the deployed platform that a test may change."""
    return connected_project.copy(tmp_path)


def handmade(project: EngineProject) -> list[tuple[str, str, str, int]]:
    """Return the objects of the network as they are, with the number of their changes."""
    return [
        (each.token, each.id, each.outputs, each.changed) for each in project.cloud.objects() if each.name == HANDMADE
    ]


def test_a_second_update_changes_nothing(connected_copy: EngineProject, cloud: str) -> None:
    created = len(connected_copy.cloud.calls("create"))
    assert OTHERS[cloud] in "".join(item.inputs for item in connected_copy.cloud.objects() if item.name != HANDMADE)
    assert "unchanged" in connected_copy.up("--expect-no-changes")
    assert len(connected_copy.cloud.calls("create")) == created
    assert connected_copy.cloud.calls("update") == connected_copy.cloud.calls("delete") == []


def test_destroy_leaves_the_network_as_it_was(connected_copy: EngineProject) -> None:
    before = handmade(connected_copy)
    assert before
    assert {changes for _, _, _, changes in before} == {0}
    connected_copy.destroy()
    assert handmade(connected_copy) == before
    assert connected_copy.state() == []
    assert not [
        token for token, _ in connected_copy.cloud.calls("delete") if token in (SUBNET, VNET, AZURE_SUBNET, SUBNETWORK)
    ]


def test_a_network_that_does_not_fit_stops_the_update_before_anything_is_created_in_it(
    project: EngineProject, cloud: str
) -> None:
    token, key, value, words = UNFIT[cloud]
    connected(project, cloud)
    project.cloud.change(token, HANDMADE, key, value)
    output = project.run("preview", expected=None)
    assert words in output
    assert project.cloud.changes() == []


def test_a_network_that_changes_later_stops_the_next_update(connected_copy: EngineProject, cloud: str) -> None:
    token, key, value, words = UNFIT[cloud]
    connected_copy.cloud.change(token, HANDMADE, key, value)
    created = len(connected_copy.cloud.changes())
    output = connected_copy.run("up", "--yes", "--skip-preview", expected=None)
    assert words in output
    assert len(connected_copy.cloud.changes()) == created
