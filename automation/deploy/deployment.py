"""Deployment of a stack by the engine: one method for each command, with typed results.

Operations that run the program check the stack file first, so that an error in it is reported without the engine.
"""

import os
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from pathlib import Path

from pulumi import automation

from automation.deploy import guard as checks
from automation.deploy.changes import completed_changes, planned_changes
from automation.deploy.classification import EngineOperation, Evidence, classify, explain_on_host
from automation.deploy.disk import enlarge_disk
from automation.deploy.engine_events import EventCollector
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import Event, OnEvent
from automation.deploy.results import (
    Clock,
    Drift,
    Outcome,
    Preview,
    Update,
    drift_from_events,
    update_message,
    updates_from_history,
)
from automation.deploy.retries import Patience
from automation.deploy.rollout import wait_for_rollout
from automation.deploy.start_watch import StartWatch
from automation.deploy.state import ExportedState, LockHolder
from automation.deploy.workspace import PARALLEL_OPERATIONS, ProjectStack, copy_secrets, open_stack, unknown_stack
from automation.local.state import LocalState, local_state
from automation.plan.inventory import Value
from automation.stack.document import Stack
from automation.stack.file_checks import EXPIRES_KEY
from automation.stack.folder import project_folder
from automation.stack.workdir import Workdir
from providers import resource_traits
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.resource_traits import ResourceTraits
from providers.contract.rollout import RolloutPosition

ROLLOUT_TIMEOUT_SECONDS = 300.0
EngineRun = Callable[[Callable[[automation.EngineEvent], None]], object]
"""Call of the engine that reports its events to the callback."""


