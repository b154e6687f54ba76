"""Rollouts of a deployment: which ones an update begins or continues, and the operations of the driver.

An update with rollouts has three parts. `prepare` reads the records, refuses an image that was aborted, and declares the
positions. The update deploys everything else with the new revision beside the stable one. `drive` takes the steps.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping

from automation.deploy.deployment import ROLLOUT_TIMEOUT_SECONDS, Deployment
from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.results import Preview, update_message
from automation.deploy.rollout import wait_for_rollout
from automation.deploy.state import state_resources
from automation.deploy.workspace import PARALLEL_OPERATIONS
from automation.rollout.driver import (
    ABORTED_BY_USER,
    POLL_SECONDS,
    Answer,
    RolloutDriver,
    RolloutProgress,
    RolloutResult,
)
from automation.rollout.record import (
    RecordStore,
    Request,
    RolloutRecord,
    RolloutRecords,
    dump_record,
    fingerprint_of,
)
from automation.services.cloud_port import CloudPort
from automation.services.operations import cli_failures
from automation.urn import Urn
from providers import command_line, rollout_control
from providers.contract.cli import Shell
from providers.contract.diagnostics import listed
from providers.contract.rollout import ResourceUpdate, RevisionMetrics, RolloutControl
from providers.contract.spec import Service

ANSWER_SECONDS = 30.0
"""Time in which the process that drives a rollout answers a request: three looks at the records."""

LOCKED_SECONDS = 1800.0
"""Time for which a step waits for another update of the stack."""


class StackRollouts(CloudPort[RolloutControl]):
    """Rollouts with steps of the services of one deployment; `shell` and `control` replace those of the cloud."""

    def __init__(
        self,
        deployment: Deployment,
        note: Callable[[str], object],
        *,
        shell: Shell | None = None,
        control: RolloutControl | None = None,
    ) -> None:
        control = control or rollout_control(deployment.file.spec.cloud)
        # the progress names each step, and the commands that read metrics would be printed every few seconds
        super().__init__(deployment, note, control, shell, echo=lambda _: None)
        self.records: dict[str, RolloutRecord] = {}

    @property
    def services(self) -> Mapping[str, Service]:
        """Services whose rollout has steps."""
        return self.deployment.file.spec.services_in_steps

    @property
    def store(self) -> RecordStore:
        """Records in the stack's tags; the stack under the engine changes when positions are declared first."""
        return RecordStore(self.deployment.engine)

    def load(self) -> None:
        """Read the records and declare their positions."""
        try:
            with self.deployment.engine_errors():
                records = self.store.read().records
        except DeploymentFailed as failure:
            if failure.kind is Failure.NO_STACK:
                return
            raise
        self.records = {name: record for name, record in records.items() if name in self.services}
        self._declare()

    def prepare(self, retry: Collection[str] = ()) -> None:
        """Load the records and begin again what has another revision; raises DeploymentFailed for an aborted one.

        `retry` contains the services whose aborted revision is to be rolled out once more.
        """
        self.load()
        self._complete_aborts()
        self._refuse_unknown(retry)
        for name, record in list(self.records.items()):
            changed = fingerprint_of(self.services[name]) != record.fingerprint
            if record.phase == "held" and not changed and name not in retry:
                raise held_failure(self.deployment.name, name, record)
            if changed or record.phase == "held":
                self._begin(name, self._stable_of(name, record))
        self._declare()

    def begin(self, preview: Preview) -> None:
        """Record the rollouts that the changes of a preview begin, and declare their positions."""
        new = [name for name in self.services if name not in self.records and self._changes_revision(name, preview)]
        for name in new:
            self._begin(name, self._serving(name))
        if new:
            self._declare()

    def drive(
        self, report: Callable[[RolloutProgress], object], ask: Callable[[], Answer]
    ) -> Iterator[tuple[str, RolloutResult]]:
        """Take the steps of every rollout, one service after the other, and yield each result."""
        self.forget_stack()
        for name in list(self.records):
            driver = self.driver(name, report, ask)
            yield name, driver.run(self.records[name])

    def driver(
        self, service: str, report: Callable[[RolloutProgress], object], ask: Callable[[], Answer]
    ) -> RolloutDriver:
        """Return the driver of one service's rollout."""
        spec = self.deployment.file.spec
        return RolloutDriver(
            service,
            spec.services[service].rollout,
            spec.monitoring.alerts,
            ServiceRollout(self, service),
            clock=self.deployment.clock,
            report=report,
            ask=ask,
        )

    def status(self) -> RolloutRecords:
        """Return the records and requests of the services; a stack that the backend does not have has none."""
        with self.deployment.engine_errors():
            found = self.store.read()
        records = {name: record for name, record in found.records.items() if name in self.services}
        return RolloutRecords(records, found.requests)

    def in_progress(self, service: str | None) -> str:
        """Return the service whose rollout is in progress; raises DeploymentFailed when it is none or not the only one."""
        records = self.status().records
        names = [name for name, record in records.items() if record.phase != "held" and service in (None, name)]
        if len(names) == 1:
            return names[0]
        if not names:
            raise no_rollout(self.deployment.name, service)
        problem = f"the rollouts of {listed(names, 'and')} are in progress"
        raise DeploymentFailed(Failure.COMMAND, problem, "name one of the services", stack=self.deployment.name)

    def request(self, service: str, request: Request | None) -> None:
        """Store a request to the process that drives a rollout."""
        with self.deployment.engine_errors():
            self.store.request(service, request)

    def abort(self, service: str) -> None:
        """Abort a rollout: by the process that drives it, or here when none answers; raises DeploymentFailed."""
        self.request(service, "abort")
        clock = self.deployment.clock
        deadline = clock.seconds() + ANSWER_SECONDS
        while clock.seconds() < deadline:
            record = self.status().records.get(service)
            if record is None or record.phase == "held":
                return
            clock.sleep(POLL_SECONDS / 5)
        self.load()
        driver = self.driver(service, lambda progress: self.note(progress.text), lambda: "continue")
        driver.abort(self.records[service], ABORTED_BY_USER)

    def write(self, service: str, record: RolloutRecord | None) -> None:
        """Store a record and keep it for the positions; raises DeploymentFailed when another process drives the rollout."""
        with self.deployment.engine_errors():
            self.require_own(service, self.store.read())
            self.store.write(service, record)
            if record is None or record.phase == "held":
                # an answered request must not end the next rollout
                self.store.request(service, None)
        if record is None:
            self.records.pop(service, None)
        else:
            self.records[service] = record

    def require_own(self, service: str, stored: RolloutRecords) -> None:
        """Raise DeploymentFailed when a rollout's record is not the one that this process read or wrote last.

        The stack is not locked during a bake time, so two processes may drive one rollout. The first that goes on continues it.
        """
        own, found = self.records.get(service), stored.records.get(service)
        if (own and dump_record(service, own)) != (found and dump_record(service, found)):
            raise taken_over(self.deployment.name, service)

    def update(self, names: Collection[str] = ()) -> None:
        """Update the stack to its positions; with `names` only these resources."""
        self._declare()
        engine, deployment = self.deployment.engine, self.deployment
        targets: list[str] | None = None
        if names:
            with deployment.engine_errors():
                resources = state_resources(engine.export_state(), pending_deletes=False)
            targets = [str(each["urn"]) for each in resources if Urn(str(each["urn"])).name in names]
        message = update_message("rollout", {**os.environ, **deployment.environment})
        self.forget_stack()
        self.when_free(
            lambda: deployment.run_patiently(
                None,
                lambda add: engine.up(on_event=add, message=message, target=targets, parallel=PARALLEL_OPERATIONS),
            )
        )
        if targets is None:
            # an update of everything makes resources that need the same steps as those of `up`
            with deployment.engine_errors():
                wait_for_rollout(engine, deployment.traits.services, deployment.clock, ROLLOUT_TIMEOUT_SECONDS)
            with cli_failures():
                command_line(deployment.file.spec.cloud).after_update(self.stack, self.shell)

    def when_free(self, run: Callable[[], object]) -> None:
        """Run an update, and wait for another one that has locked the stack; raises DeploymentFailed when it does not end.

        The stack is not locked during bake times. The requests stay as they are meanwhile.
        """
        clock = self.deployment.clock
        deadline = clock.seconds() + LOCKED_SECONDS
        while True:
            try:
                run()
                return
            except DeploymentFailed as failure:
                if failure.kind is not Failure.LOCKED or clock.seconds() >= deadline:
                    raise
            self.note("another update has locked the stack; the rollout waits for its end")
            clock.sleep(POLL_SECONDS)

    def _stable_of(self, service: str, record: RolloutRecord) -> str:
        """Stable revision of a rollout that begins again; the new one of a rollout that was only to be cleaned up."""
        return self._serving(service) if record.phase == "removing" else record.stable

    def _serving(self, service: str) -> str:
        with cli_failures():
            return self.control.stable_revision(self.stack, service, self.shell)

    def _begin(self, service: str, stable: str) -> None:
        image = self.services[service].image
        since = self.deployment.clock.now().isoformat(timespec="seconds")
        self.write(service, RolloutRecord("stepping", stable, image, fingerprint_of(self.services[service]), since))
        if self.control.moves_by == "runtime":
            # an earlier revision may still receive requests, and the next update puts the new one in its place
            with cli_failures():
                self.control.set_percent(self.stack, service, 0, self.shell)

    def _declare(self) -> None:
        found = {name: record.position(self.services[name].rollout) for name, record in self.records.items()}
        positions = {name: position for name, position in found.items() if position is not None}
        if positions or self.deployment.workdir.has_positions:
            self.deployment.set_positions(positions)

    def _changes_revision(self, service: str, preview: Preview) -> bool:
        return any(
            self.control.changes_revision(
                self.deployment.name,
                service,
                ResourceUpdate(
                    change.name, change.type, change.operation, tuple(each.path for each in change.properties)
                ),
            )
            for change in preview.effective
        )

    def _complete_aborts(self) -> None:
        """Complete aborts that were interrupted: until then the new revision may receive requests."""
        for name, record in list(self.records.items()):
            if record.phase == "aborting":
                self.driver(name, lambda progress: self.note(progress.text), lambda: "continue").run(record)

    def _refuse_unknown(self, retry: Collection[str]) -> None:
        held = [name for name, record in self.records.items() if record.phase == "held"]
        for name in retry:
            if name not in held:
                problem = f"no rollout of {name} was aborted"
                raise DeploymentFailed(Failure.GUARDED, problem, "remove `--retry`", stack=self.deployment.name)


