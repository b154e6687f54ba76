"""Pulumi project for engine tests: a temporary folder, a file backend and fake provider plugins."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import cast

import yaml

from automation.deploy.workspace import PARALLEL_OPERATIONS
from automation.plan.inventory import Value
from automation.stack.document import read_stack
from components.configuration import PLATFORM_KEY, PROJECT
from providers.contract.spec import CloudName
from providers.contract.spec.defaults import Raw
from tests.engine.fake_cloud.cloud import FOLDER_VARIABLE, FakeCloud
from tests.engine.plugin_server.client import ADDRESS_VARIABLE, LANGUAGE
from tests.planning import DROP, ROOT, SECRET, production

PROVIDER_PACKAGES = ("aws", "gcp", "azure-native", "random")
FAKE_CLOUDS: tuple[CloudName, ...] = ("aws", "gcp", "azure")
"""Clouds with a fake provider; Docker has its tests in tests/local, and Kubernetes on a real API server."""
ENGINE_FOLDER = ROOT / ".cache" / "engine"
"""Folder in which `make engine` builds the CLI."""
LANGUAGE_HOST = "pulumi-language-python"
PASSPHRASE = "correct horse battery staple"
TIMEOUT_SECONDS = 300
MAX_LINE_CHARACTERS = 300
ONE_WRITE = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""Variables with which the engine writes a state once, in a ninth of the CPU time of 300 creations. An engine that is killed
leaves its state without them, so tests of faults and of commands run without these variables.
"""
STACK = "prod"
LISTED_SECRET = "OPENAI_API_KEY"
SMALL: Mapping[str, object] = {
    "profile": "development",
    "network": {"zones": 2},
    "ingress": {"waf": False, "domain": "agents.example.com", "dns_zone": "example.com"},
    "services.worker": DROP,
    "services.gateway.uses": ["database"],
    "services.gateway.calls": [],
    "services.chat.uses": [],
    "database": {},
    **{part: DROP for part in ("cache", "storage", "monitoring", "budget", "deployer")},
}
"""Changes of production to a platform with two services, of which `gateway` reads the database URL and a listed secret."""


def small_platform(cloud: str, **changes: object) -> dict[str, object]:
    """Return the small platform with changes by dotted path, where `__` is a dot; `chat` uses a cache on AWS."""
    cached: dict[str, object] = {"cache": {}, "services.chat.uses": ["cache"]} if cloud == "aws" else {}
    return production({**SMALL, **cached, **{path.replace("__", "."): value for path, value in changes.items()}}, cloud)


def engine_path() -> str:
    """PATH of this process after the folder of `make engine`."""
    return f"{ENGINE_FOLDER}{os.pathsep}{os.environ['PATH']}"


def missing_engine() -> str:
    """Reason why there is no engine; empty when there is one."""
    return "" if shutil.which("pulumi", path=engine_path()) else "no Pulumi engine: run `make engine`"


COLLECTION: Mapping[str, str] = {"GOGC": "800"}
"""Variable with which the engine collects garbage less often, an eighth of the CPU time of a test; its processes end soon."""


