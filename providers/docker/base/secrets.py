"""Store a value, hand out a reference: here the value itself, marked secret.

Docker without a swarm stores no secrets and knows no references to them. The value is encrypted in the stack's state and
becomes a variable or a file of its readers, so a new value makes its readers anew. Who reads it is decided by who is
given it, and nothing need be granted.
"""

from collections.abc import Sequence

import pulumi

from providers.contract.component import Scope
from providers.contract.results import SecretRef
from providers.docker.base.resources import DockerBaseResources


def create_secret(
    scope: Scope, base: DockerBaseResources, name: str, value: pulumi.Output[str], readers: Sequence[str]
) -> SecretRef:
    """The value as its own reference; declares nothing."""
    return SecretRef(name, reference=pulumi.Output.secret(value), version=pulumi.Output.from_input(""))
