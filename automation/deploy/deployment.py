"""A stack of a project folder, deployed by the real engine: the same names as the commands, and typed results.

Each operation that runs the program reads the stack's file first, so a mistake in it costs no start of the engine.
"""

import os
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi import automation

from automation.deploy.changes import completed_changes, planned_changes
from automation.deploy.classification import Evidence, classify, explain_on_host
from automation.deploy.clock import Clock
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EventCollector, OnEvent
from automation.deploy.guard import (
    planned_deletions,
    refuse_losses,
    refuse_missing_secrets,
    refuse_protected,
    refuse_unready,
    unprotect_all,
)
from automation.deploy.locks import LockHolder
from automation.deploy.results import (
    Drift,
    Outcome,
    Preview,
    Update,
    drift_from_events,
    update_message,
    updates_from_history,
)
from automation.deploy.rollout import wait_for_rollout
from automation.deploy.workspace import PARALLEL_OPERATIONS, ProjectStack, copy_secrets, open_stack, unknown_stack
from automation.plan.inventory import Value
from automation.stack.document import Stack
from automation.stack.folders import EXPIRES_KEY
from automation.stack.workdir import Workdir
from providers import resource_traits
from providers.contract.diagnostics import InvalidConfiguration, legacy_error
from providers.contract.resource_traits import ResourceTraits

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent

    from automation.deploy.events import EventCollector
    from automation.stack.workdir import Workdir


ROLLOUT_TIMEOUT_SECONDS = 300.0


