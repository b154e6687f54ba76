"""Storage of secret values in a stack file: the engine encrypts each value, and everything else in the file is kept.

A value is passed on standard input, which no other process can read. What is stored before an interrupt remains stored; the
same command completes the rest.
"""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from automation.deploy.errors import DeploymentFailed, Failure
from automation.secret_values.checks import listed_secrets, refuse, stack_for_values, value_errors
from automation.stack.document import stack_file, with_sealed_values
from automation.stack.edit import replace_text
from automation.stack.folder import project_folder
from automation.stack.yaml_reader import read_text
from components.configuration import PROJECT
from providers.contract.resource_traits import CLIENT_KEYS

if TYPE_CHECKING:  # the SDK is loaded when a value is stored
    from automation.deploy.deployment import Deployment

OnCommand = Callable[[str], object]
"""Receives each command before it runs, without the value."""
Agree = Callable[[str], object]
"""Receives a question and raises to stop."""
CREATE_FIX = "log in to the backend of the stack, or add --yes, which creates the stack"


def check_values(folder: Path, stack: str, values: Mapping[str, str]) -> None:
    """Raise InvalidConfiguration with every error of the stack file, of the names and of the values."""
    document, checked = stack_for_values(folder, stack, values)
    secrets = {secret.name: secret for secret in listed_secrets(document, checked)}
    refuse(value_errors(checked, secrets, values))


def set_secrets(
    stack: str,
    values: Mapping[str, str],
    folder: Path | None = None,
    *,
    secrets_provider: str | None = None,
    environment: Mapping[str, str] | None = None,
    agree: Agree | None = None,
    on_command: OnCommand | None = None,
) -> tuple[str, ...]:
    """Store secrets of a stack by name in its file, encrypted, and return their names.

    A stack that the backend does not have is created when `agree` returns from the question; without `agree` that is a
    failure. Raises InvalidConfiguration and DeploymentFailed.
    """
    from automation.deploy.deployment import Deployment

    project = project_folder(folder)
    check_values(project, stack, values)
    deployment = Deployment(stack, project, environment=environment, secrets_provider=secrets_provider)
    report = on_command or _ignore
    for name, value in values.items():
        try:
            _store(deployment, name, value, report)
        except DeploymentFailed as failure:
            if failure.kind is not Failure.NO_STACK:
                raise
            if deployment.local_state is not None:
                agree = _ignore  # a Docker stack is created by each command that needs it
            if agree is None:
                raise failure.with_fix(CREATE_FIX) from None
            agree(f"{failure.stack}: {failure.problem}. Create it?")
            report(f"$ {_pulumi(project, 'stack', 'init', stack, *_provider_option(deployment))}")
            deployment.create()
            _store(deployment, name, value, report)
    return tuple(values)


def config_command(folder: Path, stack: str, name: str) -> str:
    """Return the Pulumi command that stores a secret, which reads the value on standard input."""
    return _pulumi(folder, "config", "set", "--secret", f"{PROJECT}:{name}", "--stack", stack)


def _pulumi(folder: Path, *arguments: str) -> str:
    """Return a Pulumi command that can be repeated in the working directory."""
    directory = () if folder == Path.cwd() else ("-C", str(folder))
    return shlex.join(("pulumi", *directory, *arguments))


def _provider_option(deployment: "Deployment") -> tuple[str, ...]:
    provider = deployment.engine.workspace.new_stack_provider(deployment.name)
    return ("--secrets-provider", provider) if provider else ()


def _store(deployment: "Deployment", name: str, value: str, report: OnCommand) -> None:
    """Encrypt one value; of the file that the engine writes, only sealed values and what opens them are taken."""
    path = stack_file(deployment.folder, deployment.stack)
    before = read_text(path)
    with deployment.engine_errors():
        engine = deployment.engine
        report(f"$ {config_command(deployment.folder, deployment.stack, name)}  (the value is on standard input)")
        engine.set_secret(f"{PROJECT}:{name}", value)
    replace_text(path, with_sealed_values(before, read_text(path), path))
    if name in CLIENT_KEYS and deployment.local_state is not None:
        deployment.local_state.keep_security_key(deployment.name, value)


def _ignore(text: str) -> None:
    """Do nothing with a command or a question."""
