"""Login to a state backend, and the creation of one on the stack's cloud: a bucket for the state and a key for its secrets.

The commands are those of the cloud's command line. They can be repeated: what exists is kept.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from automation.command_errors import shortened
from automation.deploy.errors import DeploymentFailed, Failure
from automation.engine.credentials import without_credentials
from automation.services.operations import cli_failures, programs_of, require_programs
from automation.shell import LocalShell, command_text, print_to_stderr
from automation.stack.document import Stack, StackDocument, read_stack, stack_file, stack_names
from automation.stack.edit import replace_text
from automation.stack.folder import project_folder
from providers import command_line
from providers.contract.cli import CliCommand, CloudCli, Shell, StateBackend, run_missing
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed

BACKEND_VARIABLE = "PULUMI_BACKEND_URL"
PROVIDER_KEY = "secretsprovider"
SCHEMES = ("s3", "gs", "azblob", "file", "https", "http", "postgres")
"""Backends of Pulumi 3.274; its own message for an unknown URL lists them."""
CREDENTIALS = {
    "s3": "run `aws sso login` or `aws configure`",
    "gs": "run `gcloud auth application-default login`",
    "azblob": "run `az login`",
    "file": "create the folder",
    "https": "set PULUMI_ACCESS_TOKEN, or run `pulumi login` on a terminal, which prompts for it",
}
"""Fix for a failed login, by the scheme of the URL; Pulumi Cloud is the backend without one."""
CAUSE = re.compile(r'error: (?:could not log in to the state backend "[^"]*": )?(?P<cause>[^\n]+)')


def login(
    url: str | None,
    folder: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    on_command: Callable[[str], object] = print_to_stderr,
) -> str:
    """Log in to a state backend with the project's engine and return the URL; without one Pulumi chooses the backend.

    Raises InvalidConfiguration for a URL of another form or one that a variable overrides, and DeploymentFailed.
    """
    from pulumi.automation import CommandError

    from automation.deploy.engine_command import EngineCommand
    from automation.deploy.workspace import require_engine

    project = project_folder(folder)
    target = backend_url(url, project, {**os.environ, **(environment or {})})
    engine = EngineCommand(require_engine(environment, project), environment or {})
    shown = without_credentials(target[0]) if target else ""
    on_command(f"$ {command_text(CliCommand(('pulumi', 'login', *(word for word in (shown,) if word))))}")
    try:
        engine.run(["login", *target], str(project), {})
    except CommandError as error:
        if engine.interruptions.count:
            raise DeploymentFailed(
                Failure.CANCELLED, "interrupted during the login", "run the same command again"
            ) from None
        raise _login_failure(shown, engine.last_result.stderr if engine.last_result else str(error)) from None
    return shown


def _login_failure(url: str, log: str) -> DeploymentFailed:
    """Return the failure of a login with what its kind of backend needs."""
    match = CAUSE.search(log)
    cause = shortened(match["cause"].strip().rstrip(".")) if match else "no error message"
    credentials = CREDENTIALS.get(urlsplit(url).scheme or "https", "check its credentials")
    create = "" if url.startswith(("file", "http")) or not url else (
        "; if the bucket does not exist, run `agent-platform login --create-state NAME STACK`"
    )  # fmt: skip
    problem = f"cannot log in to {url or 'the default state backend'}: {cause}"
    return DeploymentFailed(Failure.NOT_LOGGED_IN, problem, f"{credentials}, and check the URL{create}", log)


def backend_url(url: str | None, folder: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the URL as an argument, that of a folder as an absolute path; empty when Pulumi chooses the backend.

    Pulumi stores a relative URL as it is and resolves it in every command's working directory.
    """
    if url is None:
        return ()
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        examples = "s3://BUCKET?region=REGION, gs://BUCKET, azblob://CONTAINER?storage_account=ACCOUNT or https://api.pulumi.com"
        raise InvalidConfiguration(
            [ConfigError("URL", f"{without_credentials(url)} is not the URL of a state backend", f"use {examples}")]
        )
    variable = environment.get(BACKEND_VARIABLE, "")
    if variable and variable != url:
        problem = f"{BACKEND_VARIABLE} is set to another backend, and takes precedence over a login"
        raise InvalidConfiguration([ConfigError("URL", problem, f"unset {BACKEND_VARIABLE}, or set it to the URL")])
    path = url.removeprefix("file://")
    if parts.scheme == "file" and not path.startswith(("/", "~")):
        return (f"file://{(folder / path).resolve()}",)
    return (url,)


