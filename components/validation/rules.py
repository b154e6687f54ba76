"""Rules over several keys of a spec. Each is a short pure function from the spec to its errors."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from components.validation import (
    authentication_rules,
    closed_path_rules,
    drill_rules,
    egress_rules,
    job_rules,
    platform_rules,
    rate_limit_rules,
    recovery_rules,
    risks,
    rollout_rules,
    service_rules,
    trace_rules,
)
from providers.contract import existing_registry, existing_stores
from providers.contract.diagnostics import ConfigError
from providers.contract.spec import Platform


@dataclass(frozen=True)
class Rule:
    """A rule, and the keys that it reads; `*` is any name.

    A rule that reads a key which was refused is not applied: it would judge a default or a stand-in, and report a mistake
    that the user did not make.
    """

    check: Callable[[Platform], Iterator[ConfigError]]
    reads: tuple[str, ...]


PUBLIC = ("services.*.path", "services.*.app")
"""Keys that say which services are public, and of which kind."""
RULES = (
    Rule(platform_rules.check_cloud_block, reads=("cloud", "aws", "gcp", "azure", "docker", "kubernetes")),
    Rule(
        service_rules.check_used_parts,
        reads=(
            "cloud",
            "services.*.uses",
            "database",
            "cache",
            "caches",
            "storage",
            "aws.models",
            "gcp.models",
            "azure.models",
        ),
    ),
    Rule(service_rules.check_called_services, reads=("services.*.calls", "services.*.port", "services.*.app")),
    Rule(platform_rules.check_tags, reads=("tags",)),
    Rule(service_rules.check_service_names, reads=("caches",)),
    Rule(service_rules.check_replicas, reads=("services.*.replicas",)),
    Rule(
        service_rules.check_ports,
        reads=("services.*.app", "services.*.port", "services.*.path", "services.*.health"),
    ),
    Rule(service_rules.check_health, reads=("services.*.health",)),
    Rule(service_rules.check_variables, reads=("services.*.environment", "services.*.secrets")),
    Rule(
        trace_rules.check_hidden_prompts,
        reads=("monitoring.tracing", "services.*.environment", "services.*.secrets"),
    ),
    Rule(service_rules.check_images, reads=("profile", "services.*.image")),
    Rule(service_rules.check_image_credentials, reads=("services.*.image", "services.*.secrets")),
    Rule(service_rules.check_builds, reads=("services.*.image", "services.*.build")),
    Rule(service_rules.check_metrics, reads=("services.*.metrics", "services.*.port", "services.*.app")),
    Rule(rollout_rules.check_rollouts, reads=("services.*.rollout", "services.*.port", "services.*.app")),
    Rule(rollout_rules.check_release_names, reads=()),
    Rule(service_rules.check_paths, reads=("services.*.path",)),
    Rule(
        closed_path_rules.check_closed_paths,
        reads=(
            "profile",
            "services.*.path",
            "services.*.app",
            "services.*.port",
            "services.*.metrics",
            "services.*.closed_paths",
        ),
    ),
    Rule(
        rate_limit_rules.check_rate_limits,
        reads=("ingress.rate_limit", "ingress.rate_limit_per_minute", "services.*.path"),
    ),
    Rule(platform_rules.check_price_date, reads=("cost.models", "cost.prices_as_of")),
    Rule(
        platform_rules.check_prices,
        reads=("cloud", "cost", "services.*.uses", "aws.models", "gcp.models", "azure.models"),
    ),
    Rule(
        platform_rules.check_service_limits,
        reads=("cloud", "cost", "monitoring.prometheus", "services.*.metrics", "services.*.app", "services.*.port"),
    ),
    Rule(job_rules.check_job_names, reads=()),
    Rule(job_rules.check_job_services, reads=("jobs.*.service",)),
    Rule(job_rules.check_schedules, reads=("jobs.*.schedule",)),
    Rule(job_rules.check_time_zones, reads=("jobs.*.time_zone",)),
    Rule(platform_rules.check_domain_zone, reads=("ingress.domain", "ingress.dns_zone")),
    Rule(platform_rules.check_dns_account, reads=("cloud", "ingress.domain", "ingress.dns_account", "azure")),
    Rule(platform_rules.check_certificate, reads=("ingress.domain", "ingress.certificate")),
    Rule(platform_rules.check_domain_use, reads=("ingress.domain", "services.*.path")),
    Rule(platform_rules.check_closed_egress, reads=("profile", "network.egress", "network.private_endpoints")),
    Rule(egress_rules.check_egress, reads=("network.egress", "network.egress_control", "services.*.egress")),
    Rule(
        existing_stores.store_errors,
        reads=(
            "network.egress",
            "database.existing",
            "cache.existing",
            "services.*.uses",
            "services.*.image_credentials",
        ),
    ),
    Rule(platform_rules.check_two_stores, reads=("kubernetes", "database.existing", "cache.existing")),
    Rule(existing_registry.registry_errors, reads=("cloud", "registry", "services.*.image", "services.*.build")),
    Rule(platform_rules.check_two_registries, reads=("kubernetes", "registry")),
    Rule(platform_rules.check_existing_network, reads=("cloud", "network.existing", "recovery.mode")),
    Rule(platform_rules.check_disk, reads=("profile", "database.storage_gib", "database.max_storage_gib")),
    Rule(platform_rules.check_queue_cache, reads=("cache", "services.*.uses", "services.*.app")),
    Rule(platform_rules.check_cache_names, reads=("caches", "services.*.uses", "services.*.calls")),
    Rule(platform_rules.check_windows, reads=("database.backup", "database.maintenance")),
    Rule(platform_rules.check_parameters, reads=("database.parameters",)),
    Rule(recovery_rules.check_mode, reads=("cloud", "recovery.mode")),
    Rule(recovery_rules.check_warm_keys, reads=("recovery", "network.standby_cidr")),
    Rule(recovery_rules.check_active_region, reads=("cloud", "recovery", "aws", "gcp", "azure")),
    Rule(
        recovery_rules.check_automatic_failover,
        reads=("cloud", "recovery", "aws", "gcp", "azure", "ingress", "services.*.path", "services.*.port"),
    ),
    Rule(recovery_rules.check_ranges, reads=("recovery", "network.cidr", "network.standby_cidr")),
    Rule(recovery_rules.check_unused_keys, reads=("cloud", "recovery", "aws", "gcp", "azure")),
    Rule(recovery_rules.check_standby_region, reads=("cloud", "recovery", "aws", "gcp", "azure")),
    Rule(recovery_rules.check_lock, reads=("profile", "recovery.lock")),
    Rule(recovery_rules.check_copied_data, reads=("recovery", "database", "storage", "services.*.secrets")),
    Rule(drill_rules.check_drill_backups, reads=("database", "recovery.drill")),
    Rule(drill_rules.check_drill_schedule, reads=("recovery.drill",)),
    Rule(risks.check_risks, reads=("profile", "services.*.path")),
    Rule(rate_limit_rules.check_prompts, reads=("ingress.waf", "services.*.path")),
    Rule(authentication_rules.check_authentication_keys, reads=("ingress.auth",)),
    Rule(
        authentication_rules.check_two_authentications,
        reads=("cloud", "ingress.auth", *PUBLIC, "services.*.auth", "services.*.secrets"),
    ),
    Rule(authentication_rules.check_authentication_modes, reads=("ingress.auth", *PUBLIC, "services.*.auth")),
    Rule(authentication_rules.check_plain_keys, reads=(*PUBLIC, "services.*.environment")),
    Rule(
        authentication_rules.check_public_paths,
        reads=("profile", *PUBLIC, "services.*.auth", "services.*.closed_paths", "services.*.metrics"),
    ),
    Rule(
        risks.check_authentication,
        reads=("profile", "ingress", "services.*.auth", *PUBLIC, "services.*.secrets"),
    ),
    Rule(risks.check_acceptances, reads=("*",)),
    Rule(platform_rules.check_accepted_checks, reads=("accept_checks",)),
)


def rule_errors(spec: Platform, refused: Sequence[str] = ()) -> list[ConfigError]:
    """Return every error of a spec whose keys are each well-formed, in the order of the rules.

    `refused` names the keys that were not well-formed, for which the spec has defaults and stand-ins.
    """
    return [
        error
        for rule in RULES
        if not any(overlap(key, read) for key in refused for read in rule.reads)
        for error in rule.check(spec)
    ]


def overlap(key: str, pattern: str) -> bool:
    """Return whether a dotted path is, contains or is part of what a pattern names; `*` is any name."""
    parts = zip(key.replace("[", ".").split("."), pattern.split("."), strict=False)
    return all(name in ("*", part) for part, name in parts)
