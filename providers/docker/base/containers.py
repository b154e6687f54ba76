"""One container, hardened unless it says why not: every container of this adapter is made here.

Root is read-only, all capabilities are dropped, no new privileges can be had, memory and CPU are limited, logs are
bounded. Docker copies no file into a container whose root is read-only, so a second one, which never runs, holds the
files in volumes without a name, and the first one reads them there. Other files make another holder, and with it another
container: nobody's files change beneath him.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_docker as docker

from providers.contract.component import Scope
from providers.docker.compute.health import DockerProbe, go_duration
from providers.docker.compute.sizes import cpus
from providers.docker.context import DockerContext
from providers.docker.database.parameters import CONFIG
from providers.docker.monitoring.limits import LOG_FILE_MIB, log_files

NOBODY = "65532:65532"
"""A user that no image knows and that owns nothing."""
SCRATCH = "rw,nosuid,nodev,size=256m,mode=1777"
STOP_SECONDS = 30
READABLE = "0444"


@dataclass(frozen=True)
class NetworkAttachment:
    """A container's place in a network: the names it answers to there, and its address where that must be known."""

    network: pulumi.Input[str]
    aliases: tuple[str, ...] = ()
    address: str | None = None


@dataclass(frozen=True)
class PublishedPort:
    """A port of this machine that leads into a container; `ip` is the address of this machine that it is opened on."""

    inside: int
    outside: int
    ip: str = "0.0.0.0"  # noqa: S104  # the entry is what the outside may reach


@dataclass(frozen=True)
class ContainerSpec:
    """What runs in a container. `once` says that it does its work and ends, which is waited for."""

    image: pulumi.Input[str]
    memory_mib: int
    vcpu: float
    seats: Sequence[NetworkAttachment] = ()
    user: str | None = NOBODY
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Contents by absolute path; nobody can write to them, nor to the folders they lie in."""
    volumes: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Named volumes by the path where they stand."""
    host_paths: Mapping[str, str] = field(default_factory=dict[str, str])
    """Folders of this machine that are read, never written, by the path where they stand."""
    scratch: Sequence[str] = ("/tmp",)  # noqa: S108  # a file system in memory, of the container's own
    probe: DockerProbe | None = None
    ports: Sequence[PublishedPort] = ()
    init: bool = False
    once: bool = False
    shared_memory_mib: int | None = None


def create_container(
    scope: Scope,
    context: DockerContext,
    part: str,
    box: ContainerSpec,
    depends_on: Sequence[pulumi.Resource] = (),
    replace_first: bool = False,
) -> docker.Container:
    """The container `part` of a room; `replace_first` for one with an address or a port, which no two can have."""
    holder = _holder(scope, f"{part}-files", box) if box.files else None
    return docker.Container(
        scope.named(part),
        image=box.image,
        entrypoints=list(box.entrypoint) or None,
        command=list(box.command) or None,
        envs=[_variable(name, value) for name, value in sorted(box.environment.items())],
        user=box.user,
        labels=labels(scope),
        init=box.init or None,
        # what it may do
        read_only=True,
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        memory=box.memory_mib,
        memory_swap=box.memory_mib,
        cpus=cpus(box.vcpu),
        shm_size=box.shared_memory_mib,
        # what it sees
        volumes=_volumes(box, holder),
        tmpfs=dict.fromkeys(box.scratch, SCRATCH),
        networks_advanced=[_seat(seat) for seat in box.seats],
        network_mode=None if box.seats else "none",
        ports=[_port(port) for port in box.ports] or None,
        # how it lives
        healthcheck=_healthcheck(box.probe) if box.probe else None,
        wait=box.probe is not None,
        wait_timeout=box.probe.wait_seconds if box.probe else None,
        restart="no" if box.once else "unless-stopped",
        attach=box.once or None,
        must_run=not box.once,
        stop_timeout=STOP_SECONDS,
        destroy_grace_seconds=STOP_SECONDS,
        log_driver="local",
        log_opts={"max-size": f"{LOG_FILE_MIB}m", "max-file": str(log_files(context.spec))},
        opts=scope.opts(depends_on=depends_on, delete_before_replace=replace_first),
    )


