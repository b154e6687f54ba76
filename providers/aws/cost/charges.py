"""Monthly cost of the resources of a stack on AWS. Pure.

Prices are in `prices/`. Replicas are those of the scaling target, not the desired count of the service. Not in it: requests
to keys, secrets and buckets, traffic between zones, state transitions and rule evaluations, which are cents at this size.
"""

import json
from collections.abc import Iterator, Mapping

from providers.aws.cost.free_types import EXCLUDED, FREE
from providers.contract.cost import Charge, Charges, CloudCost, CostSite, ReplicaCount, fixed
from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_list, is_mapping

COLLECTOR = "metrics_collector"
"""Container that sends the metrics and spans of a service."""
METRICS_EXPORTER = "prometheusremotewrite"
"""Part of the collector that writes to the managed Prometheus."""
MULTI_AZ = 2
"""Instance and disk of a Multi-AZ deployment are billed twice."""
ALARMS_PER_POLICY = 2
"""CloudWatch alarms that a target-tracking policy creates: Application Auto Scaling user guide."""
SAMPLES_PER_UNIT_MILLIONS = 10


def _service(service: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    task, replicas = site.needed_by(service, "ecs:TaskDefinition"), _replicas(service, site)
    spot = any(each.get("capacityProvider") == "FARGATE_SPOT" for each in service.items("capacityProviderStrategies"))
    hours = ReplicaCount(replicas.minimum * site.hours, replicas.maximum * site.hours)
    yield from _fargate(task, hours, spot=spot)


def _fargate(task: DeclaredResource, hours: ReplicaCount, *, spot: bool = False) -> Iterator[Charge]:
    family = "fargate.spot" if spot else "fargate"
    family += ".arm" if task.value("runtimePlatform", "cpuArchitecture") == "ARM64" else ""
    for what, key, units in (("vcpu", "cpu", 1024), ("memory", "memory", 1024)):
        size = float(task.text(key)) / units
        yield Charge(f"Fargate {what}", f"{family}.{what}", size * hours.minimum, size * hours.maximum)


def _replicas(service: DeclaredResource, site: CostSite) -> ReplicaCount:
    for target in site.of_type("appautoscaling:Target"):
        if service.urn in target.depends_on:
            return ReplicaCount(target.number("minCapacity"), target.number("maxCapacity"))
    count = service.number("desiredCount")
    return ReplicaCount(count, count)


def _all_replicas(site: CostSite, *, scraped: bool = False) -> ReplicaCount:
    """Return the replicas of all services, or of those whose collector sends metrics."""
    total = ReplicaCount(0, 0)
    for service in site.of_type("ecs:Service"):
        if not scraped or _is_scraped(site.needed_by(service, "ecs:TaskDefinition")):
            total += _replicas(service, site)
    return total


def _is_scraped(task: DeclaredResource) -> bool:
    """Return whether the task has a collector that writes metrics; one of spans only writes none."""
    definitions = json.loads(str(task.value("containerDefinitions") or "[]"))
    containers = [each for each in definitions if is_mapping(each)] if is_list(definitions) else []
    return any(each.get("name") == COLLECTOR and METRICS_EXPORTER in json.dumps(each) for each in containers)


def _cluster(cluster: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    settings = {each.get("name"): each.get("value") for each in cluster.items("settings")}
    if settings.get("containerInsights") in ("enhanced", "enabled"):
        tasks, own = _all_replicas(site), site.usage["insights_metrics_of_cluster"]
        each = site.usage["insights_metrics_per_task"]
        yield Charge(
            "Container Insights metrics",
            "cloudwatch.insights.ecs",
            own + each * tasks.minimum,
            own + each * tasks.maximum,
            ("insights_metrics_per_task", "insights_metrics_of_cluster"),
        )
    if site.spec.monitoring.tracing is not None:
        yield fixed("recorded traces", "xray.traces", site.share("traces_millions", cluster), "traces_millions")


def _workspace(_resource: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    replicas = _all_replicas(site, scraped=True)
    each = site.usage["samples_millions_per_replica"] / SAMPLES_PER_UNIT_MILLIONS
    key = "samples_millions_per_replica"
    yield Charge("Prometheus samples", "amp.ingest", each * replicas.minimum, each * replicas.maximum, (key,))


def _state_machine(machine: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    hours = site.job_hours(machine)
    if hours:
        yield from _fargate(site.needed_by(machine, "ecs:TaskDefinition"), ReplicaCount(hours, hours))


def _database(instance: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    times = MULTI_AZ if instance.value("multiAz") else 1
    yield fixed("instance", f"rds.postgres.{instance.text('instanceClass')}", times * site.hours)
    source = _source(instance, site)
    disk = source.number("allocatedStorage")
    growth = max(disk, float(str(source.value("maxAllocatedStorage") or 0)))
    yield Charge("disk", f"rds.{source.text('storageType')}", times * disk, times * growth)
    above = max(site.usage["database_backups_gb"] - disk, 0)
    yield fixed("backups", "rds.backup_above_disk", above, "database_backups_gb")


def _source(instance: DeclaredResource, site: CostSite) -> DeclaredResource:
    """Return the instance whose disk a read replica has; any other instance has its own."""
    if instance.value("replicateSourceDb") is None:
        return instance
    sources = _sources(site)
    if len(sources) != 1:
        raise LookupError("the source of the read replica is not known before the deployment")
    return sources[0]


def _sources(site: CostSite) -> list[DeclaredResource]:
    return [each for each in site.of_type("rds:Instance") if each.value("replicateSourceDb") is None]


def _copied_backups(_resource: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    disk = sum(instance.number("allocatedStorage") for instance in _sources(site))
    yield fixed("copied database backups, as much as the disk", "rds.backup_above_disk", disk)


def _restore_test(_resource: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    drill = site.spec.recovery.drill
    hours = site.schedule_runs(drill.schedule) * site.usage["drill_hours"] if drill is not None else 0
    for instance in site.of_type("rds:Instance"):
        yield fixed("restored instance", f"rds.postgres.{instance.text('instanceClass')}", hours, "drill_hours")


def _vault(_resource: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("snapshots in the vault", "backup.rds_snapshot", 0)


def _cache(group: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    engine = group.text("engine")
    nodes = group.number("numCacheClusters")
    yield fixed("nodes", f"elasticache.{engine}.{group.text('nodeType')}", nodes * site.hours)
    if group.value("snapshotRetentionLimit"):
        yield fixed("snapshots", "elasticache.backup", site.usage["cache_snapshots_gb"], "cache_snapshots_gb")


def _nat(gateway: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("gateway", "nat.hour", site.hours)
    yield fixed("data", "nat.gb", site.share("nat_gb", gateway), "nat_gb")


def _address(_resource: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("public IPv4 address", "ipv4.hour", site.hours)


def _endpoint(endpoint: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    if endpoint.value("vpcEndpointType") == "Gateway":
        return
    peers = [each for each in site.of_type("ec2:VpcEndpoint") if each.value("vpcEndpointType") != "Gateway"]
    yield fixed("endpoint in each zone", "vpce.interface.hour", endpoint.length("subnetIds") * site.hours)
    data = site.share("private_endpoints_gb", endpoint, peers)
    yield fixed("data", "vpce.interface.gb", data, "private_endpoints_gb")


def _domain_list(domains: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("stored names", "route53.firewall_domain", domains.length("domains"))


def _name_filter(association: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    queries = site.share("dns_queries_millions", association)
    yield fixed("checked DNS queries", "route53.firewall_queries", queries, "dns_queries_millions")


def _flow_log(log: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("flow logs", "cloudwatch.logs.vended", site.share("flow_logs_gb", log), "flow_logs_gb")


def _waf_log(log: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("WAF logs", "cloudwatch.logs.vended", site.share("waf_logs_gb", log), "waf_logs_gb")


def _log_group(group: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    months = site.stored_months(float(str(group.value("retentionInDays") or 0)))
    key = _vended(group)
    if key:
        yield fixed("stored logs", "cloudwatch.logs.store", site.usage[key] * months, key)
        return
    peers = [each for each in site.of_type("cloudwatch:LogGroup") if not _vended(each)]
    amount = site.share("service_logs_gb", group, peers)
    yield fixed("logs", "cloudwatch.logs.ingest", amount, "service_logs_gb")
    yield fixed("stored logs", "cloudwatch.logs.store", amount * months, "service_logs_gb")


def _vended(group: DeclaredResource) -> str:
    """Return the usage of a log group to which AWS delivers logs; empty for those of services and data stores."""
    name = str(group.value("name") or "")
    if name.endswith("/network/flows"):
        return "flow_logs_gb"
    return "waf_logs_gb" if name.startswith("aws-waf-logs") else ""


def _load_balancer(balancer: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("load balancer", "alb.hour", site.hours)
    units = site.share("load_balancer_units", balancer)
    yield fixed("capacity units", "alb.lcu", units * site.hours, "load_balancer_units")
    if not balancer.value("internal"):
        yield fixed("IPv4 address in each zone", "ipv4.hour", balancer.length("subnets") * site.hours)
        yield fixed("data to clients", "transfer.internet", site.share("internet_gb", balancer), "internet_gb")


def _web_acl(acl: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("ACL", "waf.acl", 1)
    yield fixed("rules", "waf.rule", acl.length("rules"))
    yield fixed("requests", "waf.requests", site.share("requests_millions", acl), "requests_millions")


def _key(_resource: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("key", "kms.key", 1)


def _secret(secret: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("secret, and each of its copies", "secretsmanager.secret", 1 + secret.length("replicas"))


def _dashboard(_resource: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("dashboard", "cloudwatch.dashboard", 1)


def _alarm(alarm: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    queried = sum("metric" in query for query in alarm.items("metricQueries"))
    yield fixed("metrics of the alarm", "cloudwatch.alarm.metric", queried or 1)


def _composite_alarm(_resource: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("composite alarm", "cloudwatch.alarm.composite", 1)


def _metric_filter(_resource: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("custom metric", "cloudwatch.metric.custom", 1)


def _scaling_policy(policy: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    if policy.value("policyType") == "TargetTrackingScaling":
        yield fixed("alarms of the scaling policy", "cloudwatch.alarm.metric", ALARMS_PER_POLICY)


def _repository(repository: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("images", "ecr.storage", site.share("images_gb", repository), "images_gb")


def _bucket(bucket: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    logs = [each for each in site.of_type("s3:Bucket") if not _holds_objects(each)]
    if _holds_objects(bucket):
        yield fixed("objects", "s3.standard", site.usage["objects_gb"], "objects_gb")
    else:
        yield fixed("access logs", "s3.standard", site.share("waf_logs_gb", bucket, logs), "waf_logs_gb")


def _holds_objects(bucket: DeclaredResource) -> bool:
    return bucket.component == "Storage" and not bucket.name.endswith("-access")


PRICED: Mapping[str, Charges] = {
    "amp:Workspace": _workspace,
    "appautoscaling:Policy": _scaling_policy,
    "backup:RestoreTestingPlan": _restore_test,
    "backup:Vault": _vault,
    "cloudwatch:CompositeAlarm": _composite_alarm,
    "cloudwatch:Dashboard": _dashboard,
    "cloudwatch:LogGroup": _log_group,
    "cloudwatch:LogMetricFilter": _metric_filter,
    "cloudwatch:MetricAlarm": _alarm,
    "ec2:Eip": _address,
    "ec2:FlowLog": _flow_log,
    "ec2:NatGateway": _nat,
    "ec2:VpcEndpoint": _endpoint,
    "ecr:Repository": _repository,
    "ecs:Cluster": _cluster,
    "ecs:Service": _service,
    "elasticache:ReplicationGroup": _cache,
    "kms:Key": _key,
    "kms:ReplicaKey": _key,
    "lb:LoadBalancer": _load_balancer,
    "rds:Instance": _database,
    "rds:InstanceAutomatedBackupsReplication": _copied_backups,
    "route53:ResolverFirewallDomainList": _domain_list,
    "route53:ResolverFirewallRuleGroupAssociation": _name_filter,
    "s3:Bucket": _bucket,
    "secretsmanager:Secret": _secret,
    "sfn:StateMachine": _state_machine,
    "wafv2:WebAcl": _web_acl,
    "wafv2:WebAclLoggingConfiguration": _waf_log,
}
"""Charges by short type."""

COST = CloudCost(
    priced=PRICED, free=FREE, excluded=EXCLUDED, read=frozenset(["appautoscaling:Target", "ecs:TaskDefinition"])
)
