"""Disk of the database with the real engine: enlarged in place, also after it has grown by itself, and never reduced."""

import json

import pytest

from automation import Deployment
from automation.deploy import Preview
from providers import resource_traits
from providers.contract.diagnostics import InvalidConfiguration
from tests.engine.project import STACK, EngineProject, small_platform

INITIAL_GIB, ENLARGED_GIB, GROWN_GIB = {"aws": 100, "gcp": 100, "azure": 128}, 256, 512


def deployment_of(project: EngineProject, cloud: str, gib: int, maximum_gib: int = 1000) -> Deployment:
    """Return the deployment of the small platform with this disk."""
    project.write(small_platform(cloud, database__storage_gib=gib, database__max_storage_gib=maximum_gib))
    return Deployment(STACK, project.folder, environment=project.environment)


def disk_operations(preview: Preview, cloud: str) -> list[str]:
    """Return the operations of a preview on the database server."""
    token = server_type(cloud)
    return [change.operation for change in preview.changes if change.type == token and change.operation != "same"]


def server_type(cloud: str) -> str:
    return {
        "aws": "aws:rds/instance:Instance",
        "gcp": "gcp:sql/databaseInstance:DatabaseInstance",
        "azure": "azure-native:dbforpostgresql:Server",
    }[cloud]


def test_a_larger_disk_is_an_update_in_place_and_a_smaller_one_is_refused(
    small_copy: EngineProject, cloud: str
) -> None:
    larger = deployment_of(small_copy, cloud, ENLARGED_GIB)
    preview = larger.preview()
    assert disk_operations(preview, cloud) == ["update"]
    larger.up(preview=preview)
    (server,) = small_copy.cloud.objects(server_type(cloud))
    assert f": {ENLARGED_GIB}" in server.inputs
    again = deployment_of(small_copy, cloud, ENLARGED_GIB)
    assert disk_operations(again.preview(), cloud) == []
    smaller = deployment_of(small_copy, cloud, INITIAL_GIB[cloud])
    problem = rf"{INITIAL_GIB[cloud]} GiB is below the {ENLARGED_GIB} GiB of the last update"
    with pytest.raises(InvalidConfiguration, match=problem):
        smaller.preview()


def test_a_disk_that_has_grown_by_itself_stays_until_a_larger_one_is_requested(
    small_copy: EngineProject, cloud: str
) -> None:
    traits = resource_traits(cloud)
    spec = deployment_of(small_copy, cloud, INITIAL_GIB[cloud], 500).file.spec
    small_copy.up()
    assert traits.disk is not None and spec.database is not None
    *parents, leaf = traits.disk(spec.database).path.split(".")
    (server,) = small_copy.cloud.objects(server_type(cloud))
    key = parents[0] if parents else leaf
    grown = {**json.loads(server.inputs)[key], leaf: GROWN_GIB} if parents else GROWN_GIB
    small_copy.cloud.change(server_type(cloud), server.name, key, grown)
    deployment = deployment_of(small_copy, cloud, INITIAL_GIB[cloud], 500)
    deployment.refresh()
    if parents:  # RDS and its provider compare a disk that grows by themselves
        assert disk_operations(deployment.preview(), cloud) == []
    larger = deployment_of(small_copy, cloud, GROWN_GIB * 2, GROWN_GIB * 4)
    assert disk_operations(larger.preview(), cloud) == ["update"]
