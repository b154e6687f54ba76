"""Recorder of declared resources in two modes, without an engine."""

import gc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import pulumi
import pulumi_random as random
import pytest
from pulumi.runtime import resource as sdk

from automation.plan.inventory import Declared, Inventory, Secret, Unknown
from automation.plan.placeholders import placeholder_value
from automation.plan.recorder import Mode, record

TOKEN = "random:index/randomId:RandomId"


@pulumi.output_type
class Endpoint:
    """A nested output, as the SDKs declare them."""

    host: str = pulumi.property("hostName")
    port: int = pulumi.property("port")


def declare(
    name: str, note: pulumi.Input[str] = "small", opts: pulumi.ResourceOptions | None = None
) -> random.RandomId:
    """Declare a resource with one input of any text, and computed outputs."""
    return random.RandomId(name, byte_length=4, keepers={"note": note}, opts=opts)


def recorded(program: Callable[[], object], mode: Mode = "symbolic", **config: str) -> Inventory:
    return record(program, "trial", {f"agent-platform:{key}": value for key, value in config.items()}, mode=mode)


def random_id(plan: Inventory, name: str) -> Declared:
    return plan.one(name, TOKEN)


def note_of(plan: Inventory, name: str) -> object:
    """Return the note of a resource, a Secret if it is marked."""
    keepers = random_id(plan, name).inputs["keepers"]
    value = keepers.value if isinstance(keepers, Secret) else keepers
    note = cast("dict[str, object]", value)["note"]
    return Secret(note) if isinstance(keepers, Secret) else note


def second_note(program: Callable[[random.RandomId], pulumi.Input[str]], mode: Mode = "symbolic") -> object:
    """Return the note of a second resource that the program derives from the first one."""

    def both() -> None:
        declare("second", program(declare("first")))

    return note_of(recorded(both, mode), "second")


def test_a_computed_output_names_its_origin() -> None:
    assert second_note(lambda first: first.hex) == "<random:RandomId first>.hex"


def test_an_id_names_its_resource() -> None:
    assert second_note(lambda first: first.id) == "<random:RandomId first>.id"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (int, 0),
        (float, 0.0),
        (bool, False),
        (str, "<subject>"),
        (str | None, "<subject>"),
        (Sequence[str], ["<subject>[0]"]),
        (Mapping[str, str], {}),
        (Endpoint, {"hostName": "<subject>.hostName", "port": 0}),
    ],
    ids=str,
)
def test_a_placeholder_has_the_annotated_type(kind: object, expected: object) -> None:
    assert placeholder_value(kind, "<subject>") == expected


def test_outputs_of_several_types_are_filled_from_annotations() -> None:
    def program() -> None:
        number = random.RandomInteger("number", min=1, max=6)
        order = random.RandomShuffle("order", inputs=["a", "b"])
        declare("first", pulumi.Output.json_dumps([number.result, order.results]))

    assert note_of(recorded(program), "first") == '[0, ["<random:RandomShuffle order>.results[0]"]]'


def test_unknown_mode_leaves_computed_values_unknown() -> None:
    assert second_note(lambda first: first.hex, "unknown") == Unknown()
    assert second_note(lambda first: first.hex.apply(lambda host: f"https://{host}"), "unknown") == Unknown()


def test_no_apply_runs_on_an_unknown_value() -> None:
    inspected: list[str] = []
    second_note(lambda first: first.hex.apply(lambda host: inspected.append(host) or host), "unknown")
    assert inspected == []


@pytest.mark.parametrize("mode", ["symbolic", "unknown"])
def test_an_input_is_returned_unchanged(mode: Mode) -> None:
    assert second_note(lambda first: first.byte_length.apply(str), mode) == "4"


def test_a_secret_keeps_its_mark_through_other_resources() -> None:
    def program() -> None:
        first = declare("first", pulumi.Output.secret("hunter2"))
        declare("second", first.keepers.apply(lambda keepers: f"password={(keepers or {})['note']}"))

    plan = recorded(program)
    assert note_of(plan, "first") == Secret("hunter2")
    assert note_of(plan, "second") == Secret("password=hunter2")


