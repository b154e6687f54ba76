"""Log bucket of the platform with the retention of the spec, and metrics that count log entries.

The whole project uses the `_Default` bucket, so its retention is not changed: entries of this stack are routed to a second
bucket, encrypted with the telemetry key. Audit logs that cannot be disabled stay in the `_Required` bucket.
"""

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from providers.contract.alarms import Signal
from providers.contract.component import Scope
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.monitoring.alarms import GcpTargets
from providers.gcp.monitoring.metrics import LOG_FILTERS, log_metric_name, platform_logs


def create_log_bucket(scope: Scope, base: GcpBaseResources, targets: GcpTargets) -> None:
    """Create the log bucket, and the sink that routes every log entry of the stack to it."""
    context = base.context
    bucket = gcp.logging.ProjectBucketConfig(
        scope.named("logs"),
        project=context.project,
        location=context.region,
        bucket_id=f"{context.stack}-platform",
        retention_days=context.spec.monitoring.log_retention_days,
        enable_analytics=True,
        cmek_settings=gcp.logging.ProjectBucketConfigCmekSettingsArgs(kms_key_name=base.keys.telemetry),
        deletion_policy=context.deletion_policy,
        opts=scope.opts(),
    )
    data = {name: targets.subjects[name] for name in ("database", "cache") if name in targets.subjects}
    gcp.logging.ProjectSink(
        scope.named("to-logs"),
        name=f"{context.stack}-platform",
        project=context.project,
        destination=pulumi.Output.concat("logging.googleapis.com/", bucket.id),
        filter=pulumi.Output.all(**data).apply(lambda names: platform_logs(context.spec, context.stack, names)),
        # Cloud Logging needs no grant to write to a bucket of the same project
        unique_writer_identity=True,
        opts=scope.opts(),
    )


def create_log_metrics(scope: Scope, targets: GcpTargets) -> Mapping[Signal, pulumi.Resource]:
    """Create a metric for each alarm signal that is counted in the logs."""
    signals = [rule.signal for rule in targets.context.alarm_rules if rule.signal in LOG_FILTERS]
    return {signal: _create_log_metric(scope, targets, signal) for signal in signals}


def _create_log_metric(scope: Scope, targets: GcpTargets, signal: Signal) -> gcp.logging.Metric:
    return gcp.logging.Metric(
        scope.named(f"count-{signal.value}"),
        name=log_metric_name(targets.context.stack, signal),
        project=targets.context.project,
        filter=pulumi.Output.concat(
            'resource.type="cloudsql_database" AND resource.labels.database_id="',
            targets.subjects["database"],
            f'" AND {LOG_FILTERS[signal]}',
        ),
        metric_descriptor=gcp.logging.MetricMetricDescriptorArgs(metric_kind="DELTA", value_type="INT64", unit="1"),
        opts=scope.opts(),
    )
