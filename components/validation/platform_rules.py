"""Rules over the keys of the platform: accepted checks, cloud, tags, domain, egress, database."""

from collections.abc import Iterator
from datetime import date

from providers import AVAILABLE
from providers.contract.audit import CHECK_IDS, acceptance_key
from providers.contract.diagnostics import ConfigError, did_you_mean, listed
from providers.contract.existing_registry import KEY as EXISTING_REGISTRY
from providers.contract.existing_registry import existing_registry
from providers.contract.existing_stores import existing_stores
from providers.contract.spec import DnsAccount, ExistingNetworkSpec, KubernetesBlock, Platform
from providers.contract.spec.data import IN_MIB, minutes_of
from providers.contract.tokens import counting_services, has_prometheus, unpriced_models
from providers.contract.variables import cache_variable, call_variable

RESERVED_TAGS = ("project", "stack", "managed-by")
DAY_MINUTES = 24 * 60


def check_cloud_block(spec: Platform) -> Iterator[ConfigError]:
    """Require an adapter of the chosen cloud, and its block."""
    if spec.cloud not in AVAILABLE:
        yield ConfigError("cloud", f"there is no adapter for {spec.cloud} yet", f"use {listed(AVAILABLE)}")
    elif spec.block is None:
        parts = "context and namespace" if spec.cloud == "kubernetes" else "account and region"
        yield ConfigError(spec.cloud, f"missing; cloud {spec.cloud} needs this block", f"add it with {parts}")


def check_tags(spec: Platform) -> Iterator[ConfigError]:
    """Refuse the platform's own tags, which would replace the user's."""
    for key in spec.tags:
        if key.lower() in RESERVED_TAGS:
            problem = f"the platform sets this tag itself ({listed(RESERVED_TAGS, 'and')} are taken)"
            yield ConfigError(f"tags.{key}", problem, "use another name")


def check_domain_zone(spec: Platform) -> Iterator[ConfigError]:
    """Require that the domain is the zone or a name in it."""
    domain, zone = spec.ingress.domain, spec.ingress.dns_zone
    if domain is None and zone is not None:
        yield ConfigError(
            "ingress.dns_zone", f'"{zone}" has no effect without `ingress.domain`', "set the domain, or remove the zone"
        )
    elif domain is not None and zone is not None and domain != zone and not domain.endswith(f".{zone}"):
        yield ConfigError(
            "ingress.domain", f'"{domain}" is outside the zone {zone}', f"use a name that ends in .{zone}"
        )


def check_dns_account(spec: Platform) -> Iterator[ConfigError]:
    """Require a domain, the key of the chosen cloud alone, and one place of the zone on Azure."""
    account, key = spec.ingress.dns_account, "ingress.dns_account"
    if account is None:
        return
    if spec.ingress.domain is None:
        yield ConfigError(key, "no effect without `ingress.domain`", "set the domain, or remove it")
    others = [name for name in account.model_fields_set if name != spec.cloud and getattr(account, name) is not None]
    if others:
        problem = f"it names the place of a zone on {listed(sorted(others), 'and')}, and the cloud is {spec.cloud}"
        writes = spec.cloud in DnsAccount.model_fields
        fix = (
            f"set {key}.{spec.cloud} alone, or remove it"
            if writes
            else f"remove it; {spec.cloud} creates no DNS record"
        )
        yield ConfigError(key, problem, fix)
    elif getattr(account, spec.cloud, None) is None:
        yield ConfigError(key, "it names no place", f"set {key}.{spec.cloud}, or remove it")
    elif spec.azure is not None and spec.cloud == "azure" and "dns_group" in spec.azure.model_fields_set:
        yield ConfigError("azure.dns_group", f"{key}.azure names the resource group already", "remove one of the two")


def check_certificate(spec: Platform) -> Iterator[ConfigError]:
    """Require the domain of a certificate."""
    if spec.ingress.certificate is not None and spec.ingress.domain is None:
        problem = "no effect without `ingress.domain`, whose certificate it is"
        yield ConfigError("ingress.certificate", problem, "set the domain, or remove the certificate")


def check_domain_use(spec: Platform) -> Iterator[ConfigError]:
    """Refuse a domain without a routed service."""
    if spec.ingress.domain is not None and not spec.public:
        problem = f'"{spec.ingress.domain}" leads to no service; none has a `path`'
        yield ConfigError("ingress.domain", problem, "give a service a path, or remove the domain")


