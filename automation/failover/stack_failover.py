"""Failover of a deployment: the operations of the driver, by the commands of its cloud and the engine."""

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from automation.deploy.failover_record import FailoverRecord, FailoverStore
from automation.deploy.state import StateResource, state_resources
from automation.deploy.targets import FAILOVER_MESSAGE
from automation.failover.role_targets import role_targets
from automation.failover.smoke import probe_entry, smoke_paths
from automation.images.supply import Phase
from automation.plan.build import plan_of
from automation.plan.inventory import Inventory
from automation.services.cloud_port import CloudPort
from automation.services.operations import cli_failures
from automation.stack.document import Stack
from automation.urn import Urn
from providers import command_line, failover_control, recovery
from providers.contract.cli import Shell
from providers.contract.failover import Address, DatabaseState, FailoverControl, Notice
from providers.contract.recovery_plan import Incident, promise_for

if TYPE_CHECKING:
    from automation.deploy.deployment import Deployment

ACTIVE = "recovery.active_region"
Probe = Callable[[Address, str, str], str]


class StackFailover(CloudPort[FailoverControl]):
    """Operations on one deployment; `shell`, `control` and `probe` replace those of this machine and the cloud."""

    def __init__(
        self,
        deployment: "Deployment",
        note: Callable[[str], object],
        phase: Phase,
        *,
        shell: Shell | None = None,
        control: FailoverControl | None = None,
        probe: Probe = probe_entry,
    ) -> None:
        found = control or failover_control(deployment.file.spec.cloud)
        if found is None:
            raise ValueError(f"services run in one region alone on {deployment.file.spec.cloud}")
        super().__init__(deployment, note, found, shell)
        self.phase, self.probe = phase, probe
        self.has_database = deployment.file.spec.database is not None
        self.reseeds = found.reseeds
        self.shares_entry = found.shares_entry
        self.copied_objects_minutes = found.copied_objects_minutes()

    def record(self) -> FailoverRecord | None:
        """Return the record of the failover in progress, or of the last one."""
        with self.deployment.engine_errors():
            return FailoverStore(self.deployment.engine).read()

    def write(self, record: FailoverRecord) -> None:
        """See `FailoverPort.write`."""
        with self.deployment.engine_errors():
            FailoverStore(self.deployment.engine).write(record)

    def resume(self) -> None:
        """Remove what a killed engine has left: processes, a damaged state file, a lock of this machine."""
        # loads the SDK's engine side
        from automation.recover.blockers import remove_blockers
        from automation.recover.steps import StepLog

        remove_blockers(self.deployment, StepLog(on_step=lambda step: self.note(str(step))), take_lock=False)

    def answers(self, region: str) -> bool:
        """See `FailoverPort.answers`."""
        with cli_failures():
            return self.control.answers(self.stack, region, self.shell)

    def database(self, region: str) -> DatabaseState:
        """See `FailoverPort.database`."""
        with cli_failures():
            return self.control.database(self.stack, region, self.shell)

    def stop(self, region: str) -> None:
        """See `FailoverPort.stop`."""
        with cli_failures():
            self.control.stop(self.stack, region, self.shell)

    def start(self, region: str) -> None:
        """See `FailoverPort.start`."""
        with cli_failures():
            self.control.start(self.stack, region, self.shell)

    def promote(self, region: str, *, planned: bool) -> None:
        """See `FailoverPort.promote`."""
        with cli_failures():
            self.control.promote(self.stack, region, self.shell, planned=planned)

    def adopt(self, region: str) -> None:
        """See `FailoverPort.adopt`; the program of this update declares nothing of the other region."""
        # loads the SDK's program side
        from automation.deploy.partial_program import deploy_targets

        provider, declared = self._provider(self.other(region)), self._declared(region)
        targets = self._targets(region, declared)
        if self.active != region:
            self.deployment.workdir.set_values({ACTIVE: region})
        if self.has_database:
            # what the promotion changed is read first: the engine would promote it again
            self.deployment.refresh(targets=[str(urn) for urn in self._database_urns(region)])
        if targets:
            with self.phase(f"{self.deployment.name}  giving {region} its role") as on_event:
                deploy_targets(self.deployment, declared, targets, FAILOVER_MESSAGE, on_event, without=provider)
        self.forget_stack()

    def test(self, region: str) -> str:
        """See `FailoverPort.test`."""
        with cli_failures():
            problem = self.control.problem(self.stack, region, self.shell)
        return problem or ("" if self.shares_entry else self.request(region))

    def request(self, region: str) -> str:
        """See `FailoverPort.request`."""
        address, domain = self.control.address(self.stack, region), self.deployment.file.spec.ingress.domain or ""
        if address is None:
            return ""
        problems = (self.probe(address, domain, path) for path in smoke_paths(self.deployment.file.spec).values())
        return next((problem for problem in problems if problem), "")

    def entry_answers(self, region: str) -> bool:
        """See `AutomaticPort.entry_answers`; one path of a service that is answered is enough."""
        address, domain = self.control.address(self.stack, region), self.deployment.file.spec.ingress.domain or ""
        if address is None:
            return False
        return any(not self.probe(address, domain, path) for path in smoke_paths(self.deployment.file.spec).values())

    def notify(self, region: str, notice: Notice) -> bool:
        """See `AutomaticPort.notify`."""
        with cli_failures():
            return self.control.notify(self.stack, region, notice, self.shell)

    def max_loss_seconds(self) -> float:
        """Return what the recovery plan promises to lose at most with the region."""
        spec = self.deployment.file.spec
        promise = promise_for(recovery(spec.cloud).promises, spec, Incident.REGION)
        return math.inf if promise.rpo.minutes is None else promise.rpo.minutes * 60

    def route(self, region: str) -> None:
        """See `FailoverPort.route`."""
        with cli_failures():
            self.control.route(self.stack, region, self.shell)

    def converge(self) -> None:
        """See `FailoverPort.converge`; what the commands changed is read first, and the cloud completes the update."""
        with self.phase(f"{self.deployment.name}  updating") as on_event:
            self.deployment.refresh(targets=self._commanded())
            self.deployment.up(on_event)
        self.forget_stack()
        with cli_failures():
            for sentence in command_line(self.stack.spec.cloud).after_update(self.stack, self.shell):
                self.note(sentence)

    def delete_database(self, region: str) -> None:
        """See `FailoverPort.delete_database`."""
        with cli_failures():
            self.control.delete_database(self.stack, region, self.shell)

    def forget_database(self, region: str) -> None:
        """See `FailoverPort.forget_database`."""
        copies = frozenset(self.control.copies(self.stack, region))
        urns = [*self._database_urns(region), *(urn for urn, _ in self._urns() if urn.name in copies)]
        if urns:
            self.deployment.refresh(targets=[str(urn) for urn in urns])
        self.forget_stack()

    @property
    def name(self) -> str:
        """Name of the stack."""
        return self.deployment.name

    @property
    def active(self) -> str:
        """Region that the stack file names as the one that serves."""
        return self.deployment.file.spec.active_region

    def targets(self, region: str) -> tuple[Urn, ...]:
        """Return the resources of a region that change when it is to serve, before requests are led to it."""
        return self._targets(region, self._declared(region))

    def other(self, region: str) -> str:
        """Return the other one of the two regions."""
        spec = self.deployment.file.spec
        return (spec.standby_region or "") if region == spec.home_region else spec.home_region

    def _targets(self, region: str, declared: Inventory) -> tuple[Urn, ...]:
        before = self._declared(self.other(region))
        return role_targets(before, declared, self._provider(region), entry=False)

    def _provider(self, region: str) -> str:
        return f"{self.deployment.name}-{region}"

    def _declared(self, active: str) -> Inventory:
        """Plan of the stack while a region serves."""
        source = self.deployment.workdir.source.with_overrides({ACTIVE: active})
        stack: Stack = source.stack(self.deployment.file.name)
        return plan_of(stack, self.deployment.folder).inventory

    def _resources(self) -> list[StateResource]:
        with self.deployment.engine_errors():
            return state_resources(self.deployment.engine.export_state(), pending_deletes=False)

    def _urns(self) -> Iterator[tuple[Urn, str]]:
        for resource in self._resources():
            yield Urn(str(resource["urn"])), str(resource["type"])

    def _database_urns(self, region: str) -> list[Urn]:
        name = f"{self.stack.name_in(region)}-database"
        return [urn for urn, kind in self._urns() if kind == self.control.database_type() and urn.name == name]

    def _commanded(self) -> list[str]:
        """URNs of the resources that commands change: what the role decides in both regions, and what is stopped and started.

        A service with as many replicas in either role is no part of the role, and stays stopped unless it is read.
        """
        spec = self.deployment.file.spec
        first, second = self._declared(spec.active_region), self._declared(self.other(spec.active_region))
        by_role = {
            urn
            for region in (spec.home_region, spec.standby_region or "")
            for urn in role_targets(second, first, self._provider(region), entry=True)
        }
        types = self.control.commanded_types()
        return [str(urn) for urn, kind in self._urns() if urn in by_role or kind in types]
