"""Generated key of the clients of a Docker stack: OS_SECURITY_KEY of an AgentOS, API_KEY of other services.

Which services have the key is in providers/contract/authentication.py. The first `up` generates a
value and stores it like `agent-platform secret set`, encrypted in the stack file, so that each later update has the same. The
user reads it in a file beside the state, which has the access of the passphrase that opens the stack anyway; a new value of
`secret set` or `rotate` is written there too. On a cloud a stack is shared, so the program generates the key.
"""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from automation.local.state import write_secret
from automation.secret_values.store import set_secrets
from providers.contract.diagnostics import listed

if TYPE_CHECKING:  # the SDK is loaded with a deployment
    from automation.deploy.deployment import Deployment

KEY_BYTES = 24


def new_key() -> str:
    """Return a random key of 48 hexadecimal digits, as the program generates it on a cloud."""
    return secrets.token_hex(KEY_BYTES)


def supply_security_key(deployment: "Deployment", note: Callable[[str], object]) -> None:
    """Generate the key of a stack whose state is on this machine, and print where it is; raises DeploymentFailed."""
    state = deployment.local_state
    # the file of an ephemeral stack belongs to another one
    if state is None or deployment.ephemeral or not deployment.file.generated_secrets:
        return
    names, path = deployment.file.generated_secrets, state.security_key(deployment.name)
    # one key for all applications: that of an AgentOS may exist before another service needs it
    value = path.read_text(encoding="utf-8") if path.is_file() else new_key()
    state.create()
    write_secret(path, value)
    set_secrets(deployment.stack, dict.fromkeys(names, value), deployment.folder, environment=deployment.environment)
    deployment.workdir.reload()
    spec = deployment.file.spec
    readers = listed(dict.fromkeys(reader for name in names for reader in spec.readers_of(name)), "and")
    where = path.relative_to(deployment.folder)
    key = listed(names, "and")
    note(f"generated {key} for {readers}; it is in {where}, and clients send it as `Authorization: Bearer KEY`")
