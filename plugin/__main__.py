"""Component provider of `AgentPlatform`, which the engine starts for programs in other languages (docs/programs.md)."""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
# the packages of the repository are beside this folder and not installed
sys.path[0] = str(FOLDER.parent)

from components.package.provider import serve  # noqa: E402

serve(FOLDER)
