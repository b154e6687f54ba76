"""Containers and volumes with the platform's hardening; every container of this adapter is declared here.

A container has a read-only root, no capabilities, no new privileges, limits on memory and CPU, and bounded logs.
Docker cannot upload files into a container whose root is read-only. A second container, which is never started, holds
the files in anonymous volumes, and the first one mounts them from it. Changed files mean another file container and so
another container: files never change under a running process.

`docker container prune` deletes file containers, since they do not run; the volumes stay with the container that mounts
them. The name of a file container is kept while its files are the same, so the next update creates it again and the
container that refers to it keeps running.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

import pulumi
import pulumi_docker as docker
import pulumi_random as random

from providers.contract.component import Scope
from providers.docker.compute.health import NO_CHECK, DockerProbe, go_duration
from providers.docker.compute.sizes import cpus
from providers.docker.context import DockerContext
from providers.docker.naming import CHECKOUT_LABEL, CONFIG_FOLDER, checkout_of
from providers.docker.observability.log_delivery import log_options

SCRIPTS_FOLDER = Path(__file__).parent.parent / "scripts"
UNPRIVILEGED_USER = "65532:65532"
"""User id that no image defines and that owns no files."""
TMPFS_OPTIONS = "rw,nosuid,nodev,size=256m,mode=1777"
STOP_SECONDS = 30
"""Time between the signal that asks a container to end and the one that ends it, where `ContainerSpec.stop_seconds` is not set."""
READ_ONLY_MODE = "0444"
VOLUME_MOUNT = "/volume"
VOLUME_SETUP_MEMORY_MIB = 64
VERSION_BYTES = 4
FILE_CONTAINER_FORMAT = 1
"""Number to increase when another setting of file containers changes, which gives their replacements other names."""


@dataclass(frozen=True)
class NetworkAttachment:
    """Attachment of a container to a network: its DNS aliases there, and its address where that must be fixed.

    `link_local` has addresses of 169.254.0.0/16 that lead to the container itself instead of out of the network.
    """

    network: pulumi.Input[str]
    aliases: tuple[str, ...] = ()
    address: str | None = None
    link_local: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublishedPort:
    """Port of a container that is published on an address of the host."""

    container_port: int
    host_port: int
    host_address: str


@dataclass(frozen=True)
class ContainerSpec:
    """Settings of one container."""

    image: pulumi.Input[str]
    memory_mib: int
    vcpu: float
    networks: Sequence[NetworkAttachment] = ()
    user: str | None = UNPRIVILEGED_USER
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Contents by absolute path; neither the files nor their folders are writable."""
    volumes: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Named volumes by mount path."""
    host_paths: Mapping[str, str] = field(default_factory=dict[str, str])
    """Folders of the host by mount path; mounted read-only."""
    tmpfs: Sequence[str] = ("/tmp",)  # noqa: S108  # in memory, private to the container
    probe: DockerProbe | None = None
    ignores_image_probe: bool = False
    """True for a container in which the health check of its image has no meaning."""
    ports: Sequence[PublishedPort] = ()
    init: bool = False
    run_once: bool = False
    """True for a container that does its work and exits; an update waits for it."""
    started: bool = True
    """False for a container that `agent-platform up` starts, which does its work and exits."""
    shared_memory_mib: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Labels in addition to those of the stack."""
    hosts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Addresses by host name for /etc/hosts, which is read before DNS."""
    log_name: str | None = None
    """Name in the log store of a container whose lines it takes: `services/gateway`."""
    stop_signal: str | None = None
    """Signal that asks the process to end; the image's without one."""
    stop_seconds: int = STOP_SECONDS
    """Time to end after that signal when an update replaces or removes the container."""