@dataclass(frozen=True)
class EngineProject:
    """Project folder with its backend and its fake cloud."""

    folder: Path
    cloud: FakeCloud
    environment: Mapping[str, str]

    @classmethod
    def create(cls, home: Path, packages: tuple[str, ...] = PROVIDER_PACKAGES) -> "EngineProject":
        """Create program, project file, fake plugins for `packages`, empty backend and empty cloud in a folder."""
        folder, shims = home / "project", home / "shims"
        for path in (folder, shims, home / "backend", home / "home"):
            path.mkdir(parents=True, exist_ok=True)
        for package in packages:
            _write_client(shims / f"pulumi-resource-{package}", package)
        _write_client(shims / LANGUAGE_HOST, LANGUAGE)
        shutil.copy(ROOT / "__main__.py", folder)
        project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
        environment = {
            **{key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"},
            "PATH": f"{shims}{os.pathsep}{engine_path()}",
            # test this checkout, not an installed version of the package
            "PYTHONPATH": str(ROOT),
            "PULUMI_BACKEND_URL": f"file://{home / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_HOME": str(home / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **COLLECTION,
            FOLDER_VARIABLE: str(home / "cloud"),
            ADDRESS_VARIABLE: str(plugin_server() / "plugins"),
        }
        return cls(folder, FakeCloud(home / "cloud").create(), environment)

    def copy(self, home: Path) -> "EngineProject":
        """Copy project, state and cloud to another folder."""
        for part in ("project", "backend", "cloud"):
            shutil.copytree(self.folder.parent / part, home / part)
        return EngineProject.create(home)

    def write(self, raw: Mapping[str, object], stack: str = STACK) -> None:
        """Write the platform of a stack into its file and keep the other keys (secrets, salt)."""
        path = self.folder / f"Pulumi.{stack}.yaml"
        document = cast("Raw", yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else {}
        document["config"] = {**cast("Raw", document.get("config", {})), PLATFORM_KEY: dict(raw)}
        path.write_text(yaml.safe_dump(document, width=1 << 20), encoding="utf-8")

    def init(self, cloud: str, changes: Mapping[str, object] | None = None, stack: str = STACK) -> "EngineProject":
        """Create a stack with the production platform on `cloud` and a value for every listed secret."""
        return self.init_with(production(changes, cloud), stack)

    def init_with(self, raw: Mapping[str, object], stack: str = STACK) -> "EngineProject":
        """Create a stack with a platform and a value for every listed secret."""
        self.run("stack", "init", stack, stack=None)
        self.write(raw, stack)
        self.set_missing_secrets(stack)
        return self

    def set_missing_secrets(self, stack: str = STACK) -> None:
        """Set a value for every listed secret that has none."""
        for name in read_stack(self.folder, stack).missing_secrets:
            self.run("config", "set", "--secret", f"{PROJECT}:{name}", stdin=SECRET, stack=stack)

    def start(self, *arguments: str, stack: str | None = STACK) -> subprocess.Popen[str]:
        """Start an engine command in a separate process group."""
        selection = ["--stack", stack] if stack is not None else []
        return subprocess.Popen(
            ["pulumi", *arguments, *selection, "--non-interactive", "--color", "never"],
            cwd=self.folder, env=dict(self.environment), text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(
        self,
        *arguments: str,
        stack: str | None = STACK,
        stdin: str = "",
        expected: int | None = 0,
        seconds: float = TIMEOUT_SECONDS,
    ) -> str:
        """Return the output of an engine command; fail with its errors unless its exit code is `expected`."""
        process = self.start(*arguments, stack=stack)
        try:
            out, err = process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        if expected is not None and process.returncode != expected:
            raise AssertionError(
                f"pulumi {' '.join(arguments)} ended with {process.returncode}\n{error_lines(out + err)}"
            )
        return f"{out}\n{err}" if expected != 0 else out

    def preview(self, expected: int | None = 0) -> Mapping[str, Value]:
        """Return the JSON of a preview."""
        output = self.run("preview", "--json", expected=expected)
        return cast("Mapping[str, Value]", json.JSONDecoder().raw_decode(output)[0])

    def steps(self, expected: int | None = 0) -> list[Mapping[str, str]]:
        """Return the steps of a preview, each with its `op` and `urn`."""
        return cast("list[Mapping[str, str]]", self.preview(expected)["steps"])

    def up(self, *arguments: str) -> str:
        """Update without confirmation."""
        return self._in_one_write(
            "up", "--yes", "--skip-preview", "--suppress-progress", f"--parallel={PARALLEL_OPERATIONS}", *arguments
        )

    def destroy(self) -> str:
        """Destroy without confirmation."""
        return self._in_one_write("destroy", "--yes", "--skip-preview", "--suppress-progress")

    def _in_one_write(self, *arguments: str) -> str:
        """Run a command that writes the state at its end only, not after each of its steps."""
        return replace(self, environment={**self.environment, **ONE_WRITE}).run(*arguments)

    def state(self, stack: str = STACK) -> list[Mapping[str, Value]]:
        """Resources of the exported state without the stack resource."""
        exported = json.loads(self.run("stack", "export", stack=stack))
        resources = cast("list[Mapping[str, Value]]", exported["deployment"].get("resources", []))
        return [resource for resource in resources if resource["type"] != "pulumi:pulumi:Stack"]


def error_lines(text: str) -> str:
    """Lines of the engine's output that contain an error."""
    return "\n".join(
        dict.fromkeys(line.strip()[:MAX_LINE_CHARACTERS] for line in text.splitlines() if "error: " in line)
    )


@cache
def plugin_server() -> Path:
    """Start the plugin server of this process and return the folder of its sockets; it ends with this process."""
    # the path of a socket has at most 107 characters, which a folder of a test may exceed
    folder = Path(mkdtemp(prefix="plugins-"))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.plugin_server", str(folder)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline(), "the plugin server did not start"
    atexit.register(_end, process, folder)
    return folder


def _end(process: subprocess.Popen[str], folder: Path) -> None:
    """End the plugin server and wait for it, so that `time` counts its CPU time, and remove its folder."""
    assert process.stdin is not None
    process.stdin.close()
    process.wait(TIMEOUT_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


def _write_client(path: Path, plugin: str) -> None:
    """Write an executable with the name of a plugin that asks the plugin server for it."""
    load = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom tests.engine.plugin_server.client import main\n"
    path.write_text(f"#!{sys.executable} -S\n{load}sys.exit(main({plugin!r}, *sys.argv[1:]))\n", encoding="utf-8")
    path.chmod(0o755)