class StateCreation:
    """Bucket and key of a state backend named `name`, on the cloud of a stack, whose file will name the key.

    `cli` and `shell` replace the programs of this machine.
    """

    def __init__(
        self,
        name: str,
        stack: str,
        folder: Path | None = None,
        *,
        cli: CloudCli | None = None,
        shell: Shell | None = None,
    ) -> None:
        self.folder = project_folder(folder)
        self.stack: Stack = read_stack(self.folder, stack)
        cloud = self.stack.spec.cloud
        if cloud == "docker":
            problem = "the state of a Docker stack is in the folder .local beside its file, which needs no login"
            raise InvalidConfiguration([ConfigError("--create-state", problem, f"run `agent-platform up {stack}`")])
        self.cli = cli or command_line(cloud)
        self.shell = shell or LocalShell(programs=self.cli.programs, folder=self.folder)
        with cli_failures():
            self.backend: StateBackend = self.cli.state_backend(self.stack.spec, name)
        refuse_other_provider(self._document, stack, self.backend.secrets_provider)

    @property
    def commands(self) -> tuple[str, ...]:
        """Commands as text, to be run where the cloud's command line is installed and logged in."""
        return tuple(_repeatable(command) for command in self.backend.commands)

    def create(self) -> None:
        """Create bucket and key, without what exists; raises DeploymentFailed."""
        require_programs(programs_of(self.stack.spec.cloud, self.cli), os.environ)
        with cli_failures():
            run_missing(self.backend.commands, self.shell)

    def name_key(self) -> bool:
        """Name the key in the stack file, which `up --create` and `secret set` read; False when it is there already."""
        document = self._document
        if document.content.get(PROVIDER_KEY) == self.backend.secrets_provider:
            return False
        content = {**document.content, PROVIDER_KEY: self.backend.secrets_provider}
        replace_text(document.path, replace(document, content=content).dump())
        return True

    @property
    def _document(self) -> StackDocument:
        return StackDocument.load(stack_file(self.folder, self.stack.name))


def only_stack(folder: Path) -> str:
    """Return the stack of a folder that has one; raises InvalidConfiguration."""
    names = stack_names(folder)
    if len(names) == 1:
        return names[0]
    fix = f"add {listed(names)}" if names else "create one with `agent-platform init`"
    raise InvalidConfiguration(
        [ConfigError("--create-state", "needs a stack, which names the cloud and the region", fix)]
    )


def refuse_other_provider(document: StackDocument, stack: str, provider: str) -> None:
    """Raise InvalidConfiguration for a file whose secrets another key or a passphrase encrypts."""
    current = str(document.content.get(PROVIDER_KEY) or "")
    if current == provider or not (current or document.sealed.opened_by):
        return
    problem = f"its secrets are encrypted with {current or 'a passphrase'}"
    fix = f"run `pulumi stack change-secrets-provider '{provider}' --stack {stack}` after the login without --create-state"
    raise InvalidConfiguration([ConfigError(document.path.name, problem, fix)])


def _repeatable(command: CliCommand) -> str:
    """Return a command that does nothing where its lookup succeeds."""
    text = command_text(command)
    return text if command.unless is None else f"{command_text(command.unless)} >/dev/null 2>&1 || {text}"
