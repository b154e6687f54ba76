"""Alarms, SLO, dashboard and budget of a region.

Compute declares the error alarm of each public service, because ECS needs it to roll deployments back
(`AwsCompute.alarms`); this module declares every other alarm and combines both.
"""

from collections.abc import Mapping
from dataclasses import replace

import pulumi
import pulumi_aws as aws

from providers.aws.base.resources import AwsBaseResources
from providers.aws.database.resources import AwsDatabase
from providers.aws.jobs.resources import AwsJobs
from providers.aws.monitoring.alarms import create_alarm, create_outage_alarm
from providers.aws.monitoring.dashboard import DashboardContent, create_dashboard
from providers.aws.monitoring.database_metrics import count_lines, create_failed_connections_metric, log_backups
from providers.aws.monitoring.limits import database_sizes, dollars, token_kinds
from providers.aws.monitoring.log_searches import create_log_searches
from providers.aws.monitoring.metric_queries import AwsMetric, MetricQuery
from providers.aws.monitoring.metrics import DENIED_FLOWS, AwsAlarmTarget, next_dimensions, service_target
from providers.aws.monitoring.permission_events import log_permission_changes
from providers.aws.monitoring.security_metrics import ALL_RULES, denied_flows
from providers.aws.monitoring.slo import create_slo
from providers.aws.naming import web_acl_metric
from providers.aws.observability.channels import AwsChannels
from providers.aws.recovery.objects import REPLICATION_RULE
from providers.aws.recovery.resources import AwsCopies
from providers.aws.workloads import AwsWatched
from providers.contract.alarms import (
    ACCOUNT_PERMISSIONS,
    ENTRY_FIREWALL,
    NETWORK_FLOWS,
    Severity,
    Signal,
    watches_permissions,
)
from providers.contract.component import Scope
from providers.contract.region_specs import is_passive
from providers.contract.results import Entry, Monitoring
from providers.contract.spec import BudgetSpec, ModelPrice
from providers.contract.tokens import counted_prices

Alarms = dict[str, aws.cloudwatch.MetricAlarm]
"""Alarms by rule key."""
TOKENS_PER_PRICE = 1_000_000
BUDGET_NOTIFICATIONS: tuple[tuple[str, int, Severity], ...] = (
    ("ACTUAL", 80, "warning"),
    ("FORECASTED", 100, "warning"),
    ("ACTUAL", 100, "critical"),
)
"""Notifications: amount, percentage of the budget and severity."""


def create_monitoring(scope: Scope, base: AwsBaseResources, watched: AwsWatched, entry: Entry) -> Monitoring:
    """Declare the alarms of the contract's rules, outages, SLO burn rates, dashboard and budget."""
    spec = base.spec
    targets = _targets(scope, base, watched)
    alarms = _alarms(scope, base, watched, targets)
    alarm_arns = [alarm.arn for alarm in alarms.values()] + _request_alarms(scope, base, watched, alarms, targets)
    create_log_searches(scope, base, watched, entry)
    if spec.budget is not None:
        create_budget(scope, spec.budget, base.channels)
    if not spec.monitoring.dashboards:
        return Monitoring(dashboard_url=pulumi.Output.from_input(""))
    content = DashboardContent(entry.url, alarm_arns, targets)
    return Monitoring(dashboard_url=create_dashboard(scope, base.context, content))


def _alarms(scope: Scope, base: AwsBaseResources, watched: AwsWatched, targets: Mapping[str, AwsAlarmTarget]) -> Alarms:
    """One alarm per rule: compute's, and the remaining rules' declared here."""
    deployment_alarms = watched.workloads.compute.alarms
    remaining = [rule for rule in base.context.alarm_rules.of_cloud if rule.key not in deployment_alarms]
    declared = {rule.key: create_alarm(scope, rule, base.channels, targets[rule.name]) for rule in remaining}
    return {**deployment_alarms, **declared}


