"""Physical names that Azure limits, and the refusals of a stack or service whose names would not fit. Pure.

Most resources are named by Pulumi (logical name and eight hexadecimal digits). A name is made here when it is a part of
a public DNS name, and so must be free in the whole world, or when Azure allows it fewer characters or letters than the
logical name has. Nothing is cut silently: a name that does not fit is refused with the number of characters to drop.

Six digits keep a name apart from a `prod` that others made. Where a deleted resource keeps its name for months (vault,
models) they are random, another six for the next one of that name; elsewhere they follow from the place of the stack.
"""

from collections.abc import Iterator

from providers.azure.context import AzureContext
from providers.contract.diagnostics import Diagnostic, Unsupported, legacy_error
from providers.contract.naming import STACK_PATTERN, Name, salt_of, too_long
from providers.contract.spec import Platform

SALT_BYTES = 3
SALT_LENGTH = 2 * SALT_BYTES

LIMITS = {
    "storage account": 24,
    "key vault": 24,
    "container app": 32,
    "registry": 50,
    "cache": 60,
    "database server": 63,
    "models account": 64,
    "secret": 127,
}
"""Characters Azure allows a name, by kind: Microsoft Learn, "Naming rules and restrictions for Azure resources".

Names with room for more (groups, networks, identities, workspaces) cannot overflow before these do.
"""


def app_name(stack: str, service: str) -> str:
    """`prod-gateway`: 32 characters at most, and callers know it before it stands."""
    return f"{stack}-{service}"


def data_account(context: AzureContext) -> str:
    """`proddata1a2b3c`: the storage account of the objects; letters and digits alone, 24 at most."""
    return f"{_flat(context.stack)}data{salt(context, 'data')}"


def flow_account(context: AzureContext) -> str:
    """`prodflow1a2b3c`: the storage account of the network's flow logs."""
    return f"{_flat(context.stack)}flow{salt(context, 'flow')}"


def registry_name(context: AzureContext) -> str:
    """`prodimages1a2b3c`: fixed, because CI brings images to it before a service can start."""
    return f"{_flat(context.stack)}images{salt(context, 'images')}"


def server_name(context: AzureContext) -> str:
    """`prod-database-1a2b3c`: the first word of the database's host name."""
    return f"{context.stack}-database-{salt(context, 'database')}"


def cache_name(context: AzureContext) -> str:
    """`prod-cache-1a2b3c`: the first word of the cache's host name."""
    return f"{context.stack}-cache-{salt(context, 'cache')}"


def profile_name(stack: str) -> str:
    """`prod-front`: Front Door's profile, which log queries name."""
    return f"{stack}-front"


def firewall_name(stack: str) -> str:
    """`prodfirewall`: a policy takes letters and digits alone."""
    return f"{_flat(stack)}firewall"


def grafana_name(context: AzureContext) -> str:
    """`prod-1a2b3c`: a part of Grafana's host name, 23 characters at most."""
    return f"{context.stack}-{salt(context, 'grafana')}"


def vault_prefix(stack: str) -> str:
    """`prod-kv-`: six random digits follow; 24 characters at most."""
    return f"{stack}-kv-"


def models_prefix(stack: str) -> str:
    """`prod-models-`: six random digits follow."""
    return f"{stack}-models-"


def secret_name(logical: str) -> str:
    """`prod-secrets-openai-api-key` for `prod-secrets-OPENAI_API_KEY`: a vault takes no underscore and knows no case."""
    return logical.lower().replace("_", "-")


def watcher_group() -> str:
    """Group in which Azure keeps the network watcher that it makes with the first network of a location."""
    return "NetworkWatcherRG"


def watcher_name(context: AzureContext) -> str:
    """`NetworkWatcher_westus3`: a location has one for a subscription."""
    return f"NetworkWatcher_{context.region}"


def salt(context: AzureContext, kind: str) -> str:
    """Six hexadecimal digits that change with subscription, location, stack and kind."""
    return salt_of(context.subscription_id, context.region, context.stack, kind, length=SALT_LENGTH)


def naming_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Letters that Azure refuses, and every name that is too long, with what to shorten by how much."""
    if not STACK_PATTERN.fullmatch(stack):
        advice = (
            "names vault, apps and servers on Azure; use lower-case letters, digits and single hyphens, "
            "beginning with a letter and ending with none of the hyphens"
        )
        return [legacy_error("stack", stack, advice)]
    by_stack: list[Diagnostic] = [_too_long(name) for name in stack_names(spec, stack) if name.excess > 0]
    by_service = [_too_long(name) for name in service_names(spec, stack) if name.excess > 0]
    return [*(by_stack or by_service), *_double_hyphens(spec)]


def stack_names(spec: Platform, stack: str) -> Iterator[Name]:
    """Limited names that hang on the stack's name alone."""
    salted = "x" * SALT_LENGTH
    kinds = {
        "storage account": (f"{_flat(stack)}data{salted}", spec.storage is not None or spec.network.flow_logs),
        "key vault": (f"{vault_prefix(stack)}{salted}", True),
        "registry": (f"{_flat(stack)}images{salted}", True),
        "database server": (f"{stack}-database-{salted}", spec.database is not None),
        "cache": (f"{stack}-cache-{salted}", spec.cache is not None),
        "models account": (f"{models_prefix(stack)}{salted}", bool(spec.users_of("models"))),
    }
    for kind, (text, wanted) in kinds.items():
        if wanted:
            yield _name(kind, text, "stack", stack)


def service_names(spec: Platform, stack: str) -> Iterator[Name]:
    """Limited names that hang on a service's name or on a secret's."""
    for service in spec.services:
        yield _name("container app", app_name(stack, service), f"services.{service}", service)
    for secret in spec.secrets:
        path = f"services.{spec.readers_of(secret)[0]}.secrets"
        yield _name("secret", secret_name(f"{stack}-secrets-{secret}"), path, secret)


def _flat(stack: str) -> str:
    return stack.replace("-", "")


def _double_hyphens(spec: Platform) -> list[Diagnostic]:
    advice = "names a container app, which takes no two hyphens in a row; use single ones"
    return [legacy_error(f"services.{name}", name, advice) for name in spec.services if "--" in name]


def _name(kind: str, text: str, path: str, value: str) -> Name:
    return Name(kind, text, path, value, LIMITS[kind])


def _too_long(name: Name) -> Unsupported:
    return too_long(name, cloud="azure", brand="Azure", part="secret" if name.kind == "secret" else "service")
