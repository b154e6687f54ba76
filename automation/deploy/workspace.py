"""One stack of a project folder under the engine, through the Automation API.

Every command names its stack and none is ever selected: a selection would change the folder's stack for all of its users.
"""

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from pulumi import automation

from automation.deploy.database import disk_of
from automation.deploy.engine_command import EngineCommand
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import MASKED
from automation.deploy.guard import protected_urns
from automation.deploy.state import ExportedState, LockHolder, parse_lock_holder
from automation.deploy.targets import PARTIAL_MESSAGES
from automation.engine.credentials import without_credentials
from automation.engine.installation import LANGUAGE_HOST, engine_program
from automation.plan.inventory import Value
from automation.stack.document import StackDocument, stack_file, stack_of, with_sealed_values
from automation.stack.edit import replace_text
from automation.stack.folder import project_folder
from automation.stack.workdir import STACK_FOLDER, Workdir
from automation.stack.yaml_reader import read_text
from automation.urn import Urn
from components.configuration import PLATFORM_KEY
from providers import command_line
from providers.contract.database_disk import DatabaseDisk
from providers.contract.diagnostics import InvalidConfiguration, did_you_mean, listed
from providers.contract.spec import Platform
from providers.contract.spec.defaults import is_mapping

PARALLEL_OPERATIONS = 32
"""Concurrent operations. They wait for the cloud, while the engine's default is four for each CPU of this machine."""
RECENT_UPDATES = 10
DOCTOR_FIX = "run `agent-platform doctor STACK`, which lists what is missing and how to install it"


class ProjectWorkspace(automation.LocalWorkspace):
    """SDK workspace of a folder that never selects a stack."""

    pulumi_command: EngineCommand  # pyrefly: ignore[bad-override-mutable-attribute]  # the SDK assigns it once

    def create_stack(self, stack_name: str) -> None:
        """Create an empty stack in the backend, with the secrets provider of this workspace or of the stack's file.

        `pulumi stack init` ignores `secretsprovider` of the file, and writes the passphrase's salt in its place unless the
        provider is an option.
        """
        path = self._stack_file(stack_name)
        text, provider = read_text(path), self.new_stack_provider(stack_name)
        option = ["--secrets-provider", provider] if provider else []
        self.run_command("stack", "init", stack_name, "--no-select", *option)
        replace_text(path, with_sealed_values(text, read_text(path), path))

    def new_stack_provider(self, stack_name: str) -> str:
        """Return the secrets provider with which a stack would be created; empty for the default of the backend."""
        content = StackDocument.load(self._stack_file(stack_name)).content
        return self.secrets_provider or str(content.get("secretsprovider") or "")

    def _stack_file(self, stack_name: str) -> Path:
        linked = Path(self.work_dir) / STACK_FOLDER
        return stack_file(linked if linked.is_dir() else Path(self.work_dir), stack_name)

    def run_command(self, *arguments: str, stdin: str | None = None) -> str:
        """Return the standard output of a command of the engine; raises CommandError."""
        return self.pulumi_command.run(list(arguments), self.work_dir, self.env_vars, stdin=stdin).stdout

    def backend_url(self) -> str:
        """Return the URL of the state backend without credentials."""
        return without_credentials(self.who_am_i().url or "")

    def stack_names(self) -> list[str]:
        """Return the names of the project's stacks in the backend; raises CommandError."""
        return sorted(stack.name for stack in self.list_stacks())


