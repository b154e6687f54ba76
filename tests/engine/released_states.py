"""States that a release wrote, kept for ever: the next ones must take them over without making anything anew.

    python -m tests.engine.released_states          # once for a release, under the engine: keeps one file a cloud

A file holds the stack file, the exported state and the objects of the cloud. The state's secrets are sealed with the
passphrase of the benches, which seals nothing that matters; the cloud knows them, as it does.
"""

import gzip
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import cast

from automation.plan.inventory import Value
from providers import AVAILABLE
from tests.engine.fake_cloud.cloud import FakeObject
from tests.engine.project import STACK, EngineProject, missing_programs

FOLDER = Path(__file__).parent / "released"
OF_THE_MACHINE = {"sourcePosition", "stackTrace"}
"""Parts of a state that tell where the program stood; no release depends on them."""


def keep(version: str, cloud: str, project: EngineProject) -> Path:
    """Keep what stands on a bench as the state that `version` writes on `cloud`."""
    state = without_places(json.loads(project.run("stack", "export")))
    kept = {
        "stack_file": (project.folder / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8"),
        "state": state,
        "objects": [asdict(thing) for thing in project.cloud.objects()],
    }
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{version}-{cloud}.json.gz"
    path.write_bytes(gzip.compress(json.dumps(kept, sort_keys=True).encode(), mtime=0))
    return path


def restore(path: Path, project: EngineProject) -> None:
    """Have an empty bench stand where a release left it."""
    kept = cast("Mapping[str, Value]", json.loads(gzip.decompress(path.read_bytes())))
    (project.folder / f"Pulumi.{STACK}.yaml").write_text(cast("str", kept["stack_file"]), encoding="utf-8")
    for thing in cast("list[dict[str, str]]", kept["objects"]):
        project.cloud.put(FakeObject(**thing))  # pyright: ignore[reportArgumentType]  # `changed` is a number
    state = project.folder.parent / "state.json"
    state.write_text(json.dumps(kept["state"]), encoding="utf-8")
    project.run("stack", "init", STACK, stack=None)
    project.run("stack", "import", "--file", str(state))


def without_places(value: Value) -> Value:
    """The state without the paths of the machine that wrote it."""
    if isinstance(value, dict):
        known = cast("dict[str, Value]", value)
        return {key: without_places(inner) for key, inner in known.items() if key not in OF_THE_MACHINE}
    return [without_places(item) for item in cast("list[Value]", value)] if isinstance(value, list) else value


def main() -> int:
    """Keep the state of every cloud as the version of this checkout writes it."""
    from importlib.metadata import version

    if missing_programs():
        print(f"the Pulumi engine is not on PATH: {missing_programs()}", file=sys.stderr)
        return 2
    for cloud in (name for name in AVAILABLE if name != "docker"):
        with tempfile.TemporaryDirectory() as home:
            project = EngineProject.create(Path(home)).init(cloud)
            project.up()
            print(keep(version("agent-platform"), cloud, project))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
