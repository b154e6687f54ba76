"""Program of every stack, which `__main__.py` runs; the command line runs it where a folder has stack files alone."""

import pulumi

from components.agent_platform import AgentPlatform
from components.settings import load


def run() -> None:
    """Load the settings, declare one platform and export its outputs."""
    settings = load()
    platform = AgentPlatform(settings.stack, settings)
    for name, value in platform.outputs.items():
        pulumi.export(name, value)
