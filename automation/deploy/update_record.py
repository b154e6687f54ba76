"""Record of the last update of a Docker stack on this machine, with which a repeat of it needs neither program nor providers.

The preview of a stack without changes runs all of them to find that nothing differs, which is most of the time of `up`. The
record has a digest of everything that the program and the providers read, and of the state that the update left. The stack
is unchanged when the digest is the same; the comparison with the host finds what was stopped or deleted meanwhile. An update
renews certificates that end, so a record is used for a day only.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from automation.deploy.changes import change_in_state
from automation.deploy.events import SAME
from automation.deploy.results import Outcome, Preview
from automation.deploy.state import ExportedState, state_resources
from automation.local.state import LocalState
from automation.stack.document import stack_file
from automation.stack.workdir import PROGRAM, PROJECT_FILE, moment
from automation.urn import STACK_TYPE
from providers.contract.spec.defaults import is_mapping

if TYPE_CHECKING:  # the SDK is loaded with a deployment
    from automation.deploy.deployment import Deployment

VALID = timedelta(hours=24)
VARIABLES = ("PULUMI_", "DOCKER_")
"""Prefixes of variables that the program and the providers read."""
SECRET_VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN")
PROGRAM_FOLDERS = tuple(Path(__file__).parents[2] / name for name in ("components", "providers"))
PACKAGES = ("pulumi", "pulumi-docker", "pulumi-random", "pulumi-tls")


@dataclass(frozen=True)
class UpdateRecord:
    """Record of one deployment."""

    deployment: "Deployment"
    state: LocalState

    @property
    def path(self) -> Path:
        """File of the record."""
        return self.state.folder / "updates" / f"{self.deployment.name}.json"

    @property
    def is_current(self) -> bool:
        """True when nothing that an update depends on has changed since the recorded one."""
        try:
            content: object = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        fields = content if is_mapping(content) else {}
        recorded = moment(str(fields.get("time", "")))
        age = self.deployment.clock.now() - recorded if recorded else VALID
        is_complete = self.state.authority(self.deployment.name).is_file() or not self.deployment.file.spec.public
        return timedelta() <= age < VALID and is_complete and fields.get("digest") == self._digest()

    def save(self) -> None:
        """Record that the stack is as the last update left it."""
        document = {"time": self.deployment.clock.now().isoformat(), "digest": self._digest()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(document), encoding="utf-8")

    def _digest(self) -> str:
        digest = sha256()
        for part in self._parts():
            digest.update(part)
            digest.update(b"\0")
        return digest.hexdigest()

    def _parts(self) -> Iterator[bytes]:
        deployment = self.deployment
        # values that are not in the file, such as the images that were built
        yield json.dumps(deployment.file.platform, sort_keys=True).encode()
        for path in (stack_file(deployment.folder, deployment.stack), self.state.checkpoint(deployment.name)):
            yield _content(path)
        for name in (PROJECT_FILE, PROGRAM):
            yield _content(deployment.folder / name)
        yield json.dumps(_variables({**os.environ, **deployment.engine_environment}), sort_keys=True).encode()
        yield " ".join(_version(name) for name in PACKAGES).encode()
        for folder in PROGRAM_FOLDERS:
            yield from _files(folder)


def update_record(deployment: "Deployment") -> UpdateRecord | None:
    """Return the record of a deployment; None with another backend, an ephemeral stack, releases or rollouts."""
    state = deployment.local_state
    if state is None or deployment.ephemeral:  # each update of the latter moves its expiry
        return None
    spec = deployment.file.spec
    # these have a record of their own, which an update continues
    if spec.releases or spec.services_in_steps:
        return None
    return UpdateRecord(deployment, state)


def unchanged_preview(stack: str, exported: ExportedState) -> Preview:
    """Return the preview of a stack in which every resource of the state is unchanged."""
    return Preview(stack, tuple(change_in_state(resource, SAME) for resource in state_resources(exported)))


def unchanged_outcome(preview: Preview, exported: ExportedState) -> Outcome:
    """Return the outcome of an update that changes nothing, with the outputs in the state."""
    from automation.deploy.engine_events import masked

    stacks = [each for each in state_resources(exported) if each.get("type") == STACK_TYPE]
    outputs = masked(stacks[0].get("outputs")) if stacks else None
    return Outcome(preview.stack, preview.changes, outputs if is_mapping(outputs) else {}, 0.0)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _variables(environment: Mapping[str, str]) -> Mapping[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(VARIABLES) and name not in SECRET_VARIABLES
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _files(folder: Path) -> Iterator[bytes]:
    """Yield path and content of each file of the program: a checkout or an installation gives equal files another time."""
    for path in sorted(folder.rglob("*")):
        if path.suffix != ".pyc" and path.is_file():
            yield path.relative_to(folder).as_posix().encode()
            yield path.read_bytes()
