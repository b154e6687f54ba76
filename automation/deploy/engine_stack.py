"""Stack of a stack file under the engine: its settings, and runs of the engine whose failures are classified."""

import os
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from pulumi import automation

from automation.deploy import guard as checks
from automation.deploy.changes import completed_changes
from automation.deploy.classification import EngineOperation, Evidence, classify, explain_on_host
from automation.deploy.engine_command import EngineCommand
from automation.deploy.engine_events import EventCollector
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import Event, OnEvent
from automation.deploy.policies import PolicyPacks
from automation.deploy.results import Clock, Outcome, update_message
from automation.deploy.retries import Patience
from automation.deploy.workspace import ProjectStack, open_stack, unknown_stack
from automation.local.state import LocalState, local_state
from automation.plan.inventory import Value
from automation.stack.document import Stack
from automation.stack.folder import project_folder
from automation.stack.workdir import Workdir
from components.replacement import ALLOWED_VARIABLE
from providers import resource_traits
from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.resource_traits import ResourceTraits

EngineRun = Callable[[Callable[[automation.EngineEvent], None]], object]
"""Call of the engine that reports its events to the callback."""


class EngineStack:
    """Stack of the file `Pulumi.<stack>.yaml` under the engine; see `Deployment` for the arguments."""

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
        self.policies = PolicyPacks()

    def use_policies(self, folders: Sequence[str], configurations: Sequence[str] = ()) -> None:
        """Run policy packs during the previews and updates from now on; raises InvalidConfiguration."""
        self.policies = PolicyPacks.at(folders, configurations)

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

    @property
    def traits(self) -> ResourceTraits:
        """Facts about the resource types of the stack's cloud."""
        return resource_traits(self.file.spec.cloud)

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
        watch = checks.LossWatch(self.traits.holds, allow_replace, lambda: self._command(engine).interrupt())
        notify = watch.before(on_event)
        collector = EventCollector(self.clock, notify)
        earlier: list[Event] = []
        patience = Patience(self.file.spec.cloud, self.clock, lambda text: collector.report(text))
        while True:
            try:
                with self._command(engine).variable(ALLOWED_VARIABLE, " ".join(allow_replace)):
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

    def _command(self, engine: ProjectStack | None) -> EngineCommand:
        """Command line of the engine; a preview before a repetition may open the stack in another folder."""
        return (engine or self.engine).workspace.pulumi_command

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
