"""Release commands of a deployment: which of them an update must run, and the operations of the driver."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.results import Preview
from automation.deploy.targets import RELEASE_MESSAGE, release_targets
from automation.images.supply import Phase
from automation.plan.build import plan_of
from automation.release.driver import ReleaseDriver
from automation.release.due import DueRelease, decide
from automation.release.record import ReleaseRecord, ReleaseStore
from automation.services.cloud_port import CloudPort
from automation.services.operations import cli_failures
from automation.urn import Urn
from providers import release_control
from providers.contract.cli import Shell
from providers.contract.diagnostics import listed
from providers.contract.release import ReleaseControl, TaskEnd, definition_name
from providers.contract.spec import Platform, Service

if TYPE_CHECKING:
    from automation.deploy.deployment import Deployment


class StackReleases(CloudPort[ReleaseControl]):
    """Release commands of one deployment; `shell` and `control` replace those of the cloud."""

    def __init__(
        self,
        deployment: "Deployment",
        note: Callable[[str], object],
        phase: Phase,
        *,
        shell: Shell | None = None,
        control: ReleaseControl | None = None,
    ) -> None:
        super().__init__(deployment, note, control or release_control(deployment.file.spec.cloud), shell)
        self.phase = phase
        self._operations: Mapping[str, str] = {}

    @property
    def spec(self) -> Platform:
        """Spec of the stack, with the images that were built since the preview."""
        return self.deployment.file.spec

    @property
    def services(self) -> Mapping[str, Service]:
        """Services with a release command."""
        return {name: self.spec.services[name] for name in self.spec.releases}

    def run(self, preview: Preview) -> None:
        """Run the commands that an update with these changes needs; raises DeploymentFailed, and no service is updated."""
        if not self.services:
            return
        self._operations = {change.urn: change.operation for change in preview.changes}
        with self.deployment.engine_errors():
            records = ReleaseStore(self.deployment.engine).read(self.services)
        due: list[DueRelease] = []
        stateful_types = self.deployment.traits.holds
        for decision in decide(self.spec, preview, records, self.control.type, stateful_types):
            if isinstance(decision, DueRelease):
                due.append(decision)
                continue
            self.note(f"{decision.service}: the release command is skipped; {decision.reason}")
            if decision.record is not None:
                self.write(decision.service, decision.record)
        if due:
            ReleaseDriver(self.deployment.name, self, self.deployment.clock, self.note).run(due)

    @property
    def start_seconds(self) -> float:
        """See `ReleasePort.start_seconds`."""
        return self.control.start_seconds

    def write(self, service: str, record: ReleaseRecord) -> None:
        """See `ReleasePort.write`."""
        with self.deployment.engine_errors():
            ReleaseStore(self.deployment.engine).write(service, record)

    def deploy(self) -> None:
        """See `ReleasePort.deploy`."""
        # loads the SDK's program side, which an update without a release command does not need
        from automation.deploy.partial_program import deploy_targets

        names = {definition_name(self.deployment.name, service) for service in self.services}
        inventory = plan_of(self.deployment.file, self.deployment.folder).inventory
        targets = release_targets(inventory, names)
        self._refuse_replaced_network(targets)
        self.note(f"before the services: the tasks of release commands and what they need ({len(targets)} resources)")
        with self.phase(f"{self.deployment.name}  deploying the release commands") as on_event:
            deploy_targets(self.deployment, inventory, targets, RELEASE_MESSAGE, on_event)
        self.forget_stack()

    def running(self, service: str) -> str | None:
        """See `ReleasePort.running`; a task that is not deployed has no run."""
        if self.stack.resource(self.control.type, definition_name(self.deployment.name, service)) is None:
            return None
        with cli_failures():
            return self.control.running(self.stack, service, self.shell)

    def start(self, service: str) -> str:
        """See `ReleasePort.start`."""
        with cli_failures():
            return self.control.start(self.stack, service, self.shell)

    def ended(self, service: str, run: str) -> TaskEnd | None:
        """See `ReleasePort.ended`."""
        with cli_failures():
            return self.control.ended(self.stack, service, run, self.shell)

    def stop(self, service: str, run: str) -> None:
        """See `ReleasePort.stop`."""
        with cli_failures():
            self.control.stop(self.stack, service, run, self.shell)

    def log(self, service: str, run: str) -> str:
        """See `ReleasePort.log`."""
        with cli_failures():
            return self.control.log(self.stack, service, run, self.shell)

    def _refuse_replaced_network(self, targets: tuple[Urn, ...]) -> None:
        """Refuse a part of the network that would be replaced while the services that are not updated still use it."""
        replaced = [
            urn.name for urn in targets if urn.component == "Network" and self._operations.get(urn) == "replace"
        ]
        if replaced:
            problem = f"the update replaces {listed(replaced, 'and')}, which running services use until the release command ends"
            fix = "deploy the change of the network first, with the images and commands of the last update"
            raise DeploymentFailed(Failure.GUARDED, problem, fix, stack=self.deployment.name)
