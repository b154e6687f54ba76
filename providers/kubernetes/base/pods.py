"""Security of pods: the profile `restricted` of the Pod Security Standards, which the namespace enforces.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

import pulumi
import pulumi_kubernetes as kubernetes

USER = 10001
"""User and group of every process; an image whose user has a name alone cannot be checked to be unprivileged."""
TMP = "/tmp"  # noqa: S108  # an empty volume of the pod
TMP_VOLUME = "tmp"
TMP_MIB = 512
MIB_PER_GIB = 1024


def pod_security(user: int = USER) -> "kubernetes.core.v1.PodSecurityContextArgs":
    """Security context of a pod."""
    return kubernetes.core.v1.PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=user,
        run_as_group=user,
        fs_group=user,
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=kubernetes.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
    )


def container_security() -> "kubernetes.core.v1.SecurityContextArgs":
    """Security context of a container: no privileges, no capability, a root file system that is not writable."""
    return kubernetes.core.v1.SecurityContextArgs(
        allow_privilege_escalation=False,
        capabilities=kubernetes.core.v1.CapabilitiesArgs(drop=["ALL"]),
        read_only_root_filesystem=True,
    )


def resources(
    vcpu: float, memory_gib: float, *, ephemeral_mib: int = 0
) -> "kubernetes.core.v1.ResourceRequirementsArgs":
    """Requests equal to limits, in the quantities that the server itself writes, so that nothing appears as a change."""
    values: dict[str, pulumi.Input[str]] = {"cpu": cpu_quantity(vcpu), "memory": memory_quantity(memory_gib)}
    if ephemeral_mib:
        values["ephemeral-storage"] = memory_quantity(ephemeral_mib / MIB_PER_GIB)
    return kubernetes.core.v1.ResourceRequirementsArgs(requests=dict(values), limits=dict(values))


def cpu_quantity(vcpu: float) -> str:
    """`2` or `500m`: whole CPUs without a suffix, others in thousandths."""
    thousandths = round(vcpu * 1000)
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def memory_quantity(memory_gib: float) -> str:
    """`2Gi` or `1536Mi`."""
    mib = round(memory_gib * MIB_PER_GIB)
    return f"{mib}Mi" if mib % MIB_PER_GIB else f"{mib // MIB_PER_GIB}Gi"


def tmp_volume(mib: int = TMP_MIB) -> "kubernetes.core.v1.VolumeArgs":
    """Empty volume for temporary files."""
    return kubernetes.core.v1.VolumeArgs(
        name=TMP_VOLUME,
        empty_dir=kubernetes.core.v1.EmptyDirVolumeSourceArgs(size_limit=memory_quantity(mib / MIB_PER_GIB)),
    )


def tmp_mount() -> "kubernetes.core.v1.VolumeMountArgs":
    """Mount of the volume for temporary files."""
    return kubernetes.core.v1.VolumeMountArgs(name=TMP_VOLUME, mount_path=TMP)
