"""Docker stacks of releases: every resource has its URN today, and what has data or was generated has the same inputs.

A file has the stack file of a release, and the URNs of its plan with the inputs of volumes, passwords and keys. The engine tests keep
states of the clouds (tests/engine/released); a real host has no simulated daemon for the engine, and no replacement starts without
a changed input.
"""

import gzip
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from automation.plan.build import plan_of
from automation.plan.inventory import Declared, Value
from automation.stack.document import read_stack

FILES = sorted((Path(__file__).parent / "released").glob("*.json.gz"))
Released = Mapping[str, Mapping[str, Value] | None]


@cache
def released(path: Path) -> tuple[str, Released]:
    content = json.loads(gzip.decompress(path.read_bytes()))
    return content["stack_file"], cast("Released", content["resources"])


def declared(path: Path, folder: Path) -> Mapping[str, Declared]:
    """Return the resources that this checkout declares for the released stack file, by URN."""
    (folder / "Pulumi.local.yaml").write_text(released(path)[0], encoding="utf-8")
    return {each.urn: each for each in plan_of(read_stack(folder, "local"), folder).inventory.resources}


def changed(before: Mapping[str, Value], resource: Declared) -> list[str]:
    """Return the inputs that differ, without those whose changes the program ignores."""
    now = json.loads(json.dumps(dict(resource.inputs), default=str))
    return sorted(
        key
        for key in before.keys() | now.keys()
        if before.get(key) != now.get(key) and key not in resource.ignore_changes
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_resource_of_a_release_has_lost_its_urn(path: Path, tmp_path: Path) -> None:
    today = declared(path, tmp_path)
    names = today.keys() | {str(alias) for each in today.values() for alias in each.aliases}
    assert [urn for urn in released(path)[1] if urn not in names] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_has_data_or_was_generated_is_not_replaced(path: Path, tmp_path: Path) -> None:
    today = declared(path, tmp_path)
    kept = {urn: inputs for urn, inputs in released(path)[1].items() if inputs is not None and urn in today}
    assert len([urn for urn in kept if "docker:index/volume:Volume" in urn]) >= 2
    assert {urn: paths for urn, inputs in kept.items() if (paths := changed(inputs, today[urn]))} == {}
