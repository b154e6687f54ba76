"""Settings that change nothing because of another setting of the same stack, the same on every cloud."""

from collections.abc import Iterator

from providers import audit, limits
from providers.contract.authentication import auth_mode, is_checked_at_entry
from providers.contract.diagnostics import Adjustment, Effect
from providers.contract.existing_stores import store_adjustments
from providers.contract.spec import Platform
from providers.contract.tokens import token_adjustments

MEASURED_AT_ENTRY = ("error_percent", "latency_p95_seconds")
"""Alarms on what the entry measures, which only routed services have."""
NO_ENTRY = "no service has a `path`, so there is no entry"


def adjustments(spec: Platform) -> list[Adjustment]:
    """Return the settings that are not declared as written: the neutral ones, then the cloud's own."""
    return [*neutral_adjustments(spec), *limits(spec.cloud).adjustments(spec)]


def neutral_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Yield settings without effect."""
    yield from _scaling(spec)
    if not spec.public and "ingress" in spec.model_fields_set:
        requested = spec.ingress.model_dump(exclude_unset=True, mode="json")
        yield Adjustment("ingress", requested, Effect.IGNORED, NO_ENTRY)
    yield from _other_certificate(spec)
    yield from _buffered_responses(spec)
    yield from _public_paths(spec)
    yield from _monitoring(spec)
    yield from _metrics(spec)
    yield from token_adjustments(spec)
    yield from store_adjustments(spec)
    yield from _standby_regions(spec)
    if spec.accept_checks and audit(spec.cloud) is None:
        requested = sorted(spec.accept_checks)
        yield Adjustment("accept_checks", requested, Effect.IGNORED, f"there are no security checks for {spec.cloud}")
    if spec.database is not None and spec.database.backup.retention_days == 0:
        start = spec.database.backup.window_start
        yield Adjustment(
            "database.backup.window_start", start, Effect.IGNORED, "retention_days is 0: no backup is kept"
        )


def _monitoring(spec: Platform) -> Iterator[Adjustment]:
    alerts = spec.monitoring.alerts.model_dump(exclude_unset=True)
    if "denied_flows" in alerts and not spec.network.flow_logs:
        reason = "network.flow_logs is false: nothing records connections"
        yield Adjustment("monitoring.alerts.denied_flows", alerts["denied_flows"], Effect.IGNORED, reason)
    if spec.public:
        return
    for key, requested in alerts.items():
        if key in MEASURED_AT_ENTRY:
            yield Adjustment(f"monitoring.alerts.{key}", requested, Effect.IGNORED, NO_ENTRY)
    if spec.monitoring.slo is not None:
        yield Adjustment("monitoring.slo", spec.monitoring.slo.model_dump(), Effect.IGNORED, NO_ENTRY)


def _other_certificate(spec: Platform) -> Iterator[Adjustment]:
    certificate = spec.ingress.certificate
    if certificate is not None and spec.cloud not in certificate.model_dump(exclude_none=True):
        reason = f"it names no certificate for {spec.cloud}, which issues one for the domain"
        yield Adjustment("ingress.certificate", certificate.model_dump(exclude_none=True), Effect.IGNORED, reason)


def _buffered_responses(spec: Platform) -> Iterator[Adjustment]:
    """Settings about streams without an entry, or with one that has no buffer."""
    for name, service in spec.services.items():
        key = f"services.{name}.streaming"
        if service.path is None and service.streaming is not None:
            yield Adjustment(
                key, service.streaming, Effect.IGNORED, "the service has no `path`, so no entry is before it"
            )
        elif service.path is not None and service.streaming is False and not spec.has_response_buffer:
            reason = "the entry has no buffer that can be turned on"
            yield Adjustment(key, False, Effect.IGNORED, reason)


def _public_paths(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.public.items():
        if not service.public_paths or is_checked_at_entry(spec, service):
            continue
        checked = "the application checks its clients, and its own list of public paths applies"
        reason = checked if auth_mode(spec) != "none" else "ingress.auth requires nothing of clients"
        yield Adjustment(f"services.{name}.public_paths", list(service.public_paths), Effect.IGNORED, reason)


def _metrics(spec: Platform) -> Iterator[Adjustment]:
    if spec.monitoring.prometheus:
        return
    for name, service in spec.services.items():
        # the entry closes the path of a routed service in any case
        if service.metrics is not None and service.path is None:
            requested = service.metrics if service.metrics == "none" else service.metrics.model_dump(exclude_unset=True)
            reason = "monitoring.prometheus is false: nothing collects metrics"
            yield Adjustment(f"services.{name}.metrics", requested, Effect.IGNORED, reason)


def _scaling(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        requested = service.autoscaling.model_dump(exclude_unset=True)
        key = f"services.{name}.autoscaling"
        if requested and service.replicas.min == service.replicas.max:
            reason = f"the number of replicas is fixed at {service.replicas.min}"
            yield Adjustment(key, requested, Effect.IGNORED, reason)
        elif "requests_per_replica_per_minute" in requested and service.path is None:
            requests = service.autoscaling.requests_per_replica_per_minute
            yield Adjustment(
                f"{key}.requests_per_replica_per_minute",
                requests,
                Effect.IGNORED,
                "only services with a `path` count requests",
            )


def _standby_regions(spec: Platform) -> Iterator[Adjustment]:
    """Yield standby regions without copies, and the neutral one where that of the cloud's block is used."""
    key, region = spec.standby_setting
    neutral = spec.recovery.standby_region
    if spec.recovery.mode == "none" and region is not None:
        yield Adjustment(key, region, Effect.IGNORED, "recovery.mode is none")
    if neutral is not None and key != "recovery.standby_region":
        yield Adjustment("recovery.standby_region", neutral, Effect.IGNORED, f"{key} is set")
