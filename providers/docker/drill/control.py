"""Restore drills on Docker: one at once in the container of the drill, and the time of the last verified dump."""

from collections.abc import Sequence
from datetime import UTC, datetime

from providers.contract.cli import CliCommand, CliFailure, DeployedStack, Shell
from providers.contract.drill import KEY, DrillControl, DrillEvidence, evidence_of
from providers.contract.spec import Platform
from providers.docker.cli import CONTAINER_SUFFIX, containers_named
from providers.docker.context import keeps_backups
from providers.docker.naming import CONFIG_FOLDER

DRILL_SCRIPT = f"{CONFIG_FOLDER}/drill.sh"
READ_RESULT = (
    'test -e /exchange/verified || exit 0; sed -n "s/^backup_verified_timestamp_seconds //p" /exchange/drill.prom'
)
"""Before the first success the metric has the time of the first start."""
RUN = f"/bin/sh {DRILL_SCRIPT} now || test -e /exchange/drill.json"
"""A drill that failed is evidence too; one that did not end has written none."""


class DockerDrills:
    """See `providers.contract.drill.DrillControl` for each method."""

    def declared(self, spec: Platform) -> bool:
        """See `DrillControl.declared`; backups on Docker are restored without `recovery.drill` too."""
        return keeps_backups(spec)

    def run(self, stack: DeployedStack, shell: Shell) -> DrillEvidence:
        """See `DrillControl.run`."""
        return evidence_of(shell.output(_in_container(stack, RUN, shell)))

    def last_verified(self, stack: DeployedStack, shell: Shell) -> datetime | None:
        """See `DrillControl.last_verified`."""
        seconds = shell.output(_in_container(stack, READ_RESULT, shell)).strip()
        return datetime.fromtimestamp(int(seconds), UTC) if seconds not in ("", "0") else None

    def leftovers(self, stack: DeployedStack, shell: Shell) -> Sequence[str]:
        """Return nothing: a drill deletes the folder of the one before it, in a volume of the stack."""
        return ()

    def delete(self, stack: DeployedStack, leftover: str, shell: Shell) -> None:
        """See `DrillControl.delete`."""


def _in_container(stack: DeployedStack, script: str, shell: Shell) -> CliCommand:
    containers = containers_named(stack, f"{stack.name}-backup-drill-{CONTAINER_SUFFIX}", shell)
    running = next((each.name for each in containers if each.running), None)
    if running is None:
        raise CliFailure(KEY, "the container of the drill is not running", f"run `agent-platform up {stack.name}`")
    return CliCommand(("docker", "exec", running, "/bin/sh", "-c", script))


CONTROL: DrillControl = DockerDrills()
