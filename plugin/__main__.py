"""Component provider of `AgentPlatform`, which the engine starts for programs in other languages (docs/programs.md)."""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
# the packages of the repository are beside this folder and not installed
sys.path[0] = str(FOLDER.parent)
if sys.version_info < (3, 11):  # noqa: UP036  # the engine runs it with the Python of the machine
    sys.exit("agent-platform needs Python 3.11 or newer, and this is Python {}.{}".format(*sys.version_info[:2]))

try:
    from components.package.server import serve
except ModuleNotFoundError as missing:
    sys.exit(f"agent-platform: {missing.name} is not installed for {sys.executable}; run `pulumi install` in {FOLDER}")

serve(FOLDER)
