"""Fake Pulumi CLI on PATH: records arguments and standard input, keeps stacks in a folder, and encrypts nothing.

It reformats a stack file when it stores a secret, as the engine does.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = """#!{python}
import json, os, sys, yaml
from pathlib import Path
home, arguments = Path({home!r}), sys.argv[1:]
if arguments == ["version"]:
    sys.exit(print("v3.272.0"))
option = lambda name: arguments[arguments.index(name) + 1] if name in arguments else ""
values = [each for each in arguments if not each.startswith("-")]
stdin = "" if values[:1] != ["config"] else sys.stdin.read()
with (home / "calls").open("a") as calls:
    calls.write(json.dumps([arguments, stdin, os.getcwd()]) + "\\n")
stacks = home / "stacks"
def content(stack):
    folder = yaml.safe_load(Path("Pulumi.yaml").read_text()).get("stackConfigDir", ".")
    path = Path(folder) / f"Pulumi.{{stack}}.yaml"
    return path, yaml.safe_load(path.read_text())
if (home / "failure").exists():
    sys.exit((home / "failure").read_text())
if values[0] == "whoami":
    print(json.dumps({{"user": "test", "organizations": [], "url": "file:///state"}}))
elif values[0] == "login":
    print("Logged in")
elif values[:2] == ["stack", "ls"]:
    print(json.dumps([{{"name": path.name, "current": False, "url": ""}} for path in sorted(stacks.iterdir())]))
elif values[:2] == ["stack", "init"]:
    (stacks / values[2]).write_text("{{}}")
    path, document = content(values[2])
    document.pop("secretsprovider", None)
    provider = option("--secrets-provider")
    new = {{"secretsprovider": provider, "encryptedkey": "key"}} if provider else {{"encryptionsalt": "v1:salt"}}
    path.write_text(yaml.safe_dump({{**new, **document}}))
else:
    stack = option("--stack")
    if not (stacks / stack).exists():
        sys.exit(f"error: no stack named '{{stack}}' found")
    if values[:2] == ["config", "set"]:
        path, document = content(stack)
        key = next(each for each in values if each.startswith("agent-platform:"))
        document["config"][key] = {{"secure": f"v1:{{len(stdin)}}"}}
        path.write_text(yaml.safe_dump(document))
    elif values[:2] == ["stack", "export"]:
        print((stacks / stack).read_text())
    elif values[:2] == ["stack", "output"]:
        print((home / "outputs").read_text())
"""


@dataclass(frozen=True)
class EngineCall:
    """Arguments, standard input and working directory of one command."""

    arguments: Sequence[str]
    stdin: str
    folder: str


@dataclass(frozen=True)
class FakeEngine:
    """Folder of the fake with its stacks and its recorded calls."""

    home: Path

    @classmethod
    def install(cls, folder: Path, monkeypatch: pytest.MonkeyPatch) -> "FakeEngine":
        """Put the fake on PATH in place of every installed engine."""
        programs = folder / "engine"
        (folder / "backend" / "stacks").mkdir(parents=True)
        programs.mkdir()
        for name in ("pulumi", "pulumi-language-python"):
            program = programs / name
            program.write_text(SCRIPT.format(python=sys.executable, home=str(folder / "backend")), encoding="utf-8")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
        monkeypatch.setattr(sys, "prefix", str(folder))
        return cls(folder / "backend")

    def add(self, stack: str, resources: Sequence[Mapping[str, object]] = ()) -> None:
        """Add a stack with resources in its state."""
        state = {"version": 3, "deployment": {"resources": list(resources)}}
        (self.home / "stacks" / stack).write_text(json.dumps(state), encoding="utf-8")

    def set_outputs(self, outputs: Mapping[str, object]) -> None:
        """Set the outputs of every stack."""
        (self.home / "outputs").write_text(json.dumps(outputs), encoding="utf-8")

    def fail(self, text: str) -> None:
        """Fail every command with a text on standard error."""
        (self.home / "failure").write_text(text, encoding="utf-8")

    @property
    def calls(self) -> list[EngineCall]:
        """Recorded calls, in order."""
        path = self.home / "calls"
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return [EngineCall(*json.loads(line)) for line in lines]

    def calls_of(self, *words: str) -> list[EngineCall]:
        """Recorded calls of one command, such as `config set`."""
        return [
            call for call in self.calls if [each for each in call.arguments if each[0] != "-"][: len(words)] == [*words]
        ]
