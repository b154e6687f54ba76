"""Hints for keys that do not exist: the key for another common word, and settings that the platform does not have. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

MIN_LIKENESS = 0.65
"""Likeness of a key and a misspelt one, from 0 to 1; below it, a key with another meaning would be suggested."""

SYNONYMS: dict[str, tuple[str, ...]] = {
    "accept_risk": ("accept_risks", "accepted_risks", "risks"),
    "accept_checks": ("accepted_checks", "ignore_checks", "skip_checks", "audit"),
    "account_id": ("account", "account_number"),
    "alerts": ("alarms", "thresholds"),
    "allowed_cidrs": ("allow_list", "allowlist", "whitelist", "ip_allowlist", "allowed_ips", "source_ranges"),
    "architecture": ("arch", "cpu_arch", "cpu_architecture", "platform", "platforms", "runtime_platform", "processor"),
    "app": ("application", "framework", "preset", "kind", "type"),
    "auth": ("authentication", "oidc", "jwt", "basic_auth"),
    "autoscaling": ("autoscale", "autoscaler", "scaling"),
    "budget": ("billing", "costs", "spending"),
    "build": ("dockerfile", "docker_build", "build_context", "context", "source"),
    "cache": ("redis", "valkey", "memcached", "elasticache", "memorystore"),
    "calls": ("depends_on", "services", "links", "needs"),
    "cidr": ("ip_range", "address_space", "cidr_block", "range"),
    "closed_paths": ("private_paths", "internal_paths", "hidden_paths", "blocked_paths", "deny_paths"),
    "cloud": ("provider", "platform", "target"),
    "context": ("path", "folder", "directory", "dir"),
    "command": ("cmd", "args", "entrypoint", "arguments"),
    "cpu_percent": ("cpu", "cpu_target"),
    "database": ("postgres", "postgresql", "pg", "db", "rds", "sql", "cloudsql", "cloud_sql", "aurora", "databases"),
    "deployer": ("ci", "github", "github_actions", "oidc"),
    "dockerfile": ("file", "docker_file"),
    "domain": ("domain_name", "hostname", "host", "fqdn", "url"),
    "egress": (
        "egress_ports", "egress_rules", "outbound", "outbound_ports", "outbound_rules", "allowed_hosts", "external_hosts",
    ),
    "database_subnet_ids": ("database_subnets", "db_subnets", "db_subnet_ids", "data_subnets", "isolated_subnets"),
    "dns_zone": ("zone", "hosted_zone", "zone_name"),
    "emails": ("email", "mail", "mails"),
    "entry_port": ("port",),
    "environment": ("env", "envs", "env_vars", "environment_variables", "variables", "vars"),
    "eviction": ("eviction_policy", "maxmemory_policy"),
    "grafana_admins": ("grafana", "grafana_users", "admins"),
    "health": ("healthcheck", "health_check", "probe", "probes", "readiness", "liveness"),
    "high_availability": ("ha", "multi_az", "replicated", "failover"),
    "image": ("container", "container_image", "docker_image"),
    "image_credentials": (
        "registry_credentials", "registry_auth", "registry_secret", "repository_credentials", "credentials",
        "pull_secret", "pull_secrets", "image_pull_secret", "image_pull_secrets", "imagepullsecrets",
    ),
    "ingress": ("entry", "load_balancer", "loadbalancer", "alb"),
    "jobs": ("job", "cron", "crons", "cronjobs", "cron_jobs", "schedules", "scheduled_jobs", "tasks"),
    "location": ("region",),
    "max": ("maximum", "max_replicas", "max_instances", "max_count"),
    "memory_gib": ("memory", "mem", "ram", "memory_gb", "memory_mb", "memory_mib"),
    "memory_percent": ("memory", "memory_target"),
    "metrics": ("prometheus", "scrape", "metrics_path", "metrics_port"),
    "min": ("minimum", "min_replicas", "min_instances", "min_count", "desired"),
    "monitoring": ("observability", "logging", "logs", "alarms", "alerting"),
    "monthly_usd": ("amount", "limit", "monthly", "usd"),
    "network_watcher": ("watcher",),
    "overrides": ("override", "transform", "transforms", "transformations", "patches", "extra"),
    "network": ("vpc", "vnet", "networking"),
    "path": ("route", "url", "prefix", "path_prefix"),
    "port": ("ports", "container_port", "expose", "listen"),
    "profile": ("tier", "stage"),
    "project": ("project_id",),
    "rate_limit": ("throttle", "rate_limits", "limits", "requests_per_minute"),
    "private_subnet_ids": ("subnet_ids", "subnets", "private_subnets", "app_subnets"),
    "public_subnet_ids": ("public_subnets", "load_balancer_subnets"),
    "vpc_id": ("vpc", "id", "network_id", "network"),
    "per_address": ("per_ip", "ip", "per_minute", "per_client"),
    "per_key": ("per_user", "per_token", "per_api_key"),
    "region": ("location", "zone", "region_name"),
    "release": (
        "release_command", "migrate", "migration", "migrations", "migration_command", "pre_deploy", "predeploy",
    ),
    "replicas": ("scale", "instances", "count", "copies", "desired_count", "instance_count"),
    "retention_days": ("retention", "days", "keep_days"),
    "retries": ("retry", "max_retries", "attempts", "max_attempts", "retry_limit", "backoff_limit"),
    "schedule": ("cron", "cron_schedule", "cron_expression", "schedule_expression", "expression", "when"),
    "secrets": ("secret", "secret_names"),
    "services": ("service", "apps", "applications", "containers"),
    "size": ("resources", "cpu", "memory", "limits", "instance_type", "machine_type", "sku"),
    "storage": ("bucket", "buckets", "s3", "gcs", "blob", "blobs", "object_storage", "objects", "files"),
    "storage_gib": ("disk", "disk_size", "storage", "allocated_storage", "disk_gib"),
    "tags": ("labels",),
    "time_zone": ("timezone", "tz", "zone", "schedule_timezone"),
    "timeout_minutes": ("timeout", "timeout_seconds", "max_minutes", "deadline"),
    "uses": ("needs", "requires", "depends_on"),
    "vcpu": ("cpu", "cpus", "vcpus", "cores"),
    "version": ("engine_version", "major_version", "postgres_version"),
    "zone_names": ("zones", "availability_zones", "azs"),
    "exclude_rules": ("exclusions", "disabled_rules", "ignore_rules", "exclude"),
    "prompts": ("prompt_paths", "body_exclusions"),
    "waf": ("firewall", "web_application_firewall"),
    "zones": ("azs", "availability_zones", "az_count"),
}  # fmt: skip
"""Other words for a key. Where a word means several keys, the one that exists in the same mapping is suggested."""


@dataclass(frozen=True)
class Unavailable:
    """Setting that the platform does not have, by the words that users write for it."""

    parent: str
    keys: tuple[str, ...]
    problem: str
    fix: str


UNAVAILABLE = (
    Unavailable(
        "services.*",
        ("init", "init_command", "init_container", "init_containers"),
        "no container runs before a replica starts",
        "use `release` for a command that runs once before a release, and remove this key",
    ),
    Unavailable(
        "services.*",
        ("schedule", "cron", "cron_schedule", "job", "jobs"),
        "a service runs all the time; jobs with a schedule have a block of their own",
        "add a job under `jobs` that names this service, and remove this key",
    ),
    Unavailable(
        "services.*",
        ("volumes", "volume", "mounts", "disk", "disks"),
        "services have no persistent volumes",
        "use `storage` or `database`, and remove this key",
    ),
    Unavailable(
        "",
        ("queue", "queues", "broker", "brokers"),
        "a queue is kept in the cache, which services reach by REDIS_URL",
        "set `cache.eviction` to noeviction, put what may be evicted into a cache under `caches`, and remove this key",
    ),
    Unavailable(
        "caches.*",
        ("existing", "external", "url", "host"),
        "an additional cache is always created by the platform",
        "list the URL of a server that exists already under the `secrets` of its services and its host under `egress`, and remove "
        "this key",
    ),
    Unavailable(
        "network",
        ("vpc_id", "vpc", "subnet_ids", "subnets", "vnet_id", "network_id", "private_subnets", "public_subnets"),
        "an existing network is named in a block for each cloud",
        "set `network.existing`, such as {aws: {vpc_id: ..., private_subnet_ids: [...]}}, and remove this key",
    ),
    Unavailable(
        "network.existing",
        ("vpc_id", "vpc", "subnet_ids", "subnets", "vnet_id", "network_id", "private_subnets", "public_subnets"),
        "an existing network is named in a block for each cloud",
        "move it into the block of the cloud, such as `network.existing.aws`",
    ),
    Unavailable(
        "network",
        ("egress_ports", "egress_rules", "outbound", "outbound_ports", "outbound_rules", "allowed_hosts", "hosts"),
        "hosts and ports outside are listed for each service",
        "list them under services.<name>.egress as {host: db.example.com, port: 5432}, and remove this key",
    ),
    Unavailable(
        "ingress",
        ("certificate_arn", "cert", "ssl", "tls", "certificate_id"),
        "the certificate is issued for `ingress.domain` and validated in `ingress.dns_zone`",
        "remove this key; with azure.entry: gateway, name a certificate of a Key Vault under ingress.certificate",
    ),
    Unavailable(
        "ingress",
        ("domains", "aliases", "hosts", "alternative_names", "domain_names"),
        "the platform has a single domain name",
        "set `ingress.domain`, and redirect other names to it elsewhere",
    ),
    Unavailable(
        "ingress",
        ("existing", "load_balancer", "load_balancer_arn", "listener_arn", "alb_arn", "gateway_id", "shared_load_balancer"),
        "the platform creates its own entry: rules, WAF and certificate of a shared load balancer belong to its owner",
        "point that load balancer at the stack's URL, and remove this key",
    ),
    Unavailable(
        "ingress",
        ("zone_id", "hosted_zone_id", "dns_zone_id", "zone_account", "zone_project", "zone_role", "dns_role"),
        "`dns_zone` names the zone, and `dns_account` the account, project or resource group that it is in",
        "set `ingress.dns_account`, such as {aws: <ARN of a role>}, {gcp: <project>} or {azure: <ID of a resource group>}",
    ),
    Unavailable(
        "",
        ("registries", "existing_registry", "ecr", "acr", "artifact_registry", "container_registry"),
        "a registry that exists already is named under `registry.existing`",
        "set `registry.existing`, such as {azure: {registry_id: ...}}, and remove this key",
    ),
    Unavailable(
        "registry",
        ("scan", "scanning", "immutable", "immutable_tags", "retention", "retention_days", "lifecycle", "kms_key", "key", "sku"),
        "scans, tags, retention and keys of the platform's own registry are fixed",
        "remove this key, or set an input of the resource under `overrides`",
    ),
    Unavailable(
        "registry",
        ("repositories", "repository", "registry_id", "address", "aws", "gcp", "azure", "docker", "kubernetes", "url", "server"),
        "an existing registry is named in a block for each cloud",
        "move it into the block of the cloud, such as `registry.existing.aws`",
    ),
)  # fmt: skip


def meant_key(location: Sequence[int | str], keys: Sequence[str]) -> str | None:
    """Return the key that is meant by an unknown one beside these keys; None where no key is close."""
    word = str(location[-1]).lower().replace("-", "_")
    synonyms = [key for key in keys if word in SYNONYMS.get(key, ())]
    return next(iter(synonyms or get_close_matches(word, keys, n=1, cutoff=MIN_LIKENESS)), None)


def unavailable(location: Sequence[int | str]) -> Unavailable | None:
    """Return the setting that an unknown key would configure, where the platform does not have it."""
    *above, key = [str(part) for part in location]
    if len(above) == 2 and above[0] in ("services", "caches"):
        above[1] = "*"
    word = key.lower().replace("-", "_")
    parent = ".".join(above)
    return next((entry for entry in UNAVAILABLE if entry.parent == parent and word in entry.keys), None)
