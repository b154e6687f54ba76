"""The language host of the tests runs programs as the one that Pulumi ships."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.engine.project import LANGUAGE_HOST, TIMEOUT_SECONDS, EngineProject

SHIPPED_HOST = shutil.which(LANGUAGE_HOST)
PROGRAMS: Mapping[str, str] = {
    "outputs": "import pulumi\npulumi.export('stack', pulumi.get_stack())\n",
    "configuration": "import pulumi\npulumi.export('size', pulumi.Config().require_int('size'))\n",
    "secret": "import pulumi\npulumi.export('key', pulumi.Config().require_secret('KEY'))\n",
    "arguments": "import os, sys\nprint(len(sys.argv), os.path.basename(os.getcwd()))\n",
    "log": "import pulumi\npulumi.log.warn('careful')\nprint('to standard output')\n",
    "run-error": "import pulumi\nraise pulumi.RunError('the size is missing')\n",
    "exception": "def fail():\n    raise ValueError('no size')\nfail()\n",
    "exit-code": "import sys\nsys.exit(7)\n",
    "missing-module": "import no_such_module\n",
    "syntax-error": "def\n",
    "failed-apply": "import pulumi\npulumi.export('half', pulumi.Output.from_input(1).apply(lambda value: value / 0))\n",
    "dry-run": "import pulumi\npulumi.export('dry', pulumi.runtime.is_dry_run())\n",
}
"""Programs whose output and exit code both hosts must report alike."""
FRAME, END_OF_FRAMES = (
    re.compile(r'File "'),
    re.compile(r"Error\b|^Previewing|^Diagnostics|^Resources|^Traceback|^error:"),
)
PROGRESS = re.compile(r"(\+ +)?pulumi:pulumi:Stack +agent-platform-dev ")
"""Progress counts the messages so far, which depends on the time."""
DURATION = re.compile(r"Duration: .*|\d+ (?:ms|s)\b|@ .*")


MARKERS = re.compile(r"[~^]+")
"""Markers below a line of a traceback differ between versions of Python."""
RECORDED = Path(__file__).parent / "language_host" / "recorded.json"
"""Exit code and lines of each program under the host of Pulumi 3.274.1. `RECORD_HOST=1` writes them again."""


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_ends_as_under_the_host_of_pulumi(name: str, project: EngineProject, tmp_path: Path) -> None:
    (project.folder / "__main__.py").write_text(PROGRAMS[name], encoding="utf-8")
    project.run("stack", "init", "dev", stack=None)
    for key, value in (("platform", "none"), ("size", "3")):
        project.run("config", "set", key, value, stack="dev")
    project.run("config", "set", "--secret", "KEY", stdin="sealed", stack="dev")
    result = _preview(project, project.environment)
    if SHIPPED_HOST is not None:
        shipped = tmp_path / "shipped"
        shipped.mkdir()
        (shipped / LANGUAGE_HOST).symlink_to(SHIPPED_HOST)
        path = f"{shipped}{os.pathsep}{project.environment['PATH']}"
        recorded = _preview(project, {**project.environment, "PATH": path})
        if os.environ.get("RECORD_HOST"):
            every: dict[str, object] = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.is_file() else {}
            text = json.dumps({**every, name: recorded}, indent=2, sort_keys=True)
            RECORDED.write_text(f"{text}\n", encoding="utf-8")
        assert result == recorded
    assert result == json.loads(RECORDED.read_text(encoding="utf-8"))[name]


def _preview(project: EngineProject, environment: Mapping[str, str]) -> list[int | list[str]]:
    """Exit code and sorted lines of a preview, without durations, paths and the frames of the hosts themselves."""
    command = ["pulumi", "preview", "--stack", "dev", "--non-interactive", "--color", "never", "--suppress-progress"]
    completed = subprocess.run(
        command, cwd=project.folder, env=dict(environment), capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    )
    lines = (DURATION.sub("", line).strip() for line in (completed.stdout + completed.stderr).splitlines())
    program = str(project.folder)
    kept = _without_frames((line for line in lines if line and not PROGRESS.match(line)), program)
    plain = {line.replace(program, "<folder>") for line in kept if not MARKERS.fullmatch(line)}
    return [completed.returncode, sorted(plain)]


def _without_frames(lines: Iterable[str], folder: str) -> Iterator[str]:
    """Yield lines outside tracebacks, and the frames of a traceback that are in a folder."""
    skipping = False
    for line in lines:
        if FRAME.search(line):
            skipping = folder not in line
        elif END_OF_FRAMES.search(line):
            skipping = False
        if not skipping and "from $PATH" not in line:
            yield line
