"""Inputs of imported objects: those that the program declares, without what the cloud has set itself."""

import pytest

from automation.plan.inventory import Value
from automation.plan.sdk_internals import SIGNATURE
from automation.recover.imported_inputs import limited, with_limited_inputs
from providers import AVAILABLE, import_table

SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}


@pytest.mark.parametrize(
    ("live", "declared", "expected"),
    [
        (
            {"spec": {"volumeName": "pvc-1", "accessModes": ["ReadWriteOnce"]}},
            {"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast"}},
            {"spec": {"accessModes": ["ReadWriteOnce"]}},
        ),
        (
            {"ports": [{"port": 80, "nodePort": 30080}]},
            {"ports": [{"port": 81}]},
            {"ports": [{"port": 80}]},
        ),
        ({"ports": [1, 2]}, {"ports": [1]}, {"ports": [1, 2]}),
        ({"data": SECRET, "other": 1}, {"data": "[secret]"}, {"data": SECRET}),
        ({"data": SECRET}, {"data": {"value": "x"}}, {"data": SECRET}),
    ],
    ids=["a field of the cloud", "in a list", "a list of another length", "a secret", "a secret of known keys"],
)
def test_inputs_have_the_keys_of_the_program_and_the_values_of_the_object(
    live: Value, declared: Value, expected: Value
) -> None:
    assert limited(live, declared) == expected


def test_only_the_imported_resources_of_a_state_change() -> None:
    resources = [{"urn": "a", "inputs": {"x": 1, "y": 2}}, {"urn": "b", "inputs": {"x": 1, "y": 2}}]
    state = with_limited_inputs({"version": 3, "deployment": {"resources": resources}}, {"a": {"x": 0}})
    expected = [{"urn": "a", "inputs": {"x": 1}}, {"urn": "b", "inputs": {"x": 1, "y": 2}}]
    assert state == {"version": 3, "deployment": {"resources": expected}}


def test_imports_of_kubernetes_alone_read_whole_objects() -> None:
    assert [cloud for cloud in AVAILABLE if import_table(cloud).reads_whole_objects] == ["kubernetes"]
