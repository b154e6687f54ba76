"""What must be there before anything else: nothing. Docker's daemon is the account, and whoever runs it pays for it."""

from dataclasses import dataclass

from providers.contract.component import Scope
from providers.docker.context import DockerContext


@dataclass(frozen=True)
class DockerAccount:
    """Nothing to wait for."""


def create_account(scope: Scope, context: DockerContext) -> DockerAccount:
    """Declares nothing: there is no service to be enabled."""
    return DockerAccount()
