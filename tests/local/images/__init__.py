"""Images for tests, made from Debian's packages because no image registry can be reached from where the tests run.

One root file system holds every server; each role of the platform's table is a thin image of it that starts as the
published one would. The example's services are built by their own Dockerfiles. An image is named by what it is made of,
so it is made once on a machine.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent
EXAMPLE = Path(__file__).parents[3] / "examples" / "agent_os"
SERVICES = ("gateway", "tools", "worker", "page")
SUITE = "bookworm"
PACKAGES = (
    "ca-certificates", "curl", "haproxy", "iproute2", "postgresql-15", "procps", "prometheus", "prometheus-alertmanager",
    "prometheus-node-exporter", "prometheus-postgres-exporter", "prometheus-redis-exporter", "python3", "python3-venv",
    "redis-server", "wget",
)  # fmt: skip
BROUGHT = ("weed", "cadvisor")
"""Servers that Debian lacks; taken from PATH."""
UV, AWS = "uv==0.13.8", "awscli==1.46.3"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
LONGEST_SECONDS = 1200


@dataclass(frozen=True)
class Start:
    """How a published image starts: what comes before a container's own command, and what without one."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    prepared: tuple[str, ...] = ()
    """Lines of its Dockerfile before these."""


ROLES: Mapping[str, Start] = {
    "postgres": Start(
        ("docker-entrypoint.sh",),
        ("postgres",),
        (
            "COPY docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh",
            "RUN chmod 0755 /usr/local/bin/docker-entrypoint.sh && chmod 3777 /var/run/postgresql",
        ),
    ),
    "redis": Start(command=("redis-server",)),
    "proxy": Start(command=("haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg")),
    "objects": Start(("weed",)),
    "courier": Start(("aws",)),
    "prometheus": Start(("prometheus",)),
    "alertmanager": Start(("prometheus-alertmanager",)),
    "postgres-exporter": Start(("prometheus-postgres-exporter",)),
    "redis-exporter": Start(("prometheus-redis-exporter",)),
    "host-exporter": Start(("prometheus-node-exporter",)),
    "container-exporter": Start(("cadvisor", "-logtostderr")),
}
"""Start by role; Grafana is no package of Debian's and stays away."""


def missing() -> str:
    """What is not there to make images with; empty when all is."""
    needed = ("debootstrap", *BROUGHT)
    return ", ".join(name for name in needed if shutil.which(name) is None)


@cache
def role_images() -> Mapping[str, str]:
    """Image by role, made where it is not there yet."""
    base = base_image()
    return {role: _role(base, role, start) for role, start in ROLES.items()}


@cache
def service_images(version: str = "1") -> Mapping[str, str]:
    """Images of the example's services; another `version` is another image with the same content."""
    return {service: _service(service, version) for service in SERVICES}


@cache
def base_image() -> str:
    """Debian with every server, uv and the AWS command line."""
    brought = [sha256(Path(str(shutil.which(name))).read_bytes()).hexdigest() for name in BROUGHT]
    dockerfile = _base_dockerfile(_debian())
    name = _name("debian", dockerfile, *brought)
    if not _stands(name):
        with tempfile.TemporaryDirectory() as folder:
            _build(name, dockerfile, Path(folder), _base_files())
    return name


def _debian() -> str:
    """The root file system of the packages alone."""
    name = _name("packages", SUITE, *PACKAGES)
    if _stands(name):
        return name
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        _run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(root))
        packed = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
        subprocess.run(["docker", "import", "-", name], stdin=packed.stdout, check=True, capture_output=True)
        if packed.wait():
            raise RuntimeError("tar could not pack the root file system")
    return name


def _base_dockerfile(debian: str) -> str:
    lines = (
        f"FROM {debian}",
        "ENV LANG=C.UTF-8 PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        f"ENV SSL_CERT_FILE={CERTIFICATES}",
        f"COPY ca-certificates.crt {CERTIFICATES}",
        *(f"COPY {name} /usr/local/bin/{name}" for name in BROUGHT),
        "RUN chmod 0755 /usr/local/bin/* && python3 -m venv /opt/tools"
        f" && /opt/tools/bin/pip install --quiet {UV} {AWS}"
        " && ln -s /opt/tools/bin/uv /opt/tools/bin/aws /usr/local/bin/",
    )
    return "\n".join(lines)


def _base_files() -> Mapping[str, Path]:
    found = {name: Path(str(shutil.which(name))) for name in BROUGHT}
    # packages come by way of whatever certificates this machine trusts
    return {**found, "ca-certificates.crt": CERTIFICATES}


def _role(base: str, role: str, start: Start) -> str:
    script = FOLDER / "docker-entrypoint.sh"
    name = _name(role, base, repr(start), script.read_text(encoding="utf-8"))
    if not _stands(name):
        ends = (f"ENTRYPOINT {json.dumps(start.entrypoint)}", f"CMD {json.dumps(start.command)}")
        with tempfile.TemporaryDirectory() as folder:
            _build(name, "\n".join((f"FROM {base}", *start.prepared, *ends)), Path(folder), {script.name: script})
    return name


def _service(service: str, version: str) -> str:
    base = base_image()
    content = [path.read_text(encoding="utf-8") for part in (service, "shared") for path in _sources(part)]
    name = _name(service, base, version, *content)
    if not _stands(name):
        dockerfile = (EXAMPLE / service / "Dockerfile").read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            for part in (service, "shared"):
                shutil.copytree(EXAMPLE / part, Path(folder) / part)
            _build(name, f"{dockerfile}\nLABEL version={version}\n", Path(folder), {}, f"BASE_IMAGE={base}")
    return name


def _sources(part: str) -> list[Path]:
    kinds = ("*.py", "requirements.txt", "Dockerfile")
    return sorted(path for kind in kinds for path in (EXAMPLE / part).glob(kind))


def _name(part: str, *made_of: str) -> str:
    return f"agent-platform-test/{part}:{sha256(repr(made_of).encode()).hexdigest()[:12]}"


def _stands(name: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode == 0


def _build(name: str, dockerfile: str, folder: Path, files: Mapping[str, Path], *arguments: str) -> None:
    (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    for target, source in files.items():
        shutil.copy(source, folder / target)
    given = [word for argument in arguments for word in ("--build-arg", argument)]
    _run("docker", "build", "--quiet", "--network=host", "--tag", name, *given, str(folder))


def _run(*command: str) -> None:
    # Debian's own Docker has no BuildKit beside it
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=LONGEST_SECONDS, check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(command[:3])} ended with {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}"
        )