def check_closed_egress(spec: Platform) -> Iterator[ConfigError]:
    """Require private endpoints without egress: images, logs and secrets need a way."""
    if spec.network.egress == "none" and not spec.network.private_endpoints:
        problem = "none needs `network.private_endpoints: true`; images could not be pulled and secrets not be read"
        yield ConfigError("network.egress", problem, "set network.private_endpoints to true, or use single")


def check_existing_network(spec: Platform) -> Iterator[ConfigError]:
    """Require the block of the chosen cloud alone, and no second region, which would need another network."""
    existing, key = spec.network.existing, "network.existing"
    if existing is None or spec.cloud not in ExistingNetworkSpec.model_fields:
        return
    others = [name for name in existing.model_fields_set if name != spec.cloud and getattr(existing, name) is not None]
    if others:
        problem = f"it names a network on {listed(sorted(others), 'and')}, and the cloud is {spec.cloud}"
        yield ConfigError(key, problem, f"name one under {key}.{spec.cloud} alone, or remove it")
    elif getattr(existing, spec.cloud) is None:
        yield ConfigError(key, "it names no network", f"name one under {key}.{spec.cloud}, or remove it")
    if spec.recovery.mode == "warm":
        problem = '"warm" runs services in a second region, and `network.existing` names a network in one'
        yield ConfigError("recovery.mode", problem, f"use none or backup, or remove {key}")


def check_disk(spec: Platform) -> Iterator[ConfigError]:
    """Require storage_gib <= max_storage_gib."""
    database = spec.database
    if database is not None and database.max_storage_gib < database.storage_gib:
        problem = f"{database.max_storage_gib} is less than storage_gib ({database.storage_gib})"
        yield ConfigError("database.max_storage_gib", problem, f"use {database.storage_gib} or more")


def check_two_stores(spec: Platform) -> Iterator[ConfigError]:
    """Refuse an external server of the cluster's block beside an existing one, of which one would be ignored."""
    block = spec.kubernetes
    external = {"database": block.database.external, "cache": block.cache.external} if block is not None else {}
    for store in existing_stores(spec):
        if external.get(store.part):
            problem = f"{store.part}.existing names the server already"
            yield ConfigError(f"kubernetes.{store.part}.external", problem, "remove one of the two")


def check_two_registries(spec: Platform) -> Iterator[ConfigError]:
    """Refuse the registry of the cluster's block beside an existing one, of which one would be ignored."""
    block = spec.block
    if existing_registry(spec) is not None and isinstance(block, KubernetesBlock) and block.registry is not None:
        problem = f"{EXISTING_REGISTRY}.kubernetes names the registry already"
        yield ConfigError("kubernetes.registry", problem, "remove one of the two")


def check_queue_cache(spec: Platform) -> Iterator[ConfigError]:
    """Refuse an eviction policy that deletes Celery's queues, which are keys without an expiry like any other.

    https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html#key-eviction
    """
    workers = [name for name in spec.users_of("cache") if spec.services[name].app == "celery"]
    if spec.cache is not None and workers and spec.cache.eviction.startswith("allkeys"):
        problem = f"with {spec.cache.eviction}, a full cache deletes queued jobs of {listed(workers, 'and')}"
        fix = (
            "set it to noeviction, or to volatile-lru where cached values expire; a cache under `caches` may evict them"
        )
        yield ConfigError("cache.eviction", problem, fix)


def check_cache_names(spec: Platform) -> Iterator[ConfigError]:
    """Refuse a name that is taken, or whose variable is that of a called service."""
    for cache in spec.all_caches:
        variable = cache_variable(cache.key)
        if cache.name == "cache":
            yield ConfigError(cache.key, "cache is the name of another one", "use another name")
        for name in cache.users:
            callee = next((each for each in spec.services[name].calls if call_variable(each) == variable), None)
            if callee is not None:
                problem = (
                    f"{name} would have {variable} twice: for the cache, and for the service {callee} that it calls"
                )
                yield ConfigError(cache.key, problem, "rename the cache or the service")


