"""Rollback: the configuration and the digests of an earlier successful update, proposed for the stack's file."""

from typing import TYPE_CHECKING, cast

import yaml

from automation.day2.history import earlier, inherited_config, restored
from automation.deploy.checks import refuse_missing_secrets
from automation.stack.document import stack_of
from automation.stack.edit import config_of, with_config
from automation.stack.folders import is_sealed, stack_file
from automation.stack.proposal import Proposal
from providers.contract.diagnostics import listed
from providers.contract.spec.defaults import Raw

if TYPE_CHECKING:
    from automation.deploy.deployment import Deployment


def rollback(deployment: "Deployment", to: int | None = None) -> Proposal:
    """The change of the stack's file that takes it back to update number `to`; `Deployment.up` then does it.

    Without a number: to the latest successful update that ran with another platform than the last one. Raises
    InvalidConfiguration when there is no such update, and when its configuration is not taken any more.
    """
    path = stack_file(deployment.folder, deployment.stack)
    text = path.read_text(encoding="utf-8")
    current = config_of(text, path.name)
    update = earlier(deployment.name, deployment.history(), to)
    project = cast("Raw", yaml.safe_load((deployment.folder / "Pulumi.yaml").read_text(encoding="utf-8")))
    wanted = restored(current, update, inherited_config(project))
    refuse_missing_secrets(stack_of(deployment.stack, wanted))
    begun = f"{update.started_at:%Y-%m-%d %H:%M} UTC"
    notes = [f"update {update.version} of {begun}" + (f": {update.message}" if update.message else "")]
    secrets = [key for key, value in wanted.items() if is_sealed(value)]
    if secrets:
        notes.append(f"secrets stay as they are now: {listed(secrets, 'and')}")
    return Proposal(path, text, with_config(text, path.name, wanted), tuple(notes))
