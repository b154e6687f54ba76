"""Services of `examples/agent_os` as processes on loopback, with a separate PostgreSQL and Redis.

AGENT_OS_PYTHON is a Python with the requirements of the example; the servers are those of Debian's packages. Nothing
that already runs on this machine is used.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tests.ports import LOOPBACK, free_port

EXAMPLE = Path(__file__).parents[3] / "examples" / "agent_os"
UNPRIVILEGED_USER = "nobody"
PORTS = ("postgres", "redis", "gateway", "tools", "gateway-metrics", "tools-metrics")
SERVERS = {"gateway": "gateway", "tools": "tools", "worker": "worker"}

RENDER_PAGE = """
import json, sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("app.py", default_timeout=30).run()
for message in sys.argv[1:]:
    page.chat_input[0].set_value(message).run()
assert not page.exception, page.exception
print(json.dumps([said.markdown[0].value for said in page.chat_message]))
"""


def missing() -> str | None:
    """Reason why the system cannot run on this machine, or None."""
    python = os.environ.get("AGENT_OS_PYTHON")
    if not python:
        return "AGENT_OS_PYTHON names no Python with the requirements of examples/agent_os"
    probe = subprocess.run(
        [python, "-c", "import agno, celery, fastapi, psycopg, streamlit"], capture_output=True, check=False
    )
    if probe.returncode:
        return f"{python} lacks the requirements of examples/agent_os"
    if postgres_folder() is None:
        return "PostgreSQL is not installed (Debian: postgresql)"
    return None if shutil.which("redis-server") else "Redis is not installed (Debian: redis-server)"


def postgres_folder() -> Path | None:
    """Folder with the programs of the newest PostgreSQL of Debian's packages."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda path: int(path.parent.name))


@dataclass
class Answer:
    """Status and JSON body of an answer; status 0 without one."""

    status: int
    body: Any = None  # any JSON