def _request_alarms(
    scope: Scope, base: AwsBaseResources, watched: AwsWatched, alarms: Alarms, targets: Mapping[str, AwsAlarmTarget]
) -> list[pulumi.Output[str]]:
    """ARNs of the alarms over load balancer metrics: outages and the SLO."""
    spec, stack, channels, rules = base.spec, base.context.stack, base.channels, base.context.alarm_rules
    if watched.workloads.ingress is None:
        return []
    by_service = {
        name: {rule.signal: alarms[rule.key] for rule in rules.of_cloud if rule.name == name} for name in spec.public
    }
    arns = [
        create_outage_alarm(scope, targets[name], name, service_alarms, channels).arn
        for name, service_alarms in by_service.items()
    ]
    if spec.monitoring.slo is None:
        return arns
    load_balancer = service_target(stack, load_balancer=watched.workloads.ingress.arn_suffix)
    slo_alarms = create_slo(scope, spec.monitoring.slo, load_balancer, channels)
    return [*arns, *(alarm.arn for alarm in slo_alarms.burn_rates), slo_alarms.latency.arn]


def _targets(scope: Scope, base: AwsBaseResources, watched: AwsWatched) -> dict[str, AwsAlarmTarget]:
    """Targets by the names of alarm rules and dashboard rows."""
    targets = {name: _service(base, watched, name) for name in base.spec.services}
    if watched.database is not None:
        targets["database"] = _database(scope, base, watched, watched.database)
    for part, cache in watched.caches.items():
        targets[part] = AwsAlarmTarget(base.context.stack, nodes=cache.node_ids)
    if watched.copies is not None:
        targets["copies"] = _copies(base, watched.copies)
    targets |= _security(scope, base)
    prices = counted_prices(base.spec)
    if prices:
        targets["models"] = AwsAlarmTarget(base.context.stack, models=cost_query(prices))
    if watched.jobs is not None:
        targets |= {name: _job(base, watched.jobs, name) for name in watched.jobs.names}
    return {**targets, "money": AwsAlarmTarget(base.context.stack, {"Currency": "USD"})}


def _service(base: AwsBaseResources, watched: AwsWatched, name: str) -> AwsAlarmTarget:
    ingress = watched.workloads.ingress if name in base.spec.public else None
    target = service_target(
        base.context.stack,
        cluster_name=watched.workloads.compute.cluster_name,
        service_name=watched.workloads.compute.services[name].name,
        load_balancer=ingress.arn_suffix if ingress else None,
        target_group=ingress.target_groups[name].arn_suffix if ingress else None,
        new_revision=next_dimensions(base.context.stack, name, ingress.next_groups.get(name)) if ingress else None,
    )
    stopped = is_passive(base.spec) and base.spec.services[name].replicas.min == 0
    return replace(target, quiet=frozenset({Signal.UNHEALTHY_REPLICAS})) if stopped else target


def cost_query(prices: Mapping[str, ModelPrice]) -> MetricQuery:
    """Query of the cost of Bedrock models in US dollars; a model without calls has no values and costs nothing."""
    metrics: dict[str, AwsMetric] = {}
    terms: list[str] = []
    for number, (model, price) in enumerate(prices.items()):
        for kind in token_kinds(len(prices)):
            id = f"{kind.id}{number}"
            metrics[id] = AwsMetric("AWS/Bedrock", kind.metric, "Sum", ("ModelId",), values={"ModelId": model})
            terms.append(f"FILL({id},0)*{kind.usd(price):.12g}")
    return MetricQuery(metrics, f"({'+'.join(terms)})/{TOKENS_PER_PRICE}", missing="notBreaching")


