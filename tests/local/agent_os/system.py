"""The agent system of `examples/agent_os` as processes on loopback, with a PostgreSQL and a Redis of its own.

What it needs is found or told: AGENT_OS_PYTHON names a Python that has the example's requirements, the servers come
from Debian's packages. Nothing that already runs on this machine is used or touched.
"""

import json
import os
import shutil
import signal
import socket
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

EXAMPLE = Path(__file__).parents[3] / "examples" / "agent_os"
LOOPBACK = "127.0.0.1"
UNPRIVILEGED = "nobody"
SERVERS = {"gateway": "gateway", "tools": "tools", "worker": "worker"}

DRAW = """
import json, sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("app.py", default_timeout=30).run()
for message in sys.argv[1:]:
    page.chat_input[0].set_value(message).run()
assert not page.exception, page.exception
print(json.dumps([said.markdown[0].value for said in page.chat_message]))
"""


def missing() -> str | None:
    """Why the system cannot run here, or None."""
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
    """Where the newest PostgreSQL of Debian's packages has its programs."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda path: int(path.parent.name))


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    """Status and JSON body of an answer; status 0 where nobody answered."""

    status: int
    body: Any = None  # whatever JSON the service sent


@dataclass
class System:
    """All processes by name; started and stopped one by one, and all together at the end."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="agent-os-")))
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    ports: Mapping[str, int] = field(
        default_factory=lambda: {name: free_port() for name in ("postgres", "redis", "gateway", "tools")}
    )
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, subprocess.Popen[bytes]])

    @property
    def user(self) -> str | None:
        """PostgreSQL refuses to run as root."""
        return UNPRIVILEGED if os.geteuid() == 0 else None

    def make_database(self) -> None:
        """A database in the folder, without a password: it listens on loopback only."""
        self.folder.chmod(0o755)
        data = self.folder / "postgres"
        data.mkdir()
        if self.user:
            shutil.chown(data, self.user)
        programs = postgres_folder() or Path()
        command = [programs / "initdb", "-D", data, "-U", "app", "--auth=trust", "--no-sync", "-E", "UTF8"]
        subprocess.run(command, check=True, capture_output=True, user=self.user, cwd=data)

    def start(self, *names: str, **variables: str) -> None:
        """Starts processes, which are not waited for, with variables of their own where some are given."""
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
        """What is run for a name, as in the images."""
        port = str(self.ports.get(name, 0))
        python = os.environ.get("AGENT_OS_PYTHON", "")
        match name:
            case "postgres":
                places = [
                    "-D",
                    str(self.folder / "postgres"),
                    "-p",
                    port,
                    "-h",
                    LOOPBACK,
                    "-k",
                    str(self.folder / "postgres"),
                ]
                return [str((postgres_folder() or Path()) / "postgres"), *places, "-F"]
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
        """What the platform hands to a service of that name."""
        inherited = {
            key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "PYTHONDONTWRITEBYTECODE")
        }
        return inherited | {
            "PYTHONPATH": str(EXAMPLE),
            "HOME": "/nonexistent",
            "HOST": LOOPBACK,
            "PORT": str(self.ports.get(name, 0)),
            "DATABASE_URL": f"postgresql+psycopg://app@{LOOPBACK}:{self.ports['postgres']}/postgres",
            "REDIS_URL": f"redis://{LOOPBACK}:{self.ports['redis']}/0",
            "TOOLS_URL": f"http://{LOOPBACK}:{self.ports['tools']}",
            "DRAIN_SECONDS": "0",
            **self.environment,
        }

    def stop(self, *names: str, sig: signal.Signals = signal.SIGTERM) -> None:
        """Ends processes and waits for their end."""
        for name in names:
            self.processes[name].send_signal(sig)
        for name in names:
            self.processes.pop(name).wait(timeout=40)

    def close(self) -> None:
        """Ends what is left, services first, and removes the folder."""
        for name in [*SERVERS, "redis", "postgres"]:
            if name in self.processes:
                self.stop(name, sig=signal.SIGKILL if name in SERVERS else signal.SIGINT)
        shutil.rmtree(self.folder)

    def ask(self, path: str, body: object = None, service: str = "gateway", seconds: float = 20) -> Answer:
        """GET, or POST with a body."""
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
        """Seconds until `/health` answers with that status; fails after as many as are allowed."""
        begun = time.monotonic()
        while self.ask("/health", service=service).status != status:
            if time.monotonic() - begun > seconds:
                raise AssertionError(f"{service} did not answer {status} in {seconds} s:\n{self.log(service)}")
            time.sleep(0.2)
        return time.monotonic() - begun

    def page(self, *messages: str, **variables: str) -> list[str]:
        """What the page shows after those messages were typed, drawn by Streamlit's own test driver."""
        gateway = f"http://{LOOPBACK}:{self.ports['gateway']}"
        drawn = subprocess.run(
            [os.environ["AGENT_OS_PYTHON"], "-c", DRAW, *messages],
            capture_output=True,
            check=True,
            cwd=EXAMPLE / "page",
            env=self.variables("page") | {"GATEWAY_URL": gateway} | variables,
        )
        return json.loads(drawn.stdout)

    def sql(self, statement: str) -> None:
        """Runs a statement as the database's owner."""
        where = ["-h", LOOPBACK, "-p", str(self.ports["postgres"]), "-U", "app", "-d", "postgres"]
        command = [str((postgres_folder() or Path()) / "psql"), "-q", "-v", "ON_ERROR_STOP=1", *where, "-c", statement]
        subprocess.run(command, check=True, capture_output=True)

    def metric(self, series: str, service: str = "gateway") -> float:
        """Value of a series of `/metrics`, named with its labels as it is printed; 0 where it is missing."""
        text = str(self.ask("/metrics", service=service).body)
        lines = [line for line in text.splitlines() if line.startswith(f"{series} ")]
        return float(lines[0].rsplit(" ", 1)[1]) if lines else 0.0

    def log(self, name: str) -> str:
        """The last lines that a process wrote."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")[-3000:]


def _parsed(raw: bytes) -> Any:  # whatever JSON the service sent, or its text
    text = raw.decode()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
