"""Example of Pulumi.local.yaml, deployed by the real engine to Docker on this machine, and requests to it.

Everything that the tests create has the name of their stack; nothing else on the machine is used.
"""

import json
import ssl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from automation import Deployment
from automation.stack.document import read_stack, with_values
from providers.docker.context import REGION, DockerContext
from providers.docker.network.flows import prometheus_address
from providers.docker.observability.prometheus import PROMETHEUS_PORT
from tests.engine.project import TIMEOUT_SECONDS, EngineProject
from tests.local.agent_os.system import Answer
from tests.local.images import role_images, service_images
from tests.planning import DROP, ROOT, SECRET, raw_of
from tests.ports import free_port

STACK = "machine"
WITH_KEY: Mapping[str, str] = {"Authorization": f"Bearer {SECRET}"}
"""Header that the gateway requires; its key is the value of every listed secret of the tests."""
TLS_WITHOUT_VERIFICATION = ssl.create_default_context()
TLS_WITHOUT_VERIFICATION.check_hostname = False
TLS_WITHOUT_VERIFICATION.verify_mode = ssl.CERT_NONE


@dataclass
class HostStack:
    """Stack of the tests."""

    project: EngineProject
    port: int

    @classmethod
    def create(cls, home: Path) -> "HostStack":
        """Project and stack file, not yet deployed; without Grafana, which has no Debian package."""
        project = EngineProject.create(home, ())
        if (project.folder / f"Pulumi.{STACK}.yaml").is_file():
            stack = cls(project, DockerContext(read_stack(project.folder, STACK).spec, STACK, REGION).block.entry_port)
        else:
            project.run("stack", "init", STACK, stack=None)
            stack = cls(project, free_port())
        stack.write({})
        # the state is not in the folder .local, so no update generates the key of the gateway
        project.set_missing_secrets(STACK)
        return stack

    def write(self, changes: Mapping[str, object]) -> None:
        """Write the stack file: the example with the images of the tests, and `changes` by dotted path."""
        images = {f"services.{name}.image": image for name, image in service_images().items()}
        # the sources of the example are not in the folder of the project, and its images are built already
        sources = {f"services.{name}.build": DROP for name in service_images()}
        settings = {
            **images,
            **sources,
            "docker.entry_port": self.port,
            "docker.images": dict(role_images()),
            "database.version": "15",
            "monitoring.dashboards": False,
            # the load comes from a single address
            "ingress.rate_limit_per_minute": 1_000_000,
        }
        self.project.write(with_values(raw_of(ROOT / "Pulumi.local.yaml"), {**settings, **changes}), STACK)

    @property
    def deployment(self) -> Deployment:
        """Deployment of the stack."""
        return Deployment(STACK, self.project.folder, environment=dict(self.project.environment))

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `agent-platform` in the project's folder."""
        return subprocess.run(
            [sys.executable, "-m", "automation", *arguments],
            cwd=self.project.folder, env=dict(self.project.environment), text=True, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=TIMEOUT_SECONDS, check=False,
        )  # fmt: skip

    @property
    def context(self) -> DockerContext:
        """Docker context of the stack file."""
        return DockerContext(read_stack(self.project.folder, STACK).spec, STACK, REGION)

    def ask(self, path: str, body: object = None, seconds: float = 15) -> Answer:
        """Send a request through the entry; status 0 without an answer."""
        return request_through_entry(self.port, path, body, seconds)

    def answer_text(self, message: str, session: str) -> str:
        """Text of the assistant's answer; fails without one."""
        answer = self.ask("/chat", {"message": message, "session_id": session})
        assert answer.status == 200, answer
        return str(answer.body["answer"])

    def container(self, part: str) -> str:
        """Id of the one running container of a part such as `database-server`."""
        (container,) = self.containers(part)
        return container

    def replicas(self, service: str) -> list[str]:
        """Ids of a service's replicas."""
        number = self.context.spec.services[service].replicas.min
        return [self.container(f"compute-{service}-{index}") for index in range(1, number + 1)]

    def containers(self, part: str = "", *, include_stopped: bool = False) -> list[str]:
        """Ids of containers with the name of the part and the suffix that Pulumi adds."""
        suffix = "-[0-9a-f]{7}$" if part else ""
        name_filter = f"name=^/{STACK}-{part}{suffix}"
        return docker(
            "ps", "--no-trunc", "--quiet", *(["--all"] if include_stopped else []), "--filter", name_filter
        ).split()

    def prometheus(self, query: str) -> list[tuple[Mapping[str, str], float]]:
        """Labels and value of each series in the result of a query to the deployed Prometheus."""
        result = self.prometheus_api(f"query?query={quote(query)}")["data"]["result"]
        return [(series["metric"], float(series["value"][1])) for series in result]

    def prometheus_api(self, path: str) -> dict[str, Any]:
        """Answer of Prometheus' API, requested from inside its container: it listens in the monitoring network only."""
        url = f"http://{prometheus_address(self.context)}:{PROMETHEUS_PORT}/api/v1/{path}"
        return json.loads(docker("exec", self.container("monitoring-prometheus"), "wget", "-qO-", url))


def request_through_entry(
    port: int, path: str, body: object = None, seconds: float = 15, headers: Mapping[str, str] = WITH_KEY
) -> Answer:
    """Send a request to an entry on this machine; status 0 without an answer."""
    data = json.dumps(body).encode() if body is not None else None
    request = Request(f"https://localhost:{port}{path}", data, {"Content-Type": "application/json", **headers})
    try:
        with urlopen(request, timeout=seconds, context=TLS_WITHOUT_VERIFICATION) as response:  # noqa: S310  # always https
            return Answer(response.status, _body(response.read()))
    except HTTPError as error:
        return Answer(error.code, _body(error.read()))
    except (URLError, OSError, HTTPException):
        return Answer(0, {})


def docker(*arguments: str, stdin: str | None = None) -> str:
    """Return the output of Docker's command line; fails with its error."""
    result = subprocess.run(
        ["docker", *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, f"docker {' '.join(arguments[:3])}: {result.stderr[-1000:]}"
    return result.stdout


def _body(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return {}