def _copies(base: AwsBaseResources, copies: AwsCopies) -> AwsAlarmTarget:
    """Target of copies: the rule of finished copies of backups, and the replication of the bucket."""
    dimensions: dict[str, pulumi.Input[str]] = {"RuleId": REPLICATION_RULE}
    if copies.copied_backups is not None:
        dimensions["RuleName"] = copies.copied_backups
    if copies.source_bucket is not None and copies.destination_bucket is not None:
        dimensions |= {"SourceBucket": copies.source_bucket, "DestinationBucket": copies.destination_bucket}
    return AwsAlarmTarget(base.context.stack, dimensions)


def _security(scope: Scope, base: AwsBaseResources) -> dict[str, AwsAlarmTarget]:
    """Targets of the web ACL of this region, of the events of changed permissions, and of the flow logs."""
    context = base.context
    firewall = {"Region": context.region, "Rule": ALL_RULES, "WebACL": web_acl_metric(context.stack)}
    targets = {ENTRY_FIREWALL: AwsAlarmTarget(context.stack, firewall)}
    if watches_permissions(base.spec):
        changes = {"RuleName": log_permission_changes(scope, context, base.keys)}
        targets[ACCOUNT_PERMISSIONS] = AwsAlarmTarget(context.stack, changes)
    flows = base.network.flow_log_group
    if flows is not None:
        existing = base.network.existing_cidr
        pattern = denied_flows(base.spec.network.cidr) if existing is None else existing.apply(denied_flows)
        count_lines(scope, "denied-flows", context.stack, DENIED_FLOWS, flows, pattern)
        targets[NETWORK_FLOWS] = AwsAlarmTarget(context.stack)
    return targets


def _job(base: AwsBaseResources, jobs: AwsJobs, name: str) -> AwsAlarmTarget:
    """Target of a job: its state machine, and the group of its schedule."""
    dimensions = {"StateMachineArn": jobs.machines[name], "ScheduleGroup": jobs.groups[name]}
    missed = frozenset({Signal.JOB_MISSED}) if is_passive(base.spec) else frozenset[Signal]()
    return AwsAlarmTarget(base.context.stack, dimensions, quiet=missed)


def _database(scope: Scope, base: AwsBaseResources, watched: AwsWatched, database: AwsDatabase) -> AwsAlarmTarget:
    """Target of the database, including finished backups and failed connections."""
    settings = base.spec.database
    if settings is None:
        raise ValueError("the platform has no database")
    stack = base.context.stack
    client_logs = {name: watched.workloads.compute.log_groups[name].name for name in base.spec.users_of("database")}
    create_failed_connections_metric(scope, stack, database.log_group, client_logs)
    dimensions: dict[str, pulumi.Input[str]] = {"DBInstanceIdentifier": database.identifier}
    if settings.backup.retention_days > 0:
        dimensions["RuleName"] = log_backups(scope, base.context, base.keys, database.identifier)
    sizes = database_sizes(settings, database.max_connections)
    return AwsAlarmTarget(stack, dimensions, sizes=sizes, passive=is_passive(base.spec))


def create_budget(scope: Scope, budget: BudgetSpec, channels: AwsChannels) -> None:
    """Budget of the account and its notifications; the service is global and takes no region.

    AWS can only separate a stack's costs by a tag that was activated for cost allocation; with an inactive tag the budget
    would count nothing without notice. There is no anomaly monitor: one that filters by a tag exists only in the management
    account of an organization (AWS Cost Management user guide, "Creating your cost monitors and alert subscriptions"), and
    an account may have only one over its services, which new accounts already have.
    """
    aws.budgets.Budget(
        scope.named("budget"),
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=dollars(budget.monthly_usd),
        limit_unit="USD",
        notifications=[
            aws.budgets.BudgetNotificationArgs(
                comparison_operator="GREATER_THAN",
                notification_type=compared,
                threshold=percent,
                threshold_type="PERCENTAGE",
                subscriber_sns_topic_arns=[channels.topic(severity)],
            )
            for compared, percent, severity in BUDGET_NOTIFICATIONS
        ],
        opts=scope.opts(),
    )
