"""Asks Docker and this machine what the checks look at."""

import errno
import io
import socket
import tarfile
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from providers.contract.preflight import Environment
from providers.contract.spec import Platform
from providers.docker.base.platform_images import POSTGRES_BY_VERSION, image_keys
from providers.docker.context import DockerContext
from providers.docker.preflight.daemon import NO_DOCKER, Daemon, Fields, Silent, Unasked, daemon_of, fields, rows
from providers.docker.preflight.host import PROJECT, Host, Port, Standing
from providers.docker.preflight.ports import EVERYWHERE, wanted_ports

BYTES_A_GIB = 1024**3
LAST_PORT = 65535


def look(spec: Platform, stack: str, environment: Environment) -> Host:
    """This machine as it is now."""
    named = bool(environment.get("DOCKER_HOST"))
    try:
        daemon = daemon_of(environment)
    except Unasked as unasked:
        return Host(unasked=str(unasked))
    try:
        return _answered(daemon, spec, stack, named)
    except Unasked as unasked:
        return Host(daemon.address, named, unasked=str(unasked))
    except Silent as silent:
        return Host(daemon.address, named, silent=str(silent))


def _answered(daemon: Daemon, spec: Platform, stack: str, named: bool) -> Host:
    info = fields(daemon.data("/info"))
    if "ServerVersion" not in info:
        raise Silent(NO_DOCKER)
    containers = tuple(_standing(found) for found in rows(daemon.data("/containers/json")))
    wanted = [each.port for each in wanted_ports(spec, stack)]
    takers = {port.number: taker for port in wanted if (taker := taker_of(port))} if daemon.here else {}
    images = image_keys(spec).values()
    return Host(
        address=daemon.address,
        named=named,
        version=str(info.get("ServerVersion", "")),
        memory_gib=float(info.get("MemTotal", 0)) / BYTES_A_GIB,
        cpus=int(info.get("NCPU", 0)),
        containers=containers,
        takers=takers,
        free_port=_free(DockerContext(spec, stack, "").block.entry_port, containers) if daemon.here else None,
        written_by=tuple(_written_by(daemon, stack)) if spec.database else (),
        absent=tuple(image for image in images if daemon.content(f"/images/{quote(image)}/json") is None),
    )


def _standing(found: Fields) -> Standing:
    labels = fields(found.get("Labels"))
    stack = str(labels.get("stack", "")) if labels.get("project") == PROJECT else ""
    published = [port for port in rows(found.get("Ports")) if "PublicPort" in port]
    return Standing(name_of(found), stack, tuple(Port(port["PublicPort"], port.get("IP", "")) for port in published))


def name_of(container: Fields) -> str:
    """A container's own name."""
    return str(container["Names"][0]).removeprefix("/")


def newest(daemon: Daemon, stack: str, name: str) -> Fields | None:
    """The newest container of a stack, running or not, that Pulumi named after the logical name."""
    for found in rows(daemon.data("/containers/json?all=1")):
        if _standing(found).stack == stack and name_of(found).rpartition("-")[0] == name:
            return found
    return None


def taker_of(port: Port) -> str | None:
    """The process that has a port of this machine, in words; None when it is free, or nobody here may try it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        # connections of a server that is gone would count as one that is there
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((port.address, port.number))
        except OSError as error:
            return _process(port.number) if error.errno == errno.EADDRINUSE else None
    return None


def _process(number: int) -> str:
    import psutil

    try:
        listening = psutil.net_connections("tcp")
        # the address of a connection can be empty
        held = (found for found in listening if found.status == psutil.CONN_LISTEN and found.laddr[1:] == (number,))
        pid = next((found.pid for found in held if found.pid), None)
        return f"the process {psutil.Process(pid).name()} (pid {pid})" if pid else "a process of another user"
    except psutil.Error:
        return "a process of another user"


def _free(after: int, containers: Sequence[Standing]) -> int | None:
    """The next port that is free together with the one after it, which the dashboard takes."""
    held = {port.number for found in containers for port in found.ports}

    def free(number: int) -> bool:
        return number not in held and taker_of(Port(number, EVERYWHERE)) is None

    # below 1024 a user may not try, and a machine has its own services
    first = max(after + 2, 1025)
    found = (number for number in range(first, min(first + 100, LAST_PORT)) if free(number) and free(number + 1))
    return next(found, None)


def _written_by(daemon: Daemon, stack: str) -> Iterator[str]:
    """Versions of the data in the volume, read through whatever server has it, be it stopped or failing."""
    server = newest(daemon, stack, f"{stack}-database-server")
    if server is not None:
        versions = [_version(daemon, f"/containers/{server['Id']}", folder) for folder in _folders(server)]
        yield from dict.fromkeys(version for version in versions if version)


def _folders(server: Fields) -> Iterator[str]:
    """Where a volume of any version has its data, wherever the server mounts it."""
    for mount in rows(server.get("Mounts")):
        if mount.get("Type") == "volume" and str(mount.get("Destination", "")).startswith("/var/lib/postgresql"):
            yield f"{mount['Destination']}/pgdata"
            yield from (f"{mount['Destination']}/{version}/docker" for version in POSTGRES_BY_VERSION)


def _version(daemon: Daemon, container: str, folder: str) -> str:
    packed = daemon.content(f"{container}/archive?path={quote(folder)}/PG_VERSION")
    if packed is None:
        return ""
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        file = archive.extractfile("PG_VERSION")
        return file.read().decode().strip() if file else ""
