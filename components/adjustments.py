"""Settings that are honoured in another way than their words say, the same on every cloud: told in the plan."""

from collections.abc import Iterator

from providers import limits
from providers.contract.diagnostics import Adjustment, legacy_adjustment
from providers.contract.spec import Platform


def adjustments(spec: Platform) -> list[Adjustment]:
    """What the stack asks for and gets in another way: the neutral ones, then the cloud's own."""
    return [*neutral_adjustments(spec), *limits(spec.cloud).adjustments(spec)]


def neutral_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Settings without effect because of another setting of the same stack."""
    yield from _scaling(spec)
    if not spec.public and "ingress" in spec.model_fields_set:
        asked = spec.ingress.model_dump(exclude_unset=True, mode="json")
        yield legacy_adjustment("ingress", asked, "nothing: no service has a `path`, so there is no entry")
    yield from _watching(spec)
    if spec.recovery.standby_region is not None and spec.recovery.mode == "none":
        region = spec.recovery.standby_region
        yield legacy_adjustment("recovery.standby_region", region, "a note: with mode none nothing stands there")
    if spec.database is not None and spec.database.backup.retention_days == 0:
        window = spec.database.backup.window_start
        yield legacy_adjustment("database.backup.window_start", window, "nothing: no backup is kept")


def _watching(spec: Platform) -> Iterator[Adjustment]:
    """Error share and latency are measured at the entry, which only routed services have."""
    if spec.public:
        return
    measured_at_entry = {"error_percent", "latency_p95_seconds"}
    for key, asked in spec.monitoring.alerts.model_dump(exclude_unset=True).items():
        if key in measured_at_entry:
            yield legacy_adjustment(
                f"monitoring.alerts.{key}", asked, "nothing: no service has a `path` to measure it at"
            )
    if spec.monitoring.slo is not None:
        asked = spec.monitoring.slo.model_dump()
        yield legacy_adjustment("monitoring.slo", asked, "nothing: no service has a `path` to measure it at")


def _scaling(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        asked = service.autoscaling.model_dump(exclude_unset=True)
        path = f"services.{name}.autoscaling"
        if asked and service.replicas.min == service.replicas.max:
            yield legacy_adjustment(path, asked, f"nothing: replicas are fixed at {service.replicas.min}")
        elif "requests_per_replica_per_minute" in asked and service.path is None:
            requests = service.autoscaling.requests_per_replica_per_minute
            yield legacy_adjustment(
                f"{path}.requests_per_replica_per_minute", requests, "nothing: only routed services count requests"
            )
