"""Pulumi state and passphrase of Docker stacks, in the folder `.local` beside their stack files.

The state of a stack on this machine needs no bucket: without another backend, every command on a stack whose cloud is
docker uses this folder, and so do `make up` and `make down`. `PULUMI_BACKEND_URL` names another backend, and a login to
another one is used for stacks that are not in this folder already.
"""

import json
import os
import secrets
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from automation.stack.document import StackDocument, stack_file
from automation.stack.yaml_reader import read_mapping
from providers.contract.cli import DeployedStack
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.spec.defaults import is_mapping
from providers.docker.cli import PASSPHRASE_FILE, STATE_FOLDER
from providers.docker.context import REGION, DockerContext
from providers.docker.naming import STATE_FILES, state_file

PASSPHRASE_BYTES = 24
AUTHORITY_TYPE = "tls:index/selfSignedCert:SelfSignedCert"
BACKEND_VARIABLE = "PULUMI_BACKEND_URL"
PASSPHRASE_VARIABLE = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105  # the name of a variable


@dataclass(frozen=True)
class LocalState:
    """State of the Docker stacks in the project folder `root`."""

    root: Path

    @property
    def folder(self) -> Path:
        """Folder of state and passphrase."""
        return self.root / STATE_FOLDER

    @property
    def passphrase(self) -> Path:
        """File with the passphrase of the stacks' secrets, readable only by this user."""
        return self.root / PASSPHRASE_FILE

    @property
    def stacks(self) -> tuple[str, ...]:
        """Names of the stacks in the state, which may have no resources."""
        folder = self.root / STATE_FILES
        return tuple(sorted(path.stem for path in folder.glob("*.json")))

    def checkpoint(self, stack: str) -> Path:
        """File with the state of a stack."""
        return state_file(self.root, stack)

    def may_be_locked(self, stack: str) -> bool:
        """True when there is a lock of a stack, which may be stale; its holder is known to the engine."""
        locks = self.folder / "state" / ".pulumi" / "locks"
        return any(path.parent.name == stack for path in locks.rglob("*.json"))

    @property
    def is_locked_out(self) -> bool:
        """True when there are stacks and their passphrase is gone."""
        return bool(self.stacks) and not self.passphrase.exists()

    def authority(self, stack: str) -> Path:
        """File with the certificate of the authority that signs the certificate of a stack's entry."""
        return self.folder / f"{stack}-ca.pem"

    def dashboard_password(self, stack: str) -> Path:
        """File with the password of a stack's Grafana, readable only by this user."""
        return self.folder / f"{stack}-grafana-password"

    def security_key(self, stack: str) -> Path:
        """File with the generated key of a stack's AgentOS, readable only by this user."""
        return self.folder / f"{stack}-os-security-key"

    def keep_security_key(self, stack: str, value: str) -> None:
        """Write another value of the key of a stack's AgentOS to its file, where that was generated."""
        if self.security_key(stack).is_file():
            write_secret(self.security_key(stack), value)

    def remove(self, stack: str) -> tuple[str, ...]:
        """Remove the folder, or only the files of this stack when others have their state in it; return these."""
        others = tuple(name for name in self.stacks if name != stack)
        if not others:
            shutil.rmtree(self.folder)
            return ()
        for path in (self.authority(stack), self.dashboard_password(stack), self.security_key(stack)):
            path.unlink(missing_ok=True)
        return others

    def set_aside(self, now: datetime) -> Path:
        """Move a state that cannot be opened to a folder beside it, which is returned; the next update begins another one."""
        path = self.folder / f"state-without-passphrase-{now:%Y%m%dT%H%M%S}"
        (self.folder / "state").rename(path)
        return path

    def environment(self, inherited: Mapping[str, str]) -> Mapping[str, str]:
        """Variables of the engine; an inherited passphrase would take precedence over the file, so it is replaced."""
        variables = {
            BACKEND_VARIABLE: f"file://{self.folder / 'state'}",
            f"{PASSPHRASE_VARIABLE}_FILE": str(self.passphrase),
        }
        if PASSPHRASE_VARIABLE in inherited and self.passphrase.is_file():
            variables[PASSPHRASE_VARIABLE] = self.passphrase.read_text(encoding="utf-8")
        return variables

    @property
    def exports(self) -> tuple[str, ...]:
        """Lines for a shell with which plain `pulumi` uses this state."""
        return tuple(f"export {name}={shlex.quote(value)}" for name, value in self.environment({}).items())

    def create(self) -> None:
        """Create folder and passphrase, which version control ignores; an existing passphrase is kept."""
        (self.folder / "state").mkdir(parents=True, exist_ok=True)
        ignored = self.folder / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")
        # another passphrase would not open the secrets of existing stacks
        if not self.passphrase.exists() and not self.stacks:
            write_secret(self.passphrase, secrets.token_urlsafe(PASSPHRASE_BYTES))


def local_state(folder: Path, stack: str, name: str, environment: Mapping[str, str]) -> LocalState | None:
    """Return the state of the stack `name` from the file of `stack`; None for another cloud or another backend."""
    if environment.get(BACKEND_VARIABLE) or declared_cloud(folder, stack) != "docker":
        return None
    state = LocalState(folder)
    return state if name in state.stacks or not _has_backend(folder, environment) else None


def write_authority(folder: Path, stack: DeployedStack) -> str:
    """Write the certificate authority of a stack's entry beside its state, and return how clients use it."""
    resource = stack.resource(AUTHORITY_TYPE, f"{stack.name}-keys-authority-certificate")
    certificate = str(resource.outputs.get("certPem", "")) if resource is not None else ""
    if not stack.spec.public or not certificate:
        return ""
    path = LocalState(folder).authority(stack.name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(certificate, encoding="utf-8")
    url = DockerContext(stack.spec, stack.name, REGION).url
    return f"the entry's certificate is signed by the stack's own authority: curl --cacert {path.relative_to(folder)} {url}"


def declared_cloud(folder: Path, stack: str) -> str:
    """Return the cloud in a stack file, which may be invalid otherwise; empty when it cannot be read."""
    try:
        return str(StackDocument.load(stack_file(folder, stack)).platform.get("cloud", ""))
    except InvalidConfiguration:
        return ""


def write_secret(path: Path, secret: str) -> None:
    """Write a file that is created with access for this user only."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(secret)


def _has_backend(folder: Path, environment: Mapping[str, str]) -> bool:
    """True when Pulumi.yaml names a backend, or `pulumi login` has been run."""
    home = Path(environment.get("PULUMI_HOME") or Path(environment.get("HOME") or Path.home()) / ".pulumi")
    try:
        credentials: object = json.loads((home / "credentials.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        credentials = {}
    logged_in = is_mapping(credentials) and bool(credentials.get("current"))
    return logged_in or bool(environment.get("PULUMI_ACCESS_TOKEN")) or _names_backend(folder / "Pulumi.yaml")


def _names_backend(project: Path) -> bool:
    try:
        backend = read_mapping(project).get("backend")
    except (OSError, InvalidConfiguration):
        return False
    return is_mapping(backend) and bool(backend.get("url"))
