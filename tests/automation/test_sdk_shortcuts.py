"""Shortcuts through the SDK while a plan is recorded: nothing that is recorded differs, and the SDK is left as it was."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import nullcontext

import pulumi
import pulumi_random as random
import pytest

from automation.plan import recorder
from automation.plan.inventory import Inventory, Secret
from automation.plan.recorder import Mode, record
from automation.plan.sdk_shortcuts import REPLACED, DeferredOutput
from providers import AVAILABLE
from tests.planning import fresh_recordings, plan, production

TOKEN = "random:index/randomId:RandomId"
BOTH_MODES = [
    *((cloud, "symbolic") for cloud in AVAILABLE),
    ("docker", "unknown"),
    *(
        pytest.param(cloud, "unknown", marks=pytest.mark.long(reason="plans production of a cloud two times more"))
        for cloud in AVAILABLE
        if cloud != "docker"
    ),
]


@pytest.fixture
def without_shortcuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Record with the functions of the SDK alone."""
    monkeypatch.setattr(recorder, "shortcuts", nullcontext)
    monkeypatch.setattr(recorder, "CallingLoop", asyncio.SelectorEventLoop)
    monkeypatch.setattr(recorder, "DeferringRecorder", recorder.Recorder)


def recorded(program: Callable[[], object], mode: Mode = "symbolic") -> Inventory:
    return record(program, "trial", mode=mode)


def note_of(inventory: Inventory, name: str) -> object:
    return inventory.one(name, TOKEN).inputs["keepers"]


def declare(name: str, note: pulumi.Input[str] = "small") -> random.RandomId:
    return random.RandomId(name, byte_length=4, keepers={"note": note})


@pytest.mark.parametrize(("cloud", "mode"), BOTH_MODES)
def test_a_plan_is_that_of_the_sdk_alone(cloud: str, mode: Mode, request: pytest.FixtureRequest) -> None:
    with fresh_recordings():
        short = plan(production(cloud=cloud), mode=mode)
    request.getfixturevalue("without_shortcuts")
    with fresh_recordings():
        assert plan(production(cloud=cloud), mode=mode) == short


@pytest.mark.usefixtures("without_shortcuts")
def test_the_comparison_has_a_plan_without_shortcuts() -> None:
    def program() -> None:
        assert not isinstance(declare("first").hex, DeferredOutput)

    recorded(program)


def test_an_output_that_is_read_late_has_its_value() -> None:
    async def later(first: random.RandomId) -> str:
        await first.id.future()
        return str(await first.hex.future())

    def program() -> None:
        first = declare("first")
        assert isinstance(first.hex, DeferredOutput)
        declare("second", pulumi.Output.from_input(later(first)))

    assert note_of(recorded(program), "second") == {"note": "<random:RandomId first>.hex"}


def test_the_outputs_of_a_class_that_translates_names_are_found() -> None:
    class Translating(pulumi.CustomResource):
        byte_length: pulumi.Output[int] = pulumi.property("byteLength")

        def translate_output_property(self, prop: str) -> str:
            return "byte_length" if prop == "byteLength" else prop

        def translate_input_property(self, prop: str) -> str:
            return "byteLength" if prop == "byte_length" else prop

    def program() -> None:
        first = Translating(TOKEN, "first", {"byte_length": 7})
        declare("second", first.byte_length.apply(lambda length: str(int(length))))

    assert note_of(recorded(program), "second") == {"note": "7"}


def test_a_component_keeps_the_outputs_of_the_sdk() -> None:
    class Group(pulumi.ComponentResource):
        def __init__(self, size: str) -> None:
            super().__init__("test:index:Group", "group", {"size": size})

    def program() -> None:
        declare("second", vars(Group("three"))["size"])

    assert note_of(recorded(program), "second") == {"note": "three"}


def test_a_secret_input_is_a_secret_output() -> None:
    def program() -> None:
        first = declare("first", pulumi.Output.secret("hunter2"))
        declare("second", first.keepers.apply(lambda keepers: (keepers or {})["note"]))

    assert note_of(recorded(program), "second") == {"note": Secret("hunter2")}


def test_a_resource_that_cannot_be_registered_fails_for_those_that_read_it_before_and_after() -> None:
    failures: list[str] = []
    readers: list[asyncio.Future[None]] = []

    async def read(first: random.RandomId, wait: bool) -> None:
        for output in [first.urn] * wait + [first.hex]:
            try:
                await output.future()
            except ValueError as error:
                failures.append(str(error))

    def program() -> None:
        declare("first")
        again = declare("first")
        readers.extend(asyncio.ensure_future(read(again, wait)) for wait in (False, True))

    with pytest.raises(ValueError, match="two resources share the URN"):
        recorded(program)
    assert len(failures) == 3


@pytest.mark.parametrize("reads", [False, True])
def test_an_output_of_another_type_fails_when_it_is_read(reads: bool) -> None:
    class Mismatched(pulumi.CustomResource):
        values: pulumi.Output[list[str]] = pulumi.property("values")

    def program() -> None:
        first = Mismatched(TOKEN, "first", {"values": {"a": "b"}})
        declare("second", first.values.apply(str) if reads else "unread")

    with pytest.raises(AssertionError, match="Unexpected type") if reads else nullcontext():
        recorded(program)


def test_a_function_of_the_program_runs_in_another_thread() -> None:
    threads: set[int] = set()

    async def elsewhere() -> str:
        await asyncio.get_running_loop().run_in_executor(None, lambda: threads.add(threading.get_ident()))
        return "done"

    recorded(lambda: declare("first", pulumi.Output.from_input(elsewhere())))
    assert threads and threading.get_ident() not in threads


@pytest.mark.parametrize("fails", [False, True])
def test_a_recording_leaves_the_functions_of_the_sdk_as_they_were(fails: bool) -> None:
    before = [getattr(module, function.__name__) for module, function in REPLACED]

    def program() -> None:
        assert [getattr(module, function.__name__) for module, function in REPLACED] == [each for _, each in REPLACED]
        if fails:
            raise KeyError("missing")

    with pytest.raises(KeyError) if fails else nullcontext():
        recorded(program)
    assert [getattr(module, function.__name__) for module, function in REPLACED] == before
    assert not set(before) & {each for _, each in REPLACED}