def create_container(
    scope: Scope,
    context: DockerContext,
    part: str,
    spec: ContainerSpec,
    depends_on: Sequence[pulumi.Resource] = (),
    delete_before_replace: bool = False,
    keep: bool = False,
) -> docker.Container:
    """Container `part` of a component; `delete_before_replace` for one with a fixed address, a port or a data volume.

    With `keep` an existing container stays as it is, with its files, and `spec` describes only one that must be created.
    """
    file_container = _file_container(scope, f"{part}-files", spec, keep=keep) if spec.files else None
    log_driver, log_opts = log_options(context, spec.log_name)
    return docker.Container(
        scope.named(part),
        image=spec.image,
        entrypoints=list(spec.entrypoint) or None,
        command=list(spec.command) or None,
        envs=[_variable(name, value) for name, value in sorted(spec.environment.items())],
        user=spec.user,
        labels=_labels({**labels(scope), **spec.labels}),
        init=spec.init or None,
        # privileges and limits
        read_only=True,
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        memory=spec.memory_mib,
        memory_swap=spec.memory_mib,
        cpus=cpus(spec.vcpu),
        shm_size=spec.shared_memory_mib,
        # files and networks
        volumes=_volumes(spec, file_container),
        tmpfs=dict.fromkeys(spec.tmpfs, TMPFS_OPTIONS),
        networks_advanced=[_network(attachment) for attachment in spec.networks],
        network_mode=None if spec.networks else "none",
        hosts=[docker.ContainerHostArgs(host=name, ip=address) for name, address in spec.hosts.items()] or None,
        ports=[_port(port) for port in spec.ports] or None,
        # lifecycle and logs
        healthcheck=_healthcheck(spec),
        wait=spec.probe is not None and spec.probe.test != NO_CHECK,
        wait_timeout=spec.probe.wait_seconds if spec.probe else None,
        restart="no" if spec.run_once or not spec.started else "unless-stopped",
        attach=spec.run_once or None,
        start=None if spec.started else False,
        must_run=spec.started and not spec.run_once,
        stop_signal=spec.stop_signal,
        stop_timeout=STOP_SECONDS,
        destroy_grace_seconds=spec.stop_seconds,
        log_driver=log_driver,
        log_opts=dict(log_opts),
        opts=scope.opts(
            depends_on=depends_on, delete_before_replace=delete_before_replace, ignore_changes=_ignored(keep=keep)
        ),
    )


def _ignored(*, keep: bool) -> list[str]:
    """Properties of a resource that an update does not change."""
    return ["*"] if keep else []


def _file_container(scope: Scope, part: str, spec: ContainerSpec, *, keep: bool) -> docker.Container:
    """Container with the files of `spec`, which is created and never started."""
    folders = sorted({_mounted_folder(path) for path in spec.files})
    version = random.RandomId(
        scope.named(f"{part}-version"),
        byte_length=VERSION_BYTES,
        keepers={"content": _digest(scope, spec)},
        opts=scope.opts(ignore_changes=_ignored(keep=keep)),
    )
    return docker.Container(
        scope.named(part),
        name=pulumi.Output.concat(f"{scope.named(part)}-", version.hex),
        image=spec.image,
        command=["never-started"],
        labels=_labels(labels(scope)),
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        uploads=[
            docker.ContainerUploadArgs(file=path, content=content, permissions=READ_ONLY_MODE)
            for path, content in spec.files.items()
        ],
        volumes=[docker.ContainerVolumeArgs(container_path=folder) for folder in folders],
        network_mode="none",
        restart="no",
        start=False,
        must_run=False,
        # containers that mount from this one are deleted before it
        opts=scope.opts(delete_before_replace=False, ignore_changes=_ignored(keep=keep)),
    )


def _digest(scope: Scope, spec: ContainerSpec) -> pulumi.Output[str]:
    """Digest of everything that differs between two file containers of a part, which must not have the same name.

    It is secret where a file is, and only in the state: the name has random digits that change with it.
    """
    content = pulumi.Output.all(FILE_CONTAINER_FORMAT, spec.image, dict(spec.files), labels(scope))
    return content.apply(lambda parts: sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest())


def labels(scope: Scope) -> dict[str, pulumi.Input[str]]:
    """Labels of everything that this adapter declares, by name: the tags, and the checkout when its folder has the state."""
    checkout = checkout_of(os.environ)
    return dict(sorted({**scope.tags, **({CHECKOUT_LABEL: checkout} if checkout else {})}.items()))


def _labels(named: Mapping[str, pulumi.Input[str]]) -> list[docker.ContainerLabelArgs]:
    return [docker.ContainerLabelArgs(label=key, value=value) for key, value in sorted(named.items())]


