"""Comparison of a stack with the machine that it runs on before an update, and the repair of what differs.

The state knows nothing of containers that were stopped and of objects that were deleted since the last update, so the
engine would report the stack as unchanged, or fail with the id of an object that no longer exists. What does not exist is
removed from the state, by a refresh of exactly these resources, and the update creates it again with what needs it; what was
stopped is started. Clouds keep their objects, and nothing is compared there.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.results import Preview
from automation.deploy.state import ExportedState, StateResource, state_resources
from automation.urn import Urn
from providers import host_checks
from providers.contract.cli import DeployedResource
from providers.contract.preflight import Deviation, HostChecks, HostObject, HostUnreachable
from providers.contract.spec.defaults import is_mapping

if TYPE_CHECKING:  # the SDK is loaded with a deployment
    from automation.deploy.deployment import Deployment


class HostRepair:
    """Deviations of one deployment from its host; `note` prints one line for each."""

    def __init__(
        self, deployment: "Deployment", note: Callable[[str], object], checks: HostChecks | None = None
    ) -> None:
        self.deployment, self.note = deployment, note
        self.checks = checks or host_checks(deployment.file.spec.cloud)
        self.stopped: tuple[Deviation, ...] = ()
        self.known_ids: frozenset[str] = frozenset()
        """Ids of the resources in the state, set by `refresh_missing`."""
        self.exported: ExportedState = {}
        """State before the comparison."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables with which the provider of the deployment finds the host."""
        return self.deployment.host_environment

    def refresh_missing(self) -> None:
        """Compare the stack with the host, and remove what does not exist from the state; before the preview."""
        if self.checks.compare is None:
            return
        resources = self._deployed()
        self.known_ids = frozenset(each.id for each in resources.values())
        by_resource = {id(each): urn for urn, each in resources.items()}
        deviations = self._compare(list(resources.values()))
        self.stopped = tuple(one for one in deviations if not one.missing and not one.changed)
        outdated = [one for one in deviations if one.missing or one.changed]
        for one in outdated:
            effect = "replaces what uses it" if one.changed else f"creates it again{self._loss(one)}"
            if one.incomplete:
                self._remove(one)
            self.note(f"{one.subject} {one.problem}; the update {effect}")
        if outdated:
            self.deployment.refresh(targets=[by_resource[id(one.resource)] for one in outdated])

    def start_stopped(self, preview: Preview) -> None:
        """Start what was stopped, except what the update replaces; raises DeploymentFailed."""
        # an update in place does not start a container
        effects = {"replace": "replaces", "delete": "deletes"}
        ended = {(change.name, change.type): effects.get(change.operation) for change in preview.effective}
        for one in self.stopped:
            if effect := ended.get((one.resource.name, one.resource.type)):
                self.note(f"{one.subject} {one.problem}; the update {effect} it")
                continue
            reason = self._start(one)
            if reason:
                name = one.subject.rpartition(" ")[2]
                fix = f"remove it with `docker rm --force {name}`, and run `agent-platform up {self.deployment.name}` again"
                problem = f"{one.subject} {one.problem} and cannot be started: {reason}"
                raise DeploymentFailed(Failure.NOT_RUNNING, problem, fix, stack=self.deployment.name)
            self.note(f"{one.subject} {one.problem}; started")

    def _deployed(self) -> Mapping[str, DeployedResource]:
        """Resources in the state by URN; none for a stack that does not exist."""
        from automation.deploy.engine_events import masked

        try:
            with self.deployment.engine_errors():
                self.exported = exported = self.deployment.engine.export_state()
        except DeploymentFailed as failure:
            if failure.kind is Failure.NO_STACK:
                return {}
            raise
        resources = state_resources(exported, pending_deletes=False)
        return {
            str(each["urn"]): _deployed_resource(each, masked(each.get("outputs")))
            for each in resources
            if each.get("custom") and "id" in each
        }

    def _compare(self, resources: Sequence[DeployedResource]) -> Sequence[Deviation]:
        if self.checks.compare is None or not resources:
            return ()
        try:
            return self.checks.compare(resources, self.environment)
        except HostUnreachable as unreachable:
            # the check of the host, or the engine, explains it; with a context of Docker's client only the engine can connect
            self.note(f"not compared with the host: {unreachable}")
            return ()

    def _start(self, deviation: Deviation) -> str:
        try:
            return self.checks.start(deviation, self.environment)
        except HostUnreachable as unreachable:
            return str(unreachable)

    def _remove(self, deviation: Deviation) -> None:
        """Remove an object whose creation failed; raises DeploymentFailed."""
        kind, _, name = deviation.subject.partition(" ")
        reason = self.checks.remove(HostObject(kind, name, deviation.resource.id), self.environment)
        if reason:
            problem = f"{deviation.subject} {deviation.problem} and cannot be removed: {reason}"
            fix = f"remove it with `docker rm --force {name}`, and run `agent-platform up {self.deployment.name}` again"
            raise DeploymentFailed(Failure.RESOURCE, problem, fix, stack=self.deployment.name)

    def _loss(self, deviation: Deviation) -> str:
        """Clause about the data of a stateful object that no longer exists."""
        content = self.deployment.traits.holds.get(deviation.resource.type)
        return f" empty, without the {content}" if content else ""


def _deployed_resource(resource: StateResource, outputs: object) -> DeployedResource:
    return DeployedResource(
        Urn(str(resource["urn"])).name,
        str(resource["type"]),
        str(resource["id"]),
        outputs if is_mapping(outputs) else {},
        incomplete=bool(resource.get("initErrors")),
    )
