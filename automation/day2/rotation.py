"""Rotation of a secret: a new version of its value, a rolling restart of its readers, and the old value invalid.

To rotate a password that the platform generates, the engine replaces the resource that generates it. The database
accepts the new password in place, its URL becomes a new version of a stored secret, and services name versions. A listed
secret gets the value that the caller provides. The update contains no other change unless the caller allows it.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from automation.day2.rotation_targets import (
    RotationTarget,
    live_resources,
    readers_without_change,
    rotation_interval_problem,
    secret_urns,
    target_of,
    unrelated_changes,
)
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import OnEvent
from automation.deploy.results import Outcome, Preview
from automation.deploy.state import StateResource
from automation.rollout.record import refuse_rollouts
from automation.secret_values.checks import weakness
from automation.stack.document import read_stack, stack_file, with_sealed_values
from automation.stack.edit import replace_text
from automation.urn import Urn
from components.configuration import PROJECT
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, listed
from providers.contract.resource_traits import CLIENT_KEYS

if TYPE_CHECKING:  # the caller has loaded the SDK
    from automation.deploy.deployment import Deployment

MAX_NAMES = 5


class Rotation:
    """Rotation of a stack's secret in two steps: `preview`, then `up`. Use it as a context manager.

    From the preview on, the stack file contains the new value, encrypted; leaving the context before `up` restores the
    file. `with_changes` allows unrelated changes in the update; `force` ignores the cloud's minimum interval.
    """

    def __init__(
        self,
        deployment: "Deployment",
        secret: str,
        value: str | None = None,
        *,
        with_changes: bool = False,
        force: bool = False,
    ) -> None:
        if deployment.ephemeral or deployment.workdir.overrides:
            problem = f"{deployment.name} has no stack file that could store a new value"
            fix = "set the value in the file that the stack is created from, then run `up` again"
            raise InvalidConfiguration([ConfigError("rotate", problem, fix)])
        self.deployment, self.value = deployment, value
        self.with_changes, self.force = with_changes, force
        stack = read_stack(deployment.folder, deployment.stack)
        self.target = target_of(stack, secret)
        refuse_value(self.target, value)
        if value is not None and (problem := weakness(stack, secret, value)):
            raise InvalidConfiguration([ConfigError("rotate", *problem)])
        self.path = stack_file(deployment.folder, deployment.stack)
        self.original_text: str | None = None
        """Text of the stack file to restore; None when there is nothing to restore."""
        self.replaced_urns = tuple[Urn, ...]()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.original_text is not None:
            replace_text(self.path, self.original_text)

    def preview(self, on_event: OnEvent | None = None) -> Preview:
        """Return the changes of the rotation; raises DeploymentFailed for unrelated changes and missed readers."""
        refuse_rollouts(self.deployment, f"agent-platform rotate {self.deployment.name} {self.target.name}")
        with self.deployment.engine_errors():
            state = live_resources(self.deployment.engine.export_state())
        self._find_password(state)
        if self.value is not None:
            self._store(self.value)
        preview = self.deployment.preview(on_event, create=False, replace=self.replaced_urns)
        if not preview.effective:
            problem = f"{self.target.name} already has this value"
            raise InvalidConfiguration([ConfigError("rotate", problem, "provide another value")])
        unrelated = () if self.with_changes else unrelated_changes(self.target, preview.effective, state)
        if unrelated:
            raise self._unrelated([change.name for change in unrelated])
        missed = readers_without_change(self.target, preview.effective)
        if missed:
            raise self._failure(
                Failure.GUARDED,
                f"{listed(missed, 'and')} would keep the old value",
                f"run `agent-platform up {self.deployment.name}` first",
            )
        self._guard(preview)
        return preview

    def up(self, on_event: OnEvent | None = None, *, preview: Preview | None = None) -> Outcome:
        """Rotate the secret; `preview` is a current preview, otherwise one is made."""
        effective_preview = preview or self.preview()
        self.original_text, local_state = None, self.deployment.local_state
        if (
            not {*CLIENT_KEYS}.isdisjoint(self.target.stored_names)
            and self.value is not None
            and local_state is not None
        ):
            local_state.keep_security_key(self.deployment.name, self.value)
        outcome = self._update(on_event, effective_preview)
        for _ in range(self.target.rounds - 1):
            with self.deployment.engine_errors():
                state = live_resources(self.deployment.engine.export_state())
            self._find_password(state, check_interval=False)
            last = self._update(on_event, effective_preview)
            outcome = replace(last, seconds=outcome.seconds + last.seconds)
        return outcome

    def _update(self, on_event: OnEvent | None, preview: Preview) -> Outcome:
        return self.deployment.up(on_event, self._replaced_names, preview=preview, replace=self.replaced_urns)

    @property
    def _replaced_names(self) -> tuple[str, ...]:
        """Logical names of the stateful resources that may be replaced: the password itself."""
        return tuple(urn.name for urn in self.replaced_urns)

    def _find_password(self, state: Collection[StateResource], *, check_interval: bool = True) -> None:
        """Find the password to replace; raises DeploymentFailed when it does not exist or is too recent."""
        if self.target.needs_value:
            return
        self.replaced_urns = secret_urns(self.target, state)
        if not self.replaced_urns:
            fix = f"run `agent-platform up {self.deployment.name}`, which creates it"
            raise self._failure(Failure.RESOURCE, f"{self.target.name} does not exist yet", fix)
        if self.force or not check_interval:
            return
        problem = rotation_interval_problem(self.target, state, self.deployment.clock.now())
        if problem:
            fix = (
                "wait until then, or remove the interval from the server's password policy and run the command again "
                "with --force"
            )
            raise self._failure(Failure.GUARDED, f"{self.target.name} was {problem}", fix)

    def _store(self, value: str) -> None:
        """Store the value, encrypted by the engine, in the stack file without any other change."""
        text = self.path.read_text(encoding="utf-8")
        self.original_text = text
        with self.deployment.engine_errors():
            for name in self.target.stored_names:
                self.deployment.engine.set_secret(f"{PROJECT}:{name}", value)
        engine_text = self.path.read_text(encoding="utf-8")
        replace_text(self.path, with_sealed_values(text, engine_text, self.path))

    def _guard(self, preview: Preview) -> None:
        try:
            self.deployment.guard(preview, self._replaced_names)
        except DeploymentFailed as failure:
            fix = f"run `agent-platform up {self.deployment.name}` first and decide there"
            raise failure.with_fix(fix) from None

    def _unrelated(self, names: list[str]) -> DeploymentFailed:
        more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
        shown = f"{', '.join(names[:MAX_NAMES])}{more}" if more else listed(names, "and")
        problem = f"the stack has pending changes that do not belong to the rotation ({shown})"
        fix = f"run `agent-platform up {self.deployment.name}` first, or include them with --with-changes"
        return self._failure(Failure.GUARDED, problem, fix)

    def _failure(self, kind: Failure, problem: str, fix: str) -> DeploymentFailed:
        return DeploymentFailed(kind, problem, fix, stack=self.deployment.name)


def rotate(
    deployment: "Deployment",
    secret: str,
    value: str | None = None,
    *,
    on_event: OnEvent | None = None,
    with_changes: bool = False,
    force: bool = False,
    agree: Callable[[Preview], object] | None = None,
) -> Outcome:
    """Give a secret of a stack a new value and restart its readers; `value` is for listed secrets only.

    `agree` receives the changes before they are made and raises to stop. Raises DeploymentFailed and
    InvalidConfiguration.
    """
    with Rotation(deployment, secret, value, with_changes=with_changes, force=force) as rotation:
        preview = rotation.preview()
        if agree is not None:
            agree(preview)
        return rotation.up(on_event, preview=preview)


def refuse_value(target: RotationTarget, value: str | None) -> None:
    """Raise InvalidConfiguration for a missing or empty value, and for a value of a generated password."""
    if target.needs_value and not value:
        problem = f"{target.name} needs a new value"
        fix = "enter it at the prompt or on standard input; arguments are visible to other users"
        raise InvalidConfiguration([ConfigError("rotate", problem, fix)])
    if not target.needs_value and value is not None:
        problem = f"{target.name} takes no value: the platform generates it"
        raise InvalidConfiguration([ConfigError("rotate", problem, "omit the value")])
