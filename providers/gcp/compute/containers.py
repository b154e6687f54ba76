"""Containers and volumes of Cloud Run services and worker pools: image, command, variables, files, size, probes.

The SDK has separate classes for services and for worker pools. A stored file is a volume with one version of one secret;
Cloud Run mounts a secret as a directory, so each file has its own.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath

import pulumi
import pulumi_gcp as gcp

from providers.contract.results import Environment, SecretRef
from providers.contract.spec import Platform, Service
from providers.contract.variables import PORT
from providers.gcp.compute.health import liveness_probe, readiness_probe, startup_probe
from providers.gcp.compute.limits import works_in_background
from providers.gcp.compute.sizes import run_size
from providers.gcp.naming import APP_CONTAINER


def service_container(
    spec: Platform, service: Service, image: pulumi.Input[str], environment: Environment
) -> gcp.cloudrunv2.ServiceTemplateContainerArgs:
    """Main container of a service with a port."""
    return gcp.cloudrunv2.ServiceTemplateContainerArgs(
        name=APP_CONTAINER,
        image=image,
        # args, not command: the image keeps its entry point and so its init process, as on other clouds
        args=list(service.command) or None,
        envs=[*_service_variables(environment), *_service_secrets(environment.secrets)],
        ports=gcp.cloudrunv2.ServiceTemplateContainerPortsArgs(name="http1", container_port=service.port),
        resources=gcp.cloudrunv2.ServiceTemplateContainerResourcesArgs(
            limits=run_size(service.size).limits,
            # with limits but without this value, Cloud Run allocates and bills the CPU at all times
            cpu_idle=not works_in_background(spec, service),
            startup_cpu_boost=True,
        ),
        startup_probe=_startup_probe(service),
        readiness_probe=_readiness_probe(service),
        volume_mounts=_service_mounts(environment.files) or None,
        liveness_probe=_liveness_probe(service),
    )


def worker_container(
    service: Service, image: pulumi.Input[str], environment: Environment
) -> gcp.cloudrunv2.WorkerPoolTemplateContainerArgs:
    """Container of a service without a port."""
    return gcp.cloudrunv2.WorkerPoolTemplateContainerArgs(
        name=APP_CONTAINER,
        image=image,
        args=list(service.command) or None,
        envs=[*_worker_variables(environment), *_worker_secrets(environment.secrets)],
        resources=gcp.cloudrunv2.WorkerPoolTemplateContainerResourcesArgs(limits=run_size(service.size).limits),
        volume_mounts=_worker_mounts(environment.files) or None,
    )


def service_volumes(files: Mapping[str, SecretRef]) -> list[gcp.cloudrunv2.ServiceTemplateVolumeArgs]:
    """Volumes of a service's files."""
    return [
        gcp.cloudrunv2.ServiceTemplateVolumeArgs(
            name=volume_of(path),
            secret=gcp.cloudrunv2.ServiceTemplateVolumeSecretArgs(
                secret=stored.reference,
                items=[gcp.cloudrunv2.ServiceTemplateVolumeSecretItemArgs(path=file_of(path), version=stored.version)],
            ),
        )
        for path, stored in files.items()
    ]


def worker_volumes(files: Mapping[str, SecretRef]) -> list[gcp.cloudrunv2.WorkerPoolTemplateVolumeArgs]:
    """Volumes of a worker pool's files."""
    return [
        gcp.cloudrunv2.WorkerPoolTemplateVolumeArgs(
            name=volume_of(path),
            secret=gcp.cloudrunv2.WorkerPoolTemplateVolumeSecretArgs(
                secret=stored.reference,
                items=[
                    gcp.cloudrunv2.WorkerPoolTemplateVolumeSecretItemArgs(path=file_of(path), version=stored.version)
                ],
            ),
        )
        for path, stored in files.items()
    ]


def plain_variables(environment: Environment) -> Mapping[str, pulumi.Input[str]]:
    """Return plain variables without PORT, which Cloud Run sets and does not accept."""
    return {name: value for name, value in environment.plain.items() if name != PORT}


def _service_variables(environment: Environment) -> list[gcp.cloudrunv2.ServiceTemplateContainerEnvArgs]:
    return [
        gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(name=name, value=value)
        for name, value in plain_variables(environment).items()
    ]


