"""Monthly cost of the resources of a stack on Azure. Pure.

Prices are in `prices/`. Not in it: operations of the vault and of storage, and traffic between zones, which are cents at
this size. Azure has no maximum of a growing database disk, so `database.max_storage_gib` is assumed to be it.
"""

from collections.abc import Iterator, Mapping

from providers.azure.cost.free_types import EXCLUDED, FREE
from providers.azure.database.sizes import DISKS_GIB, disk_gib
from providers.contract.cost import Charge, Charges, CloudCost, CostSite, ReplicaCount, fixed, gib
from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_mapping

COLLECTOR = "metrics"
"""Container that sends the samples of a service to the managed Prometheus."""
STANDBY = 2
"""Server and disk with a standby, and nodes of a highly available cache, are billed twice."""
GRAFANA_UNITS = 2
"""Units of the size X1 of Managed Grafana."""
REPORT_SECONDS = 30
"""Estimated time of a report on drills."""
FREE_LOG_DAYS = 31
FREE_SPAN_DAYS = 90
"""Days that the tables of Application Insights are kept without charge."""
FREE_FLOW_LOGS_GB = 5
ROTATION_DAYS = 90
SAMPLES_PER_UNIT_MILLIONS = 10
FRONT_DOOR_REQUESTS_PER_UNIT = 10_000
UNITS_PER_INSTANCE = 10
"""Capacity units of an instance of Application Gateway, which it always pays."""
RULE_PERIODS = {"PT1M": "1min", "PT5M": "5min", "PT10M": "10min", "PT15M": "15min", "PT1H": "15min"}
REDUNDANCY = {"Standard_LRS": "lrs", "Standard_ZRS": "zrs", "Standard_GRS": "grs", "Standard_GZRS": "gzrs"}