@dataclass
class System:
    """Processes by name, which are started and stopped one by one."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="agent-os-")))
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    ports: Mapping[str, int] = field(default_factory=lambda: {name: free_port() for name in PORTS})
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, subprocess.Popen[bytes]])

    @property
    def user(self) -> str | None:
        """User of PostgreSQL, which refuses to run as root."""
        return UNPRIVILEGED_USER if os.geteuid() == 0 else None

    def create_database(self) -> None:
        """Create a database in the folder, without a password because it listens on loopback only."""
        self.folder.chmod(0o755)
        data = self.folder / "postgres"
        data.mkdir()
        if self.user:
            shutil.chown(data, self.user)
        programs = postgres_folder() or Path()
        command = [programs / "initdb", "-D", data, "-U", "app", "--auth=trust", "--no-sync", "-E", "UTF8"]
        subprocess.run(command, check=True, capture_output=True, user=self.user, cwd=data)

    def start(self, *names: str, **variables: str) -> None:
        """Start processes without waiting for them, with additional variables."""
        for name in names:
            log = (self.folder / f"{name}.log").open("ab")
            service = SERVERS.get(name)
            self.processes[name] = subprocess.Popen(
                self.command(name),
                stdout=log,
                stderr=log,
                user=self.user if name == "postgres" else None,
                cwd=EXAMPLE / service if service else self.folder / "postgres" if name == "postgres" else self.folder,
                env=self.variables(name) | variables if service else None,
                start_new_session=True,
            )

    def command(self, name: str) -> list[str]:
        """Command of a process, the same as in the images."""
        port = str(self.ports.get(name, 0))
        python = os.environ.get("AGENT_OS_PYTHON", "")
        match name:
            case "postgres":
                options = [
                    "-D",
                    str(self.folder / "postgres"),
                    "-p",
                    port,
                    "-h",
                    LOOPBACK,
                    "-k",
                    str(self.folder / "postgres"),
                ]
                return [str((postgres_folder() or Path()) / "postgres"), *options, "-F"]
            case "redis":
                return ["redis-server", "--bind", LOOPBACK, "--port", port, "--save", "", "--appendonly", "no"]
            case "worker":
                return [
                    python,
                    "-m",
                    "celery",
                    "--app=app",
                    "worker",
                    "--loglevel=INFO",
                    f"--hostname=celery@{self.folder.name}",
                ]
            case _:
                return [python, "-m", "shared.serving"]

    def variables(self, name: str) -> dict[str, str]:
        """Variables that the platform sets for a service."""
        inherited = {
            key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "PYTHONDONTWRITEBYTECODE")
        }
        return inherited | {
            "PYTHONPATH": str(EXAMPLE),
            "HOME": "/nonexistent",
            "HOST": LOOPBACK,
            "PORT": str(self.ports.get(name, 0)),
            "METRICS_PORT": str(self.ports.get(f"{name}-metrics", 0)),
            "DATABASE_URL": f"postgresql+psycopg://app@{LOOPBACK}:{self.ports['postgres']}/postgres",
            "REDIS_URL": f"redis://{LOOPBACK}:{self.ports['redis']}/0",
            "TOOLS_URL": f"http://{LOOPBACK}:{self.ports['tools']}",
            "DRAIN_SECONDS": "0",
            **self.environment,
        }

    def stop(self, *names: str, sig: signal.Signals = signal.SIGTERM) -> None:
        """Stop processes and wait until they end."""
        for name in names:
            self.processes[name].send_signal(sig)
        for name in names:
            self.processes.pop(name).wait(timeout=40)

    def close(self) -> None:
        """Stop the remaining processes, services first, and remove the folder."""
        for name in [*SERVERS, "redis", "postgres"]:
            if name in self.processes:
                self.stop(name, sig=signal.SIGKILL if name in SERVERS else signal.SIGINT)
        shutil.rmtree(self.folder)

    def ask(self, path: str, body: object = None, service: str = "gateway", seconds: float = 20) -> Answer:
        """Send a GET request, or a POST request with a body."""
        data = None if body is None else json.dumps(body).encode()
        url = f"http://{LOOPBACK}:{self.ports[service]}{path}"
        try:
            with urlopen(
                Request(url, data, {"Content-Type": "application/json"}), timeout=seconds
            ) as response:  # loopback
                return Answer(response.status, _parsed(response.read()))
        except HTTPError as error:
            return Answer(error.code, _parsed(error.read()))
        except (URLError, HTTPException, OSError):
            return Answer(0)

    def wait_healthy(self, service: str = "gateway", status: int = 200, seconds: float = 40) -> float:
        """Return the seconds until `/health` answers with the status; fails after `seconds`."""
        start = time.monotonic()
        while self.ask("/health", service=service).status != status:
            if time.monotonic() - start > seconds:
                raise AssertionError(f"{service} did not answer {status} in {seconds} s:\n{self.log(service)}")
            time.sleep(0.2)
        return time.monotonic() - start

    def page(self, *messages: str, **variables: str) -> list[str]:
        """Messages on the page after these inputs, rendered by Streamlit's test driver."""
        gateway = f"http://{LOOPBACK}:{self.ports['gateway']}"
        result = subprocess.run(
            [os.environ["AGENT_OS_PYTHON"], "-c", RENDER_PAGE, *messages],
            capture_output=True,
            check=True,
            cwd=EXAMPLE / "page",
            env=self.variables("page") | {"GATEWAY_URL": gateway} | variables,
        )
        return json.loads(result.stdout)

    def sql(self, statement: str) -> None:
        """Run a statement as the owner of the database."""
        connection = ["-h", LOOPBACK, "-p", str(self.ports["postgres"]), "-U", "app", "-d", "postgres"]
        command = [
            str((postgres_folder() or Path()) / "psql"),
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            *connection,
            "-c",
            statement,
        ]
        subprocess.run(command, check=True, capture_output=True)

    def metric(self, series: str, service: str = "gateway") -> float:
        """Value of a series of `/metrics`, named with its labels as printed; 0 when it does not exist."""
        text = str(self.ask("/metrics", service=f"{service}-metrics").body)
        lines = [line for line in text.splitlines() if line.startswith(f"{series} ")]
        return float(lines[0].rsplit(" ", 1)[1]) if lines else 0.0

    def log(self, name: str) -> str:
        """End of a process's log."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")[-3000:]


def _parsed(raw: bytes) -> Any:  # any JSON, or text
    text = raw.decode()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
