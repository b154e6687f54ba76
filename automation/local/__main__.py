"""The two commands; any trouble is one sentence and an exit code of 1."""

import sys
from pathlib import Path

from automation.local.folder import LocalFolder
from automation.local.lifecycle import bring_up, take_down

USAGE = "python -m automation.local up [STACK_FILE] | down"


def main(arguments: list[str]) -> int:
    """Run one of them in the working directory."""
    local = LocalFolder(Path.cwd())
    match arguments:
        case ["up"]:
            return bring_up(local, Path("Pulumi.local.yaml"))
        case ["up", file]:
            return bring_up(local, Path(file))
        case ["down"]:
            return take_down(local)
        case _:
            print(USAGE, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
