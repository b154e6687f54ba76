"""States written by a release, which later releases must take over without a replacement.

    python -m tests.engine.released_states          # once per release, with the engine: writes one file per cloud and one for Docker

A file contains the stack file, the exported state and the objects of the cloud. The secrets of the state are test values,
encrypted with the passphrase of the test projects. That of Docker has the plan of Pulumi.local.yaml (tests/docker/test_released_plan.py).
"""

import gzip
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import cast

from automation.plan.build import plan_of
from automation.plan.inventory import Value
from automation.stack.document import read_stack
from tests.engine.fake_cloud.cloud import FakeObject
from tests.engine.project import FAKE_CLOUDS, STACK, EngineProject, missing_engine
from tests.planning import ROOT

FOLDER = Path(__file__).parent / "released"
DOCKER_FOLDER = ROOT / "tests" / "docker" / "released"
LASTING = ("docker:index/volume:Volume", "random:", "tls:")
"""Beginnings of the types on Docker that must not be replaced."""
SOURCE_LOCATIONS = {"sourcePosition", "stackTrace"}
"""Keys of a state with paths of the machine that wrote it."""


def write_release(version: str, cloud: str, project: EngineProject) -> Path:
    """Write the state and the cloud of a project as those of a release, and return the path of the file."""
    state = without_source_locations(json.loads(project.run("stack", "export")))
    content = {
        "stack_file": (project.folder / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8"),
        "state": state,
        "objects": [asdict(item) for item in project.cloud.objects()],
    }
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{version}-{cloud}.json.gz"
    path.write_bytes(gzip.compress(json.dumps(content, sort_keys=True).encode(), mtime=0))
    return path


def write_docker_plan(version: str, folder: Path) -> Path:
    """Write the URNs of the plan on Docker, with the inputs of what has data or is generated, and return the path of the file."""
    resources = plan_of(read_stack(ROOT, "local"), ROOT).inventory.resources
    inputs = {each.urn: dict(each.inputs) if each.type.startswith(LASTING) else None for each in resources}
    content = {"stack_file": (ROOT / "Pulumi.local.yaml").read_text(encoding="utf-8"), "resources": inputs}
    path = folder / f"{version}.json.gz"
    path.write_bytes(gzip.compress(json.dumps(content, sort_keys=True, default=str).encode(), mtime=0))
    return path


def restore(path: Path, project: EngineProject) -> None:
    """Restore the state and the cloud of a release in an empty project."""
    content = cast("Mapping[str, Value]", json.loads(gzip.decompress(path.read_bytes())))
    (project.folder / f"Pulumi.{STACK}.yaml").write_text(cast("str", content["stack_file"]), encoding="utf-8")
    for item in cast("list[dict[str, str]]", content["objects"]):
        project.cloud.put(FakeObject(**item))  # pyrefly: ignore[bad-argument-type]  # `changed` is a number
    state = project.folder.parent / "state.json"
    state.write_text(json.dumps(content["state"]), encoding="utf-8")
    project.run("stack", "init", STACK, stack=None)
    project.run("stack", "import", "--file", str(state))


def without_source_locations(value: Value) -> Value:
    """Return the state without the paths of the machine that wrote it."""
    if isinstance(value, dict):
        items = cast("dict[str, Value]", value)
        return {key: without_source_locations(inner) for key, inner in items.items() if key not in SOURCE_LOCATIONS}
    return [without_source_locations(item) for item in cast("list[Value]", value)] if isinstance(value, list) else value


def main() -> int:
    """Write the states and the plan for the version of this checkout."""
    from importlib.metadata import version

    if missing_engine():
        print(missing_engine(), file=sys.stderr)
        return 2
    for cloud in FAKE_CLOUDS:
        with tempfile.TemporaryDirectory() as home:
            project = EngineProject.create(Path(home)).init(cloud)
            project.up()
            print(write_release(version("agent-platform"), cloud, project))
    print(write_docker_plan(version("agent-platform"), DOCKER_FOLDER))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
