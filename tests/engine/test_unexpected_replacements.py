"""A replacement that shows only during `up`: the update of a stateful resource is cancelled before the old one is deleted."""

import pytest

from automation import Deployment
from automation.deploy import DeploymentFailed
from automation.deploy.errors import Failure
from tests.engine.faults import SECONDS_PER_MINUTE
from tests.engine.project import STACK, EngineProject, small_platform
from tests.engine.test_database_disk import server_type

STATES = {"aws": "being deleted", "gcp": "about to be replaced", "azure": "about to be replaced"}
CREATED_FIRST = ("gcp", "azure")
"""Clouds on which the replacement of a database is created first. On AWS its name is fixed, so the old one is deleted first:
only the protection of the database prevents that, which a development stack does not have.
"""
CHANGE = {"services__gateway__environment": {"LOG_LEVEL": "debug"}}


def test_a_replacement_that_only_the_update_shows_is_cancelled(small_copy: EngineProject, cloud: str) -> None:
    token = server_type(cloud)
    small_copy.write(small_platform(cloud, **CHANGE))
    small_copy.cloud.set("seconds_a_minute", SECONDS_PER_MINUTE)
    deployment = Deployment(STACK, small_copy.folder, environment=small_copy.environment)
    preview = deployment.preview()
    before = small_copy.cloud.objects(token)
    assert {change.operation for change in preview.changes if change.type == token} == {"same"}
    small_copy.cloud.plan_fault("replace", "diff", token)
    with pytest.raises(
        DeploymentFailed, match=rf"prod-database \(.*was {STATES[cloud]}, which.*was cancelled"
    ) as stopped:
        deployment.up(preview=preview)
    assert stopped.value.kind is Failure.GUARDED
    assert stopped.value.fix.endswith("run the command again with --allow-replace prod-database")
    if cloud in CREATED_FIRST:
        assert small_copy.cloud.calls("delete") == []
        assert small_copy.cloud.objects(token) == before
