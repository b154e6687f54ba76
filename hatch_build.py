"""Build hook: the wheel has all packages of the repository below one; an editable installation uses them where they are."""

import sys
from pathlib import Path
from tempfile import mkdtemp

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelPackages(BuildHookInterface):
    """Hook that puts the packages of `tools/wheel.py` into the wheel."""

    def initialize(self, version, build_data):
        """Write the packages into a temporary folder and include it; see hatchling's `BuildHookInterface`."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from tools.wheel import PACKAGE, write_packages

        folder = Path(mkdtemp()) / PACKAGE
        write_packages(Path(self.root), folder)
        build_data["force_include"][str(folder)] = PACKAGE
