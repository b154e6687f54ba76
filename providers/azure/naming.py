"""Physical names with a limit on Azure, and the refusals of stacks and services whose names exceed it. Pure.

Most resources are named by Pulumi (logical name and eight hexadecimal digits). A name is computed here when it is a part
of a public DNS name, and so must be globally unique, or when Azure allows fewer characters than the logical name has.
Names are never truncated: a name that is too long is refused with the number of characters to remove.

Six digits make a global name unique. They are random where a deleted resource keeps its name for months (vault,
models); elsewhere they are derived from subscription, location and stack.
"""

from collections.abc import Iterator

from providers.azure.context import AzureContext
from providers.contract.diagnostics import ConfigError, Diagnostic, Unsupported
from providers.contract.naming import STACK_PATTERN, Name, length_refusal, salt_of
from providers.contract.release import release_name
from providers.contract.spec import Platform

SALT_BYTES = 3
SALT_LENGTH = 2 * SALT_BYTES
COPY_DIGITS = 14
KEY_NAME = "data"
"""Key of a vault that encrypts data."""

MAX_CHARACTERS = {
    "storage account": 24,
    "key vault": 24,
    "container app": 32,
    "Container Apps job": 32,
    "release job": 32,
    "registry": 50,
    "host name of the entry": 63,
    "cache": 60,
    "additional cache": 60,
    "database server": 63,
    "models account": 64,
    "secret": 127,
}
"""Maximum length by kind: Microsoft Learn, "Naming rules and restrictions for Azure resources".

Kinds with longer limits (groups, networks, identities, workspaces) cannot overflow before these do.
"""


def app_name(stack: str, service: str) -> str:
    """`prod-gateway`: at most 32 characters; fixed, because callers know it in advance."""
    return f"{stack}-{service}"


def job_name(stack: str, job: str) -> str:
    """`prod-nightly`: at most 32 characters; fixed, because log queries contain it."""
    return f"{stack}-{job}"


def drill_job(context: AzureContext) -> str:
    """`drill-1a2b3c`: job of restore drills; no job of a stack has its name, which begins with that of the stack."""
    return f"drill-{salt(context, 'drill')}"


def report_job(context: AzureContext) -> str:
    """`drill-report-1a2b3c`: job that reports on drills every hour."""
    return f"drill-report-{salt(context, 'drill')}"


def drill_group(context: AzureContext) -> str:
    """`prod-agents-eastus2-drill`: resource group of restored servers, the only place where a drill may create one."""
    return f"{context.group}-drill"


def copy_prefix(context: AzureContext) -> str:
    """`prod-drill-1a2b3c-`: of a restored server, whose name ends with COPY_DIGITS digits of the time."""
    return f"{context.stack}-drill-{salt(context, 'drill')}-"


def data_account(context: AzureContext) -> str:
    """`proddata1a2b3c`: storage account of the objects; at most 24 letters and digits."""
    return f"{_alphanumeric(context.stack)}data{salt(context, 'data')}"


def flow_account(context: AzureContext) -> str:
    """`prodflow1a2b3c`: storage account of the network's flow logs."""
    return f"{_alphanumeric(context.stack)}flow{salt(context, 'flow')}"


def registry_name(context: AzureContext) -> str:
    """`prodimages1a2b3c`: fixed, because CI adds images before a service can start."""
    return f"{_alphanumeric(context.stack)}images{salt(context, 'images')}"


def server_name(context: AzureContext) -> str:
    """`prod-database-1a2b3c`: first label of the database's host name."""
    return f"{context.stack}-database-{salt(context, 'database')}"


def server_host(context: AzureContext) -> str:
    """`prod-database-1a2b3c.postgres.database.azure.com`: also with a private zone, to which the public name leads."""
    return f"{server_name(context)}.postgres.database.azure.com"


def endpoint_name(context: AzureContext) -> str:
    """`prod-database-1a2b3c`: beginning of the names of writer and reader, of which Azure makes host names."""
    return f"{context.stack}-database-{salt(context, 'endpoint')}"


def cache_name(context: AzureContext, part: str = "cache") -> str:
    """`prod-cache-1a2b3c`: first label of the cache's host name."""
    return f"{context.stack}-{part}-{salt(context, part)}"


def profile_name(stack: str) -> str:
    """`prod-front`: Front Door profile, which log queries refer to."""
    return f"{stack}-front"


def gateway_name(stack: str) -> str:
    """`prod-gateway`: Application Gateway, whose parts refer to each other by ids that contain its name."""
    return f"{stack}-gateway"


def gateway_label(context: AzureContext) -> str:
    """`prod-entry-1a2b3c`: first label of the gateway's host name."""
    return f"{context.stack}-entry-{salt(context, 'entry')}"


def gateway_host(context: AzureContext) -> str:
    """`prod-entry-1a2b3c.westus3.cloudapp.azure.com`: host name of the gateway's public address."""
    return f"{gateway_label(context)}.{context.region}.cloudapp.azure.com"


