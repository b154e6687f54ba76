"""Inspection of a Docker host: the state that the checks compare with a stack."""

import errno
import io
import json
import socket
import tarfile
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from pathlib import Path
from urllib.parse import quote

import psutil

from providers.contract.preflight import Environment
from providers.contract.spec import Platform
from providers.docker.base.platform_images import POSTGRES_BY_VERSION, images_by_key
from providers.docker.context import DockerContext
from providers.docker.naming import CHECKOUT_LABEL, PROJECT, logical_name
from providers.docker.ownership import Owner, owner_of_state
from providers.docker.preflight.daemon import (
    NOT_DOCKER,
    Daemon,
    DaemonUnreachable,
    DaemonUnsupported,
    Fields,
    daemon_from,
    fields,
    rows,
    values,
    whole_number,
)
from providers.docker.preflight.host import (
    ALL_ADDRESSES,
    ExistingNetwork,
    Host,
    Port,
    RunningContainer,
    required_ports,
)

BYTES_PER_GIB = 1024**3
MAX_PORT = 65535
FIRST_UNPRIVILEGED_PORT = 1024
SEARCHED_PORTS = 100
DAEMON_FILE = Path("/etc/docker/daemon.json")
RESOLVER_FILES = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
STUB_RESOLVER = "127.0.0.53"
ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
"""Architecture by the machine name of the kernel, which Docker's `info` returns."""


def inspect_host(spec: Platform, stack: str, environment: Environment) -> Host:
    """Query the daemon and this machine for everything that the checks need."""
    address_is_set = bool(environment.get("DOCKER_HOST"))
    try:
        daemon = daemon_from(environment)
    except DaemonUnsupported as unsupported:
        return Host(unchecked=str(unsupported))
    try:
        return _inspect(daemon, spec, stack, address_is_set, owner_of_state(stack, environment))
    except DaemonUnsupported as unsupported:
        return Host(daemon.address, address_is_set, unchecked=str(unsupported))
    except DaemonUnreachable as unreachable:
        return Host(daemon.address, address_is_set, no_answer=str(unreachable))


def _inspect(daemon: Daemon, spec: Platform, stack: str, address_is_set: bool, owner: Owner) -> Host:
    info = fields(daemon.get_json("/info"))
    if "ServerVersion" not in info:
        raise DaemonUnreachable(NOT_DOCKER)
    podman = podman_version(fields(daemon.get_json("/version")))
    if podman:
        return Host(daemon.address, address_is_set, podman=podman)
    containers = tuple(running_container(row) for row in rows(daemon.get_json("/containers/json")))
    ports = [required.port for required in required_ports(spec, stack)] if daemon.is_local else []
    entry_port = DockerContext(spec, stack, "").block.entry_port
    references = images_by_key(spec).values()
    images = {image: daemon.get_json(f"/images/{quote(image)}/json") for image in dict.fromkeys(references)}
    return Host(
        address=daemon.address,
        address_is_set=address_is_set,
        version=str(info.get("ServerVersion", "")),
        owner=owner,
        networks=tuple(existing_network(row) for row in rows(daemon.get_json("/networks"))),
        resolvers=_resolvers() if daemon.is_local else (),
        memory_gib=whole_number(info.get("MemTotal")) / BYTES_PER_GIB,
        cpus=whole_number(info.get("NCPU")),
        has_single_cpu_weight=has_single_cpu_weight(info),
        architecture=ARCHITECTURES.get(str(info.get("Architecture", "")), ""),
        containers=containers,
        port_owners={port.number: process for port in ports if (process := port_owner(port))},
        free_port=_free_port(entry_port, containers) if daemon.is_local else None,
        data_versions=tuple(_data_versions(daemon, owner)) if spec.database else (),
        missing_images=tuple(image for image in references if images[image] is None),
        image_architectures={
            image: str(fields(found).get("Architecture", "")) for image, found in images.items() if found is not None
        },
    )


def has_single_cpu_weight(info: Fields) -> bool:
    """Return whether Docker runs all containers in one group beside the processes of the host, in an answer of `/info`.

    With version 1 of cgroups and the driver `cgroupfs`, that group has 1024 shares, as many as each of those processes.
    Source: SystemInfo in https://docs.docker.com/reference/api/engine/version/v1.41/.
    """
    return (info.get("CgroupVersion"), info.get("CgroupDriver")) == ("1", "cgroupfs")


def running_container(row: Fields) -> RunningContainer:
    """Read a row of Docker's list of containers."""
    stack, checkout = _owner(row)
    published = [port for port in rows(row.get("Ports")) if "PublicPort" in port]
    ports = tuple(Port(whole_number(port["PublicPort"]), str(port.get("IP", ""))) for port in published)
    return RunningContainer(container_name(row), stack, ports, checkout)