class Deployment:
    """Stack of the file `Pulumi.<stack>.yaml` in `folder` (default: the working directory).

    `name` creates another stack from that file, which expires `ttl_hours` (24) after its last `up`; `overrides` sets
    values of the platform by dotted path; `environment` overrides variables of this process. Every operation raises
    DeploymentFailed, and InvalidConfiguration for an invalid stack file or argument.
    """

    def __init__(
        self,
        stack: str,
        folder: Path | None = None,
        *,
        name: str | None = None,
        ttl_hours: float | None = None,
        overrides: Mapping[str, Value] | None = None,
        environment: Mapping[str, str] | None = None,
        secrets_provider: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        if ttl_hours is not None and name is None:
            problem = f"{ttl_hours:g} hours apply to an ephemeral stack only"
            raise InvalidConfiguration([ConfigError("--ttl-hours", problem, "add --name")])
        self.stack, self.name = stack, name or stack
        self.folder = project_folder(folder)
        self.workdir = Workdir(self.folder, stack, self.name, overrides or {}, ttl_hours)
        self.environment = dict(environment or {})
        self.secrets_provider = secrets_provider
        self.clock = clock or Clock()
        self._engine: ProjectStack | None = None

    @property
    def ephemeral(self) -> bool:
        """True for a stack created from another stack's file, which is removed when it is destroyed."""
        return self.workdir.ephemeral

    @property
    def work_folder(self) -> Path:
        """Working folder of the engine: the project's folder, or a temporary one."""
        return self.workdir.work_folder

    @property
    def file(self) -> Stack:
        """Validated stack file; raises InvalidConfiguration."""
        return self.workdir.file

    @cached_property
    def local_state(self) -> LocalState | None:
        """State of a Docker stack in the project's folder; None with another backend, and for every other cloud."""
        return local_state(self.folder, self.stack, self.name, {**os.environ, **self.environment})

    @property
    def engine_environment(self) -> Mapping[str, str]:
        """Variables of the engine beside those of this process."""
        if self.local_state is None:
            return self.environment
        return {**self.local_state.environment({**os.environ, **self.environment}), **self.environment}

    @property
    def host_environment(self) -> Mapping[str, str]:
        """Variables with which a machine is queried: the address of its daemon, and the checkout that has the state."""
        return {**os.environ, **self.engine_environment}

    @property
    def engine(self) -> ProjectStack:
        """Stack under the engine in the working folder, for operations that have no method here; raises DeploymentFailed."""
        folder = self.work_folder
        if self._engine is None or self._engine.workspace.work_dir != str(folder):
            if self.local_state is not None:
                checks.refuse_lost_passphrase(self.local_state, self.name, self.engine_environment)
                self.local_state.create()
            self._engine = open_stack(folder, self.name, self.engine_environment, self.secrets_provider, self.folder)
        return self._engine

    def set_images(self, images: Mapping[str, str]) -> None:
        """Write the images of services into the stack file; into the engine's copy only, where it has one."""
        self.workdir.set_values({f"services.{name}.image": image for name, image in images.items()})

    def set_positions(self, positions: Mapping[str, RolloutPosition]) -> None:
        """Declare these positions of rollouts from the next operation on."""
        self.workdir.set_positions(positions)

    def use_values(self, values: Mapping[str, object]) -> None:
        """Deploy with other values of the platform, by dotted path, without writing them to the stack file."""
        self.workdir.use_values(values)

    @property
    def traits(self) -> ResourceTraits:
        """Facts about the resource types of the stack's cloud."""
        return resource_traits(self.file.spec.cloud)

    def preview(
        self, on_event: OnEvent | None = None, *, create: bool = True, replace: Collection[str] = ()
    ) -> Preview:
        """Return the changes that `up` would make.

        A stack that the backend does not have is created, or reported as a failure when `create` is False. `replace`
        contains URNs of resources to replace.
        """
        # no other user shares the state on this machine, so the stack cannot be another one
        create, new = create or self.local_state is not None, False
        if self.workdir.to_reseal:
            with self.engine_errors():
                new = copy_secrets(self.engine, self.workdir, self.create if create else None)
        with suppress(DeploymentFailed), self.engine_errors():  # a stack that does not exist has deployed none
            self.use_values(self.engine.unbuilt_images(self.file.spec))
        checks.refuse_missing_secrets(self.file)
        checks.refuse_unready(self.file, self.host_environment)

        def run() -> EventCollector:
            return self._run(
                EngineOperation.PREVIEW, on_event, lambda add: self.engine.preview(on_event=add, replace=list(replace))
            )

        try:
            collector = run()
        except DeploymentFailed as failure:
            if failure.kind is not Failure.NO_STACK or not create:
                raise
            self.create()
            new, collector = True, run()
        with self.engine_errors():
            if enlarge_disk(collector.events, self.file.spec, self.workdir, self.engine.deployed_disk):
                collector = run()
        return Preview(self.name, planned_changes(collector.events), new)

    def up(
        self,
        on_event: OnEvent | None = None,
        allow_replace: Collection[str] = (),
        *,
        preview: Preview | None = None,
        rollout_timeout_seconds: float = ROLLOUT_TIMEOUT_SECONDS,
        replace: Collection[str] = (),
    ) -> Outcome:
        """Update the cloud to the stack file; `preview` is a current preview, otherwise one is made.

        `replace` contains URNs of resources to replace. Fails before any change when a stateful resource that
        `allow_replace` does not name would be lost, and at the end when a service does not run its desired revision
        within `rollout_timeout_seconds`.
        """
        self.guard(preview or self.preview(replace=replace), allow_replace)
        self.workdir.renew(self.clock.now())
        replaced, message = list(replace), self._message("up")
        update = partial(
            self.run_patiently,
            on_event,
            lambda add: self.engine.up(on_event=add, message=message, replace=replaced, parallel=PARALLEL_OPERATIONS),
            lambda: self.guard(self.preview(replace=replace), allow_replace),
            allow_replace=allow_replace,
        )
        collector = StartWatch(self.file, self.host_environment, self.clock, on_event).run(update)
        with self.engine_errors():
            wait_for_rollout(self.engine, self.traits.services, self.clock, rollout_timeout_seconds, on_event)
            return self.outcome(collector, self.engine.outputs())

    def guard(self, preview: Preview, allow_replace: Collection[str] = ()) -> None:
        """Raise DeploymentFailed when the changes would lose a stateful resource that `allow_replace` does not name."""
        traits = self.traits
        checks.refuse_losses(self.name, preview.changes, traits.holds, allow_replace, traits.losing)

    def refresh(self, on_event: OnEvent | None = None, targets: Sequence[str] = ()) -> Outcome:
        """Update the state from the cloud: of all resources, or of those with these URNs."""
        message, target = self._message("refresh"), list(targets) or None
        collector = self._run(
            EngineOperation.REFRESH,
            on_event,
            lambda add: self.engine.refresh(on_event=add, message=message, target=target),
        )
        return self.outcome(collector)

    def drift(self, on_event: OnEvent | None = None) -> tuple[Drift, ...]:
        """Return the resources that differ between cloud and state, without changing either."""
        collector = self._run(EngineOperation.DRIFT, on_event, lambda add: self.engine.preview_refresh(on_event=add))
        return tuple(drift_from_events(collector.events, checks.content_types(self.folder, self.stack)))

    def preview_destroy(self, unprotect: Collection[str] = (), *, keep_data: bool = False) -> Preview:
        """Return what `destroy` would delete, from the state; fails when another resource is protected."""
        return Preview(self.name, checks.planned_deletions(self._to_delete(unprotect, keep_data=keep_data)))

    def destroy(
        self, on_event: OnEvent | None = None, unprotect: Collection[str] = (), *, keep_data: bool = False
    ) -> Outcome:
        """Delete all resources of the stack; its history and its file remain, unless it is ephemeral.

        `keep_data` keeps the volumes of a Docker stack, and their keys in the state. Fails before any change when another
        resource is protected and `unprotect` does not name it.
        """
        exported = self._to_delete(unprotect, keep_data=keep_data)
        urns = checks.deletable_urns(exported) if keep_data else None
        if urns == []:  # without a target the engine deletes all resources
            return self.outcome(EventCollector(self.clock))
        with self.engine_errors():
            self.engine.unprotect_all(exported)
        message = self._message("destroy")
        collector = self._run(
            EngineOperation.DELETION,
            on_event,
            lambda add: self.engine.destroy(on_event=add, message=message, parallel=PARALLEL_OPERATIONS, target=urns),
        )
        if self.ephemeral:
            with self.engine_errors():
                self.engine.workspace.remove_stack(self.name)
        return self.outcome(collector)

    def _to_delete(self, unprotect: Collection[str], *, keep_data: bool) -> ExportedState:
        with self.engine_errors():
            exported = self.engine.export_state()
        kept = checks.kept_types(self.folder, self.stack) if keep_data else ()
        return checks.state_to_delete(self.name, exported, kept, unprotect)

    def outputs(self) -> Mapping[str, Value]:
        """Return the stack's outputs, secrets masked."""
        with self.engine_errors():
            return {key: output.value for key, output in self.engine.outputs().items()}

    def history(self) -> tuple[Update, ...]:
        """Return the stack's updates, the latest first."""
        with self.engine_errors():
            return updates_from_history(self.engine.history(page_size=0, show_secrets=False))  # 0: all, not ten

    def lock_holder(self) -> LockHolder | None:
        """Return the holder of the stack's lock, or None when the stack is not locked."""
        with self.engine_errors():
            return self.engine.lock_holder()

    def cancel(self, *, force: bool = False) -> LockHolder | None:
        """Release a stale lock and return its holder; None when the stack is not locked.

        Fails when the holder runs on this machine, as its update would continue without the lock, unless `force` is set.
        """
        holder = self.lock_holder()
        if holder is None:
            return None
        if holder.runs_on_this_machine and not force:
            raise checks.lock_in_use(self.name, holder)
        with self.engine_errors():
            self.engine.cancel()
        return holder

    def create(self) -> None:
        """Create an empty stack in the backend; an ephemeral stack is tagged with its expiry."""
        with self.engine_errors():
            self.engine.workspace.create_stack(self.name)
            self.workdir.keep_salt()
            until = self.workdir.expires_at(self.clock.now())
            if until is not None:
                self.engine.run_command("stack", "tag", "set", EXPIRES_KEY, until.isoformat())

    def refuse_locked(self) -> None:
        """Raise DeploymentFailed when another operation holds the lock; a stack that does not exist is not locked."""
        if self.engine and self.local_state and not self.local_state.may_be_locked(self.name):  # the first may raise
            return
        try:
            holder = self.lock_holder()
        except DeploymentFailed as failure:
            if failure.kind is Failure.NO_STACK:
                return
            raise
        if holder is not None:
            raise checks.lock_held(self.name, holder)

    @contextmanager
    def engine_errors(
        self,
        collector: EventCollector | None = None,
        operation: EngineOperation = EngineOperation.PREVIEW,
        engine: ProjectStack | None = None,
    ) -> Generator[None]:
        """Raise DeploymentFailed for errors of the engine, classified with the collected events."""
        try:
            yield
        except (automation.CommandError, RuntimeError) as error:
            raise self._failure(error, collector, operation, engine or self.engine) from None

    def _message(self, command: str) -> str:
        return update_message(command, {**os.environ, **self.environment})

    def outcome(self, collector: EventCollector, outputs: automation.OutputMap | None = None) -> Outcome:
        """Return the completed changes of an operation and the stack's outputs."""
        values = {key: output.value for key, output in (outputs or {}).items()}
        seconds, by_component = collector.seconds, collector.seconds_by_component
        return Outcome(self.name, completed_changes(collector.events), values, seconds, by_component)

    def _run(
        self,
        operation: EngineOperation,
        on_event: OnEvent | None,
        run: EngineRun,
        collector: EventCollector | None = None,
        engine: ProjectStack | None = None,
    ) -> EventCollector:
        collector = collector or EventCollector(self.clock, on_event)
        with self.engine_errors(collector, operation, engine):
            run(collector.add)
        collector.raise_callback_error()
        return collector

    def run_patiently(
        self,
        on_event: OnEvent | None,
        run: EngineRun,
        before_repeat: Callable[[], object] = lambda: None,
        engine: ProjectStack | None = None,
        allow_replace: Collection[str] = (),
    ) -> EventCollector:
        """Run an update until it fails with more than answers that pass by themselves; cancel it before a loss of data."""
        interrupt = (engine or self.engine).workspace.pulumi_command.interrupt
        watch = checks.LossWatch(self.traits.holds, allow_replace, interrupt)
        notify = watch.before(on_event)
        collector = EventCollector(self.clock, notify)
        earlier: list[Event] = []
        patience = Patience(self.file.spec.cloud, self.clock, lambda text: collector.report(text))
        while True:
            try:
                self._run(EngineOperation.UPDATE, notify, run, collector, engine)
            except DeploymentFailed as failure:
                watch.raise_stopped(self.name, failure)
                patience.wait(failure, collector.events)
                before_repeat()
                earlier += collector.events
                collector = EventCollector(self.clock, notify, collector.started)
            else:
                watch.raise_stopped(self.name, None)
                collector.events[:0] = earlier
                return collector

    def _failure(
        self, error: Exception, collector: EventCollector | None, operation: EngineOperation, engine: ProjectStack
    ) -> DeploymentFailed:
        """Return the failure of the engine's last command."""
        if isinstance(error, RuntimeError):  # of the SDK, when the engine succeeds without a summary event
            problem = "the engine ended without a result"
            return DeploymentFailed(Failure.UNKNOWN, problem, "retry", str(error), stack=self.name)
        command = engine.workspace.pulumi_command
        stderr = command.last_result.stderr if command.last_result else str(error)
        events, interruptions = collector.events if collector else [], command.interruptions
        evidence = Evidence(
            self.name, stderr, events, interruptions.count, interruptions.killed, operation, operation.read_only
        )
        failure = classify(evidence)
        if failure.kind is Failure.NO_STACK:
            return unknown_stack(self.engine, failure)
        if not events:
            return failure
        try:
            return explain_on_host(failure, events, self.file, self.host_environment)
        except InvalidConfiguration:  # a stack with an invalid file can still be destroyed
            return failure
