"""Recorded failover and failback of docs/recovery.md, by the command line on a platform in two regions of the fake cloud.

    python -m tests.engine.failover_recorder       # with the engine: updates every block of the document

    <!-- recorded: agent-platform failover prod --planned --yes -->
    (a console block)
    <!-- end -->
    <!-- lost: us-west-2 -->

After a line `lost` a region does not answer. The AWS CLI is that of `warm_aws`, the entries answer, and waiting takes no time.
"""

import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from automation.cli import failover as command
from automation.cli.main import main as command_line
from automation.failover import stack_failover
from automation.shell import print_to_stderr
from tests.engine.project import EngineProject, missing_engine
from tests.engine.readme_recorder import shortened
from tests.engine.warm_aws import FailoverShell, WarmStack, answering, deploy_warm
from tests.planning import ROOT

DOCUMENT = ROOT / "docs" / "recovery.md"
STEP = re.compile(
    r"<!-- recorded: agent-platform (?P<words>.+?) -->\n.*?<!-- end -->|<!-- lost: (?P<region>\S*) ?-->", re.DOTALL
)
RUN = "run"


def record_step(stack: WarmStack, step: re.Match[str]) -> str:
    """Run a step on the stack and return its new text."""
    if step["words"] is None:
        stack.lose(step["region"])
        return step[0]
    words, project = step["words"], stack.project
    # The arguments are part of this repository.
    ended = subprocess.run(
        [sys.executable, "-m", "tests.engine.failover_recorder", RUN, *words.split()],
        cwd=project.folder, env={**project.environment, "NO_COLOR": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    lines = shortened([line.rstrip() for line in ended.stdout.replace(str(project.folder), ".").splitlines()])
    lines += ["$ echo $?", str(ended.returncode)] if ended.returncode else []
    block = "\n".join(["```console", f"$ agent-platform {words}", *lines, "```", ""])
    return f"<!-- recorded: agent-platform {words} -->\n{block}<!-- end -->"


def run_command(*words: str) -> None:
    """Run a command of the command line in the project of the current folder; ends this process."""
    stack = WarmStack(EngineProject.create(Path.cwd().parent))

    def deployment(_name: str) -> object:
        return stack.deployment

    port = partial(stack_failover.StackFailover, shell=FailoverShell(stack.project, print_to_stderr), probe=answering)
    vars(command)["checked_deployment"] = deployment
    vars(stack_failover)["StackFailover"] = port
    command_line(words)


def main() -> int:
    """Record every step of the document in order on one stack."""
    if missing_engine():
        print(missing_engine(), file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as home:
        _, stack = deploy_warm(Path(home))
        text = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(STEP.sub(lambda found: record_step(stack, found), text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(run_command(*sys.argv[2:]) if sys.argv[1:2] == [RUN] else main())
