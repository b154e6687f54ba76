"""A change of a stack file that is not made yet: shown as a diff, reviewed, then written as a whole or not at all."""

import os
import tempfile
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from providers.contract.diagnostics import InvalidConfiguration, legacy_error


@dataclass(frozen=True)
class Proposal:
    """The file, its text as it is and as it would be, and what to know before agreeing."""

    path: Path
    before: str
    after: str
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """False when the file is as it would be."""
        return self.before != self.after

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty when there is none."""
        name = self.path.name
        lines = unified_diff(self.before.splitlines(), self.after.splitlines(), f"a/{name}", f"b/{name}", lineterm="")
        return "\n".join(lines)

    def write(self) -> None:
        """Make the change; raises InvalidConfiguration when the file is not what was shown any more."""
        if self.path.read_text(encoding="utf-8") != self.before:
            raise InvalidConfiguration(
                [legacy_error(self.path.name, None, "has changed since the change was shown; run the same again")]
            )
        replace_text(self.path, self.after)


def replace_text(path: Path, text: str) -> None:
    """Put another text in place of a file's, with its rights kept; who reads it meanwhile finds one or the other."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as written:
        written.write(text)
    new = Path(name)
    new.chmod(path.stat().st_mode)
    new.replace(path)
