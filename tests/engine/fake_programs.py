"""Fake programs `docker`, `aws`, `gcloud`, `az` and `curl`: they record their arguments and keep images in one file.

docker builds nothing: the ID of an image follows from its name, and a push adds its address to the registry. The registry of
Azure denies this machine until a network rule allows its address, and Front Door waits for an approval.
"""

import fcntl
import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

HANG_SECONDS = 300
PROGRAMS = ("docker", "aws", "gcloud", "az", "curl")
FOLDER_VARIABLE = "FAKE_PROGRAMS"
ADDRESS = "203.0.113.7"
OTHERS = "acmeimages.azurecr.io/"
"""Registry of others, which accepts this machine."""
DENIED = f'{{"errors":[{{"code":"DENIED","message":"client with IP \'{ADDRESS}\' is not allowed access."}}]}}'
TOKEN = "registry-token-value"  # of no registry
HANGING_BUILD, BUILDING = "hanging-build", "building"
"""Files in the folder of the programs: a build hangs while the first exists, and writes the second."""


@dataclass
class Records:
    """Calls of the programs, and what they have changed."""

    folder: Path
    calls: list[list[str]] = field(default_factory=list[list[str]])
    pushed: list[str] = field(default_factory=list[str])
    tags: dict[str, str] = field(default_factory=dict[str, str])
    """IDs of images on this machine by their reference."""
    copies: dict[str, str] = field(default_factory=dict[str, str])
    """Digests of images that were copied between registries, by reference."""
    opened: bool = False
    approved: bool = False

    @classmethod
    def load(cls, folder: Path) -> "Records":
        """Return the records in a folder."""
        file = folder / "records.json"
        values = cast("dict[str, Any]", json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
        return cls(folder, **values)

    def save(self) -> None:
        """Write the records."""
        values = {key: value for key, value in vars(self).items() if key != "folder"}
        (self.folder / "records.json").write_text(json.dumps(values), encoding="utf-8")

    def commands(self, *start: str) -> list[list[str]]:
        """Return the calls that begin with these arguments."""
        return [call for call in self.calls if call[: len(start)] == list(start)]


def install(folder: Path, environment: Mapping[str, str], programs: Sequence[str] = PROGRAMS) -> dict[str, str]:
    """Write the programs into a folder and return an environment with them on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    for program in programs:
        path = folder / program
        path.write_text(f"#!{sys.executable} -S\n{_launcher(program)}", encoding="utf-8")
        path.chmod(0o755)
    return {**environment, "PATH": f"{folder}{os.pathsep}{environment['PATH']}", FOLDER_VARIABLE: str(folder)}


def _launcher(program: str) -> str:
    root = Path(__file__).parent.parent.parent
    load = f"import sys\nsys.path.insert(0, {str(root)!r})\nfrom tests.engine.fake_programs import main\n"
    return f"{load}sys.exit(main({program!r}, sys.argv[1:]))\n"


def digest(text: str) -> str:
    """Return a digest that follows from a text."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def docker(records: Records, arguments: Sequence[str]) -> tuple[str, int]:
    """Return output and exit code of a docker command."""
    text = " ".join(arguments)
    if text.startswith("image inspect --format"):
        reference = arguments[-1]
        return f"{reference if reference.startswith('sha256:') else digest(reference)} linux/amd64\n", 0
    if text.startswith("version"):
        return "amd64\n", 0
    if text.startswith("image ls"):
        return "".join(f"{identity} {reference}\n" for reference, identity in records.tags.items()), 0
    if text.startswith("image rm"):
        return ("", 0) if records.tags.pop(arguments[-1], None) else ("No such image", 1)
    if arguments[0] == "tag":
        records.tags[arguments[2]] = arguments[1]
    if arguments[0] == "build":
        _build(Path(arguments[-1]), Path(arguments[arguments.index("--iidfile") + 1]))
    if arguments[0] == "push":
        if ".azurecr.io/" in arguments[1] and not arguments[1].startswith(OTHERS) and not records.opened:
            return "denied: client with IP is not allowed access", 1
        records.pushed.append(arguments[1])
    if text.startswith("buildx imagetools create"):
        records.copies[arguments[arguments.index("--tag") + 1]] = arguments[-1].rpartition("@")[2]
        return "", 0
    if text.startswith("buildx imagetools inspect") and arguments[-1] in records.copies:
        return json.dumps({"digest": records.copies[arguments[-1]]}), 0
    if text.startswith("buildx imagetools inspect"):
        reference = arguments[-1]
        name = reference.partition("@")[0]
        found = [
            pushed
            for pushed in records.pushed
            if reference in (pushed, f"{pushed.rpartition(':')[0]}@{digest(pushed)}")
        ]
        if not found:
            return f"ERROR: {name}: not found", 1
        return json.dumps({"digest": digest(found[0])}), 0
    return "", 0


def _build(context: Path, id_file: Path) -> None:
    """Write the ID of an image, which follows from the names and contents of the files in its context."""
    files = sorted(path for path in context.rglob("*") if path.is_file())
    id_file.write_text(digest("".join(f"{path.name}{path.read_text(encoding='utf-8')}" for path in files)))


def az(records: Records, arguments: Sequence[str]) -> tuple[str, int]:
    """Return output and exit code of a command of the Azure CLI."""
    text = " ".join(arguments)
    if text.startswith("acr network-rule"):
        records.opened = arguments[2] == "add"
    if text.startswith("acr show") and "--query" in arguments:
        return (f"Enabled\n{ADDRESS}\n" if records.opened else "Disabled\n"), 0
    if text.startswith("network private-endpoint-connection approve"):
        records.approved = True
    if text.startswith("network private-endpoint-connection list"):
        wants_pending = "Pending" in text
        return ("/subscriptions/1/connections/front-door\n" if wants_pending != records.approved else ""), 0
    return f"{TOKEN}\n", 0


def main(program: str, arguments: Sequence[str]) -> int:
    """Record a call, print its output and return its exit code."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    if program == "docker" and "build" in arguments and (folder / HANGING_BUILD).exists():
        (folder / BUILDING).touch()
        time.sleep(HANG_SECONDS)
    # read before the lock is taken: the program that writes it needs the lock too
    token = sys.stdin.read() if "--password-stdin" in arguments else TOKEN
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        records = Records.load(folder)
        records.calls.append([program, *arguments])
        out, code = _answer(records, program, arguments) if TOKEN in token else ("unauthorized: no token", 1)
        records.save()
    (sys.stdout if code == 0 else sys.stderr).write(out)
    return code


def _answer(records: Records, program: str, arguments: Sequence[str]) -> tuple[str, int]:
    if program == "docker":
        return docker(records, arguments)
    if program == "az":
        return az(records, arguments)
    if program == "curl":
        return "{}" if records.opened else DENIED, 0
    return f"{TOKEN}\n", 0