def _worker_variables(environment: Environment) -> list[gcp.cloudrunv2.WorkerPoolTemplateContainerEnvArgs]:
    return [
        gcp.cloudrunv2.WorkerPoolTemplateContainerEnvArgs(name=name, value=value)
        for name, value in plain_variables(environment).items()
    ]


def _service_secrets(secrets: Mapping[str, SecretRef]) -> list[gcp.cloudrunv2.ServiceTemplateContainerEnvArgs]:
    return [
        gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(
            name=name,
            value_source=gcp.cloudrunv2.ServiceTemplateContainerEnvValueSourceArgs(
                secret_key_ref=gcp.cloudrunv2.ServiceTemplateContainerEnvValueSourceSecretKeyRefArgs(
                    secret=secret.reference, version=secret.version
                )
            ),
        )
        for name, secret in secrets.items()
    ]


def _worker_secrets(secrets: Mapping[str, SecretRef]) -> list[gcp.cloudrunv2.WorkerPoolTemplateContainerEnvArgs]:
    return [
        gcp.cloudrunv2.WorkerPoolTemplateContainerEnvArgs(
            name=name,
            value_source=gcp.cloudrunv2.WorkerPoolTemplateContainerEnvValueSourceArgs(
                secret_key_ref=gcp.cloudrunv2.WorkerPoolTemplateContainerEnvValueSourceSecretKeyRefArgs(
                    secret=secret.reference, version=secret.version
                )
            ),
        )
        for name, secret in secrets.items()
    ]


def _service_mounts(files: Mapping[str, SecretRef]) -> list[gcp.cloudrunv2.ServiceTemplateContainerVolumeMountArgs]:
    return [
        gcp.cloudrunv2.ServiceTemplateContainerVolumeMountArgs(name=volume_of(path), mount_path=directory_of(path))
        for path in files
    ]


def _worker_mounts(files: Mapping[str, SecretRef]) -> list[gcp.cloudrunv2.WorkerPoolTemplateContainerVolumeMountArgs]:
    return [
        gcp.cloudrunv2.WorkerPoolTemplateContainerVolumeMountArgs(name=volume_of(path), mount_path=directory_of(path))
        for path in files
    ]


def volume_of(path: str) -> str:
    """Name of the directory: `redis` for /etc/agent-platform/redis/ca.pem."""
    return PurePosixPath(path).parent.name


def directory_of(path: str) -> str:
    """Folder of a file, at which its volume is mounted."""
    return str(PurePosixPath(path).parent)


def file_of(path: str) -> str:
    """Name of a file in its volume."""
    return PurePosixPath(path).name


def _startup_probe(service: Service) -> gcp.cloudrunv2.ServiceTemplateContainerStartupProbeArgs:
    probe = startup_probe(service.health)
    http = gcp.cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs(path=service.health.path, port=service.port)
    socket = gcp.cloudrunv2.ServiceTemplateContainerStartupProbeTcpSocketArgs(port=service.port)
    return gcp.cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
        initial_delay_seconds=0,
        period_seconds=probe.period_seconds,
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.failures,
        http_get=http if service.health.path else None,
        tcp_socket=None if service.health.path else socket,
    )


def _readiness_probe(service: Service) -> gcp.cloudrunv2.ServiceTemplateContainerReadinessProbeArgs | None:
    if service.health.path is None:
        return None
    probe = readiness_probe(service.health)
    return gcp.cloudrunv2.ServiceTemplateContainerReadinessProbeArgs(
        period_seconds=probe.period_seconds,
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.failures,
        success_threshold=probe.successes,
        http_get=gcp.cloudrunv2.ServiceTemplateContainerReadinessProbeHttpGetArgs(
            path=service.health.path, port=service.port
        ),
    )


def _liveness_probe(service: Service) -> gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeArgs | None:
    if service.health.path is None:
        return None
    probe = liveness_probe(service.health)
    return gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeArgs(
        period_seconds=probe.period_seconds,
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.failures,
        http_get=gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeHttpGetArgs(
            path=service.health.path, port=service.port
        ),
    )
