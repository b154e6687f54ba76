"""Log bucket of the platform with the retention of the spec, and metrics that count log entries.

The whole project uses the `_Default` bucket, so its retention is not changed: entries of this stack, and the project's
audit logs of access to data, are routed to a bucket of the stack, encrypted with the telemetry key, and excluded from
`_Default`, which would store and bill them a second time. Audit logs that cannot be disabled stay in the `_Required`
bucket; for a longer retention than that bucket's, the stack's bucket has a copy. Metrics count excluded entries too (Cloud
Logging documentation, "Log-based metrics overview").
"""

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from providers.contract.alarms import Signal
from providers.contract.component import Scope
from providers.gcp.base.generations import generation
from providers.gcp.base.resources import GcpBaseResources
from providers.gcp.monitoring.alarms import GcpTargets
from providers.gcp.monitoring.limits import REQUIRED_RETENTION_DAYS
from providers.gcp.monitoring.log_filters import platform_logs, stored_subjects, subject_logs
from providers.gcp.monitoring.metrics import ADMINISTRATIVE_LOGS, COPY_KINDS, LOG_FILTERS, log_metric_name
from providers.gcp.naming import log_bucket_id


def create_log_bucket(scope: Scope, base: GcpBaseResources, targets: GcpTargets) -> gcp.logging.ProjectBucketConfig:
    """Create the log bucket, the sink that routes every log entry of the stack to it, and their exclusion elsewhere."""
    context, settings = base.context, base.spec.monitoring
    bucket = gcp.logging.ProjectBucketConfig(
        scope.named("logs"),
        project=context.project,
        location=context.region,
        bucket_id=generation(scope, "logs").apply(lambda suffix: log_bucket_id(context.stack, suffix)),
        retention_days=settings.log_retention_days,
        enable_analytics=True,
        cmek_settings=gcp.logging.ProjectBucketConfigCmekSettingsArgs(kms_key_name=base.keys.telemetry),
        deletion_policy=context.deletion_policy,
        opts=scope.opts(ignore_changes=["bucketId"]),
    )
    data = {name: targets.subjects[name] for name in stored_subjects(context.spec) if name in targets.subjects}
    stored = pulumi.Output.all(**data).apply(lambda names: platform_logs(context.spec, context.stack, names))
    keeps_longer = settings.log_retention_days > REQUIRED_RETENTION_DAYS
    sink = gcp.logging.ProjectSink(
        scope.named("to-logs"),
        name=f"{context.stack}-platform",
        project=context.project,
        destination=pulumi.Output.concat("logging.googleapis.com/", bucket.id),
        filter=pulumi.Output.concat(stored, f" OR {ADMINISTRATIVE_LOGS}") if keeps_longer else stored,
        # Cloud Logging needs no grant to write to a bucket of the same project
        unique_writer_identity=True,
        opts=scope.opts(),
    )
    gcp.logging.ProjectExclusion(
        scope.named("not-twice"),
        name=f"{context.stack}-platform",
        project=context.project,
        description=f"Entries that the log bucket of the stack {context.stack} has",
        filter=stored,
        # until the sink exists, `_Default` is the only place of these entries
        opts=scope.opts(depends_on=[sink]),
    )
    return bucket


def create_log_metrics(scope: Scope, targets: GcpTargets) -> Mapping[Signal, pulumi.Resource]:
    """Create a metric for each alarm signal that is counted in the logs."""
    signals = [rule.signal for rule in targets.context.alarm_rules if rule.signal in LOG_FILTERS]
    return {signal: _create_log_metric(scope, targets, signal) for signal in signals}


def _create_log_metric(scope: Scope, targets: GcpTargets, signal: Signal) -> gcp.logging.Metric:
    return gcp.logging.Metric(
        scope.named(f"count-{signal.value}"),
        name=log_metric_name(targets.context.stack, signal),
        project=targets.context.project,
        filter=_counted_entries(targets, signal),
        metric_descriptor=gcp.logging.MetricMetricDescriptorArgs(metric_kind="DELTA", value_type="INT64", unit="1"),
        opts=scope.opts(),
    )


def _counted_entries(targets: GcpTargets, signal: Signal) -> pulumi.Input[str]:
    """Filter of a signal's entries: those of one subject, or for changes of permissions of the whole project."""
    if signal is Signal.PERMISSION_CHANGES:
        return LOG_FILTERS[signal]
    kind = COPY_KINDS.get(signal, "database")
    return targets.subjects[kind].apply(lambda name: f"{subject_logs(kind, name)} AND {LOG_FILTERS[signal]}")
