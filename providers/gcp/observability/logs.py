"""Logs: a bucket of the platform's own that keeps them as long as asked, and metrics that count entries.

The project's `_Default` bucket belongs to everything in the project, so its retention is left alone: what this stack
writes is copied into a bucket under the telemetry key. The audit logs that nobody can switch off stay in `_Required`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from providers.contract.alarms import Signal, alarm_rules
from providers.contract.component import Scope
from providers.gcp.monitoring.metrics import LOGGED, log_metric_name, platform_logs
from providers.gcp.monitoring.targets import GcpTargets

if TYPE_CHECKING:
    # For types alone: the ground holds this room's channels, so at run time these would import each other in a circle.
    from providers.gcp.base.resources import GcpBaseResources


def keep_logs(room: Scope, ground: GcpBaseResources, targets: GcpTargets) -> None:
    """A log bucket, and the sink that sends it everything this stack writes."""
    site = ground.site
    bucket = gcp.logging.ProjectBucketConfig(
        room.named("logs"),
        project=site.project,
        location=site.region,
        bucket_id=f"{site.stack}-platform",
        retention_days=site.spec.monitoring.log_retention_days,
        enable_analytics=True,
        cmek_settings=gcp.logging.ProjectBucketConfigCmekSettingsArgs(kms_key_name=ground.keys.telemetry),
        deletion_policy=site.deletion_policy,
        opts=room.opts(),
    )
    data = {name: targets.subjects[name] for name in ("database", "cache") if name in targets.subjects}
    gcp.logging.ProjectSink(
        room.named("to-logs"),
        name=f"{site.stack}-platform",
        project=site.project,
        destination=pulumi.Output.concat("logging.googleapis.com/", bucket.id),
        filter=pulumi.Output.all(**data).apply(lambda known: platform_logs(site.spec, site.stack, known)),
        # to a bucket of the same project Cloud Logging writes as itself, so nobody is granted anything
        unique_writer_identity=True,
        opts=room.opts(),
    )


def count_entries(room: Scope, targets: GcpTargets) -> Mapping[Signal, pulumi.Resource]:
    """A metric for each signal of the rules that only the logs know, by signal."""
    counted = [rule.signal for rule in alarm_rules(targets.spec) if rule.signal in LOGGED]
    return {signal: _counter(room, targets, signal) for signal in counted}


def _counter(room: Scope, targets: GcpTargets, signal: Signal) -> gcp.logging.Metric:
    return gcp.logging.Metric(
        room.named(f"count-{signal.value}"),
        name=log_metric_name(targets.site.stack, signal),
        project=targets.site.project,
        filter=pulumi.Output.concat(
            'resource.type="cloudsql_database" AND resource.labels.database_id="',
            targets.subjects["database"],
            f'" AND {LOGGED[signal]}',
        ),
        metric_descriptor=gcp.logging.MetricMetricDescriptorArgs(metric_kind="DELTA", value_type="INT64", unit="1"),
        opts=room.opts(),
    )
