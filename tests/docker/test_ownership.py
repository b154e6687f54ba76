"""Ownership of Docker objects by the labels of stack and checkout, also after a move or a copy of the project's folder."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from providers.docker.naming import state_file
from providers.docker.ownership import Owner, listing, owner_of_state

LABELS = {"project": "agent-platform", "stack": "local"}
CONTAINER, VOLUME = "docker:index/container:Container", "docker:index/volume:Volume"


def write_state(folder: Path, labelled: Mapping[str, Path]) -> Mapping[str, str]:
    """Write a state in which each type has the checkout label of a folder; the variables of its engine."""
    resources = [
        {"type": kind, "inputs": {"labels": [{"label": "checkout", "value": str(checkout)}]}}
        for kind, checkout in labelled.items()
    ]
    state = state_file(folder, "local")
    state.parent.mkdir(parents=True)
    document = {"version": 3, "checkpoint": {"latest": {"resources": [{"type": "pulumi:pulumi:Stack"}, *resources]}}}
    state.write_text(json.dumps(document), encoding="utf-8")
    return {"PULUMI_BACKEND_URL": f"file://{folder}/.local/state"}


@pytest.mark.parametrize(
    ("labels", "owned"),
    [
        ({**LABELS, "checkout": "/srv/one"}, True),
        ({**LABELS, "checkout": "/srv/two"}, False),
        (LABELS, True),
        ({**LABELS, "stack": "prod"}, False),
        ({**LABELS, "project": "shop"}, False),
        (None, False),
    ],
)
def test_an_object_is_owned_by_stack_and_checkout_and_without_a_checkout_by_the_stack(
    labels: object, *, owned: bool
) -> None:
    assert Owner("local", frozenset({"/srv/one"})).owns(labels) is owned


def test_a_stack_in_another_backend_owns_nothing_of_a_checkout() -> None:
    owner = owner_of_state("local", {"PULUMI_BACKEND_URL": "s3://acme-state"})
    assert (owner.owns(LABELS), owner.owns({**LABELS, "checkout": "/srv/one"})) == (True, False)


def test_a_moved_folder_owns_the_objects_with_the_label_of_the_old_one(tmp_path: Path) -> None:
    variables = write_state(tmp_path / "new", {CONTAINER: tmp_path / "old"})
    owner = owner_of_state("local", variables)
    assert (owner.checkouts, owner.copied_from) == ({str(tmp_path / "new"), str(tmp_path / "old")}, "")


def test_a_copied_folder_does_not_own_the_containers_of_the_first(tmp_path: Path) -> None:
    first, copy = tmp_path / "first", tmp_path / "copy"
    write_state(first, {CONTAINER: first})
    owner = owner_of_state("local", write_state(copy, {CONTAINER: first}))
    assert (owner.checkouts, owner.copied_from) == ({str(copy)}, str(first))


def test_a_volume_of_before_a_move_is_no_copy_when_the_old_folder_has_another_state(tmp_path: Path) -> None:
    """Volumes keep their labels; a new checkout in the old folder is another stack."""
    old, new = tmp_path / "old", tmp_path / "new"
    write_state(old, {CONTAINER: old})
    owner = owner_of_state("local", write_state(new, {VOLUME: old, CONTAINER: new}))
    assert (owner.checkouts, owner.copied_from) == ({str(new)}, "")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"checkpoint": {"latest": {"resources": [1, {"inputs": []}]}}}'])
def test_a_state_that_cannot_be_read_leaves_the_label_of_the_folder(tmp_path: Path, text: str) -> None:
    variables = write_state(tmp_path, {})
    state_file(tmp_path, "local").write_text(text, encoding="utf-8")
    assert owner_of_state("local", variables) == Owner("local", frozenset({str(tmp_path)}))


def test_the_rows_of_dockers_client_are_selected_by_their_last_column() -> None:
    command = listing("local", "--all", columns="{{.Names}} {{.State}}")
    assert command[:2] == ("docker", "ps")
    assert {"label=project=agent-platform", "label=stack=local", "--all"} < set(command)
    assert command[-1] == '{{.Names}} {{.State}}\t{{.Label "checkout"}}'
    output = "one running\t/srv/one\ntwo running\t/srv/two folders\nthree exited\t\n"
    assert Owner("local", frozenset({"/srv/one"})).lines(output) == ["one running", "three exited"]
