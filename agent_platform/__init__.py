"""Agent platform for programs of your own: `AgentPlatform` declares one, `agent_platform.testing` records a program in tests.

This package has the public names. The wheel installs the other packages of the repository below it, so that they do not
collide with a `components` or `providers` of your own (docs/adr/0059-install-all-packages-below-one.md).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.agent_platform import AgentPlatform
    from providers.contract.diagnostics import InvalidConfiguration
    from providers.contract.spec import Platform

__all__ = ["AgentPlatform", "InvalidConfiguration", "Platform", "main"]


def __getattr__(name: str) -> object:
    """Import a name on first use: the command line starts without the Pulumi SDK."""
    match name:
        case "AgentPlatform":
            from components.agent_platform import AgentPlatform

            return AgentPlatform
        case "InvalidConfiguration":
            from providers.contract.diagnostics import InvalidConfiguration

            return InvalidConfiguration
        case "Platform":
            from providers.contract.spec import Platform

            return Platform
        case _:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main() -> None:
    """Run the command `agent-platform`."""
    from automation.cli.main import main as run

    run()
