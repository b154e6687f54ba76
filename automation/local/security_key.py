"""Key of an AgentOS on a Docker stack that has no value for OS_SECURITY_KEY.

An AgentOS that anybody can call has the key without listing it (components/validation/risks.py). The first `up` generates a
value and stores it like `agent-platform secret set`, encrypted in the stack file, so that each later update has the same. The
user reads it in a file beside the state, which has the access of the passphrase that opens the stack anyway; a new value of
`secret set` or `rotate` is written there too. On a cloud a stack is shared, so its users set the key.
"""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from automation.local.state import write_secret
from automation.secret_values.store import set_secrets
from components.validation.risks import AGENTOS_KEY
from providers.contract.diagnostics import listed

if TYPE_CHECKING:  # the SDK is loaded with a deployment
    from automation.deploy.deployment import Deployment

KEY_BYTES = 32


def supply_security_key(deployment: "Deployment", note: Callable[[str], object]) -> None:
    """Generate the key of a stack whose state is on this machine, and print where it is; raises DeploymentFailed."""
    state = deployment.local_state
    # the file of an ephemeral stack belongs to another one
    if state is None or deployment.ephemeral or not deployment.file.generated_secrets:
        return
    path, value = state.security_key(deployment.name), secrets.token_urlsafe(KEY_BYTES)
    state.create()
    write_secret(path, value)
    set_secrets(deployment.stack, {AGENTOS_KEY: value}, deployment.folder, environment=deployment.environment)
    deployment.workdir.reload()
    readers = listed(deployment.file.spec.readers_of(AGENTOS_KEY), "and")
    where = path.relative_to(deployment.folder)
    note(f"generated {AGENTOS_KEY} for {readers}; it is in {where}, and clients send it as `Authorization: Bearer KEY`")
