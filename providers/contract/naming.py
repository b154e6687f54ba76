"""Physical names that a cloud limits: what is too long, and the sentence that says what to shorten by how much. Pure.

Which names are limited, and to how many characters, is each cloud's own knowledge. Nothing is cut silently: a name that
does not fit is refused with the number of characters to drop.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from providers.contract.diagnostics import Unsupported, legacy_unsupported

STACK_PATTERN = re.compile(r"[a-z](-?[a-z0-9])*")
"""What the limited names of every cloud allow: RFC 1035 labels without two hyphens in a row; no capital, no underscore."""


@dataclass(frozen=True)
class Name:
    """A physical name, what it names, the key of the stack file that makes it long, and the characters it may have."""

    kind: str
    text: str
    path: str
    value: str
    limit: int

    @property
    def excess(self) -> int:
        """Characters above the limit; not positive when it fits."""
        return len(self.text) - self.limit


def too_long(name: Name, *, cloud: str, brand: str, part: str = "service") -> Unsupported:
    """The refusal of a name with an excess; `part` is what the user named beside the stack, when that is not alone."""
    longer = "stack" if name.path == "stack" else f"{part} or the stack"
    advice = (
        f"the name of its {name.kind} would have {len(name.text)} characters and {brand} allows {name.limit}; "
        f"shorten the name of the {longer} by {name.excess}"
    )
    return legacy_unsupported(cloud, name.path, name.value, advice)


def salt_of(*parts: str, length: int) -> str:
    """Hexadecimal digits, `length` of them, that change with any of the parts and are the same every time."""
    return sha256("/".join(parts).encode()).hexdigest()[:length]