class Deployment:
    """The stack of the file `Pulumi.<stack>.yaml` in `folder` (default: the working directory).

    `name` makes another stack from that file, which lives `ttl_hours` (24) from its last `up`; `overrides` sets values of the
    platform by their dotted paths; `environment` is laid over this process's. Every operation raises DeploymentFailed,
    and InvalidConfiguration for what cannot be taken.
    """

    def __init__(
        self,
        stack: str,
        folder: Path | None = None,
        *,
        name: str | None = None,
        ttl_hours: float | None = None,
        overrides: Mapping[str, object] | None = None,
        environment: Mapping[str, str] | None = None,
        secrets_provider: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        if ttl_hours is not None and name is None:
            raise InvalidConfiguration(
                [legacy_error("--ttl-hours", ttl_hours, "is for a stack with a name of its own; add --name")]
            )
        self.stack, self.name = stack, name or stack
        self.folder = (folder or Path.cwd()).absolute()
        self.workdir = Workdir(self.folder, stack, self.name, overrides or {}, ttl_hours)
        self.environment = dict(environment or {})
        self.secrets_provider = secrets_provider
        self.clock = clock or Clock()

    @property
    def ephemeral(self) -> bool:
        """True for a stack with a name of its own, which goes when it is destroyed."""
        return self.workdir.ephemeral

    @property
    def work_folder(self) -> Path:
        """Where the engine works: the project's folder, or one that goes with this object."""
        return self.workdir.work_folder

    @property
    def file(self) -> Stack:
        """The checked stack file; raises InvalidConfiguration."""
        return self.workdir.file

    @cached_property
    def engine(self) -> ProjectStack:
        """The stack under the engine, for what has no operation here."""
        return open_stack(self.work_folder, self.name, self.environment, self.secrets_provider, self.folder)

    @property
    def traits(self) -> ResourceTraits:
        """What is known of the resources of the stack's cloud."""
        return resource_traits(self.file.spec.cloud)

    def preview(
        self, on_event: OnEvent | None = None, *, create: bool = True, replace: Collection[str] = ()
    ) -> Preview:
        """What `up` would change. Where the backend has no such stack an empty one is made, or with `create` off it fails.

        `replace` names, by their urns, resources to make anew.
        """
        new = False
        if self.workdir.to_reseal:
            with self.engine_errors():
                new = copy_secrets(self.engine, self.workdir, self.create if create else None)
        refuse_missing_secrets(self.file)
        refuse_unready(self.file, self.environment)

        def run() -> EventCollector:
            return self._run(on_event, lambda take: self.engine.preview(on_event=take, replace=list(replace)))

        try:
            told = run()
        except DeploymentFailed as failure:
            if failure.kind is not Failure.NO_STACK or not create:
                raise
            self.create()
            new, told = True, run()
        return Preview(self.name, planned_changes(told.events), new)

    def up(
        self,
        on_event: OnEvent | None = None,
        allow_replace: Collection[str] = (),
        *,
        preview: Preview | None = None,
        rollout_timeout_seconds: float = ROLLOUT_TIMEOUT_SECONDS,
        replace: Collection[str] = (),
    ) -> Outcome:
        """Make the cloud what the stack's file says; `preview` is one of just now, else one is made.

        `replace` names, by their urns, resources to make anew; what is stateful of them, `allow_replace` must name too.

        Fails before anything is changed when something stateful would be lost that `allow_replace` does not name, and at
        the end when a service does not run, within `rollout_timeout_seconds`, the revision that was asked for.
        """
        self.guard(preview or self.preview(replace=replace), allow_replace)
        self.workdir.renew(self.clock.now())
        again, said = list(replace), self._message("up")
        told = self._run(
            on_event,
            lambda on: self.engine.up(on_event=on, message=said, replace=again, parallel=PARALLEL_OPERATIONS),
        )
        with self.engine_errors():
            wait_for_rollout(self.engine, self.traits.services, self.clock, rollout_timeout_seconds, on_event)
            return self._outcome(told, self.engine.outputs())

    def guard(self, preview: Preview, allow_replace: Collection[str] = ()) -> None:
        """Raise DeploymentFailed when the changes would lose something stateful that `allow_replace` does not name."""
        traits = self.traits
        refuse_losses(self.name, preview.changes, traits.holds, allow_replace, traits.losing)

    def refresh(self, on_event: OnEvent | None = None) -> Outcome:
        """Take over into the state what the cloud has."""
        told = self._run(on_event, lambda take: self.engine.refresh(on_event=take, message=self._message("refresh")))
        return self._outcome(told)

    def drift(self, on_event: OnEvent | None = None) -> tuple[Drift, ...]:
        """What in the cloud is not as the stack left it; changes nothing."""
        return tuple(
            drift_from_events(self._run(on_event, lambda take: self.engine.preview_refresh(on_event=take)).events)
        )

    def preview_destroy(self, unprotect: Collection[str] = ()) -> Preview:
        """What `destroy` would delete, as the state has it; fails as `destroy` would when something else is protected."""
        with self.engine_errors():
            exported = self.engine.export_state()
        refuse_protected(self.name, exported, unprotect)
        return Preview(self.name, planned_deletions(exported))

    def destroy(self, on_event: OnEvent | None = None, unprotect: Collection[str] = ()) -> Outcome:
        """Delete everything that stands in the stack; its history and its file stay, unless it is ephemeral.

        Fails before anything is deleted when something protected stands in it that `unprotect` does not name.
        """
        with self.engine_errors():
            exported = self.engine.export_state()
            refuse_protected(self.name, exported, unprotect)
            unprotect_all(self.engine, exported)
        said = self._message("destroy")
        told = self._run(
            on_event, lambda take: self.engine.destroy(on_event=take, message=said, parallel=PARALLEL_OPERATIONS)
        )
        if self.ephemeral:
            with self.engine_errors():
                self.engine.workspace.remove_stack(self.name)
        return self._outcome(told)

    def outputs(self) -> Mapping[str, Value]:
        """The stack's outputs, `[secret]` in place of secrets."""
        with self.engine_errors():
            return {key: output.value for key, output in self.engine.outputs().items()}

    def history(self) -> tuple[Update, ...]:
        """The stack's updates, the latest first."""
        with self.engine_errors():
            # without a size of the page the engine tells the last ten
            return updates_from_history(self.engine.history(page_size=0, show_secrets=False))

    def lock_holder(self) -> LockHolder | None:
        """Who holds the stack now."""
        with self.engine_errors():
            return self.engine.lock_holder()

    def cancel(self, *, force: bool = False) -> LockHolder | None:
        """Take away the lock that an update has left, and tell whose it was; None when nobody holds the stack.

        Fails when that update still runs on this machine, as it would go on without the lock; `force` does it anyway.
        """
        held = self.lock_holder()
        if held is None:
            return None
        if held.runs_on_this_machine and not force:
            sentence = f"{self.name}: the update by {held} still runs on this machine and would go on without its lock"
            raise DeploymentFailed(
                Failure.LOCKED, sentence, f"press ctrl-C there, or end process {held.pid} by `kill -INT {held.pid}`"
            )
        with self.engine_errors():
            self.engine.cancel()
        return held

    def create(self) -> None:
        """Make an empty stack in the backend; an ephemeral one bears its end from the beginning."""
        with self.engine_errors():
            self.engine.workspace.create_stack(self.name)
            until = self.workdir.expires_at(self.clock.now())
            if until is not None:
                self.engine.run_command("stack", "tag", "set", EXPIRES_KEY, until.isoformat())

    def _message(self, verb: str) -> str:
        return update_message(verb, {**os.environ, **self.environment})

    def _outcome(self, told: EventCollector, outputs: automation.OutputMap | None = None) -> Outcome:
        values = {key: output.value for key, output in (outputs or {}).items()}
        return Outcome(self.name, completed_changes(told.events), values, told.seconds, told.seconds_by_component)

    def _run(
        self, on_event: OnEvent | None, work: Callable[[Callable[["EngineEvent"], None]], object]
    ) -> EventCollector:
        told = EventCollector(self.clock, on_event)
        with self.engine_errors(told):
            work(told.take)
        told.raise_callback_error()
        return told

    @contextmanager
    def engine_errors(self, told: EventCollector | None = None) -> Generator[None]:
        """Turn what the engine says when it fails into DeploymentFailed; `told` has the events that led to it."""
        try:
            yield
        except (automation.CommandError, RuntimeError) as error:
            raise deployment_failure(self.engine, error, told, self.workdir) from None


def deployment_failure(
    engine: ProjectStack, error: Exception, told: "EventCollector | None" = None, workdir: "Workdir | None" = None
) -> DeploymentFailed:
    """Why the last command of the engine failed; `told` has the events that led to it, `layout` the file of the stack.

    The SDK raises a bare RuntimeError where the engine ended well and never told its summary.
    """
    if isinstance(error, RuntimeError):
        sentence = f"{engine.name}: the engine ended without telling what it did"
        return DeploymentFailed(Failure.UNKNOWN, sentence, "run the same again", str(error))
    command = engine.workspace.pulumi_command
    said = command.last.stderr if command.last else str(error)
    events, interruptions = told.events if told else (), command.interruptions
    failure = classify(Evidence(engine.name, said, events, interruptions.count, interruptions.killed))
    if failure.kind is Failure.NO_STACK:
        return unknown_stack(engine, failure)
    if not events or workdir is None:
        return failure
    try:
        return explain_on_host(failure, events, workdir.file, engine.workspace.env_vars)
    except InvalidConfiguration:
        # a stack whose file is mistaken can still be destroyed
        return failure
