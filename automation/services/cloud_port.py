"""Base of the ports by which drivers reach a deployed stack: the control of its cloud, a shell, and the stack in the state."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from automation.services.operations import deployed_stack
from automation.shell import LocalShell, print_to_stderr
from providers import command_line
from providers.contract.cli import DeployedStack, Shell

if TYPE_CHECKING:
    from automation.deploy.deployment import Deployment

Control = TypeVar("Control")


class CloudPort(Generic[Control]):
    """Operations on one deployment by the control of its cloud; `note` prints a line.

    `shell` replaces the programs of this machine, whose commands `echo` prints.
    """

    def __init__(
        self,
        deployment: "Deployment",
        note: Callable[[str], object],
        control: Control,
        shell: Shell | None = None,
        echo: Callable[[str], object] = print_to_stderr,
    ) -> None:
        self.deployment, self.note, self.control = deployment, note, control
        programs = command_line(deployment.file.spec.cloud).programs
        self.shell = shell or LocalShell(programs, deployment.folder, deployment.environment, echo)

    @cached_property
    def stack(self) -> DeployedStack:
        """Stack in the state, which is read again after `forget_stack`."""
        return deployed_stack(self.deployment)

    def forget_stack(self) -> None:
        """Read the state again at the next access to `stack`: an update changes it."""
        self.__dict__.pop("stack", None)
