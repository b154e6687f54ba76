"""Command line of `make up` and `make down`; an error is one sentence and exit code 1."""

import sys
from pathlib import Path

from automation.local.lifecycle import bring_up, take_down
from automation.local.project import LocalProject
from automation.stack.folder import project_folder

USAGE = "usage: python -m automation.local up [STACK_FILE] | down"


def main(arguments: list[str]) -> int:
    """Run a command in the working directory and return the exit code."""
    project = LocalProject(project_folder())
    match arguments:
        case ["up"]:
            return bring_up(project, Path("Pulumi.local.yaml"))
        case ["up", stack_file]:
            return bring_up(project, Path(stack_file))
        case ["down"]:
            return take_down(project)
        case _:
            print(USAGE, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