class ProjectStack(automation.Stack):
    """SDK stack that reads no secret and starts no unneeded process."""

    workspace: ProjectWorkspace  # pyrefly: ignore[bad-override-mutable-attribute]  # the SDK assigns it once

    def __init__(self, name: str, workspace: ProjectWorkspace) -> None:
        # The constructor of the base class selects the stack for all users of the folder.
        self.name, self.workspace = name, workspace

    def outputs(self) -> automation.OutputMap:
        """Return the stack's outputs, secrets masked."""
        document = json.loads(self.run_command("stack", "output", "--json") or "{}")
        return {name: automation.OutputValue(value, secret=value == MASKED) for name, value in document.items()}

    def info(self, show_secrets: bool = False) -> automation.UpdateSummary | None:
        """Return the last update."""
        return super().info(show_secrets=False)

    def run_command(self, *arguments: str) -> str:
        """Return the standard output of a command of the engine about this stack; raises CommandError."""
        return self.workspace.run_command(*arguments, "--stack", self.name)

    def set_secret(self, key: str, value: str) -> None:
        """Encrypt a value and store it in the stack file; it is passed on standard input, which `ps` does not show."""
        self.workspace.run_command("config", "set", "--secret", "--raw", key, "--stack", self.name, stdin=value)

    def export_state(self) -> ExportedState:
        """Return the exported state with encrypted secrets; it can be imported unchanged."""
        exported: Value = json.loads(self.run_command("stack", "export"))
        return exported if is_mapping(exported) else {}

    def import_state(self, exported: ExportedState) -> None:
        """Replace the state by an exported one, whose secrets stay encrypted; raises CommandError."""
        self.workspace.run_command("stack", "import", "--stack", self.name, stdin=json.dumps(exported))

    def deployed_platform(self) -> object:
        """Return the platform of the last update of the whole stack that succeeded; None when there was none."""
        updates = self.history(page_size=RECENT_UPDATES, page=1, show_secrets=False)
        complete = (each for each in updates if (each.kind, each.result) == ("update", "succeeded"))
        last = next((each for each in complete if not each.message.startswith(PARTIAL_MESSAGES)), None)
        return json.loads(last.config[PLATFORM_KEY].value) if last and PLATFORM_KEY in last.config else None

    def deployed_disk(self) -> DatabaseDisk | None:
        """Return the disk of the database in the last update; None without one, or where it was of another release."""
        try:
            return disk_of(stack_of(self.name, {PLATFORM_KEY: self.deployed_platform()}).spec)
        except InvalidConfiguration:
            return None

    def deployed_images(self) -> Mapping[str, str]:
        """Return the image of each service in the last update of the whole stack that succeeded."""
        platform = self.deployed_platform()
        services = platform.get("services") if is_mapping(platform) else None
        return {
            name: str(service["image"])
            for name, service in (services.items() if is_mapping(services) else ())
            if is_mapping(service) and "image" in service
        }

    def unbuilt_images(self, spec: Platform) -> Mapping[str, str]:
        """Return the images of the last update, by dotted path, for services of a Docker host that were not built now."""
        unbuilt = [name for name, service in spec.services.items() if not service.built]
        if not command_line(spec.cloud).keeps_images_on_host or not unbuilt:
            return {}
        deployed = self.deployed_images()
        return {f"services.{name}.image": deployed[name] for name in unbuilt if name in deployed}

    def unprotect_all(self, exported: ExportedState) -> None:
        """Remove the protection of every resource in the state; raises CommandError."""
        self._unprotect(protected_urns(exported))

    def unprotect(self, names: Collection[str]) -> None:
        """Remove the protection of resources with these names; raises CommandError."""
        self._unprotect(urn for urn in protected_urns(self.export_state()) if urn.name in names)

    def _unprotect(self, urns: Iterable[Urn]) -> None:
        for urn in urns:
            self.run_command("state", "unprotect", urn, "--yes")

    def lock_holder(self) -> LockHolder | None:
        """Return the holder of the stack's lock; raises CommandError when the backend has no such stack.

        Pulumi Cloud reports locks in its list of stacks. File and object backends report a lock only to a command that
        takes it: renaming the stack to its own name takes the lock and then fails, because the name exists.
        """
        if self.workspace.backend_url().startswith("http"):
            stacks = self.workspace.list_stacks()
            locked = any(stack.update_in_progress for stack in stacks if stack.name == self.name)
            return LockHolder() if locked else None
        try:
            self.run_command("stack", "rename", self.name)
        except automation.ConcurrentUpdateError as error:
            return parse_lock_holder(str(error)) or LockHolder()
        except automation.StackAlreadyExistsError:
            return None
        return None


def require_engine(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
    """Return the path of the engine for a project folder; raises DeploymentFailed without it or its Python host."""
    variables = {**os.environ, **(environment or {})}
    engine = engine_program(project_folder(folder), variables)
    if engine is None:
        raise DeploymentFailed(Failure.NO_ENGINE, "the Pulumi CLI is not installed", DOCTOR_FIX)
    sibling = engine.resolve().parent / LANGUAGE_HOST
    if not sibling.is_file() and shutil.which(LANGUAGE_HOST, path=variables.get("PATH", "")) is None:
        raise DeploymentFailed(Failure.NO_LANGUAGE_HOST, "the Pulumi CLI has no host for Python programs", DOCTOR_FIX)
    return str(engine)


def open_stack(
    folder: Path,
    name: str,
    environment: Mapping[str, str] | None = None,
    secrets_provider: str | None = None,
    project: Path | None = None,
) -> ProjectStack:
    """Return the stack `name` of a folder, which the backend may not have yet; raises DeploymentFailed.

    `project` is the folder of the project's Python environment, when the engine runs in another folder.
    """
    command = EngineCommand(require_engine(environment, project or folder), environment or {})
    workspace = ProjectWorkspace(
        work_dir=str(folder),
        env_vars=dict(environment or {}),
        secrets_provider=secrets_provider,
        pulumi_command=command,
    )
    return ProjectStack(name, workspace)


def unknown_stack(engine: ProjectStack, failure: DeploymentFailed) -> DeploymentFailed:
    """Return the failure of a stack that the backend does not have, with the backend and the stacks in it."""
    try:
        url, names = engine.workspace.backend_url(), engine.workspace.stack_names()
    except automation.CommandError:
        return failure
    existing = f"its stacks are {listed(names, 'and')}" if names else "it has no stack of this project"
    problem = f"the backend {url} has no such stack{did_you_mean(engine.name, names)}; {existing}"
    return DeploymentFailed(failure.kind, problem, failure.fix, failure.log, stack=engine.name)


def copy_secrets(engine: ProjectStack, workdir: Workdir, create: Callable[[], object] | None) -> bool:
    """Encrypt the secrets of another stack's file for an ephemeral stack; True when the stack was created for that.

    Needed where only the backend can decrypt them, and only for that stack, as with Pulumi Cloud. The engine decrypts
    and encrypts each value, so it is never an argument, never printed and never stored in plain text. Raises
    CommandError, also when the stack does not exist and `create` is None.
    """
    new = create is not None and workdir.name not in engine.workspace.stack_names()
    if new and create is not None:
        create()
    source = stack_file(workdir.folder, workdir.stack)
    shutil.copy(source, workdir.work_folder)
    for key in workdir.to_reseal:
        engine.workspace.run_command("config", "cp", key, "--stack", workdir.stack, "--dest", workdir.name)
    workdir.sealed = StackDocument.load(stack_file(workdir.work_folder, workdir.name)).sealed
    return new
