"""Removal of a stack whose objects are on a machine: what is kept, what the state does not have, and removal by labels.

A deletion with the state keeps the volumes, and in the state the passwords that open them, so that the next update uses
them again. Without a usable state the objects are found by their labels.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.guard import kept_types
from automation.deploy.state import state_resources
from automation.local.state import declared_cloud
from automation.stack.document import stack_file
from automation.stack.edit import replace_text
from automation.stack.yaml_reader import read_text
from automation.urn import short_type
from providers import host_checks
from providers.contract.diagnostics import InvalidConfiguration, Unsupported, listed
from providers.contract.preflight import HostChecks, HostObject, HostUnreachable

if TYPE_CHECKING:  # the SDK is loaded with a deployment
    from automation.deploy.deployment import Deployment

SHOWN, SALT_KEY = 3, "encryptionsalt:"


class HostRemoval:
    """Removal of one deployment from its host; `note` prints one line. Methods raise DeploymentFailed."""

    def __init__(
        self, deployment: "Deployment", note: Callable[[str], object], checks: HostChecks | None = None
    ) -> None:
        self.deployment, self.note = deployment, note
        self.cloud = declared_cloud(deployment.folder, deployment.stack)
        self.checks = checks or host_checks(self.cloud)

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables with which the provider of the deployment finds the host."""
        return self.deployment.host_environment

    @property
    def keeps_data(self) -> bool:
        """True where a deletion can keep volumes; an ephemeral stack is removed from the backend, with its keys."""
        return bool(kept_types(self.deployment.folder, self.deployment.stack)) and not self.deployment.ephemeral

    def require_host(self, option: str) -> None:
        """Raise InvalidConfiguration for an option that this cloud does not have."""
        if self.checks.find is None:
            problem = (
                "it has no volumes and no labels to find objects by; a deletion removes all data that is not protected"
            )
            raise InvalidConfiguration([Unsupported(self.cloud, option, problem, f"remove {option}")])

    def refuse_unknown(self) -> None:
        """Fail when the host has containers of the stack and the state has none of its resources."""
        containers = [each for each in self._find() if each.kind == "container"]
        if containers:
            problem = "the state has nothing to delete, and this host has containers of the stack: "
            fix = (
                f"run `agent-platform destroy {self.deployment.name} --force-by-label`, which removes them without the state, "
                "or log in to the backend that has the stack"
            )
            raise DeploymentFailed(Failure.NO_STACK, problem + _names(containers), fix, stack=self.deployment.name)

    def labelled(self, *, volumes: bool) -> Sequence[HostObject]:
        """Objects that `remove` would remove, which are printed before it."""
        found = self._find()
        return [each for each in found if volumes or not each.has_data]

    def report_unlabelled(self, objects: Sequence[HostObject]) -> None:
        """Print which of these objects may be of another checkout or another backend."""
        unlabelled = [each for each in objects if each.unlabelled]
        if unlabelled:
            self.note(
                f"without the label of a checkout, so created before releases set one, or by a stack {self.deployment.name} "
                f"whose state is in another backend: {_names(unlabelled)}"
            )

    def remove(self, objects: Sequence[HostObject]) -> None:
        """Remove objects of the host; fails at the end with those that are left."""
        left: list[str] = []
        for each in objects:
            reason = self._remove(each)
            if reason:
                left.append(f"{each} ({reason})")
            else:
                self.note(f"removed {each}")
        if left:
            fix = f"end what uses them, and run `agent-platform destroy {self.deployment.name} --force-by-label` again"
            raise DeploymentFailed(
                Failure.RESOURCE, f"could not remove {listed(left, 'and')}", fix, stack=self.deployment.name
            )

    def finish_without_state(self, *, volumes: bool) -> None:
        """Print what is left, and move a state of this machine away whose passphrase is lost."""
        name, kept = self.deployment.name, [] if volumes else [each for each in self._find() if each.has_data]
        state = self.deployment.local_state
        if state is not None and state.is_locked_out:
            moved = state.set_aside(self.deployment.clock.now())
            self._remove_salt()
            self.note(
                f"the passphrase of the state is lost, so the state is moved to {moved.relative_to(state.root)}; set the secrets "
                f"of the stack file again with `agent-platform secret set {name} NAME`"
            )
        if kept:
            self.note(
                f"kept with their data: {_names(kept)}. `agent-platform destroy {name} --force-by-label --volumes` removes them"
            )

    def _remove_salt(self) -> None:
        """Remove the salt of the lost passphrase from the stack file; another passphrase does not match it."""
        path = stack_file(self.deployment.folder, self.deployment.stack)
        lines = read_text(path).splitlines(keepends=True)
        replace_text(path, "".join(line for line in lines if not line.startswith(SALT_KEY)))

    def report_kept(self) -> None:
        """Print the volumes that are kept, and the commands that use and that delete them."""
        volumes = [str(each["id"]) for each in self._kept() if short_type(str(each["type"])).endswith(":Volume")]
        if volumes:
            name = self.deployment.name
            self.note(
                f"kept with their data: {listed(volumes, 'and')}. The state keeps their passwords: "
                f"`agent-platform up {name}` uses them again, `agent-platform destroy {name} --volumes` deletes them."
            )

    def report_left(self) -> None:
        """Print the containers with the labels of the stack and the checkout that the state did not have."""
        containers = [each for each in self._find() if each.kind == "container"]
        if containers:
            self.note(f"not removed, as the state does not have them: {_names(containers)}")

    def _kept(self) -> Sequence[Mapping[str, object]]:
        with self.deployment.engine_errors():
            return state_resources(self.deployment.engine.export_state())

    def _find(self) -> Sequence[HostObject]:
        if self.checks.find is None:
            return ()
        try:
            return self.checks.find(self.deployment.name, self.environment)
        except HostUnreachable as unreachable:
            problem = f"the host does not list the objects of the stack: {unreachable}. Nothing was removed"
            fix = "start Docker, or set DOCKER_HOST to its address, and run the command again"
            raise DeploymentFailed(Failure.OFFLINE, problem, fix, stack=self.deployment.name) from None

    def _remove(self, found: HostObject) -> str:
        try:
            return self.checks.remove(found, self.environment)
        except HostUnreachable as unreachable:
            return str(unreachable)


def _names(objects: Sequence[HostObject]) -> str:
    """First names, and the number of others."""
    names = [each.name for each in objects[:SHOWN]]
    return listed([*names, f"{len(objects) - SHOWN} more"] if len(objects) > SHOWN else names, "and")
