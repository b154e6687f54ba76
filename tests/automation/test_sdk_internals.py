"""Undocumented parts of the Pulumi SDK that the recorder relies on."""

import inspect
from importlib.metadata import version

import pulumi
import pulumi_random as random
from google.protobuf import struct_pb2
from pulumi.runtime import resource, settings

from automation.plan import sdk_internals
from automation.plan.inventory import Secret, Unknown


def test_the_installed_sdk_is_the_verified_version() -> None:
    assert version("pulumi") == sdk_internals.VERIFIED_VERSION, (
        "compare the parts in automation/plan/sdk_internals.py and sdk_shortcuts.py with the new SDK, then change VERIFIED_VERSION"
    )


def test_the_function_that_reads_stack_traces_is_called_for_each_resource() -> None:
    source = inspect.getsource(resource)
    assert f"def {sdk_internals.STACK_TRACE_FUNCTION}(" in source
    assert source.count(f"{sdk_internals.STACK_TRACE_FUNCTION}()") >= 1


def test_the_wire_format_marks_secrets_resources_and_unknown_values() -> None:
    struct = sdk_internals.encode(
        {
            "secret": {sdk_internals.SIGNATURE: sdk_internals.SECRET_SIGNATURE, "value": "hunter2"},
            "resource": {sdk_internals.SIGNATURE: sdk_internals.RESOURCE_SIGNATURE, "urn": "urn:pulumi:a"},
            "unknown": sdk_internals.UNKNOWN_TEXT,
            "number": 2.0,
        }
    )
    assert isinstance(struct, struct_pb2.Struct)
    assert sdk_internals.decode(struct) == {
        "secret": Secret("hunter2"),
        "resource": "urn:pulumi:a",
        "unknown": Unknown(),
        "number": 2,
    }


def test_annotations_give_the_types_and_python_names_of_outputs() -> None:
    types = sdk_internals.output_types(random.RandomId)
    assert types["byteLength"] is int
    assert sdk_internals.python_names(random.RandomId)["byteLength"] == "byte_length"


def test_an_alias_without_name_is_a_type_alias() -> None:
    assert sdk_internals.is_type_alias(pulumi.Alias(type_="random:index/oldId:OldId"))
    assert not sdk_internals.is_type_alias(pulumi.Alias(name="former"))
    assert not sdk_internals.is_type_alias("urn:pulumi:prod::agent-platform::a:b:C::former")


def test_settings_have_the_collections_that_a_recording_must_not_share() -> None:
    shared = {"outputs", "package_refs", "base_providers_by_ref"}
    assert shared <= set(vars(settings.Settings("agent-platform", "prod"))) | set(dir(settings.Settings))