def existing_network(row: Fields) -> ExistingNetwork:
    """Read a row of Docker's list of networks; blocks of IPv6 are left out."""
    configs = rows(fields(row.get("IPAM")).get("Config"))
    subnets = [str(config.get("Subnet", "")) for config in configs]
    blocks = tuple(IPv4Network(subnet, strict=False) for subnet in subnets if subnet and ":" not in subnet)
    return ExistingNetwork(str(row.get("Name", "")), blocks, *_owner(row))


def podman_version(version: Fields) -> str:
    """Version of Podman's engine in an answer of `/version`; empty for Docker."""
    components = rows(version.get("Components"))
    return next((str(one.get("Version", "")) for one in components if one.get("Name") == "Podman Engine"), "")


def _owner(row: Fields) -> tuple[str, str]:
    """Stack and checkout in the labels of a container or a network; empty when it belongs to no platform."""
    labels = fields(row.get("Labels"))
    if labels.get("project") != PROJECT:
        return "", ""
    return str(labels.get("stack", "")), str(labels.get(CHECKOUT_LABEL, ""))


def _resolvers() -> tuple[str, ...]:
    """DNS servers that Docker gives to containers: those of its configuration file, else those of this machine."""
    try:
        settings: object = json.loads(DAEMON_FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        settings = {}
    if configured := values(fields(settings).get("dns")):
        return tuple(str(address) for address in configured)
    # Docker reads the second file where the first names the stub of systemd-resolved
    servers = [_nameservers(path) for path in RESOLVER_FILES]
    return servers[1] if servers[0] == (STUB_RESOLVER,) else servers[0]


def _nameservers(path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    words = (line.split() for line in lines)
    return tuple(word[1] for word in words if len(word) > 1 and word[0] == "nameserver")


def container_name(row: Fields) -> str:
    """Name of a container in Docker's list."""
    return next((str(name).removeprefix("/") for name in values(row.get("Names"))), "")


def newest_container(daemon: Daemon, owner: Owner, name: str) -> Fields | None:
    """Newest container of a stack, running or not, that has the logical name `name`."""
    for row in rows(daemon.get_json("/containers/json?all=1")):
        if owner.owns(row.get("Labels")) and logical_name(container_name(row)) == name:
            return row
    return None


def port_owner(port: Port) -> str | None:
    """Description of the process that listens on a port; None when it is free or this user may not bind it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # without this, closed connections of a stopped server would count as a listener
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.address, port.number))
        except OSError as error:
            return _listener(port.number) if error.errno == errno.EADDRINUSE else None
    return None


def _listener(number: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            # the local address of a connection can be empty
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (number,)
            if listens and connection.pid:
                return f"the process {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return "a process of another user"


def _free_port(entry_port: int, containers: Sequence[RunningContainer]) -> int | None:
    """Next port that is free together with the one after it, which the dashboard needs."""
    published = {port.number for container in containers for port in container.ports}

    def is_free(number: int) -> bool:
        return number not in published and port_owner(Port(number, ALL_ADDRESSES)) is None

    first = max(entry_port + 2, FIRST_UNPRIVILEGED_PORT + 1)
    candidates = range(first, min(first + SEARCHED_PORTS, MAX_PORT))
    return next((number for number in candidates if is_free(number) and is_free(number + 1)), None)


def _data_versions(daemon: Daemon, owner: Owner) -> Iterator[str]:
    """Versions of the data in the database's volume, read through the server's container even when it has stopped."""
    server = newest_container(daemon, owner, f"{owner.stack}-database-server")
    if server is not None:
        versions = [_data_version(daemon, f"/containers/{server['Id']}", folder) for folder in _data_folders(server)]
        yield from dict.fromkeys(version for version in versions if version)


def _data_folders(server: Fields) -> Iterator[str]:
    """Possible data folders of every major version, below the volume's mount path."""
    for mount in rows(server.get("Mounts")):
        if mount.get("Type") == "volume" and str(mount.get("Destination", "")).startswith("/var/lib/postgresql"):
            yield f"{mount['Destination']}/pgdata"
            yield from (f"{mount['Destination']}/{version}/docker" for version in POSTGRES_BY_VERSION)


def _data_version(daemon: Daemon, container: str, folder: str) -> str:
    archive_bytes = daemon.get(f"{container}/archive?path={quote(folder)}/PG_VERSION")
    if archive_bytes is None:
        return ""
    with tarfile.open(fileobj=io.BytesIO(archive_bytes)) as archive:
        file = archive.extractfile("PG_VERSION")
        return file.read().decode().strip() if file else ""