class ServiceRollout:
    """Port of the driver for one service of a stack."""

    def __init__(self, rollouts: StackRollouts, service: str) -> None:
        self.rollouts, self.service = rollouts, service
        self.control, self.shell = rollouts.control, rollouts.shell

    @property
    def metrics_delay_seconds(self) -> int:
        """See `RolloutPort.metrics_delay_seconds`."""
        return self.control.metrics_delay_seconds

    def write(self, record: RolloutRecord | None) -> None:
        """See `RolloutPort.write`."""
        self.rollouts.write(self.service, record)

    def requested(self) -> Request | None:
        """See `RolloutPort.requested`."""
        with self.rollouts.deployment.engine_errors():
            stored = self.rollouts.store.read()
        self.rollouts.require_own(self.service, stored)
        return stored.requests.get(self.service)

    def smoke_test(self) -> str:
        """See `RolloutPort.smoke_test`: the service's health path first, then the path of `rollout.smoke`."""
        service = self.rollouts.services[self.service]
        requests = [(service.health.path, 200)] if service.health.path else []
        if service.rollout.smoke is not None:
            requests.append((service.rollout.smoke.path, service.rollout.smoke.expect_status))
        stack = self.rollouts.stack
        for path, status in requests:
            with cli_failures():
                failure = self.control.smoke_test(stack, self.service, path, status, self.shell)
            if failure:
                return failure
        return ""

    def move(self, record: RolloutRecord) -> None:
        """See `RolloutPort.move`."""
        if self.control.moves_by == "update":
            self.rollouts.update(self.control.resources(self.rollouts.deployment.name, self.service))
        else:
            self._set_percent(record.percent(self.rollouts.services[self.service].rollout))

    def metrics(self, since_seconds: float) -> RevisionMetrics:
        """See `RolloutPort.metrics`."""
        with cli_failures():
            return self.control.metrics(self.rollouts.stack, self.service, since_seconds, self.shell)

    def replace_stable(self, record: RolloutRecord) -> None:
        """See `RolloutPort.replace_stable`."""
        if self.control.replaces_stable:
            self.rollouts.update()

    def finish(self, record: RolloutRecord) -> None:
        """See `RolloutPort.finish`."""
        if self.control.moves_by == "runtime":
            self._set_percent(0)
        self.rollouts.update(() if self.control.replaces_stable else self._resources)

    def withdraw(self, record: RolloutRecord) -> None:
        """See `RolloutPort.withdraw`."""
        if self.control.moves_by == "runtime":
            self._set_percent(0)
            self.rollouts.update()
        else:
            self.rollouts.update(self._resources)
        with cli_failures():
            self.control.after_abort(self.rollouts.stack, self.service, record.stable, self.shell)

    @property
    def _resources(self) -> Collection[str]:
        return self.control.resources(self.rollouts.deployment.name, self.service)

    def _set_percent(self, percent: int) -> None:
        with cli_failures():
            self.control.set_percent(self.rollouts.stack, self.service, percent, self.shell)


