"""Settings of services that a cluster refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported, did_you_mean
from providers.contract.spec import Platform
from providers.kubernetes.compute.scaling import scaling_adjustments, scaling_refusals
from providers.kubernetes.context import block_of

MILLICPU = 1000
MIB_PER_GIB = 1024
ENCRYPTION = {
    "eks": "`aws eks describe-cluster` shows encryptionConfig",
    "gke": "`gcloud container clusters describe` shows databaseEncryption.state",
    "aks": "`az aks show` shows securityProfile.azureKeyVaultKms",
    "other": "the API server needs --encryption-provider-config, on k3s --secrets-encryption",
}
"""Check of the encryption of Secrets at rest, by flavour; the API does not show it."""


def compute_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Sizes that no quantity expresses, targets of autoscaling, identities of unknown services and of no cloud."""
    return [*_sizes(spec), *scaling_refusals(spec), *_identities(spec), *_cluster(spec)]


def compute_adjustments(spec: Platform) -> list[Adjustment]:
    """Autoscaling, and where secrets are kept."""
    return [*scaling_adjustments(spec), *_secrets(spec), *_unused_identity(spec)]


def _sizes(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        for key, value, parts in (
            ("vcpu", service.size.vcpu, MILLICPU),
            ("memory_gib", service.size.memory_gib, MIB_PER_GIB),
        ):
            if value * parts != round(value * parts):
                unit = "thousandths of a CPU" if key == "vcpu" else "MiB"
                problem = f"{value:g} is no whole number of {unit}"
                fix = f"use {max(1, round(value * parts)) / parts:g}"
                yield Unsupported("kubernetes", f"services.{name}.size.{key}", problem, fix)


def _identities(spec: Platform) -> Iterator[Diagnostic]:
    block = block_of(spec)
    for name in block.identities:
        if name not in spec.services:
            problem = f"no service {name}{did_you_mean(name, spec.services)}"
            yield ConfigError(f"kubernetes.identities.{name}", problem, "remove it")
    used = {"identities": bool(block.identities), "models_identity": block.models_identity is not None}
    for key, written in used.items():
        if written and block.flavour == "other":
            problem = "a cluster of flavour other has no identities of a cloud"
            fix = "set kubernetes.flavour to eks, gke or aks, or pass keys under `secrets`"
            yield Unsupported("kubernetes", f"kubernetes.{key}", problem, fix)


def _cluster(spec: Platform) -> Iterator[Diagnostic]:
    if spec.profile == "production" and block_of(spec).cluster_uid is None:
        yield Unsupported(
            "kubernetes",
            "kubernetes.cluster_uid",
            problem="nothing is set, and production needs it so that no other cluster is changed",
            fix="set it to the answer of `kubectl get namespace kube-system -o jsonpath={.metadata.uid}`",
        )


def _unused_identity(spec: Platform) -> Iterator[Adjustment]:
    identity = block_of(spec).models_identity
    if identity is not None and not spec.users_of("models"):
        reason = "no service has `uses: [models]`"
        yield Adjustment("kubernetes.models_identity", identity, Effect.IGNORED, reason)


def _secrets(spec: Platform) -> Iterator[Adjustment]:
    flavour = block_of(spec).flavour
    for name, service in spec.services.items():
        if service.secrets:
            reason = (
                "Secrets of the namespace; who may read Secrets or create pods there can read them, and the cluster decides "
                f"whether they are encrypted at rest: {ENCRYPTION[flavour]}"
            )
            yield Adjustment(f"services.{name}.secrets", list(service.secrets), Effect.ADJUSTED, reason)


def job_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Return nothing: a CronJob takes every schedule, time zone and timeout of the spec."""
    return []


def job_adjustments(spec: Platform) -> list[Adjustment]:
    """Report that a run which is due while another one runs is left out."""
    reason = "a run that is due while another one runs (up to {minutes} minutes) is left out"
    return [
        Adjustment(f"jobs.{name}.schedule", job.schedule, Effect.PARTIAL, reason.format(minutes=job.max_minutes))
        for name, job in spec.jobs.items()
    ]
