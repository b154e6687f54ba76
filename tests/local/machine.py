"""The example of Pulumi.local.yaml on this machine, under the real engine and a real Docker: how tests lay it and talk to it.

Whatever the tests make bears the name of their own stack; nothing else on the machine is used or touched.
"""

import json
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, cast
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from automation import Deployment
from automation.stack.document import read_stack
from providers.docker.context import REGION, DockerContext
from providers.docker.network.cidr import prometheus_address
from providers.docker.observability.configuration import PROMETHEUS_PORT
from tests.engine.project import EngineProject
from tests.local.agent_os.system import Answer, free_port
from tests.local.images import role_images, service_images
from tests.planning import ROOT, changed, raw_of

STACK = "machine"
TRUSTING = ssl.create_default_context()
TRUSTING.check_hostname = False
TRUSTING.verify_mode = ssl.CERT_NONE


@dataclass
class Machine:
    """One stack on this machine."""

    project: EngineProject
    port: int

    @classmethod
    def lay(cls, home: Path) -> "Machine":
        """The project and the stack file, nothing deployed yet. Grafana stays away, for Debian has none."""
        project = EngineProject.create(home, ())
        if (project.folder / f"Pulumi.{STACK}.yaml").is_file():
            machine = cls(
                project, DockerContext(read_stack(project.folder, STACK).spec, STACK, REGION).block.entry_port
            )
        else:
            project.run("stack", "init", STACK, stack=None)
            machine = cls(project, free_port())
        machine.write({})
        return machine

    def write(self, changes: Mapping[str, object]) -> None:
        """The stack file: the example, with what these tests need, and `changes` by dotted path."""
        images = {f"services.{name}.image": image for name, image in service_images().items()}
        needed = {
            **images,
            "docker.entry_port": self.port,
            "docker.images": dict(role_images()),
            "database.version": "15",
            "monitoring.dashboards": False,
            # the load comes from one address
            "ingress.rate_limit_per_minute": 1_000_000,
        }
        self.project.write(changed(raw_of(ROOT / "Pulumi.local.yaml"), {**needed, **changes}), STACK)

    @property
    def deployment(self) -> Deployment:
        """The stack as a program deploys it."""
        return Deployment(STACK, self.project.folder, environment=dict(self.project.environment))

    @property
    def context(self) -> DockerContext:
        """What the adapter knows of the stack file."""
        return DockerContext(read_stack(self.project.folder, STACK).spec, STACK, REGION)

    def ask(self, path: str, body: object = None, seconds: float = 15) -> Answer:
        """One request through the entry; status 0 where nobody answered."""
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"https://localhost:{self.port}{path}", data, {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=seconds, context=TRUSTING) as found:  # noqa: S310  # the scheme is ours
                return Answer(found.status, _body(found.read()))
        except HTTPError as refused:
            return Answer(refused.code, _body(refused.read()))
        except (URLError, OSError, HTTPException):
            return Answer(0, {})

    def said(self, message: str, session: str) -> str:
        """The assistant's words; fails when there are none."""
        answer = self.ask("/chat", {"message": message, "session_id": session})
        assert answer.status == 200, answer
        return cast("str", answer.body["answer"])

    def container(self, part: str) -> str:
        """Id of the one container of a part that stands, e.g. `database-server`."""
        (found,) = self.containers(part)
        return found

    def copies(self, service: str) -> list[str]:
        """Ids of the copies of a service."""
        number = self.context.spec.services[service].replicas.min
        return [self.container(f"compute-{service}-{at}") for at in range(1, number + 1)]

    def containers(self, part: str = "", *, everything: bool = False) -> list[str]:
        """Ids of running containers, or of `everything` that is there, whose name is the part's with Pulumi's ending."""
        ending = "-[0-9a-f]{7}$" if part else ""
        named = f"name=^/{STACK}-{part}{ending}"
        return docker("ps", "--no-trunc", "--quiet", *(["--all"] if everything else []), "--filter", named).split()

    def prometheus(self, query: str) -> list[tuple[Mapping[str, str], float]]:
        """Labels and value of each series that answers a question to the machine's own Prometheus."""
        found = self.asked_prometheus(f"query?query={quote(query)}")["data"]["result"]
        return [(series["metric"], float(series["value"][1])) for series in found]

    def asked_prometheus(self, path: str) -> dict[str, Any]:
        """An answer of Prometheus' API; it listens where only the platform's own parts can ask."""
        url = f"http://{prometheus_address(self.context)}:{PROMETHEUS_PORT}/api/v1/{path}"
        return json.loads(docker("exec", self.container("monitoring-prometheus"), "wget", "-qO-", url))


def docker(*arguments: str, given: str | None = None) -> str:
    """Output of Docker's command line; fails with what it says."""
    done = subprocess.run(["docker", *arguments], input=given, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"docker {' '.join(arguments[:3])}: {done.stderr[-1000:]}"
    return done.stdout


def _body(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return {}
