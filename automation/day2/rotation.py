"""Rotate: a new value in a new version, a rolling restart of exactly the services that read it, the old value invalid.

A password of the platform is made anew by the engine, which replaces the resource that drew it: the database takes the
new one in place, its URL is a new version of a stored secret, and services name versions. A listed secret gets the value
that is handed in. Either way the update holds nothing else, unless that is asked for.
"""

from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from automation.day2.rotation_targets import (
    RotationTarget,
    State,
    readers_without_change,
    resources_of,
    rotation_interval_problem,
    secret_urns,
    target_of,
    unrelated_changes,
)
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import OnEvent
from automation.deploy.results import Outcome, Preview
from automation.deploy.urn import name_of
from automation.stack.document import read_stack
from automation.stack.edit import config_of, with_config
from automation.stack.folders import stack_file
from automation.stack.proposal import replace_text
from components.configuration import PROJECT
from providers.contract.diagnostics import InvalidConfiguration, legacy_error, listed

if TYPE_CHECKING:
    from automation.deploy.deployment import Deployment

NAMES_SHOWN = 5


class Rotation:
    """One rotation of a stack's secret, step by step: `preview`, then `up`. A block (`with`) takes care of the stack's file.

    A new value stands in the file, sealed, from the preview on; it is taken out again when the block is left before `up`
    has begun. `with_changes` lets the update hold what else waits; `force` asks a cloud that may still refuse.
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
            advice = "stands in no file of its own; run `up` again with another value in the file that it is made from"
            raise InvalidConfiguration([legacy_error("rotate", deployment.name, advice)])
        self.deployment, self.value = deployment, value
        self.with_changes, self.force = with_changes, force
        self.target = target_of(read_stack(deployment.folder, deployment.stack), secret)
        refuse_value(self.target, value)
        self.path = stack_file(deployment.folder, deployment.stack)
        self.before: str | None = None
        self.replace = tuple[str, ...]()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.before is not None:
            replace_text(self.path, self.before)

    def preview(self, on_event: OnEvent | None = None) -> Preview:
        """What the rotation would change; raises DeploymentFailed when that is more, or less, than a rotation."""
        with self.deployment.engine_errors():
            state = resources_of(self.deployment.engine.export_state())
        self._find(state)
        if self.value is not None:
            self._seal(self.value)
        found = self.deployment.preview(on_event, create=False, replace=self.replace)
        if not found.effective:
            raise InvalidConfiguration(
                [legacy_error("rotate", self.target.name, "has that value already; give another one")]
            )
        others = () if self.with_changes else unrelated_changes(self.target, found.effective, state)
        if others:
            raise self._not_alone([change.name for change in others])
        forgotten = readers_without_change(self.target, found.effective)
        if forgotten:
            sentence = f"{self.deployment.name}: {listed(forgotten, 'and')} would go on with the old value"
            raise DeploymentFailed(Failure.GUARDED, sentence, f"run `agent-platform up {self.deployment.name}` first")
        self._guard(found)
        return found

    def up(self, on_event: OnEvent | None = None, *, preview: Preview | None = None) -> Outcome:
        """Make the rotation; `preview` is one of just now."""
        found = preview or self.preview()
        self.before = None
        outcome = self._round(on_event, found)
        for _ in range(self.target.rounds - 1):
            with self.deployment.engine_errors():
                self._find(resources_of(self.deployment.engine.export_state()), again=True)
            after = self._round(on_event, found)
            outcome = replace(after, seconds=outcome.seconds + after.seconds)
        return outcome

    def _round(self, on_event: OnEvent | None, preview: Preview) -> Outcome:
        return self.deployment.up(on_event, self._anew, preview=preview, replace=self.replace)

    @property
    def _anew(self) -> tuple[str, ...]:
        """Logical names of what may be lost: the password itself."""
        return tuple(name_of(urn) for urn in self.replace)

    def _find(self, state: State, *, again: bool = False) -> None:
        if self.target.given:
            return
        self.replace = secret_urns(self.target, state)
        if not self.replace:
            sentence = f"{self.deployment.name}: {self.target.name} was not made yet"
            raise DeploymentFailed(
                Failure.RESOURCE, sentence, f"run `agent-platform up {self.deployment.name}`, which makes it"
            )
        young = (
            "" if self.force or again else rotation_interval_problem(self.target, state, self.deployment.clock.now())
        )
        if young:
            sentence = f"{self.deployment.name}: {self.target.name} {young}"
            advice = (
                "wait until then, or take the interval out of the server's password policy and run again with --force"
            )
            raise DeploymentFailed(Failure.GUARDED, sentence, advice)

    def _seal(self, value: str) -> None:
        """Put the value, sealed by the engine, into the stack's file and change nothing else there."""
        text = self.path.read_text(encoding="utf-8")
        self.before = text
        with self.deployment.engine_errors():
            self.deployment.engine.set_secret(f"{PROJECT}:{self.target.name}", value)
        sealed = self.path.read_text(encoding="utf-8")
        replace_text(self.path, with_sealed_config(text, sealed, self.path.name))

    def _guard(self, found: Preview) -> None:
        try:
            self.deployment.guard(found, self._anew)
        except DeploymentFailed as failure:
            advice = f"run `agent-platform up {self.deployment.name}` first, and decide there"
            raise DeploymentFailed(failure.kind, failure.problem, advice, failure.log) from None

    def _not_alone(self, names: list[str]) -> DeploymentFailed:
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        told = listed(names[:NAMES_SHOWN], "and") if not more else ", ".join(names[:NAMES_SHOWN]) + more
        sentence = f"{self.deployment.name}: changes wait that are no part of the rotation ({told})"
        advice = f"run `agent-platform up {self.deployment.name}` first, or take them along with --with-changes"
        return DeploymentFailed(Failure.GUARDED, sentence, advice)


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
    """Give a secret of a stack a new value and restart its readers; `value` is for a listed secret alone.

    `agree` sees the changes before they are made, and raises to stop. Raises DeploymentFailed and InvalidConfiguration.
    """
    with Rotation(deployment, secret, value, with_changes=with_changes, force=force) as rotation:
        found = rotation.preview()
        if agree is not None:
            agree(found)
        return rotation.up(on_event, preview=found)


def with_sealed_config(text: str, sealed: str, file: str) -> str:
    """`text` with the configuration of `sealed`, which the engine has written in a form of its own.

    A file without a salt is left as the engine wrote it: it has put one there, outside the configuration.
    """
    if "encryptionsalt" in sealed and "encryptionsalt" not in text:
        return sealed
    return with_config(text, file, config_of(sealed, file))


def refuse_value(target: RotationTarget, value: str | None) -> None:
    """Raise InvalidConfiguration for a value that is missing, empty, or for a password that is made here."""
    if target.given and not value:
        advice = "needs a new value: type it when asked, or pipe it in; it is no argument, which others could read"
        raise InvalidConfiguration([legacy_error("rotate", target.name, advice)])
    if not target.given and value is not None:
        raise InvalidConfiguration(
            [legacy_error("rotate", target.name, "is made by the platform itself and takes no value")]
        )
