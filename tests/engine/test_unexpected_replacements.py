"""A replacement that shows only during `up`: the update is cancelled, and the old resource stays on every cloud.

On AWS the name of the database is fixed, so its provider asks for the deletion before the creation; the program does not.
"""

import pytest

from automation import Deployment
from automation.deploy import DeploymentFailed, Preview
from automation.deploy.errors import Failure
from tests.engine.faults import SECONDS_PER_MINUTE
from tests.engine.project import STACK, EngineProject, small_platform
from tests.engine.test_database_disk import server_type

CHANGE = {"services__gateway__environment": {"LOG_LEVEL": "debug"}}
DATABASE = "prod-database"


def previewed(project: EngineProject, cloud: str) -> tuple[Deployment, Preview]:
    """Return a deployment, and its preview that does not show the replacement of the database in the update."""
    project.write(small_platform(cloud, **CHANGE))
    project.cloud.set("seconds_a_minute", SECONDS_PER_MINUTE)
    deployment = Deployment(STACK, project.folder, environment=project.environment)
    preview = deployment.preview()
    token = server_type(cloud)
    assert {change.operation for change in preview.changes if change.type == token} == {"same"}
    project.cloud.plan_fault("replace", "diff", token)
    return deployment, preview


def test_a_replacement_that_only_the_update_shows_is_cancelled(small_copy: EngineProject, cloud: str) -> None:
    deployment, preview = previewed(small_copy, cloud)
    before = small_copy.cloud.objects(server_type(cloud))
    with pytest.raises(
        DeploymentFailed, match=rf"{DATABASE} \(.*was about to be replaced, which.*was cancelled"
    ) as stopped:
        deployment.up(preview=preview)
    assert stopped.value.kind is Failure.GUARDED
    assert stopped.value.fix.endswith(f"run the command again with --allow-replace {DATABASE}")
    assert small_copy.cloud.calls("delete") == []
    assert small_copy.cloud.objects(server_type(cloud)) == before


@pytest.mark.long(reason="that an allowed replacement deletes a fixed name first is in the chosen set, for the network")
@pytest.mark.parametrize("cloud", ["aws"], indirect=True)
def test_an_allowed_replacement_of_a_fixed_name_deletes_it_first(small_copy: EngineProject, cloud: str) -> None:
    deployment, preview = previewed(small_copy, cloud)
    deployment.up(preview=preview, allow_replace=[DATABASE])
    changed = [verb for verb in ("delete", "create") if (server_type(cloud), DATABASE) in small_copy.cloud.calls(verb)]
    assert changed == ["delete", "create"]
    assert len(small_copy.cloud.objects(server_type(cloud))) == 1