def no_rollout(stack: str, service: str | None) -> DeploymentFailed:
    """Return the failure of a command for a rollout that does not exist."""
    problem = f"no rollout of {service} is in progress" if service else "no rollout is in progress"
    return DeploymentFailed(Failure.COMMAND, problem, f"run `agent-platform rollout status {stack}`", stack=stack)


def taken_over(stack: str, service: str) -> DeploymentFailed:
    """Return the failure of a process whose rollout another one continues."""
    problem = f"another process continues the rollout of {service}, so this one has stopped"
    return DeploymentFailed(Failure.LOCKED, problem, f"run `agent-platform rollout status {stack}`", stack=stack)


def unfinished_failure(stack: str, service: str, result: RolloutResult) -> DeploymentFailed:
    """Return the failure of an update whose rollout was aborted or left at a step."""
    if result.result == "held":
        problem = f"the rollout of {service} was aborted ({result.reason}); its stable revision receives all requests"
        fix = f"read `agent-platform logs {stack} {service}`, and deploy another image"
        return DeploymentFailed(Failure.NOT_RUNNING, problem, fix, stack=stack)
    problem = f"the rollout of {service} stays at its step"
    fix = f"run `agent-platform up {stack}` to continue, or `agent-platform rollout abort {stack} {service}`"
    return DeploymentFailed(Failure.CANCELLED, problem, fix, stack=stack)


def held_failure(stack: str, service: str, record: RolloutRecord) -> DeploymentFailed:
    """Return the refusal to deploy a revision whose rollout was aborted."""
    problem = f"the rollout of {service} with {record.image} was aborted ({record.reason})"
    fix = (
        f"deploy another image, run `agent-platform rollback {stack}`, or `agent-platform up {stack} --retry {service}`"
    )
    return DeploymentFailed(Failure.GUARDED, problem, fix, stack=stack)