def _app(app: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    replicas, active = _replicas(app), site.usage["active_percent"] / 100
    vcpu, memory = _size(app, "template", "containers")
    low, high = replicas.minimum * site.seconds, replicas.maximum * site.seconds
    yield Charge("vCPU, active", "aca.vcpu.active", vcpu * low * active, vcpu * high, ("active_percent",))
    yield Charge("vCPU, idle", "aca.vcpu.idle", vcpu * low * (1 - active), 0, ("active_percent",))
    yield Charge("memory", "aca.memory", memory * low, memory * high)
    if app.value("configuration", "ingress", "external"):
        yield fixed("requests", "aca.requests", site.usage["requests_millions"], "requests_millions")


def _replicas(app: DeclaredResource) -> ReplicaCount:
    scale = ("template", "scale")
    return ReplicaCount(app.number(*scale, "minReplicas"), app.number(*scale, "maxReplicas"))


def _size(resource: DeclaredResource, *path: str) -> tuple[float, float]:
    """Return vCPU and GiB of all containers of a replica."""
    sizes = [each.get("resources") for each in resource.items(*path)]
    known = [size for size in sizes if is_mapping(size)]
    if len(known) != len(sizes):
        raise LookupError("the resources of a container are not known before the deployment")
    return sum(float(str(size["cpu"])) for size in known), sum(gib(size["memory"]) for size in known)


def _job(job: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    if job.component == "Drill":
        yield from _drill_job(job, site)
        return
    seconds = site.job_hours(job) / site.hours * site.seconds
    vcpu, memory = _size(job, "template", "containers")
    if seconds:
        yield fixed("vCPU", "aca.vcpu.active", vcpu * seconds, "job_minutes")
        yield fixed("memory", "aca.memory", memory * seconds, "job_minutes")


def _drill_job(job: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    """Charges of the job that reports every hour, or of the one that restores, with its server."""
    drill, (vcpu, memory) = site.spec.recovery.drill, _size(job, "template", "containers")
    if drill is None or not job.name.endswith("-job"):
        seconds = site.hours * REPORT_SECONDS
        yield fixed("vCPU", "aca.vcpu.active", vcpu * seconds)
        yield fixed("memory", "aca.memory", memory * seconds)
        return
    hours = site.schedule_runs(drill.schedule) * site.usage["drill_hours"]
    yield fixed("vCPU", "aca.vcpu.active", vcpu * hours * 3600, "drill_hours")
    yield fixed("memory", "aca.memory", memory * hours * 3600, "drill_hours")
    for server in _beside(job, "dbforpostgresql:Server", site):
        yield fixed("restored server", f"postgres.{server.text('sku', 'name')}", hours, "drill_hours")


def _environment(_resource: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("load balancer of the environment", "aca.environment.balancer", site.hours)
    if any(origin.value("sharedPrivateLinkResource") for origin in site.of_type("cdn:AFDOrigin")):
        yield fixed("Dedicated Plan Management, for the private link", "aca.dedicated_plan", site.hours)


def _beside(resource: DeclaredResource, short_type: str, site: CostSite) -> Iterator[DeclaredResource]:
    """Yield the resources of a type in the location of another one."""
    there = site.in_standby_region(resource)
    return (each for each in site.of_type(short_type) if site.in_standby_region(each) == there)


def _prometheus(workspace: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    total = ReplicaCount(0, 0)
    for app in _beside(workspace, "app:ContainerApp", site):
        if any(each.get("name") == COLLECTOR for each in app.items("template", "containers")):
            total += _replicas(app)
    each, key = site.usage["samples_millions_per_replica"] / SAMPLES_PER_UNIT_MILLIONS, "samples_millions_per_replica"
    yield Charge("Prometheus samples", "monitor.prometheus", each * total.minimum, each * total.maximum, (key,))


def _server(server: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    times = STANDBY if server.value("highAvailability", "mode") in ("ZoneRedundant", "SameZone") else 1
    yield fixed("server", f"postgres.{server.text('sku', 'name')}", times * site.hours)
    disk = _disk(server, site)
    yield Charge("disk", "postgres.storage", times * disk, times * _grown(disk, server, site))
    copies = 2 if server.value("backup", "geoRedundantBackup") == "Enabled" else 1
    above = max(site.usage["database_backups_gb"] - disk, 0) + (copies - 1) * disk
    yield fixed(
        "backups above the disk, and geo-redundant ones", "postgres.backup_above_disk", above, "database_backups_gb"
    )


def _disk(server: DeclaredResource, site: CostSite) -> float:
    """Return the GiB of a server's disk; a replica that grows has that of its source, and declares none."""
    if server.value("storage", "storageSizeGB") is None and site.spec.database is not None:
        return disk_gib(site.spec.database)
    return server.number("storage", "storageSizeGB")


def _vaulted_backup(_resource: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("protected server with its weekly backups", "backup.postgres", 1)


def _grown(disk: float, server: DeclaredResource, site: CostSite) -> float:
    if server.value("storage", "autoGrow") != "Enabled" or site.spec.database is None:
        return disk
    high = site.spec.database.max_storage_gib
    return max(disk, next((size for size in DISKS_GIB if size >= high), high))


def _cache(cluster: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    nodes = STANDBY if cluster.value("highAvailability") != "Disabled" else 1
    yield fixed("nodes", f"redis.{cluster.text('sku', 'name')}", nodes * site.hours)


def _nat(gateway: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("gateway", "nat.hour", site.hours)
    yield fixed("data", "nat.gb", site.share("nat_gb", gateway), "nat_gb")


def _firewall(firewall: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("firewall", "azure_firewall.standard.hour", site.hours)
    yield fixed("data through the firewall", "azure_firewall.standard.gb", site.share("nat_gb", firewall), "nat_gb")


def _address(address: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    """Charge of an address; the price of an Application Gateway contains its own."""
    if address.component == "Entry":
        return
    yield fixed("public IPv4 address", "ip.standard", site.hours)


def _private_endpoint(endpoint: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("private endpoint", "privatelink.hour", site.hours)
    data = site.share("private_endpoints_gb", endpoint)
    yield fixed("data", "privatelink.gb", data, "private_endpoints_gb")


def _private_zone(_resource: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("private zone", "dns.private_zone", 1)


def _flow_log(log: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    amount = site.share("flow_logs_gb", log)
    yield fixed("flow logs above 5 GB", "flowlogs.collect", max(amount - FREE_FLOW_LOGS_GB, 0), "flow_logs_gb")
    analytics = ("flowAnalyticsConfiguration", "networkWatcherFlowAnalyticsConfiguration")
    if log.value(*analytics, "enabled"):
        every = f"{log.number(*analytics, 'trafficAnalyticsInterval'):g}"
        yield fixed("traffic analytics", f"trafficanalytics.{every}min", amount, "flow_logs_gb")


def _front_door(profile: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    tier = profile.text("sku", "name").partition("_")[0].lower()
    yield fixed("profile", f"frontdoor.{tier}", 1)
    requests = site.share("requests_millions", profile) * 1_000_000 / FRONT_DOOR_REQUESTS_PER_UNIT
    yield fixed("requests", "frontdoor.requests", requests, "requests_millions")
    yield fixed("data to clients", "frontdoor.transfer", site.share("internet_gb", profile), "internet_gb")


def _gateway(gateway: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("gateway with WAF", "appgateway.waf_v2", site.hours)
    low, high = (gateway.number("autoscaleConfiguration", name) for name in ("minCapacity", "maxCapacity"))
    units = UNITS_PER_INSTANCE * site.hours
    yield Charge("capacity units", "appgateway.waf_v2.unit", low * units, high * units)
    yield fixed("data to clients", "transfer.internet", site.share("internet_gb", gateway), "internet_gb")


def _registry(registry: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("registry", f"acr.{registry.text('sku', 'name').lower()}", site.hours / 24)


def _storage(account: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    sku = f"storage.{REDUNDANCY[account.text('sku', 'name')]}.hot"
    if account.component == "Network":
        days = max((log.number("retentionPolicy", "days") for log in site.of_type("network:FlowLog")), default=0)
        stored = site.usage["flow_logs_gb"] * site.stored_months(days)
        yield fixed("stored flow logs", sku, stored, "flow_logs_gb")
    else:
        yield fixed("objects", sku, site.usage["objects_gb"], "objects_gb")


def _log_workspace(workspace: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    amount = site.share("service_logs_gb", workspace) + site.share("waf_logs_gb", workspace)
    yield fixed("logs", "loganalytics.ingest", amount, "service_logs_gb", "waf_logs_gb")
    months = site.stored_months(workspace.number("retentionInDays"), FREE_LOG_DAYS)
    yield fixed("stored logs", "loganalytics.retention", amount * months, "service_logs_gb", "waf_logs_gb")


def _traces(component: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("spans", "loganalytics.ingest", site.share("traces_gb", component), "traces_gb")
    tracing = site.spec.monitoring.tracing
    months = site.stored_months(tracing.retention_days if tracing else 0, FREE_SPAN_DAYS)
    yield fixed("stored spans", "loganalytics.retention", site.share("traces_gb", component) * months, "traces_gb")


def _metric_alert(alert: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    yield fixed("time series", "monitor.metric_alert", alert.length("criteria", "allOf"))


def _query_rule(rule: DeclaredResource, _site: CostSite) -> Iterator[Charge]:
    period = RULE_PERIODS.get(rule.text("evaluationFrequency"), rule.text("evaluationFrequency"))
    yield fixed("query", f"monitor.query_rule.{period}", 1)


def _key(_key: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("scheduled rotations", "keyvault.rotation", site.hours / 24 / ROTATION_DAYS)


def _grafana(_resource: DeclaredResource, site: CostSite) -> Iterator[Charge]:
    yield fixed("units", "grafana.standard", GRAFANA_UNITS * site.hours)
    yield fixed("users", "grafana.user", site.usage["grafana_users"], "grafana_users")


PRICED: Mapping[str, Charges] = {
    "app:ContainerApp": _app,
    "app:Job": _job,
    "app:ManagedEnvironment": _environment,
    "applicationinsights:Component": _traces,
    "cdn:Profile": _front_door,
    "containerregistry:Registry": _registry,
    "dashboard:Grafana": _grafana,
    "dataprotection:BackupInstance": _vaulted_backup,
    "dbforpostgresql:Server": _server,
    "keyvault:Key": _key,
    "monitor:AzureMonitorWorkspace": _prometheus,
    "monitor:MetricAlert": _metric_alert,
    "monitor:ScheduledQueryRule": _query_rule,
    "network:ApplicationGateway": _gateway,
    "network:FlowLog": _flow_log,
    "network:AzureFirewall": _firewall,
    "network:NatGateway": _nat,
    "network:PrivateEndpoint": _private_endpoint,
    "network:PublicIPAddress": _address,
    "operationalinsights:Workspace": _log_workspace,
    "privatedns:PrivateZone": _private_zone,
    "redisenterprise:RedisEnterprise": _cache,
    "storage:StorageAccount": _storage,
}
"""Charges by short type."""

COST = CloudCost(priced=PRICED, free=FREE, excluded=EXCLUDED, read=frozenset(["cdn:AFDOrigin"]))