def test_dependencies_are_recorded_from_values_and_from_options() -> None:
    def program() -> None:
        first = declare("first")
        declare("by-value", first.hex)
        declare("by-option", opts=pulumi.ResourceOptions(depends_on=[first]))

    plan = recorded(program)
    expected = (random_id(plan, "first").urn,)
    assert random_id(plan, "by-value").depends_on == expected
    assert random_id(plan, "by-option").depends_on == expected


def test_options_are_recorded() -> None:
    def program() -> None:
        parent = pulumi.ComponentResource("test:index:Component", "component")
        options = pulumi.ResourceOptions(
            parent=parent,
            protect=True,
            ignore_changes=["keepers"],
            aliases=[pulumi.Alias(name="was")],
            retain_on_delete=True,
        )
        declare("first", opts=options)

    plan = recorded(program)
    first = random_id(plan, "first")
    assert (first.protect, first.ignore_changes, first.aliases) == (True, ("keepers",), ("was",))
    assert first.options == {"retainOnDelete": True}
    assert [ancestor.name for ancestor in plan.ancestors(first)] == ["component"]


def test_former_types_in_an_sdk_are_not_recorded_as_aliases() -> None:
    def program() -> None:
        former = pulumi.Alias(type_="random:index/oldId:OldId")
        declare("first", opts=pulumi.ResourceOptions(aliases=[former, pulumi.Alias(name="was")]))

    assert random_id(recorded(program), "first").aliases == ("was",)


def test_outputs_of_the_stack_are_recorded() -> None:
    assert recorded(lambda: pulumi.export("url", declare("first").hex)).outputs == {
        "url": "<random:RandomId first>.hex"
    }


def test_two_resources_of_one_name_are_refused() -> None:
    def program() -> None:
        declare("first")
        declare("first")

    with pytest.raises(Exception, match="two resources share the URN"):
        recorded(program)


def test_a_failing_program_raises_its_own_error() -> None:
    def program() -> None:
        declare("first")
        raise KeyError("missing")

    with pytest.raises(KeyError, match="missing"):
        recorded(program)


def test_a_failed_recording_does_not_affect_the_next() -> None:
    def failing() -> None:
        declare("second", declare("first").hex.apply(lambda _: str(1 // 0)))

    with pytest.raises(ZeroDivisionError):
        recorded(failing)
    assert recorded(lambda: None).resources == ()


def test_a_failure_inside_an_apply_is_raised() -> None:
    def fail(_host: str) -> str:
        raise ValueError("cannot be")

    with pytest.raises(ValueError, match="cannot be"):
        second_note(lambda first: first.hex.apply(fail))


def test_a_function_without_an_answer_is_refused() -> None:
    with pytest.raises(Exception, match="no recorded answer for the provider function test:index:get"):
        recorded(lambda: pulumi.runtime.invoke("test:index:get", {}))


def test_two_recordings_do_not_affect_each_other() -> None:
    def program() -> None:
        declare(pulumi.Config("agent-platform").get("name") or "nameless")

    named, nameless = recorded(program, name="first"), recorded(program)
    assert [resource.name for resource in named.custom] == ["first"]
    assert [resource.name for resource in nameless.custom] == ["nameless"]


def test_a_secret_key_of_the_configuration_is_secret() -> None:
    def program() -> None:
        declare("first", pulumi.Config("agent-platform").require_secret("token"))

    plan = record(program, "trial", {"agent-platform:token": "hunter2"}, ("agent-platform:token",))
    assert note_of(plan, "first") == Secret("hunter2")


def test_a_recording_restores_the_interpreter() -> None:
    reader = getattr(sdk, "_get_stack_trace")  # noqa: B009  # the SDK has no public name for it

    def program() -> None:
        assert not gc.isenabled()
        raise KeyError("missing")

    with pytest.raises(KeyError):
        recorded(program)
    assert gc.isenabled()
    assert getattr(sdk, "_get_stack_trace") is reader  # noqa: B009  # as above


def test_the_program_of_a_file_is_run(tmp_path: Path) -> None:
    program = tmp_path / "__main__.py"
    program.write_text("import pulumi\npulumi.export('stack', pulumi.get_stack())\n", encoding="utf-8")
    assert record(program, "trial").outputs == {"stack": "trial"}


def test_the_order_of_an_inventory_is_that_of_its_urns() -> None:
    def program() -> None:
        declare("zebra")
        declare("ant")

    assert [resource.name for resource in recorded(program).custom] == ["ant", "zebra"]
