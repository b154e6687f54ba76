"""Command line of `make up` and `make down`; an error is one sentence and the exit code of `agent-platform`."""

import sys
from pathlib import Path

from automation.local.lifecycle import bring_up, take_down
from automation.stack.folder import project_folder

STACK_FILE = "Pulumi.local.yaml"
VOLUMES, BY_LABEL = "--volumes", "--force-by-label"
USAGE = f"usage: python -m automation.local up [STACK_FILE] | down [STACK_FILE] [{VOLUMES}] [{BY_LABEL}]"


def main(arguments: list[str]) -> int:
    """Run a command in the working directory and return the exit code."""
    words = [each for each in arguments if not each.startswith("--")]
    options = {each for each in arguments if each.startswith("--")}
    match words:
        case ["up" | "down" as command]:
            stack_file = STACK_FILE
        case ["up" | "down" as command, stack_file]:
            pass
        case _:
            return _usage()
    path = project_folder() / Path(stack_file)
    if command == "up":
        return _usage() if options else bring_up(path)
    if options - {VOLUMES, BY_LABEL}:
        return _usage()
    return take_down(path, volumes=VOLUMES in options, by_label=BY_LABEL in options)


def _usage() -> int:
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
