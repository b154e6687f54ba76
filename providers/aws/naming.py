"""Physical names that AWS limits, and the refusals of a stack or service whose names would not fit. Pure.

Most resources are named by Pulumi (logical name, hyphen, seven hexadecimal digits). A name is built here when it must
be known before its resource exists, or when AWS allows it fewer characters than the logical name has. Names are never
truncated: a name that does not fit is refused with the number of characters to drop.
"""

from collections.abc import Iterator

from providers.contract.diagnostics import ConfigError, Diagnostic, Unsupported, displayed
from providers.contract.naming import STACK_PATTERN, Name, length_refusal, next_part, salt_of
from providers.contract.region_specs import is_warm
from providers.contract.spec import Platform

SALT_LENGTH = 4
AUTONAME_LENGTH = 8
"""Hyphen and seven hexadecimal digits that Pulumi appends to a logical name."""

LIMITS = {
    "load balancer": 32,
    "target group": 32,
    "cache": 40,
    "database": 63,
    "role": 64,
    "schedule": 64,
}
"""Characters that AWS allows for a name, by kind: the `Name` constraints of each service's API reference.

Names that may have 255 characters (alarms, clusters, task families, security groups) cannot overflow before these do.
"""

LONGEST_ROLES = ("identity-{service}-execution", "identity-{service}-task")
LONGEST_JOB_ROLE = "jobs-{job}-schedule"
LONGEST_RELEASE_ROLE = "jobs-{service}-release-run"


def load_balancer_name(stack: str) -> str:
    """`prod-agents-1a2b`: 32 characters at most; the salt separates it from a load balancer of another owner."""
    return f"{stack}-agents-{salt(stack, 'load-balancer')}"


def target_group_name(stack: str, service: str, port: int) -> str:
    """`prod-gateway-1a2b`: 32 characters at most.

    A target group is replaced when its port changes, the new one before the old one is deleted, so the salt includes
    the port.
    """
    return f"{stack}-{service}-{salt(stack, service, str(port))}"


def database_identifier(stack: str) -> str:
    """`prod-database`: fixed, because the log groups RDS writes to carry it and must exist before the instance."""
    return f"{stack}-database"


def cache_identifier(stack: str, part: str = "cache") -> str:
    """`prod-cache`: 40 characters at most; the nodes are `prod-cache-001`, `prod-cache-002`, ..."""
    return f"{stack}-{part}"


def database_log_group(stack: str, log: str) -> str:
    """`/aws/rds/instance/prod-database/postgresql`: log group to which RDS writes `log` (postgresql, upgrade)."""
    return f"/aws/rds/instance/{database_identifier(stack)}/{log}"


def alarm_name(stack: str, key: str) -> str:
    """`prod-gateway-cpu-percent`: fixed, because composite alarms and deployments refer to alarms by name."""
    return f"{stack}-{key}"


def web_acl_metric(stack: str) -> str:
    """`prod-entry-acl`: fixed, because alarms refer to the metrics of the web ACL by it; the same in each region."""
    return f"{stack}-entry-acl"


def cluster_name(stack: str) -> str:
    """`prod-agents`: fixed, because the log group of its metrics carries it and must exist before the cluster."""
    return f"{stack}-agents"


def task_family(stack: str, service: str) -> str:
    """`prod-gateway`: the family that all revisions of a service's task definition share."""
    return f"{stack}-{service}"


def next_service_name(stack: str, service: str) -> str:
    """`prod-gateway-next`: ECS service of a new revision; fixed, because alarms name it also while it does not exist."""
    return f"{stack}-{next_part(service)}"


def job_name(stack: str, job: str) -> str:
    """`prod-nightly`: state machine, schedule and schedule group of a job; fixed, because roles and alarms name them."""
    return f"{stack}-{job}"


def cluster_log_group(stack: str) -> str:
    """Log group of Container Insights; AWS creates a missing one without a retention period."""
    return f"/aws/ecs/containerinsights/{cluster_name(stack)}/performance"


