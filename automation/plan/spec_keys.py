"""Every key of the spec with another value for it; the capabilities document and contract tests change them one by one.

`BASE` is a minimal platform, so that hundreds of plans take a minute; `context` adds what a key needs to have an effect.
A key of the spec that is missing here fails a test. Imports no SDK.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from automation.plan.authentication_contexts import (
    ENDPOINTS,
    GOOGLE_SIGN_IN,
    LOGIN,
    PUBLIC_KEYS,
    ROUTED,
    SIGN_IN,
    TOKENS,
    WITH_CERTIFICATE,
    WITH_DOMAIN,
    WITH_ENDPOINTS,
    WITH_KEY,
    WITH_PUBLIC_KEY,
)
from automation.plan.cache_keys import CACHE_KEYS
from automation.plan.docs.schema import (
    Node,
    PlatformSchema,
    platform_schema,
    properties_of,
    resolved,
    value_node,
)
from automation.plan.existing_keys import EXISTING_KEYS, STORE_KEYS
from automation.plan.existing_places import REGISTRY_KEYS, ZONE_KEYS
from automation.plan.kubernetes_keys import IN_CLUSTER, KUBERNETES_KEYS
from automation.stack.document import with_values
from providers.contract.spec.defaults import Raw

DIGEST = "sha256:" + "5" * 64
BASE: Raw = {
    "cloud": "aws",
    "aws": {"region": "us-west-2", "account_id": "111122223333", "models": ["global.anthropic.claude-sonnet-4-6"]},
    "gcp": {
        "project": "acme-agents",
        "region": "us-central1",
        "models": ["publishers/anthropic/models/claude-sonnet-4"],
    },
    "azure": {
        "subscription_id": "00000000-0000-0000-0000-000000000001",
        "tenant_id": "00000000-0000-0000-0000-000000000002",
        "location": "westus3",
        "models": ["gpt-5.4-mini"],
        "budget_start": "2026-12",
    },
    "docker": {},
    "kubernetes": dict(IN_CLUSTER),
    "profile": "development",
    "network": {"zones": 2, "private_endpoints": False, "flow_logs": False},
    "services": {"web": {"app": "fastapi", "image": "ghcr.io/acme/web:1.0"}},
    "monitoring": {"dashboards": False},
}


@dataclass(frozen=True, eq=False)
class Leaf:
    """Key by its path, a value that it does not have in `BASE` with `context`, and the values that it depends on."""

    path: str
    value: object
    context: Mapping[str, object] = field(default_factory=dict[str, object])
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    """Other values by cloud, for a key whose values have different names on each."""
    contexts: Mapping[str, Mapping[str, object]] = field(default_factory=dict[str, Mapping[str, object]])
    """Further values that it depends on, by cloud."""

    @property
    def key(self) -> str:
        """Path with `<name>` for the name that the user chooses."""
        key = self.path.replace("services.web", "services.<name>").replace("jobs.nightly", "jobs.<name>")
        key = key.replace("cost.models.rules", "cost.models.<name>").replace(
            "cost.services.web", "cost.services.<name>"
        )
        key = key.replace("accept_checks.secrets-rotate", "accept_checks.<name>").replace(
            "caches.answers", "caches.<name>"
        )
        return key.replace("docker.dev.web", "docker.dev.<name>")

    @property
    def block(self) -> str | None:
        """Cloud whose own block contains the key; None for other keys."""
        first = self.path.partition(".")[0]
        return first if first in BLOCKS else None

    def before(self, cloud: str) -> Raw:
        """Return the platform without the change."""
        return with_values(BASE, {CLOUD_KEY: cloud, **self.context, **self.contexts.get(cloud, {})})

    def after(self, cloud: str) -> Raw:
        """Return the platform with the other value."""
        return with_values(self.before(cloud), {self.path: self.values.get(cloud, self.value)})


BLOCKS = ("aws", "gcp", "azure", "docker", "kubernetes")
CLOUD_KEY = "cloud"
"""Key that selects the cloud."""


def spec_keys() -> list[str]:
    """Return every key of the spec: its leaves, and the parts that are optional."""
    schema = platform_schema()
    return list(_keys("", schema["root"], schema))


def _keys(parent: str, node: Node, schema: PlatformSchema) -> Iterator[str]:
    for name, inner in properties_of(node).items():
        path, target = f"{parent}.{name}".lstrip("."), resolved(inner, schema)
        if "properties" in target:
            if "anyOf" in inner and path not in BLOCKS:
                yield path
            yield from _keys(path, target, schema)
        elif "$ref" in value_node(target):
            yield from _keys(f"{path}.<name>", resolved(value_node(target), schema), schema)
        else:
            yield path


WITH_MODELS = {"services.web.uses": ["models"]}
SLACK = {"workspace": "T0000000", "channel": "C0000000"}
WITH_TOOL = {"services.tool": {"app": "fastapi", "image": "ghcr.io/acme/tool:1.0"}}
WITH_JOB = {"jobs.nightly": {"service": "web", "schedule": "0 3 * * *", "command": ["python", "-m", "report"]}}
AS_WORKER = {"services.web": {"app": "celery", "image": "ghcr.io/acme/web:1.0"}}
BUILT: dict[str, object] = {"services.web": {"app": "fastapi", "build": {}}}
CANARY: dict[str, object] = {**ROUTED, "services.web.rollout.strategy": "canary"}
RELEASE: dict[str, object] = {"services.web.release": {"command": ["alembic", "upgrade", "head"]}}
SMOKE: dict[str, object] = {**CANARY, "services.web.rollout.smoke": {"path": "/ready"}}
LISTING: dict[str, object] = {
    "network.private_endpoints": True,
    "services.web.image": "web:1.0",
    "services.web.egress": [{"host": "db.example.com", "port": 5432}],
}
WITH_WAF: dict[str, object] = {**ROUTED, "ingress.waf": {}}
FROM_SOURCE: dict[str, object] = {"docker.dev.web": {"command": ["python3", "app.py"]}}
BUDGET = {"budget": {"monthly_usd": 100}}
WITH_PROMETHEUS: dict[str, object] = {"monitoring.prometheus": True}
WITH_METRICS: dict[str, object] = {**WITH_PROMETHEUS, "services.web.metrics": {}}
WITH_PRICES: dict[str, object] = {
    **WITH_METRICS,
    "cost": {
        "models": {"rules": {"input": 1, "output": 2}},
        "prices_as_of": "2026-11-27",
        "services": {"web": {"per_hour_usd": 5, "per_day_usd": 50}},
    },
}
WITH_TRACES: dict[str, object] = {"monitoring.tracing": {}}
WITH_SLO: dict[str, object] = {**ROUTED, "monitoring.slo": {}}
STANDBY: dict[str, object] = {
    "database": {},
    "storage": {},
    "recovery.standby_region": "us-east-1",
    "gcp.standby_region": "us-east1",
    "azure.location": "eastus",
    "azure.standby_location": "westus",
}
"""Data to copy; the block of AWS has no standby region, so that of `recovery` is used."""
WITH_COPIES: dict[str, object] = {**STANDBY, "recovery.mode": "backup"}
WITH_WARM: dict[str, object] = {
    **STANDBY,
    "database.size": {"vcpu": 8, "memory_gib": 32},
    "recovery.mode": "warm",
    "azure.standby_location": "centralus",
}
"""Services in both regions; on Azure the small servers have no replicas, and westus has no zones."""
OBJECTS_ONLY: dict[str, object] = {
    "storage": {},
    "recovery.mode": "backup",
    "azure.location": "eastus",
    "azure.standby_location": "centralus",
}
"""Copies on Azure without a database, which has one possible standby location."""
DRILL = {"query": "SELECT count(*) FROM sessions"}
WITH_DRILL: dict[str, object] = {"database": {}, "recovery.drill": DRILL}
ACCEPTED_RISK = {
    "profile": "production",
    "network.private_endpoints": True,
    "services.web.image": f"ghcr.io/acme/web@{DIGEST}",
    "services.web.replicas": {"min": 1, "max": 1},
    "accept_risk": {"services.web.replicas.min": "a trial of one week"},
}
OVERRIDES: dict[str, object] = {
    "gcp": {"serviceaccount:Account": {"description": "identity of the team"}},
    "azure": {"operationalinsights:Workspace": {"retention_in_days": 60}},
    "docker": {"docker:Container": {"shm_size": 128}},
    "kubernetes": {"apps:Deployment": {"spec": {"revision_history_limit": 3}}},
}
ACCEPTED_CHECK: dict[str, object] = {"accept_checks": {"secrets-rotate": {"reason": "rotated by hand"}}}


def part(name: str) -> dict[str, object]:
    """Return the values that add the part `name`, used by the service."""
    return {name: {}, "services.web.uses": [name]}


LEAVES: tuple[Leaf, ...] = (
    Leaf("aws.region", "eu-west-1"),
    Leaf("aws.account_id", "444455556666"),
    Leaf("aws.models", ["us.anthropic.claude-haiku-4-5-20251001-v1:0"], WITH_MODELS),
    Leaf("aws.zone_names", ["us-west-2b", "us-west-2c"]),
    Leaf("gcp.project", "acme-trials"),
    Leaf("gcp.region", "europe-west1"),
    Leaf("gcp.models", ["publishers/google/models/gemini-2.5-pro"], WITH_MODELS),
    Leaf("azure.subscription_id", "00000000-0000-0000-0000-000000000003"),
    Leaf("azure.tenant_id", "00000000-0000-0000-0000-000000000004"),
    Leaf("azure.location", "northeurope"),
    Leaf("azure.entry", "gateway", ROUTED),
    Leaf("azure.models", ["gpt-5.4-nano"], WITH_MODELS),
    Leaf("azure.dns_group", "names", WITH_DOMAIN),
    Leaf("azure.customer_managed_keys", True, {"database": {}, "storage": {}}),
    Leaf("azure.network_watcher", "watchers/westus3", {"network.flow_logs": True}),
    Leaf("azure.budget_start", "2027-01", BUDGET),
    Leaf("docker.bind", "0.0.0.0", ROUTED),  # noqa: S104  # a setting, nothing listens
    Leaf("docker.entry_port", 9443, ROUTED),
    Leaf("docker.images", {"proxy": "registry.example.com/proxy:1.0"}, ROUTED),
    Leaf("docker.dev.web.folders", {"/srv": "/home/user/web"}, FROM_SOURCE),
    Leaf("docker.dev.web.command", ["python3", "server.py"], FROM_SOURCE),
    Leaf("docker.dev.web.vcpu", 2, FROM_SOURCE),
    Leaf("docker.dev.web.environment", {"LOG_LEVEL": "debug"}, FROM_SOURCE),
    *(Leaf(f"kubernetes.{key}", value, context) for key, value, context in KUBERNETES_KEYS),
    Leaf("profile", "staging"),
    Leaf("tags", {"team": "agents"}),
    Leaf("network.cidr", "10.40.0.0/16"),
    Leaf("network.standby_cidr", "10.60.0.0/16", WITH_WARM),
    Leaf("network.zones", 1),
    Leaf("network.egress", "per_zone"),
    Leaf("network.egress_control", "names", LISTING),
    Leaf("network.private_endpoints", True),
    Leaf("network.flow_logs", True),
    *(Leaf(f"network.existing.{key}".rstrip("."), value, context) for key, value, context in EXISTING_KEYS),
    *(Leaf(*each) for each in REGISTRY_KEYS),
    Leaf("ingress.domain", "agents.example.com", ROUTED),
    Leaf("ingress.dns_zone", "example.com", WITH_DOMAIN),
    *(Leaf(*each) for each in ZONE_KEYS),
    Leaf("ingress.allowed_cidrs", ["198.51.100.0/24"], ROUTED),
    Leaf("ingress.auth", {"mode": "api_key"}, ROUTED),
    Leaf("ingress.auth.mode", "api_key", {**ROUTED, "ingress.auth.mode": "none"}),
    Leaf(
        "ingress.auth.issuer", "https://login.microsoftonline.com/tools/v2.0", {**SIGN_IN, "ingress.auth.allowed": []}
    ),
    Leaf("ingress.auth.audience", "api://tools", TOKENS),
    Leaf("ingress.auth.jwks_url", "https://login.example.com/keys", TOKENS),
    Leaf("ingress.auth.public_keys", [PUBLIC_KEYS[1]], {**TOKENS, "ingress.auth.jwks_url": None, **WITH_PUBLIC_KEY}),
    Leaf("ingress.auth.client_id", "pages", {**SIGN_IN, "ingress.auth.allowed": []}),
    Leaf("ingress.auth.client_secret", "PAGES_SECRET", {**SIGN_IN, "ingress.auth.allowed": []}),
    Leaf("ingress.auth.endpoints", {**ENDPOINTS, "user_info": f"{LOGIN}/me"}, {**SIGN_IN, "ingress.auth.allowed": []}),
    Leaf("ingress.auth.endpoints.authorization", f"{LOGIN}/sign-in", WITH_ENDPOINTS),
    Leaf("ingress.auth.endpoints.token", f"{LOGIN}/tokens", WITH_ENDPOINTS),
    Leaf("ingress.auth.endpoints.user_info", f"{LOGIN}/me", WITH_ENDPOINTS),
    Leaf("ingress.auth.allowed", ["example.com", "team@example.com"], GOOGLE_SIGN_IN),
    Leaf("ingress.certificate", {"azure": "certificates/acme-certs/agents"}, WITH_DOMAIN),
    Leaf("ingress.certificate.azure", "certificates/acme-certs/other", WITH_CERTIFICATE),
    Leaf("ingress.rate_limit.per_address", 300, ROUTED),
    Leaf("ingress.rate_limit.per_key", 120, ROUTED),
    Leaf("ingress.rate_limit.paths", [{"prefix": "/chat", "per_address": 30}], ROUTED),
    Leaf("ingress.rate_limit_per_minute", 100, ROUTED),
    Leaf("ingress.idle_timeout_seconds", 300, ROUTED),
    Leaf("ingress.waf", False, ROUTED),
    Leaf("ingress.waf.mode", "count", WITH_WAF),
    Leaf("ingress.waf.prompts", ["/ask"], WITH_WAF),
    Leaf("ingress.waf.exclude_rules", ["SQLi_QUERYARGUMENTS"], WITH_WAF),
    Leaf("services.web.app", "streamlit"),
    Leaf("services.web.image", "ghcr.io/acme/web:2.0"),
    Leaf("services.web.build", {}, {"services.web.image": "web:1.0"}),
    Leaf("services.web.build.context", "web", BUILT),
    Leaf("services.web.build.dockerfile", "Dockerfile.web", BUILT),
    Leaf("services.web.architecture", "arm64"),
    Leaf("services.web.image_credentials", "REGISTRY_LOGIN"),
    Leaf("services.web.path", "/api", ROUTED),
    Leaf("services.web.auth", "inherit", {**WITH_KEY, "services.web.auth": "none"}),
    Leaf("services.web.streaming", False, ROUTED),
    Leaf("services.web.public_paths", ["/health", "/pictures/*"], WITH_KEY),
    Leaf("services.web.port", 9000),
    Leaf("services.web.command", ["serve", "--all"]),
    Leaf("services.web.size.vcpu", 1, {"services.web.size": {"vcpu": 2, "memory_gib": 4}}),
    Leaf("services.web.size.memory_gib", 4),
    Leaf("services.web.replicas.min", 2),
    Leaf("services.web.replicas.max", 3),
    Leaf("services.web.rollout.strategy", "canary", ROUTED),
    Leaf("services.web.rollout.steps", [5, 50, 100], CANARY),
    Leaf("services.web.rollout.bake_minutes", 5, CANARY),
    Leaf("services.web.rollout.abort_on", ["error_percent", "latency_p95_seconds"], CANARY),
    Leaf("services.web.rollout.min_requests", 100, CANARY),
    Leaf("services.web.rollout.smoke", {"path": "/ready"}, CANARY),
    Leaf("services.web.rollout.smoke.path", "/live", SMOKE),
    Leaf("services.web.rollout.smoke.expect_status", 204, SMOKE),
    Leaf("services.web.release", {"command": ["alembic", "upgrade", "head"]}),
    Leaf("services.web.release.command", ["python", "manage.py", "migrate"], RELEASE),
    Leaf("services.web.release.timeout_minutes", 60, RELEASE),
    Leaf("services.web.autoscaling.cpu_percent", 50),
    Leaf("services.web.autoscaling.memory_percent", 60),
    Leaf("services.web.autoscaling.requests_per_replica_per_minute", 500, ROUTED),
    Leaf("services.web.autoscaling.scale_out_cooldown_seconds", 60),
    Leaf("services.web.autoscaling.scale_in_cooldown_seconds", 120),
    Leaf("services.web.health.path", "/ready", ROUTED),
    Leaf("services.web.health.command", ["CMD-SHELL", "test -f /tmp/alive"], AS_WORKER),
    Leaf("services.web.health.interval_seconds", 20, ROUTED),
    Leaf("services.web.health.timeout_seconds", 10, ROUTED),
    Leaf("services.web.health.healthy_threshold", 3, ROUTED),
    Leaf("services.web.health.unhealthy_threshold", 3, ROUTED),
    Leaf("services.web.health.start_period_seconds", 90, ROUTED),
    Leaf("services.web.environment", {"LOG_LEVEL": "debug"}),
    Leaf("services.web.secrets", ["API_KEY"]),
    Leaf("services.web.uses", ["storage"], {"storage": {}}),
    Leaf("services.web.calls", ["tool"], WITH_TOOL),
    Leaf("services.web.closed_paths", ["/internal"], ROUTED),
    Leaf("services.web.egress", [{"host": "db.example.com", "port": 5432}]),
    Leaf("services.web.metrics", "none", WITH_PROMETHEUS),
    Leaf("services.web.metrics.path", "/internal/metrics", WITH_METRICS),
    Leaf("services.web.metrics.port", 9100, WITH_METRICS),
    Leaf("jobs.nightly.service", "tool", {**WITH_TOOL, **WITH_JOB}),
    Leaf("jobs.nightly.schedule", "30 4 * * *", WITH_JOB),
    Leaf("jobs.nightly.time_zone", "Europe/Berlin", WITH_JOB),
    Leaf("jobs.nightly.command", ["python", "-m", "cleanup"], WITH_JOB),
    Leaf("jobs.nightly.timeout_minutes", 30, WITH_JOB),
    Leaf("jobs.nightly.retries", 2, WITH_JOB),
    Leaf("database", {}),
    Leaf("database.version", "16", part("database")),
    Leaf("database.size.vcpu", 8, part("database")),
    Leaf("database.size.memory_gib", 16, part("database")),
    Leaf("database.storage_gib", 30, part("database")),
    Leaf("database.max_storage_gib", 80, part("database")),
    Leaf("database.high_availability", True, part("database")),
    Leaf("database.backup.retention_days", 14, part("database")),
    Leaf("database.backup.window_start", "06:00", part("database")),
    Leaf("database.maintenance.day", "monday", part("database")),
    Leaf("database.maintenance.window_start", "07:00", part("database")),
    Leaf("database.deletion_protection", True, part("database")),
    Leaf("database.parameters", {"max_connections": 150}, part("database")),
    *(Leaf(*each) for each in (*CACHE_KEYS, *STORE_KEYS)),
    Leaf("storage", {}),
    Leaf("storage.versioning", False, part("storage")),
    Leaf("storage.noncurrent_days", 10, part("storage")),
    Leaf("monitoring.log_retention_days", 60),
    Leaf("monitoring.emails", ["oncall@example.com"]),
    Leaf("monitoring.slack", SLACK),
    Leaf("monitoring.slack.workspace", "T1111111", {"monitoring.slack": SLACK}),
    Leaf("monitoring.slack.channel", "C1111111", {"monitoring.slack": SLACK}),
    Leaf("monitoring.dashboards", True),
    Leaf("monitoring.prometheus", True),
    Leaf("monitoring.grafana_admins", ["00000000-0000-0000-0000-000000000005"], WITH_PROMETHEUS),
    Leaf("monitoring.tracing", {}),
    Leaf("monitoring.tracing.sample_percent", 50, WITH_TRACES),
    Leaf("monitoring.tracing.content", True, WITH_TRACES),
    Leaf("monitoring.tracing.retention_days", 14, WITH_TRACES),
    Leaf("monitoring.alerts.cpu_percent", 70),
    Leaf("monitoring.alerts.memory_percent", 75),
    Leaf("monitoring.alerts.error_percent", 5, ROUTED),
    Leaf("monitoring.alerts.latency_p95_seconds", 3, ROUTED),
    Leaf("monitoring.alerts.blocked_percent", 50, ROUTED),
    Leaf("monitoring.alerts.permission_changes", True),
    Leaf("monitoring.alerts.denied_flows", 5, {"network.flow_logs": True}),
    Leaf("monitoring.slo", {}, ROUTED),
    Leaf("monitoring.slo.availability_percent", 99.5, WITH_SLO),
    Leaf("monitoring.slo.latency_p95_seconds", 1, WITH_SLO),
    Leaf("budget", {"monthly_usd": 100}),
    Leaf("budget.monthly_usd", 200, BUDGET),
    Leaf("cost.models.rules.input", 2, WITH_PRICES),
    Leaf("cost.models.rules.output", 3, WITH_PRICES),
    Leaf("cost.models.rules.cached", 0.5, WITH_PRICES),
    Leaf("cost.models.rules.source", "contract of 2026", WITH_PRICES),
    Leaf("cost.models.rules.region", "us-west-2", WITH_PRICES),
    Leaf("cost.prices_as_of", "2026-11-28", WITH_PRICES),
    Leaf("cost.per_hour_usd", 20, WITH_PRICES),
    Leaf("cost.per_day_usd", 100, WITH_PRICES),
    Leaf("cost.services.web.per_hour_usd", 6, WITH_PRICES),
    Leaf("cost.services.web.per_day_usd", 60, WITH_PRICES),
    Leaf("deployer", {"github": "acme/agents"}),
    Leaf("deployer.github", "acme/platform", {"deployer": {"github": "acme/agents"}}),
    Leaf("deployer.environment", "trial", {"deployer": {"github": "acme/agents"}}),
    Leaf("recovery.standby_region", "us-east-1"),
    Leaf("recovery.mode", "backup", STANDBY),
    Leaf("recovery.active_region", "us-east-1", WITH_WARM, {"gcp": "us-east1", "azure": "centralus"}),
    Leaf("recovery.standby_replicas", 0, WITH_WARM),
    Leaf("recovery.failover_timeout_minutes", 30, {**WITH_WARM, **ROUTED}),
    Leaf("recovery.retention_days", 14, WITH_COPIES),
    Leaf("recovery.lock", "governance", WITH_COPIES),
    Leaf("aws.standby_region", "us-east-2", WITH_COPIES),
    Leaf("gcp.standby_region", "us-west1", WITH_COPIES),
    Leaf("azure.standby_location", "westus", OBJECTS_ONLY),
    Leaf("recovery.drill", DRILL, {"database": {}}),
    Leaf("recovery.drill.schedule", "0 5 * * 1", WITH_DRILL),
    Leaf("recovery.drill.query", "SELECT count(*) FROM runs", WITH_DRILL),
    Leaf("recovery.drill.max_age_days", 9, WITH_DRILL),
    Leaf("accept_risk", {"services.web.replicas.min": "a trial of two weeks"}, ACCEPTED_RISK),
    Leaf("overrides", {"cloudwatch:LogGroup": {"retention_in_days": 7}}, {}, OVERRIDES),
    Leaf("accept_checks.secrets-rotate.reason", "rotated by hand each quarter", ACCEPTED_CHECK),
    Leaf("accept_checks.secrets-rotate.until", "2027-03-31", ACCEPTED_CHECK),
)
