"""A project of its own under the real engine: a folder, a file backend, a cloud of stand-ins, nothing shared with anybody."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from automation.deploy.workspace import AT_ONCE
from automation.plan.inventory import Value
from automation.stack.document import read_stack
from components.configuration import PLATFORM_KEY, PROJECT
from providers.contract.spec.defaults import Raw
from tests.engine.standin.cloud import VARIABLE, Cloud
from tests.planning import ROOT, SECRET, production

PACKAGES = ("aws", "gcp", "azure-native", "random")
NEEDED = ("pulumi", "pulumi-language-python")
PASSPHRASE = "correct horse battery staple"
LONGEST_SECONDS = 300
LONGEST_LINE = 300
STACK = "prod"


def missing_engine() -> str:
    """What of the engine is not on PATH; empty when all is there."""
    return ", ".join(command for command in NEEDED if shutil.which(command) is None)


@dataclass(frozen=True)
class Bench:
    """One project folder, its backend, its cloud."""

    folder: Path
    cloud: Cloud
    environment: Mapping[str, str]

    @classmethod
    def lay(cls, home: Path, packages: tuple[str, ...] = PACKAGES) -> "Bench":
        """A bench in an empty folder: program, project file, shims that stand in for `packages`, empty backend and cloud."""
        folder, shims = home / "project", home / "shims"
        for made in (folder, shims, home / "backend", home / "home"):
            made.mkdir(parents=True, exist_ok=True)
        for package in packages:
            _write_shim(shims / f"pulumi-resource-{package}", package)
        shutil.copy(ROOT / "__main__.py", folder)
        project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
        environment = {
            **{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
            "PATH": f"{shims}{os.pathsep}{os.environ['PATH']}",
            # the program under test is this checkout's, whatever the environment has installed
            "PYTHONPATH": str(ROOT),
            "PULUMI_BACKEND_URL": f"file://{home / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_HOME": str(home / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            VARIABLE: str(home / "cloud"),
        }
        return cls(folder, Cloud(home / "cloud").open(), environment)

    def copied(self, home: Path) -> "Bench":
        """The same project, state and cloud in another folder, to go on from here without a trace."""
        for part in ("project", "backend", "cloud"):
            shutil.copytree(self.folder.parent / part, home / part)
        return Bench.lay(home)

    def write(self, raw: Mapping[str, object], stack: str = STACK) -> None:
        """Write the platform of a stack into its file; what else stands there (secrets, salt) stays."""
        path = self.folder / f"Pulumi.{stack}.yaml"
        document = cast("Raw", yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else {}
        document["config"] = {**cast("Raw", document.get("config", {})), PLATFORM_KEY: dict(raw)}
        path.write_text(yaml.safe_dump(document), encoding="utf-8")

    def init(self, cloud: str, changes: Mapping[str, object] | None = None, stack: str = STACK) -> "Bench":
        """A new stack with production's platform on `cloud`, every listed secret set."""
        self.run("stack", "init", stack, stack=None)
        self.write(production(changes, cloud), stack)
        self.seal(stack)
        return self

    def seal(self, stack: str = STACK) -> None:
        """Give a value to every secret of the stack that has none."""
        for name in read_stack(self.folder, stack).missing_secrets:
            self.run("config", "set", "--secret", f"{PROJECT}:{name}", given=SECRET, stack=stack)

    def start(self, *arguments: str, stack: str | None = STACK) -> subprocess.Popen[str]:
        """The engine on the way, in a process group of its own."""
        named = ["--stack", stack] if stack is not None else []
        return subprocess.Popen(
            ["pulumi", *arguments, *named, "--non-interactive", "--color", "never"],
            cwd=self.folder, env=dict(self.environment), text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str, stack: str | None = STACK, given: str = "", expected: int | None = 0) -> str:
        """Output of an engine command; fails with its errors when it ends otherwise than `expected`."""
        process = self.start(*arguments, stack=stack)
        try:
            out, err = process.communicate(given, timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        if expected is not None and process.returncode != expected:
            raise AssertionError(f"pulumi {' '.join(arguments)} ended with {process.returncode}\n{errors(out + err)}")
        return f"{out}\n{err}" if expected != 0 else out

    def preview(self, expected: int | None = 0) -> Mapping[str, Value]:
        """The preview as the engine's JSON."""
        told = self.run("preview", "--json", expected=expected)
        return cast("Mapping[str, Value]", json.JSONDecoder().raw_decode(told)[0])

    def steps(self, expected: int | None = 0) -> list[Mapping[str, str]]:
        """The steps of a preview, each with its `op` and `urn`."""
        return cast("list[Mapping[str, str]]", self.preview(expected)["steps"])

    def up(self, *arguments: str) -> str:
        """Update without asking."""
        return self.run("up", "--yes", "--skip-preview", "--suppress-progress", f"--parallel={AT_ONCE}", *arguments)

    def destroy(self) -> str:
        """Destroy without asking."""
        return self.run("destroy", "--yes", "--skip-preview", "--suppress-progress")

    def state(self, stack: str = STACK) -> list[Mapping[str, Value]]:
        """Resources of the exported state, without the stack itself."""
        exported = json.loads(self.run("stack", "export", stack=stack))
        found = cast("list[Mapping[str, Value]]", exported["deployment"].get("resources", []))
        return [resource for resource in found if resource["type"] != "pulumi:pulumi:Stack"]


def errors(text: str) -> str:
    """The lines of an engine's output that tell what went wrong."""
    return "\n".join(dict.fromkeys(line.strip()[:LONGEST_LINE] for line in text.splitlines() if "error: " in line))


def _write_shim(path: Path, package: str) -> None:
    """A plugin as the engine finds it; the system tells it by its own name, as it would tell a real one."""
    program = f"import runpy, sys\nsys.path.insert(0, {str(ROOT)!r})\nsys.argv[1:] = [{package!r}]\n"
    run = "runpy.run_module('tests.engine.standin', run_name='__main__')\n"
    path.write_text(f"#!{sys.executable}\n{program}{run}", encoding="utf-8")
    path.chmod(0o755)
