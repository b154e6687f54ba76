"""Recorded output of commands that need the engine, produced with the fake providers.

    python -m tests.engine.readme_recorder         # with the engine: updates every block of docs/recordings.md

    <!-- recorded: agent-platform up trial --yes -->
    (a console block)
    <!-- end -->
    <!-- meanwhile: aws:rds/instance:Instance trial-database backupRetentionPeriod 1 -->
    <!-- edited: services.gateway.environment.LOG_LEVEL debug -->

A line `meanwhile` changes an object outside the engine, a line `edited` changes a key of the stack file. Long outputs keep
their first and last lines.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import cast

import yaml

from automation.stack.document import read_stack, with_values
from components.configuration import PLATFORM_KEY, PROJECT
from providers.contract.spec.defaults import Raw
from tests.engine.project import EngineProject, missing_engine
from tests.planning import ROOT, SECRET

DOCUMENT = ROOT / "docs" / "recordings.md"
STACK_FILE = ROOT / "examples" / "recording" / "Pulumi.trial.yaml"
STACK = "trial"
STEP = re.compile(
    r"<!-- recorded: agent-platform (?P<words>.+?) -->\n.*?<!-- end -->"
    r"|<!-- meanwhile: (?P<change>.+?) -->|<!-- edited: (?P<edit>.+?) -->",
    re.DOTALL,
)
FIRST_LINES, LAST_LINES = 10, 20
"""Lines that are kept of a long output."""


def record_step(project: EngineProject, step: re.Match[str]) -> str:
    """Run a step on the project and return its new text."""
    if step["change"]:
        token, name, key, value = shlex.split(step["change"])
        project.cloud.change(token, name, key, json.loads(value))
        return step[0]
    if step["edit"]:
        path, value = shlex.split(step["edit"])
        document = cast("Raw", yaml.safe_load((project.folder / STACK_FILE.name).read_text(encoding="utf-8")))
        project.write(with_values(cast("Raw", cast("Raw", document["config"])[PLATFORM_KEY]), {path: value}), STACK)
        return step[0]
    command = [sys.executable, "-m", "automation", *shlex.split(step["words"])]
    # The arguments are part of this repository.
    ended = subprocess.run(
        command, cwd=project.folder, env={**project.environment, "NO_COLOR": "1"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [line.rstrip() for line in f"{ended.stdout}{ended.stderr}".replace(str(project.folder), ".").splitlines()]
    lines = shortened([line.replace(str(project.folder.parent), "..") for line in lines])
    lines += ["$ echo $?", str(ended.returncode)] if ended.returncode else []
    words = step["words"]
    block = "\n".join(["```console", f"$ agent-platform {words}", *lines, "```", ""])
    return f"<!-- recorded: agent-platform {words} -->\n{block}<!-- end -->"


def shortened(lines: list[str]) -> list[str]:
    """Return the first and the last lines and the number of lines between them."""
    between = len(lines) - FIRST_LINES - LAST_LINES
    return lines if between <= 1 else [*lines[:FIRST_LINES], f"... {between} lines ...", *lines[-LAST_LINES:]]


def main() -> int:
    """Record every step of the document in order on one project."""
    if missing_engine():
        print(missing_engine(), file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as home:
        project = EngineProject.create(Path(home))
        shutil.copy(STACK_FILE, project.folder)
        project.run("stack", "init", STACK, stack=None)
        for name in read_stack(project.folder, STACK).missing_secrets:
            project.run("config", "set", "--secret", f"{PROJECT}:{name}", stdin=SECRET, stack=STACK)
        text = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(STEP.sub(lambda found: record_step(project, found), text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
