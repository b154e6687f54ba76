"""Length limits of physical names. Pure.

Each cloud knows which names are limited and to how many characters. No name is cut: one that does not fit is refused with
the number of characters to remove.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from providers.contract.diagnostics import Unsupported

STACK_PATTERN = re.compile(r"[a-z](-?[a-z0-9])*")
"""Stack names that are valid in the limited names of every cloud: RFC 1035 labels in lower case without two hyphens in a row."""


CONFIG_FOLDER = "/etc/agent-platform"
"""Folder of a container's configuration files, certificates and scripts."""


def next_part(service: str) -> str:
    """`gateway-next`: part of the names of a service's new revision during a rollout, where it has names."""
    return f"{service}-next"


@dataclass(frozen=True)
class Name:
    """Physical name with its kind, its character limit and the key of the stack file that contributes to it."""

    kind: str
    text: str
    path: str
    value: str
    limit: int

    @property
    def excess(self) -> int:
        """Characters above the limit; zero or negative when the name fits."""
        return len(self.text) - self.limit


def length_refusal(name: Name, *, cloud: str, brand: str, part: str = "service") -> Unsupported:
    """Refusal of a name that exceeds its limit; `part` is what contributes to the name besides the stack."""
    longer = "stack" if name.path == "stack" else f"{part} or the stack"
    problem = f"the name of its {name.kind} would have {len(name.text)} characters; {brand} allows {name.limit}"
    return Unsupported(cloud, name.path, problem, f"shorten the name of the {longer} by {name.excess}")


def salt_of(*parts: str, length: int) -> str:
    """Hexadecimal digits, `length` of them, derived from the parts."""
    return sha256("/".join(parts).encode()).hexdigest()[:length]
