"""Images for tests, built from Debian packages so that no image registry is needed.

One root file system has every server. The image of each role of the platform is a layer on it that starts like the
published image. The example's services are built with their own Dockerfiles. The name of an image is a hash of its
content, so it is built once on a machine.
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
COPIED_PROGRAMS = ("weed", "cadvisor")
"""Servers without a Debian package; copied from PATH."""
UV, AWS = "uv==0.13.8", "awscli==1.46.3"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
TIMEOUT_SECONDS = 1200


@dataclass(frozen=True)
class ImageStart:
    """Entry point and command of a published image."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    build_steps: tuple[str, ...] = ()
    """Lines of its Dockerfile before entry point and command."""


ROLES: Mapping[str, ImageStart] = {
    "postgres": ImageStart(
        ("docker-entrypoint.sh",),
        ("postgres",),
        (
            "COPY docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh",
            "RUN chmod 0755 /usr/local/bin/docker-entrypoint.sh && chmod 3777 /var/run/postgresql",
        ),
    ),
    "redis": ImageStart(command=("redis-server",)),
    "proxy": ImageStart(command=("haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg")),
    "objects": ImageStart(("weed",)),
    "courier": ImageStart(("aws",)),
    "prometheus": ImageStart(("prometheus",)),
    "alertmanager": ImageStart(("prometheus-alertmanager",)),
    "postgres-exporter": ImageStart(("prometheus-postgres-exporter",)),
    "redis-exporter": ImageStart(("prometheus-redis-exporter",)),
    "host-exporter": ImageStart(("prometheus-node-exporter",)),
    "container-exporter": ImageStart(("cadvisor", "-logtostderr")),
}
"""Start by role; Grafana has no Debian package and is left out."""


def missing() -> str:
    """Missing programs that are needed to build images; empty when there are none."""
    needed = ("debootstrap", *COPIED_PROGRAMS)
    return ", ".join(name for name in needed if shutil.which(name) is None)


@cache
def role_images() -> Mapping[str, str]:
    """Image by role; missing ones are built."""
    base = base_image()
    return {role: _role(base, role, start) for role, start in ROLES.items()}


@cache
def service_images(version: str = "1") -> Mapping[str, str]:
    """Images of the example's services; another `version` gives another image with the same content."""
    return {service: _service(service, version) for service in SERVICES}


@cache
def base_image() -> str:
    """Debian with every server, uv and the AWS command line."""
    checksums = [sha256(Path(str(shutil.which(name))).read_bytes()).hexdigest() for name in COPIED_PROGRAMS]
    dockerfile = _base_dockerfile(_debian())
    name = _name("debian", dockerfile, *checksums)
    if not _exists(name):
        with tempfile.TemporaryDirectory() as folder:
            _build(name, dockerfile, Path(folder), _base_files())
    return name


def _debian() -> str:
    """Root file system with the packages."""
    name = _name("packages", SUITE, *PACKAGES)
    if _exists(name):
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
        *(f"COPY {name} /usr/local/bin/{name}" for name in COPIED_PROGRAMS),
        "RUN chmod 0755 /usr/local/bin/* && python3 -m venv /opt/tools"
        f" && /opt/tools/bin/pip install --quiet {UV} {AWS}"
        " && ln -s /opt/tools/bin/uv /opt/tools/bin/aws /usr/local/bin/",
    )
    return "\n".join(lines)


def _base_files() -> Mapping[str, Path]:
    programs = {name: Path(str(shutil.which(name))) for name in COPIED_PROGRAMS}
    # package indexes are reached with the certificates that this machine trusts
    return {**programs, "ca-certificates.crt": CERTIFICATES}


def _role(base: str, role: str, start: ImageStart) -> str:
    script = FOLDER / "docker-entrypoint.sh"
    name = _name(role, base, repr(start), script.read_text(encoding="utf-8"))
    if not _exists(name):
        last_lines = (f"ENTRYPOINT {json.dumps(start.entrypoint)}", f"CMD {json.dumps(start.command)}")
        with tempfile.TemporaryDirectory() as folder:
            _build(
                name, "\n".join((f"FROM {base}", *start.build_steps, *last_lines)), Path(folder), {script.name: script}
            )
    return name


def _service(service: str, version: str) -> str:
    base = base_image()
    content = [path.read_text(encoding="utf-8") for part in (service, "shared") for path in _sources(part)]
    name = _name(service, base, version, *content)
    if not _exists(name):
        dockerfile = (EXAMPLE / service / "Dockerfile").read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            for part in (service, "shared"):
                shutil.copytree(EXAMPLE / part, Path(folder) / part)
            _build(name, f"{dockerfile}\nLABEL version={version}\n", Path(folder), {}, f"BASE_IMAGE={base}")
    return name


def _sources(part: str) -> list[Path]:
    kinds = ("*.py", "requirements.txt", "Dockerfile")
    return sorted(path for kind in kinds for path in (EXAMPLE / part).glob(kind))


def _name(part: str, *content: str) -> str:
    return f"agent-platform-test/{part}:{sha256(repr(content).encode()).hexdigest()[:12]}"


def _exists(name: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode == 0


def _build(name: str, dockerfile: str, folder: Path, files: Mapping[str, Path], *arguments: str) -> None:
    (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    for target, source in files.items():
        shutil.copy(source, folder / target)
    build_arguments = [word for argument in arguments for word in ("--build-arg", argument)]
    _run("docker", "build", "--quiet", "--network=host", "--tag", name, *build_arguments, str(folder))


def _run(*command: str) -> None:
    # Debian's Docker has no BuildKit
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
    result = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=TIMEOUT_SECONDS, check=False
    )
    if result.returncode:
        raise RuntimeError(
            f"{' '.join(command[:3])} ended with {result.returncode}\n{(result.stdout + result.stderr)[-2000:]}"
        )