def waf_log_group(stack: str) -> str:
    """`aws-waf-logs-prod`: WAF only accepts log groups with this prefix."""
    return f"aws-waf-logs-{stack}"


def autoname(stack: str, part: str) -> str:
    """Name of the same length as the one that Pulumi gives to the resource `part` of the stack."""
    return f"{stack}-{part}{'x' * AUTONAME_LENGTH}"


def place_of(spec: Platform, stack: str) -> str:
    """Longest beginning of the logical names of services: that of the standby region where they run there, too."""
    return f"{stack}-{spec.standby_region}" if is_warm(spec) else stack


def salt(*parts: str) -> str:
    """Return four hexadecimal digits that depend on every part."""
    return salt_of(*parts, length=SALT_LENGTH)


def naming_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Stack names with characters that AWS rejects, and names that are too long."""
    if not STACK_PATTERN.fullmatch(stack) or stack.startswith("internal-"):
        problem = f"{displayed(stack)} cannot be part of the names of a load balancer and a database on AWS"
        fix = (
            "use lower-case letters and digits with single hyphens between them, starting with a letter but not with "
            "`internal-`"
        )
        return [ConfigError("stack", problem, fix)]
    by_stack: list[Diagnostic] = [_length_refusal(name) for name in stack_names(spec, stack) if name.excess > 0]
    services = [_length_refusal(name) for name in service_names(spec, stack) if name.excess > 0]
    caches = [_cache_refusal(name) for name in cache_names(spec, stack) if name.excess > 0]
    return by_stack or [*services, *caches, *(_job_refusal(name) for name in job_names(spec, stack) if name.excess > 0)]


def stack_names(spec: Platform, stack: str) -> Iterator[Name]:
    """Limited names that depend on the stack's name only."""
    if spec.public:
        yield _name("load balancer", load_balancer_name(stack), "stack", stack)
    if spec.database is not None:
        yield _name("database", database_identifier(stack), "stack", stack)
    if spec.cache is not None:
        yield _name("cache", cache_identifier(stack), "stack", stack)


def cache_names(spec: Platform, stack: str) -> Iterator[Name]:
    """Limited names that depend on the name of an additional cache."""
    for cache in spec.all_caches:
        if cache.name:
            yield _name("cache", cache_identifier(stack, cache.part), cache.key, cache.name)


def service_names(spec: Platform, stack: str) -> Iterator[Name]:
    """Limited names that depend on a service's name: the longest of each kind for each service."""
    for service in spec.services:
        roles = (autoname(place_of(spec, stack), part.format(service=service)) for part in LONGEST_ROLES)
        yield _name("role", max(roles, key=len), f"services.{service}", service)
    for service, routed in spec.public.items():
        part = next_part(service) if routed.rollout.in_steps else service
        yield _name("target group", target_group_name(stack, part, routed.port or 0), f"services.{service}", service)


def job_names(spec: Platform, stack: str) -> Iterator[Name]:
    """Limited names that depend on a job's name."""
    for job in spec.jobs:
        yield _name("schedule", job_name(stack, job), f"jobs.{job}", job)
        yield _name("role", autoname(place_of(spec, stack), LONGEST_JOB_ROLE.format(job=job)), f"jobs.{job}", job)
    for service in spec.releases:
        # longer than the state machine's name, whose limit is 80 characters
        role = autoname(place_of(spec, stack), LONGEST_RELEASE_ROLE.format(service=service))
        yield _name("role", role, f"services.{service}", service)


def _name(kind: str, text: str, path: str, value: str) -> Name:
    return Name(kind, text, path, value, LIMITS[kind])


def _length_refusal(name: Name) -> Unsupported:
    return length_refusal(name, cloud="aws", brand="AWS")


def _cache_refusal(name: Name) -> Unsupported:
    return length_refusal(name, cloud="aws", brand="AWS", part="cache")


def _job_refusal(name: Name) -> Unsupported:
    return length_refusal(name, cloud="aws", brand="AWS", part="job")