def firewall_name(stack: str) -> str:
    """`prodfirewall`: a WAF policy name has letters and digits only."""
    return f"{_alphanumeric(stack)}firewall"


def grafana_name(context: AzureContext) -> str:
    """`prod-1a2b3c`: a part of Grafana's host name, at most 23 characters."""
    return f"{context.stack}-{salt(context, 'grafana')}"


def vault_prefix(stack: str) -> str:
    """`prod-kv-`: followed by six random digits; at most 24 characters in total."""
    return f"{stack}-kv-"


def models_prefix(stack: str) -> str:
    """`prod-models-`: followed by six random digits."""
    return f"{stack}-models-"


def secret_name(logical: str) -> str:
    """`prod-secrets-openai-api-key` for `prod-secrets-OPENAI_API_KEY`: without underscores and case-insensitive."""
    return logical.lower().replace("_", "-")


def network_watcher(spec: Platform) -> tuple[str, str]:
    """Return resource group and name of the location's Network Watcher: `azure.network_watcher`, or Azure's own.

    Azure creates NetworkWatcherRG/NetworkWatcher_<location> with the first network of a location, unless an organization
    has turned that off; a subscription has one watcher per location.
    """
    block = spec.azure
    if block is not None and block.network_watcher is not None:
        group, _, name = block.network_watcher.partition("/")
        return group, name
    return "NetworkWatcherRG", f"NetworkWatcher_{block.location if block else ''}"


def salt(context: AzureContext, kind: str) -> str:
    """Return six hexadecimal digits that depend on subscription, location, stack and kind."""
    return salt_of(context.subscription_id, context.region, context.stack, kind, length=SALT_LENGTH)


def naming_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Characters that Azure rejects, and names that are too long, with the number of characters to remove."""
    if not STACK_PATTERN.fullmatch(stack):
        return [
            ConfigError(
                "stack",
                problem=f"{stack} cannot be a part of the names of vault, apps and servers on Azure",
                fix="use lower-case letters, digits and single hyphens, beginning with a letter, not ending in a hyphen",
            )
        ]
    by_stack: list[Diagnostic] = [_length_refusal(name) for name in stack_names(spec, stack) if name.excess > 0]
    by_service = [_length_refusal(name) for name in service_names(spec, stack) if name.excess > 0]
    return [*(by_stack or by_service), *_double_hyphens(spec)]


def stack_names(spec: Platform, stack: str) -> Iterator[Name]:
    """Limited names that depend on the stack's name only."""
    salted = "x" * SALT_LENGTH
    kinds = {
        "storage account": (
            f"{_alphanumeric(stack)}data{salted}",
            spec.storage is not None or spec.network.flow_logs,
        ),
        "key vault": (f"{vault_prefix(stack)}{salted}", True),
        "registry": (f"{_alphanumeric(stack)}images{salted}", True),
        "database server": (f"{stack}-database-{salted}", spec.database is not None),
        "cache": (f"{stack}-cache-{salted}", spec.cache is not None),
        "host name of the entry": (
            f"{stack}-entry-{salted}",
            spec.azure is not None and spec.azure.entry == "gateway" and bool(spec.public),
        ),
        "models account": (f"{models_prefix(stack)}{salted}", bool(spec.users_of("models"))),
    }
    for kind, (text, declared) in kinds.items():
        if declared:
            yield _name(kind, text, "stack", stack)


def service_names(spec: Platform, stack: str) -> Iterator[Name]:
    """Limited names that depend on the name of a service, a job, an additional cache or a secret."""
    for service in spec.services:
        yield _name("container app", app_name(stack, service), f"services.{service}", service)
    for job in spec.jobs:
        yield _name("Container Apps job", job_name(stack, job), f"jobs.{job}", job)
    for service in spec.releases:
        yield _name("release job", job_name(stack, release_name(service)), f"services.{service}", service)
    for cache in spec.all_caches:
        if cache.name:
            yield _name("additional cache", f"{stack}-{cache.part}-{'x' * SALT_LENGTH}", cache.key, cache.name)
    for secret in spec.secrets:
        key = f"services.{spec.readers_of(secret)[0]}.secrets"
        yield _name("secret", secret_name(f"{stack}-secrets-{secret}"), key, secret)


def _alphanumeric(stack: str) -> str:
    return stack.replace("-", "")


def _double_hyphens(spec: Platform) -> list[Diagnostic]:
    problem = "the name of a container app or job cannot contain two hyphens in a row"
    keys = [*(f"services.{name}" for name in spec.services), *(f"jobs.{name}" for name in spec.jobs)]
    return [ConfigError(key, problem, fix="use single hyphens") for key in keys if "--" in key]


def _name(kind: str, text: str, key: str, value: str) -> Name:
    return Name(kind, text, key, value, MAX_CHARACTERS[kind])


def _length_refusal(name: Name) -> Unsupported:
    part = {"secret": "secret", "Container Apps job": "job", "additional cache": "cache"}.get(name.kind, "service")
    return length_refusal(name, cloud="azure", brand="Azure", part=part)
