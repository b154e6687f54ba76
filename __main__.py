"""The program of every stack: load its settings, build one platform, export its outputs."""

import pulumi

from components.agent_platform import AgentPlatform
from components.settings import load

settings = load()
platform = AgentPlatform(settings.stack, settings)

for name, value in platform.outputs.items():
    pulumi.export(name, value)
