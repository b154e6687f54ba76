"""Logs: a bucket of the platform's own that keeps them as long as asked, and metrics that count entries.

The project's `_Default` bucket belongs to everything in the project, so its retention is left alone: what this stack
writes is copied into a bucket under the telemetry key. The audit logs that nobody can switch off stay in `_Required`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from providers.contract.alarms import Signal
from providers.contract.component import Scope
from providers.gcp.monitoring.metrics import LOGGED, log_metric_name, platform_logs
from providers.gcp.monitoring.targets import GcpTargets

if TYPE_CHECKING:
    # For types alone: the ground holds this room's channels, so at run time these would import each other in a circle.
    from providers.gcp.base.resources import GcpBaseResources


def keep_logs(scope: Scope, base: GcpBaseResources, targets: GcpTargets) -> None:
    """A log bucket, and the sink that sends it everything this stack writes."""
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
        filter=pulumi.Output.all(**data).apply(lambda known: platform_logs(context.spec, context.stack, known)),
        # to a bucket of the same project Cloud Logging writes as itself, so nobody is granted anything
        unique_writer_identity=True,
        opts=scope.opts(),
    )


def count_entries(scope: Scope, targets: GcpTargets) -> Mapping[Signal, pulumi.Resource]:
    """A metric for each signal of the rules that only the logs know, by signal."""
    counted = [rule.signal for rule in targets.context.alarm_rules if rule.signal in LOGGED]
    return {signal: _counter(scope, targets, signal) for signal in counted}


def _counter(scope: Scope, targets: GcpTargets, signal: Signal) -> gcp.logging.Metric:
    return gcp.logging.Metric(
        scope.named(f"count-{signal.value}"),
        name=log_metric_name(targets.context.stack, signal),
        project=targets.context.project,
        filter=pulumi.Output.concat(
            'resource.type="cloudsql_database" AND resource.labels.database_id="',
            targets.subjects["database"],
            f'" AND {LOGGED[signal]}',
        ),
        metric_descriptor=gcp.logging.MetricMetricDescriptorArgs(metric_kind="DELTA", value_type="INT64", unit="1"),
        opts=scope.opts(),
    )