def check_windows(spec: Platform) -> Iterator[ConfigError]:
    """Require that the hours of backups (daily) and of maintenance (weekly) do not overlap, across midnight either."""
    database = spec.database
    if database is None or database.backup.retention_days == 0:
        return
    backup, maintenance = database.backup.window_start, database.maintenance.window_start
    apart = (minutes_of(maintenance) - minutes_of(backup)) % DAY_MINUTES
    if min(apart, DAY_MINUTES - apart) < 60:
        problem = f'"{backup}" overlaps the maintenance hour at {maintenance}'
        yield ConfigError("database.backup.window_start", problem, "keep the two an hour apart")


def check_parameters(spec: Platform) -> Iterator[ConfigError]:
    """Refuse a size in MiB and in PostgreSQL's own unit at once."""
    parameters = spec.database.parameters if spec.database else {}
    for in_mib, name in IN_MIB.items():
        if in_mib in parameters and name in parameters:
            yield ConfigError(f"database.parameters.{name}", f"also set as {in_mib}", "keep one of the two")
        value = parameters.get(in_mib, 1)
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            yield ConfigError(
                f"database.parameters.{in_mib}", "must be a whole number above 0", "write the size in MiB"
            )


def check_accepted_checks(spec: Platform) -> Iterator[ConfigError]:
    """Refuse an unknown check, an acceptance without a reason, and a day that no month has."""
    for key, acceptance in spec.accept_checks.items():
        check = acceptance_key(key).check
        if check not in CHECK_IDS:
            problem = f"there is no security check {check}{did_you_mean(check, CHECK_IDS)}"
            yield ConfigError(f"accept_checks.{key}", problem, "use a name of docs/audit.md")
        if len(acceptance.reason.split()) < 2:
            fix = "say in a few words why the failure is accepted"
            yield ConfigError(f"accept_checks.{key}.reason", "the reason is too short", fix)
        if acceptance.until is not None and not _is_day(acceptance.until):
            problem = f"{acceptance.until} is not a day of the calendar"
            yield ConfigError(
                f"accept_checks.{key}.until", problem, "use the last day of the acceptance, as YYYY-MM-DD"
            )


def check_price_date(spec: Platform) -> Iterator[ConfigError]:
    """Require the day of the prices, a day of the calendar."""
    key, day = "cost.prices_as_of", spec.cost.prices_as_of
    if day is None:
        if spec.cost.models:
            fix = 'set the day on which they were read, such as "2026-11-27"'
            yield ConfigError(key, "the prices in cost.models have no date", fix)
        return
    if not _is_day(day):
        problem = f"{day} is not a day of the calendar"
        yield ConfigError(key, problem, "use the day on which the prices were read, as YYYY-MM-DD")


def check_prices(spec: Platform) -> Iterator[ConfigError]:
    """Require a price for each of the cloud's models once there are prices, and prices for a limit that was set."""
    missing = unpriced_models(spec)
    if spec.cost.models and missing:
        problem = f"there is no price for {listed(missing, 'and')}, which services may use, and no price is not 0"
        yield ConfigError("cost.models", problem, "add input and output in US dollars for a million tokens")
    if not spec.cost.models:
        limits = ("per_day_usd",) if spec.cost.per_day_usd is not None else ()
        for key in (*limits, *(f"services.{name}" for name in spec.cost.services)):
            fix = "add cost.models and cost.prices_as_of, or remove it"
            yield ConfigError(f"cost.{key}", "a limit needs prices, and cost.models has none", fix)


def check_service_limits(spec: Platform) -> Iterator[ConfigError]:
    """Require that each limit names a service whose tokens Prometheus counts."""
    for name, limits in spec.cost.services.items():
        key = f"cost.services.{name}"
        if name not in spec.services:
            problem = f"{name} is not a service{did_you_mean(name, spec.services)}"
            yield ConfigError(key, problem, f"use {listed(spec.services)}")
        elif limits.per_hour_usd is None and limits.per_day_usd is None:
            yield ConfigError(key, "it has no limit", "set per_hour_usd or per_day_usd, or remove it")
        elif not has_prometheus(spec):
            problem = "a cloud counts the tokens of its models for all services together"
            fix = "set monitoring.prometheus to true and let the service report its tokens, or remove it"
            yield ConfigError(key, problem, fix)
        elif name not in counting_services(spec):
            problem = f"{name} has no metrics endpoint, so nothing counts its tokens"
            yield ConfigError(key, problem, f"set services.{name}.metrics, or remove it")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