def _variable(name: str, value: pulumi.Input[str]) -> pulumi.Input[str]:
    return f"{name}={value}" if isinstance(value, str) else pulumi.Output.concat(f"{name}=", value)


def _volumes(spec: ContainerSpec, file_container: docker.Container | None) -> list[docker.ContainerVolumeArgs]:
    mounts: list[docker.ContainerVolumeArgs] = []
    if file_container is not None:
        mounts.append(docker.ContainerVolumeArgs(from_container=pulumi.Output.concat(file_container.name, ":ro")))
    for path, name in sorted(spec.volumes.items()):
        mounts.append(docker.ContainerVolumeArgs(container_path=path, volume_name=name))
    for path, host_path in sorted(spec.host_paths.items()):
        mounts.append(docker.ContainerVolumeArgs(container_path=path, host_path=host_path, read_only=True))
    return mounts


def _mounted_folder(path: str) -> str:
    """Mount path of a file's volume; one volume holds the whole configuration folder."""
    return CONFIG_FOLDER if path.startswith(f"{CONFIG_FOLDER}/") else path.rpartition("/")[0]


def _network(attachment: NetworkAttachment) -> docker.ContainerNetworksAdvancedArgs:
    return docker.ContainerNetworksAdvancedArgs(
        name=attachment.network,
        aliases=list(attachment.aliases) or None,
        ipv4_address=attachment.address,
        link_local_ips=list(attachment.link_local) or None,
    )


def _port(port: PublishedPort) -> docker.ContainerPortArgs:
    return docker.ContainerPortArgs(
        internal=port.container_port, external=port.host_port, ip=port.host_address, protocol="tcp"
    )


def _healthcheck(spec: ContainerSpec) -> docker.ContainerHealthcheckArgs | None:
    if spec.ignores_image_probe:
        # Docker Engine API, `HealthConfig`: NONE disables the check of the image; a zero would inherit the image's value,
        # which a refresh then finds as drift
        return docker.ContainerHealthcheckArgs(
            tests=["NONE"], interval="30s", timeout="30s", start_period="1s", retries=1
        )
    probe = spec.probe
    if probe is None:
        return None
    return docker.ContainerHealthcheckArgs(
        tests=list(probe.test),
        interval=go_duration(probe.interval_seconds),
        timeout=go_duration(probe.timeout_seconds),
        retries=probe.retries,
        start_period=go_duration(probe.start_period_seconds),
    )


@dataclass(frozen=True)
class Volume:
    """Name of a volume, and the resource that must exist before the volume can be used."""

    name: pulumi.Output[str]
    ready: pulumi.Resource


def create_volume(
    scope: Scope, context: DockerContext, part: str, image: pulumi.Input[str], *, protect: bool = False
) -> Volume:
    """Volume `part`, which outlives its containers and is writable by any user.

    A new volume belongs to root, and no long-running container here runs as root. A container that runs once as root,
    without a network, makes the folder writable. It leaves a file in it, because Docker gives an empty volume the owner
    that the folder has in the image of the first container that mounts it.
    """
    volume = docker.Volume(
        scope.named(part),
        driver="local",
        labels=[docker.VolumeLabelArgs(label=key, value=value) for key, value in labels(scope).items()],
        # a changed label would replace the volume by an empty one
        opts=scope.opts(protect=protect, ignore_changes=["labels"]),
    )
    setup = ContainerSpec(
        image=image,
        memory_mib=VOLUME_SETUP_MEMORY_MIB,
        vcpu=0.5,
        user="0:0",
        entrypoint=["/bin/sh", "-c", f"touch {VOLUME_MOUNT}/.opened && chmod 0777 {VOLUME_MOUNT}"],
        volumes={VOLUME_MOUNT: volume.name},
        run_once=True,
    )
    return Volume(volume.name, create_container(scope, context, f"{part}-opened", setup))


@cache
def script(name: str) -> str:
    """Text of a shell script of the platform, by its name without `.sh`."""
    return (SCRIPTS_FOLDER / f"{name}.sh").read_text(encoding="utf-8")


def script_path(name: str) -> str:
    """Path of a script in the container that runs it."""
    return f"{CONFIG_FOLDER}/{name}.sh"
