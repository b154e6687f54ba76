"""Command line of `make up` and `make down`; an error is one sentence and the exit code of `agent-platform`."""

import sys
from pathlib import Path

from automation.local.lifecycle import bring_up, take_down
from automation.stack.folder import project_folder

STACK_FILE = "Pulumi.local.yaml"
USAGE = "usage: python -m automation.local up [STACK_FILE] | down [STACK_FILE]"


def main(arguments: list[str]) -> int:
    """Run a command in the working directory and return the exit code."""
    match arguments:
        case ["up" | "down" as command]:
            stack_file = STACK_FILE
        case ["up" | "down" as command, stack_file]:
            pass
        case _:
            print(USAGE, file=sys.stderr)
            return 2
    return (bring_up if command == "up" else take_down)(project_folder() / Path(stack_file))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
