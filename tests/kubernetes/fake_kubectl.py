"""`kubectl` that answers from files, one for each path of the API, as the API server of a cluster would."""

import json
from collections.abc import Mapping
from pathlib import Path

SCRIPT = """#!/bin/sh
printf '%s\\n' "$*" >> "{folder}/calls"
kind= name=
while [ $# -gt 0 ]; do
  case $1 in
    apply) cat > "{folder}/applied"; cat "{folder}/apply-errors" >&2 2>/dev/null; exit "$(cat "{folder}/apply-code" 2>/dev/null || echo 0)";;
    create) kind=create;;
    --raw) name=$(printf %s "$2" | tr '/?&=%' '_____'); shift;;
    secrets) cat "{folder}/secrets" 2>/dev/null; exit 0;;
    secret) [ -e "{folder}/secret-$2" ] && echo "$2   kubernetes.io/tls   2   1d"; exit 0;;
  esac
  shift
done
if [ "$kind" = create ]; then cat > "{folder}/review"; fi
if [ -e "{folder}/error" ]; then cat "{folder}/error" >&2; exit 1; fi
if [ -e "{folder}/forbidden$name" ]; then echo "Error from server (Forbidden): x is forbidden: no" >&2; exit 1; fi
if [ -e "{folder}/answer$name" ]; then cat "{folder}/answer$name"; exit 0; fi
echo "Error from server (NotFound): the server could not find the requested resource" >&2
exit 1
"""


class FakeKubectl:
    """Answers of one API server; `environment` has it first on PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        program = folder / "bin" / "kubectl"
        program.write_text(SCRIPT.replace("{folder}", str(folder)))
        program.chmod(0o755)
        self.environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin"}

    def answer(self, path: str, document: object) -> None:
        """Answer a path with a document."""
        self._file("answer", path).write_text(json.dumps(document))

    def items(self, path: str, *items: Mapping[str, object]) -> None:
        """Answer a path with a list."""
        self.answer(path, {"items": list(items)})

    def secrets(self, *names: str) -> None:
        """Answer the columns of these Secrets."""
        (self.folder / "secrets").write_text("".join(f"{name}   Opaque   1   1d\n" for name in names))

    def forbid(self, path: str) -> None:
        """Refuse a path."""
        self._file("forbidden", path).touch()

    def fail(self, error: str) -> None:
        """Fail every call."""
        (self.folder / "error").write_text(error)

    def reject(self, errors: str) -> None:
        """Fail `kubectl apply` with these errors."""
        (self.folder / "apply-errors").write_text(errors)
        (self.folder / "apply-code").write_text("1")

    @property
    def calls(self) -> list[str]:
        """Arguments of every call."""
        return (self.folder / "calls").read_text().splitlines()

    def _file(self, kind: str, path: str) -> Path:
        for character in "/?&=%":
            path = path.replace(character, "_")
        return self.folder / f"{kind}{path}"
