"""Stored values as files of a container: a volume for each, holding one version of one secret.

Cloud Run mounts a secret as a folder of its own, so no two files share one. Services and worker pools have classes of
their own for the same volume.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath

import pulumi_gcp as gcp

from providers.contract.results import SecretRef


def service_volumes(files: Mapping[str, SecretRef]) -> list[gcp.cloudrunv2.ServiceTemplateVolumeArgs]:
    """Volumes of a service's files."""
    return [
        gcp.cloudrunv2.ServiceTemplateVolumeArgs(
            name=_volume(path),
            secret=gcp.cloudrunv2.ServiceTemplateVolumeSecretArgs(
                secret=stored.reference,
                items=[gcp.cloudrunv2.ServiceTemplateVolumeSecretItemArgs(path=_file(path), version=stored.version)],
            ),
        )
        for path, stored in files.items()
    ]


def service_mounts(files: Mapping[str, SecretRef]) -> list[gcp.cloudrunv2.ServiceTemplateContainerVolumeMountArgs]:
    """Where they stand in the container of a service."""
    return [
        gcp.cloudrunv2.ServiceTemplateContainerVolumeMountArgs(name=_volume(path), mount_path=_folder(path))
        for path in files
    ]


def worker_volumes(files: Mapping[str, SecretRef]) -> list[gcp.cloudrunv2.WorkerPoolTemplateVolumeArgs]:
    """Volumes of a worker pool's files."""
    return [
        gcp.cloudrunv2.WorkerPoolTemplateVolumeArgs(
            name=_volume(path),
            secret=gcp.cloudrunv2.WorkerPoolTemplateVolumeSecretArgs(
                secret=stored.reference,
                items=[gcp.cloudrunv2.WorkerPoolTemplateVolumeSecretItemArgs(path=_file(path), version=stored.version)],
            ),
        )
        for path, stored in files.items()
    ]


def worker_mounts(files: Mapping[str, SecretRef]) -> list[gcp.cloudrunv2.WorkerPoolTemplateContainerVolumeMountArgs]:
    """Where they stand in the container of a worker pool."""
    return [
        gcp.cloudrunv2.WorkerPoolTemplateContainerVolumeMountArgs(name=_volume(path), mount_path=_folder(path))
        for path in files
    ]


def _volume(path: str) -> str:
    """The folder's own name: `redis` for /etc/agent-platform/redis/ca.pem."""
    return PurePosixPath(path).parent.name


def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _file(path: str) -> str:
    return PurePosixPath(path).name
