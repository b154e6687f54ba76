"""Objects that the owner of a cluster has created for a stack before its first update, such as its namespace with a Role in it.

The update would create them again, and fail. They are imported into the state, which changes nothing in the cluster; the update
then gives them what the program declares.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from automation.deploy.results import Preview
from automation.recover.handmade import import_objects, planned_imports
from providers import host_checks
from providers.contract.preflight import HostUnreachable

if TYPE_CHECKING:  # the SDK is loaded with a deployment
    from automation.deploy.deployment import Deployment

CREATE = "create"


def import_prepared(deployment: "Deployment", preview: Preview, note: Callable[[str], object]) -> bool:
    """Import prepared objects that an update would create; True when there were any, so that the preview is outdated.

    `note` prints one line for each. Raises DeploymentFailed.
    """
    list_prepared = host_checks(deployment.file.spec.cloud).list_prepared
    created = {(each.type, each.name) for each in preview.changes if each.operation == CREATE}
    if list_prepared is None or not created:
        return False
    try:
        found = list_prepared(deployment.file.spec, deployment.name, deployment.host_environment)
    except HostUnreachable:
        return False  # the check of the cluster explains it
    prepared = [each for each in found if (each.type, each.name) in created]
    if not prepared:
        return False
    matches, events = planned_imports(deployment, {each.name: each.id for each in prepared})
    import_objects(deployment, matches, events)
    for each in prepared:
        note(f"{each.name} exists in the cluster as {each.id}, with the labels of the stack; imported into the state")
    return True
