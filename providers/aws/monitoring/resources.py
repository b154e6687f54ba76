"""Alarms, dashboard and budget over all that stands in the region.

Alarms are CloudWatch's and speak through the topics of `channels.py`. The alarm on a public service's errors was made
with the service, because it also rolls its deployments back; here it is listed and combined, not made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from providers.aws.monitoring.alarms import create_alarm
from providers.aws.monitoring.backups import record_backups
from providers.aws.monitoring.budget import create_budget
from providers.aws.monitoring.dashboard import Shown, create_dashboard
from providers.aws.monitoring.limits import database_sizes
from providers.aws.monitoring.log_metrics import count_failed_connections
from providers.aws.monitoring.outages import create_outage_alarm
from providers.aws.monitoring.slo import create_slo
from providers.aws.monitoring.targets import AwsAlarmTarget, service_target
from providers.contract.alarms import AlarmRule, alarm_rules
from providers.contract.component import Scope
from providers.contract.results import Entry, Monitoring

if TYPE_CHECKING:
    # For types alone: the ground holds this room's channels, so at run time these would import each other in a circle.
    from providers.aws.base.resources import AwsBaseResources
    from providers.aws.cache.resources import AwsCache
    from providers.aws.compute.resources import AwsCompute
    from providers.aws.database.resources import AwsDatabase
    from providers.aws.entry.ingress import AwsIngress

Alarms = dict[str, aws.cloudwatch.MetricAlarm]
"""Alarms by rule key."""


@dataclass(frozen=True)
class AwsWatched:
    """What stands in the region when monitoring is made."""

    compute: AwsCompute
    ingress: AwsIngress | None
    database: AwsDatabase | None
    cache: AwsCache | None


def create_monitoring(room: Scope, ground: AwsBaseResources, built: AwsWatched, entry: Entry) -> Monitoring:
    """Every alarm rule of the contract, outages, SLO burn rates, dashboard, budget."""
    spec, stack, channels = ground.spec, ground.site.stack, ground.channels
    targets = _targets(room, ground, built)
    rules = alarm_rules(spec)
    alarms = _alarms(room, ground, built, rules, targets)
    spoken = [alarm.arn for alarm in alarms.values()] + _over_requests(room, ground, built, rules, alarms)
    if spec.budget is not None:
        create_budget(room, stack, spec.budget, channels)
    if not spec.monitoring.dashboards:
        return Monitoring(dashboard_url=pulumi.Output.from_input(""))
    return Monitoring(dashboard_url=create_dashboard(room, ground.site, Shown(entry.url, spoken, targets)))


def _alarms(
    room: Scope,
    ground: AwsBaseResources,
    built: AwsWatched,
    rules: Sequence[AlarmRule],
    targets: Mapping[str, AwsAlarmTarget],
) -> Alarms:
    """One alarm a rule: those that compute made, and the others made here."""
    made = built.compute.alarms
    missing = [rule for rule in rules if rule.key not in made]
    return {**made, **{rule.key: create_alarm(room, rule, ground.channels, targets[rule.name]) for rule in missing}}


def _over_requests(
    room: Scope, ground: AwsBaseResources, built: AwsWatched, rules: Sequence[AlarmRule], alarms: Alarms
) -> list[pulumi.Output[str]]:
    """ARNs of the alarms that combine what the load balancer sees: outages and the SLO."""
    spec, stack, channels = ground.spec, ground.site.stack, ground.channels
    if built.ingress is None:
        return []
    by_service = {name: {rule.signal: alarms[rule.key] for rule in rules if rule.name == name} for name in spec.public}
    arns = [create_outage_alarm(room, stack, name, own, channels).arn for name, own in by_service.items()]
    if spec.monitoring.slo is None:
        return arns
    everything = service_target(stack, load_balancer=built.ingress.arn_suffix)
    promise = create_slo(room, spec.monitoring.slo, everything, channels)
    return [*arns, *(alarm.arn for alarm in promise.burn_rates), promise.latency.arn]


def _targets(room: Scope, ground: AwsBaseResources, built: AwsWatched) -> dict[str, AwsAlarmTarget]:
    """What each name of an alarm rule or a dashboard row stands for."""
    targets = {name: _service(ground, built, name) for name in ground.spec.services}
    if built.database is not None:
        targets["database"] = _database(room, ground, built, built.database)
    if built.cache is not None:
        targets["cache"] = AwsAlarmTarget(ground.site.stack, nodes=built.cache.node_ids)
    return {**targets, "money": AwsAlarmTarget(ground.site.stack, {"Currency": "USD"})}


def _service(ground: AwsBaseResources, built: AwsWatched, name: str) -> AwsAlarmTarget:
    routed = built.ingress if name in ground.spec.public else None
    return service_target(
        ground.site.stack,
        cluster_name=built.compute.cluster_name,
        service_name=built.compute.services[name].name,
        load_balancer=routed.arn_suffix if routed else None,
        target_group=routed.target_groups[name].arn_suffix if routed else None,
    )


def _database(room: Scope, ground: AwsBaseResources, built: AwsWatched, database: AwsDatabase) -> AwsAlarmTarget:
    """The instance, with the counters that RDS lacks: failed connections and finished backups."""
    asked = ground.spec.database
    if asked is None:
        raise LookupError("a database was built that the spec does not ask for")
    stack = ground.site.stack
    client_logs = {name: built.compute.log_groups[name].name for name in ground.spec.users_of("database")}
    count_failed_connections(room, stack, database.log_group, client_logs)
    dimensions: dict[str, pulumi.Input[str]] = {"DBInstanceIdentifier": database.identifier}
    if asked.backup.retention_days > 0:
        dimensions["RuleName"] = record_backups(room, ground.site, ground.keys, database.identifier)
    return AwsAlarmTarget(stack, dimensions, sizes=database_sizes(asked, database.max_connections))
