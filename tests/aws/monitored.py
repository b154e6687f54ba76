"""The monitoring room recorded by itself, over parts that stand elsewhere."""

from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import cast

import pulumi
import pulumi_aws as aws

from automation.plan.inventory import Inventory
from providers.aws.base.resources import AwsBaseResources
from providers.aws.cache.resources import AwsCache
from providers.aws.compute.resources import AwsCompute
from providers.aws.database.resources import AwsDatabase
from providers.aws.entry.ingress import AwsIngress
from providers.aws.monitoring.alarms import create_alarm
from providers.aws.monitoring.metrics import service_target
from providers.aws.monitoring.resources import create_monitoring
from providers.aws.observability.channels import AwsChannels
from providers.aws.workloads import AwsWatched
from providers.contract.alarms import Signal, alarm_rules
from providers.contract.component import Scope
from providers.contract.results import Entry
from tests.aws.alone import alone, context_of, keys


def monitored(changes: Mapping[str, object] | None = None) -> Inventory:
    """What monitoring of production declares, with changes by dotted path."""
    return alone("monitoring", lambda scope: watch(scope, changes)) if changes else _production()


@cache
def _production() -> Inventory:
    return alone("monitoring", lambda scope: watch(scope, {}))


def watch(scope: Scope, changes: Mapping[str, object]) -> None:
    context = context_of(changes)
    channels = AwsChannels(warning=known("<warning>"), critical=known("<critical>"))
    base = cast("AwsBaseResources", SimpleNamespace(context=context, spec=context.spec, keys=keys(), channels=channels))
    create_monitoring(scope, base, watched(scope, base), Entry(url=known("https://agents.example.com")))


def watched(scope: Scope, base: AwsBaseResources) -> AwsWatched:
    """Every part the spec asks for, as monitoring sees it."""
    spec = base.spec
    groups = {name: named(arn_suffix=f"<group {name}>") for name in spec.public}
    ingress = cast("AwsIngress", SimpleNamespace(arn_suffix=known("<balancer>"), target_groups=groups))
    compute = AwsCompute(
        cluster_name=known("<cluster>"),
        services={name: cast("aws.ecs.Service", named(name=f"<service {name}>")) for name in spec.services},
        log_groups={name: cast("aws.cloudwatch.LogGroup", named(name=f"<log {name}>")) for name in spec.services},
        alarms=deployment_alarms(scope, base),
    )
    database = named(identifier="<database>", log_group="<database log>", max_connections=200)
    nodes = SimpleNamespace(node_ids=(known("<node 1>"), known("<node 2>")))
    return AwsWatched(
        compute,
        ingress if spec.public else None,
        cast("AwsDatabase", database) if spec.database else None,
        cast("AwsCache", nodes) if spec.cache else None,
    )


def deployment_alarms(scope: Scope, base: AwsBaseResources) -> dict[str, aws.cloudwatch.MetricAlarm]:
    """The alarms that compute makes, in a room of their own."""
    made = Scope("prod-compute", scope.parent, {})
    target = service_target("prod", load_balancer=known("<balancer>"), target_group=known("<group>"))
    rules = [rule for rule in alarm_rules(base.spec) if rule.signal is Signal.ERROR_PERCENT]
    return {rule.key: create_alarm(made, rule, base.channels, target) for rule in rules}


def known(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)


def named(**values: object) -> SimpleNamespace:
    """An object with these texts as Outputs."""
    return SimpleNamespace(**{key: known(value) if isinstance(value, str) else value for key, value in values.items()})
