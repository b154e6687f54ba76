"""Containers and volumes of the cache's pod: Valkey, and the exporter of its metrics."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from providers.contract.spec import CacheSettings
from providers.kubernetes.base.platform_images import CACHE as CACHE_IMAGE
from providers.kubernetes.base.platform_images import CACHE_EXPORTER as EXPORTER_IMAGE
from providers.kubernetes.base.platform_images import image_of
from providers.kubernetes.base.pods import container_security, resources
from providers.kubernetes.cache.limits import (
    AUTHORITY,
    CONFIGURATION,
    DATA_FOLDER,
    PASSWORD,
    PING,
    SECRET_FOLDER,
    limit_gib,
)
from providers.kubernetes.context import KubernetesContext
from providers.kubernetes.naming import CACHE, METRICS
from providers.kubernetes.network.flows import CACHE_PORT
from providers.kubernetes.pod_sizes import CACHE_EXPORTER, CACHE_VCPU

EXPORTER_PORT = 9121
FILES, DATA = "files", "data"
MOUNT_MODE = 0o440
PROBE_SECONDS = 10
STARTUP_FAILURES = 60
"""Ten minutes, in which the server reads its append-only file."""


def containers(
    context: KubernetesContext, settings: CacheSettings, files: pulumi.Input[str]
) -> Sequence["kubernetes.core.v1.ContainerArgs"]:
    """Server and exporter; `files` is the name of the Secret with their files."""
    return [_server(context, settings), _exporter(context, files)]


def _server(context: KubernetesContext, settings: CacheSettings) -> "kubernetes.core.v1.ContainerArgs":
    mounts = [_mount(FILES, SECRET_FOLDER, read_only=True), _mount(DATA, DATA_FOLDER)]
    return kubernetes.core.v1.ContainerArgs(
        name=CACHE,
        image=image_of(context.spec, CACHE_IMAGE),
        image_pull_policy="IfNotPresent",
        command=["valkey-server", f"{SECRET_FOLDER}/{CONFIGURATION}"],
        ports=[kubernetes.core.v1.ContainerPortArgs(name="redis", container_port=CACHE_PORT)],
        resources=resources(CACHE_VCPU, limit_gib(settings)),
        security_context=container_security(),
        startup_probe=_probe(STARTUP_FAILURES),
        readiness_probe=_probe(1),
        liveness_probe=_probe(6),
        volume_mounts=mounts,
    )


def _exporter(context: KubernetesContext, files: pulumi.Input[str]) -> "kubernetes.core.v1.ContainerArgs":
    """Exporter that connects inside the pod."""
    password = kubernetes.core.v1.SecretKeySelectorArgs(name=files, key=PASSWORD)
    source = kubernetes.core.v1.EnvVarSourceArgs(secret_key_ref=password)
    variables = {
        "REDIS_ADDR": f"rediss://localhost:{CACHE_PORT}",
        "REDIS_EXPORTER_TLS_CA_CERT_FILE": f"{SECRET_FOLDER}/{AUTHORITY}",
        "REDIS_EXPORTER_WEB_LISTEN_ADDRESS": f":{EXPORTER_PORT}",
    }
    return kubernetes.core.v1.ContainerArgs(
        name="exporter",
        image=image_of(context.spec, EXPORTER_IMAGE),
        image_pull_policy="IfNotPresent",
        env=[
            *(kubernetes.core.v1.EnvVarArgs(name=name, value=value) for name, value in variables.items()),
            kubernetes.core.v1.EnvVarArgs(name="REDIS_PASSWORD", value_from=source),
        ],
        ports=[kubernetes.core.v1.ContainerPortArgs(name=METRICS, container_port=EXPORTER_PORT)],
        resources=resources(CACHE_EXPORTER.vcpu, CACHE_EXPORTER.memory_gib),
        security_context=container_security(),
        volume_mounts=[_mount(FILES, SECRET_FOLDER, read_only=True)],
    )


def volumes(files: pulumi.Input[str], claim: pulumi.Input[str]) -> Sequence["kubernetes.core.v1.VolumeArgs"]:
    """Secret with the files, and the claim of the data."""
    return [
        kubernetes.core.v1.VolumeArgs(
            name=FILES, secret=kubernetes.core.v1.SecretVolumeSourceArgs(secret_name=files, default_mode=MOUNT_MODE)
        ),
        kubernetes.core.v1.VolumeArgs(
            name=DATA,
            persistent_volume_claim=kubernetes.core.v1.PersistentVolumeClaimVolumeSourceArgs(claim_name=claim),
        ),
    ]


def _mount(name: str, path: str, *, read_only: bool = False) -> "kubernetes.core.v1.VolumeMountArgs":
    return kubernetes.core.v1.VolumeMountArgs(name=name, mount_path=path, read_only=read_only or None)


def _probe(failures: int) -> "kubernetes.core.v1.ProbeArgs":
    return kubernetes.core.v1.ProbeArgs(
        exec_=kubernetes.core.v1.ExecActionArgs(command=["/bin/sh", "-c", PING]),
        period_seconds=PROBE_SECONDS,
        timeout_seconds=5,
        failure_threshold=failures,
    )
