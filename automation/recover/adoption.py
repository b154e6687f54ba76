"""Objects of a stack that its state lacks, before an update would create others beside them: volumes are adopted, the rest removed.

A state can be lost while its volumes are kept, and an update whose Docker daemon ends does not learn what it has created. A
container or a network of such an update has no data, and would keep its addresses and its name from those that are created.

A volume has the labels of its stack and its checkout. Its name is that of a volume that the update would create and a suffix
of the provider, so the state gets it by an import, and the update uses it. The passwords in its data are set again: the
database's server gives the superuser the password of the new state, and that creates the roles.
"""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.results import update_message
from automation.deploy.state import state_resources
from automation.recover.importer import import_matches, previewed_events
from automation.recover.match import Match, ObservedObject
from automation.recover.missing_resources import MissingResource, planned_creations, related_resources
from automation.urn import short_type
from providers import host_checks
from providers.contract.diagnostics import listed
from providers.contract.import_ids import CloudObject, is_automatic
from providers.contract.preflight import HostChecks, HostObject, HostUnreachable

if TYPE_CHECKING:  # the SDK is loaded with a deployment
    from automation.deploy.deployment import Deployment

VOLUME = "Volume"


class Adoption:
    """Objects of one deployment that its state lacks; `note` prints one line for each. Raises DeploymentFailed."""

    def __init__(
        self, deployment: "Deployment", note: Callable[[str], object], checks: HostChecks | None = None
    ) -> None:
        self.deployment, self.note = deployment, note
        self.checks = checks or host_checks(deployment.file.spec.cloud)

    def adopt(self, known: Collection[str]) -> None:
        """Import the volumes that the update would create again, and remove what an update without an end has left.

        Refuses a host that runs a stack without its state. `known` has the ids of the resources in the state.
        """
        found = self._found()
        containers = [each for each in found if each.kind == "container"]
        if containers and not any(each.id in known for each in found):
            raise unknown_containers(self.deployment.name, containers)
        left = [each for each in found if not each.has_data and each.id not in known]
        if left:
            self._remove_left(left)
        volumes = [each for each in found if each.has_data and each.id not in known]
        if volumes:
            self._import(volumes)

    def _found(self) -> Sequence[HostObject]:
        if self.checks.find is None:
            return ()
        try:
            return self.checks.find(self.deployment.name, self.deployment.host_environment)
        except HostUnreachable:
            return ()  # the check of the host explains it

    def _remove_left(self, left: Sequence[HostObject]) -> None:
        """Remove what is in no state; another update that runs at this time records its objects when it ends."""
        deployment = self.deployment
        deployment.refuse_locked()
        known = self._recorded()
        for each in left:
            if each.id in known:
                continue
            if each.unlabelled:  # it may be of a stack of this name in another backend
                self.note(
                    f"{each} is not in the state; `agent-platform recover {deployment.name}` adds what the stack needs"
                )
                continue
            reason = self.checks.remove(each, deployment.host_environment)
            if reason:
                problem = f"{each} is not in the state and cannot be removed: {reason}"
                fix = f"end what uses it, and run `agent-platform up {deployment.name}` again"
                raise DeploymentFailed(Failure.RESOURCE, problem, fix, stack=deployment.name)
            self.note(f"{each} is not in the state, as the update that created it did not end; removed")

    def _recorded(self) -> Collection[str]:
        """Ids of every resource in the state, also of those that wait for their deletion."""
        try:
            with self.deployment.engine_errors():
                exported = self.deployment.engine.export_state()
        except DeploymentFailed as failure:
            if failure.kind is Failure.NO_STACK:
                return ()
            raise
        return {str(each.get("id")) for each in state_resources(exported)}

    def _import(self, volumes: Sequence[HostObject]) -> None:
        deployment, events = self.deployment, previewed_events(self.deployment)
        missing = [each for each in planned_creations(events) if short_type(each.urn.type).endswith(VOLUME)]
        matches = [match for each in missing if (match := self._match(each, volumes)) is not None]
        if not matches:
            return
        for match in matches:
            self.note(
                f"volume {match.identity} is not in the state; the update uses it with its data instead of an empty one"
            )
        with deployment.engine_errors():
            message = update_message("adopt volumes", deployment.host_environment)
            result = import_matches(deployment.engine, matches, related_resources(events), message)
        rejected = [match for match in matches if match not in result.imported]
        if rejected:
            names = listed((match.identity for match in rejected), "and")
            fix = f"read it with --verbose; `docker volume rm {rejected[0].identity}` deletes the volume with its data"
            problem = f"could not import {names}: {result.reason(rejected[0])}"
            raise DeploymentFailed(Failure.RESOURCE, problem, fix, result.output, stack=deployment.name)

    def _match(self, missing: MissingResource, volumes: Sequence[HostObject]) -> Match | None:
        """Return the one volume of a resource; raises DeploymentFailed for several."""
        candidates = [each for each in volumes if is_automatic(each.name, missing.urn.name)]
        if len(candidates) > 1:
            names = [each.name for each in candidates]
            problem = f"{listed(names, 'and')} may each be {missing.urn.name}, and the state has none of them"
            fix = f"keep the one with your data, and delete the others: `docker volume rm {names[-1]}`"
            raise DeploymentFailed(Failure.GUARDED, problem, fix, stack=self.deployment.name)
        if not candidates:
            return None
        name = candidates[0].id
        return Match(missing, name, ObservedObject(CloudObject(name, name, {missing.urn.type: name})))


def unknown_containers(stack: str, containers: Sequence[HostObject]) -> DeploymentFailed:
    """Return the failure of an update whose host runs the stack while the state has none of its containers."""
    others = f" and {len(containers) - 1} more" if len(containers) > 1 else ""
    problem = f"the state has no containers, and this host has those of an earlier state: {containers[0].name}{others}"
    fix = (
        f"restore the state, or run `agent-platform destroy {stack} --force-by-label`, which removes them and keeps the volumes; "
        f"`agent-platform up {stack}` then uses these with their data"
    )
    return DeploymentFailed(Failure.NO_STACK, problem, fix, stack=stack)
