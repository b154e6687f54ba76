"""Alarms, dashboard and budget over all that stands in the region.

Alarms are CloudWatch's and speak through the topics of `channels.py`. The alarm on a public service's errors was made
with the service, because it also rolls its deployments back; here it is listed and combined, not made again.
"""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.database.resources import AwsDatabase
from providers.aws.monitoring.alarms import create_alarm, create_outage_alarm
from providers.aws.monitoring.budget import create_budget
from providers.aws.monitoring.dashboard import Shown, create_dashboard
from providers.aws.monitoring.database_metrics import count_failed_connections, record_backups
from providers.aws.monitoring.limits import database_sizes
from providers.aws.monitoring.metrics import AwsAlarmTarget, service_target
from providers.aws.monitoring.slo import create_slo
from providers.aws.workloads import AwsWatched
from providers.contract.alarms import AlarmRules
from providers.contract.component import Scope
from providers.contract.results import Entry, Monitoring

Alarms = dict[str, aws.cloudwatch.MetricAlarm]
"""Alarms by rule key."""


def create_monitoring(scope: Scope, base: AwsBaseResources, watched: AwsWatched, entry: Entry) -> Monitoring:
    """Every alarm rule of the contract, outages, SLO burn rates, dashboard, budget."""
    spec, stack, channels = base.spec, base.context.stack, base.channels
    targets = _targets(scope, base, watched)
    rules = base.context.alarm_rules
    alarms = _alarms(scope, base, watched, rules, targets)
    spoken = [alarm.arn for alarm in alarms.values()] + _over_requests(scope, base, watched, rules, alarms)
    if spec.budget is not None:
        create_budget(scope, stack, spec.budget, channels)
    if not spec.monitoring.dashboards:
        return Monitoring(dashboard_url=pulumi.Output.from_input(""))
    return Monitoring(dashboard_url=create_dashboard(scope, base.context, Shown(entry.url, spoken, targets)))


def _alarms(
    scope: Scope,
    base: AwsBaseResources,
    watched: AwsWatched,
    rules: AlarmRules,
    targets: Mapping[str, AwsAlarmTarget],
) -> Alarms:
    """One alarm a rule: those that compute made, and the others made here."""
    made = watched.workloads.compute.alarms
    missing = [rule for rule in rules if rule.key not in made]
    return {**made, **{rule.key: create_alarm(scope, rule, base.channels, targets[rule.name]) for rule in missing}}


def _over_requests(
    scope: Scope, base: AwsBaseResources, watched: AwsWatched, rules: AlarmRules, alarms: Alarms
) -> list[pulumi.Output[str]]:
    """ARNs of the alarms that combine what the load balancer sees: outages and the SLO."""
    spec, stack, channels = base.spec, base.context.stack, base.channels
    if watched.workloads.ingress is None:
        return []
    by_service = {name: {rule.signal: alarms[rule.key] for rule in rules if rule.name == name} for name in spec.public}
    arns = [create_outage_alarm(scope, stack, name, own, channels).arn for name, own in by_service.items()]
    if spec.monitoring.slo is None:
        return arns
    everything = service_target(stack, load_balancer=watched.workloads.ingress.arn_suffix)
    promise = create_slo(scope, spec.monitoring.slo, everything, channels)
    return [*arns, *(alarm.arn for alarm in promise.burn_rates), promise.latency.arn]


def _targets(scope: Scope, base: AwsBaseResources, watched: AwsWatched) -> dict[str, AwsAlarmTarget]:
    """What each name of an alarm rule or a dashboard row stands for."""
    targets = {name: _service(base, watched, name) for name in base.spec.services}
    if watched.database is not None:
        targets["database"] = _database(scope, base, watched, watched.database)
    if watched.cache is not None:
        targets["cache"] = AwsAlarmTarget(base.context.stack, nodes=watched.cache.node_ids)
    return {**targets, "money": AwsAlarmTarget(base.context.stack, {"Currency": "USD"})}


def _service(base: AwsBaseResources, watched: AwsWatched, name: str) -> AwsAlarmTarget:
    routed = watched.workloads.ingress if name in base.spec.public else None
    return service_target(
        base.context.stack,
        cluster_name=watched.workloads.compute.cluster_name,
        service_name=watched.workloads.compute.services[name].name,
        load_balancer=routed.arn_suffix if routed else None,
        target_group=routed.target_groups[name].arn_suffix if routed else None,
    )


def _database(scope: Scope, base: AwsBaseResources, watched: AwsWatched, database: AwsDatabase) -> AwsAlarmTarget:
    """The instance, with the counters that RDS lacks: failed connections and finished backups."""
    asked = base.spec.database
    if asked is None:
        raise LookupError("a database was built that the spec does not ask for")
    stack = base.context.stack
    client_logs = {name: watched.workloads.compute.log_groups[name].name for name in base.spec.users_of("database")}
    count_failed_connections(scope, stack, database.log_group, client_logs)
    dimensions: dict[str, pulumi.Input[str]] = {"DBInstanceIdentifier": database.identifier}
    if asked.backup.retention_days > 0:
        dimensions["RuleName"] = record_backups(scope, base.context, base.keys, database.identifier)
    return AwsAlarmTarget(stack, dimensions, sizes=database_sizes(asked, database.max_connections))
