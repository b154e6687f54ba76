"""Only the SDK of the chosen cloud is imported, of it only the files in use, and none for a refused configuration."""

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypedDict

import pytest

from providers import AVAILABLE
from tests.recordings import FOLDER_VARIABLE

ROOT = Path(__file__).parent.parent.parent
SDKS = {
    "aws": ["pulumi_aws"],
    "gcp": ["pulumi_gcp"],
    "azure": ["pulumi_azure_native"],
    "docker": ["pulumi_docker", "pulumi_tls"],
    "kubernetes": ["pulumi_kubernetes", "pulumi_tls"],
}
TOO_LARGE: dict[str, object] = {"services.gateway.size": {"vcpu": 1, "memory_gib": 500}}
REFUSED: dict[str, dict[str, object]] = {
    # a Docker host may have any amount of memory, but cannot scale out; so may a node of a cluster
    "docker": {"services.gateway.replicas.max": 12},
    "kubernetes": {"network.egress_control": "names"},
}
SHARED_FILES = ("_inputs", "_enums", "outputs")
"""Files of an SDK's package that have the nested types of all its resources."""
PROGRAM = """
import json, sys
from tests.planning import plan, production
try:
    types = sorted({{resource.type for resource in plan(production({changes!r}, cloud={cloud!r})).resources}})
except Exception:
    types = []
print(json.dumps({{"types": types, "modules": sorted(sys.modules)}}))
"""


class Planned(TypedDict):
    """Types of a plan, none where it was refused, and modules of the process that made it."""

    types: list[str]
    modules: list[str]


@cache
def planned_in_new_process(program: str) -> Planned:
    # a recording of another process loads no SDK
    environment = {name: value for name, value in os.environ.items() if name != FOLDER_VARIABLE}
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return json.loads(ended.stdout)


def planned(cloud: str, changes: Mapping[str, object]) -> Planned:
    """Return the plan of production on `cloud` in a fresh process, and what that has loaded."""
    return planned_in_new_process(PROGRAM.format(cloud=cloud, changes=dict(changes)))


def sdks(of: Planned) -> set[str]:
    return {name.partition(".")[0] for name in of["modules"] if name.startswith("pulumi_")}


@pytest.mark.long(reason="starts a process for each SDK")
@pytest.mark.parametrize("cloud", AVAILABLE)
def test_only_the_chosen_sdk_is_imported(cloud: str) -> None:
    of_production = planned(cloud, {})
    assert of_production["types"]
    assert sdks(of_production) == {*SDKS[cloud], "pulumi_random"}


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_refused_configuration_loads_no_sdk(cloud: str) -> None:
    changes = REFUSED.get(cloud, TOO_LARGE)
    assert planned(cloud, changes)["types"] == []
    assert sdks(planned(cloud, changes)) == set()


@pytest.mark.chosen_on("aws", reason="starts a program in a process of two seconds; the SDKs have the same structure")
@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_only_the_files_in_use_are_imported(cloud: str) -> None:
    (sdk,), of_production = SDKS[cloud], planned(cloud, {})
    prefix = f"{sdk.removeprefix('pulumi_').replace('_', '-')}:"
    declared = {file_of(token) for token in of_production["types"] if token.startswith(prefix)}
    loaded = {name for name in of_production["modules"] if name.startswith(f"{sdk}.") and name.count(".") == 2}
    functions = {name for name in loaded if name.rpartition(".")[2] in functions_called(cloud)}
    assert {name for name in loaded if name.rpartition(".")[2] not in SHARED_FILES} == declared | functions


def file_of(token: str) -> str:
    """Return `pulumi_aws.rds.instance` for `aws:rds/instance:Instance`."""
    package, module, name = token.split(":")
    folder = importlib.import_module(f"pulumi_{package.replace('-', '_')}.{module.partition('/')[0]}")
    return getattr(folder, name).__module__


def functions_called(cloud: str) -> set[str]:
    """Return the functions of an SDK that the adapter calls; each has a file of its own."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "providers" / cloud).rglob("*.py"))
    return {name.removesuffix("_output") for name in re.findall(r"\.((?:get|list)_\w+)\(", text)}