def _holder(scope: Scope, part: str, box: ContainerSpec) -> docker.Container:
    """A container of the box's files, made and never started."""
    return docker.Container(
        scope.named(part),
        image=box.image,
        command=["never-started"],
        labels=labels(scope),
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        uploads=[_upload(path, content) for path, content in box.files.items()],
        volumes=[
            docker.ContainerVolumeArgs(container_path=folder)
            for folder in sorted({_folder(path) for path in box.files})
        ],
        network_mode="none",
        restart="no",
        start=False,
        must_run=False,
        # who reads from it goes before it does
        opts=scope.opts(delete_before_replace=False),
    )


def labels(scope: Scope) -> list[docker.ContainerLabelArgs]:
    """The room's tags as labels."""
    return [docker.ContainerLabelArgs(label=key, value=value) for key, value in sorted(scope.tags.items())]


def _variable(name: str, value: pulumi.Input[str]) -> pulumi.Input[str]:
    return f"{name}={value}" if isinstance(value, str) else pulumi.Output.concat(f"{name}=", value)


def _upload(path: str, content: pulumi.Input[str]) -> docker.ContainerUploadArgs:
    return docker.ContainerUploadArgs(file=path, content=content, permissions=READABLE)


def _volumes(box: ContainerSpec, holder: docker.Container | None) -> list[docker.ContainerVolumeArgs]:
    held = [docker.ContainerVolumeArgs(from_container=pulumi.Output.concat(holder.id, ":ro"))] if holder else []
    return [
        *held,
        *(
            docker.ContainerVolumeArgs(container_path=path, volume_name=name)
            for path, name in sorted(box.volumes.items())
        ),
        *(
            docker.ContainerVolumeArgs(container_path=path, host_path=host, read_only=True)
            for path, host in sorted(box.host_paths.items())
        ),
    ]


def _folder(path: str) -> str:
    """The volume of a file: the platform's own folder holds all beneath it."""
    return CONFIG if path.startswith(f"{CONFIG}/") else path.rpartition("/")[0]


def _seat(seat: NetworkAttachment) -> docker.ContainerNetworksAdvancedArgs:
    return docker.ContainerNetworksAdvancedArgs(
        name=seat.network, aliases=list(seat.aliases) or None, ipv4_address=seat.address
    )


def _port(port: PublishedPort) -> docker.ContainerPortArgs:
    return docker.ContainerPortArgs(internal=port.inside, external=port.outside, ip=port.ip, protocol="tcp")


def _healthcheck(probe: DockerProbe) -> docker.ContainerHealthcheckArgs:
    return docker.ContainerHealthcheckArgs(
        tests=list(probe.test),
        interval=go_duration(probe.interval_seconds),
        timeout=go_duration(probe.timeout_seconds),
        retries=probe.retries,
        start_period=go_duration(probe.start_period_seconds),
    )


MOUNT = "/volume"
MEMORY_MIB = 64


@dataclass(frozen=True)
class Volume:
    """A volume's name, and what must have happened before it can be used."""

    name: pulumi.Output[str]
    ready: pulumi.Resource


def create_volume(
    scope: Scope, context: DockerContext, part: str, image: pulumi.Input[str], *, protect: bool = False
) -> Volume:
    """The volume `part`, opened by a container of `image`."""
    volume = docker.Volume(
        scope.named(part),
        driver="local",
        labels=[docker.VolumeLabelArgs(label=key, value=value) for key, value in sorted(scope.tags.items())],
        # a new label would make a new volume, and an empty one
        opts=scope.opts(protect=protect, ignore_changes=["labels"]),
    )
    opener = ContainerSpec(
        image=image,
        memory_mib=MEMORY_MIB,
        vcpu=0.5,
        user="0:0",
        entrypoint=["/bin/sh", "-c", f"touch {MOUNT}/.opened && chmod 0777 {MOUNT}"],
        volumes={MOUNT: volume.name},
        once=True,
    )
    return Volume(volume.name, create_container(scope, context, f"{part}-opened", opener))
