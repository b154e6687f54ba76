"""Inputs of imported objects, limited to what the program declares.

A provider that imports whole objects reads fields that the cloud has set itself, such as the volume of a claim. The program does not
declare these, so the next update would take them for removed, and replace the object where such a field cannot change.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from automation.deploy.state import ExportedState, state_resources, with_resources
from automation.plan.inventory import Value
from automation.plan.sdk_internals import SIGNATURE
from automation.recover.match import Match
from providers import import_table
from providers.contract.json_data import is_list, is_mapping

if TYPE_CHECKING:  # the SDK is loaded with a deployment
    from automation.deploy.deployment import Deployment


def limit_inputs(deployment: "Deployment", matches: Sequence[Match]) -> None:
    """Limit the inputs of imported objects in the state, where imports read whole objects; raises DeploymentFailed."""
    if not matches or not import_table(deployment.file.spec.cloud).reads_whole_objects:
        return
    declared = {str(match.missing.urn): match.missing.inputs for match in matches}
    with deployment.engine_errors():
        deployment.engine.import_state(with_limited_inputs(deployment.engine.export_state(), declared))


def with_limited_inputs(exported: ExportedState, declared: Mapping[str, Mapping[str, Value]]) -> ExportedState:
    """Return a state in which the inputs of resources, by URN, have only keys of the declared ones."""
    resources = [
        {**resource, "inputs": limited(resource.get("inputs"), declared[urn])}
        if (urn := str(resource["urn"])) in declared
        else resource
        for resource in state_resources(exported)
    ]
    return with_resources(exported, resources)


def limited(live: Value, declared: Value) -> Value:
    """Return a value with the keys of the declared one; a secret, and lists of other lengths, stay as they are."""
    if is_mapping(live) and is_mapping(declared) and SIGNATURE not in live:
        return {key: limited(value, declared[key]) for key, value in live.items() if key in declared}
    if is_list(live) and is_list(declared) and len(live) == len(declared):
        return [limited(value, each) for value, each in zip(live, declared, strict=True)]
    return live
