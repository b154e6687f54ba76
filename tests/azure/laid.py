"""What stands beneath the services on Azure, recorded without them: quicker than a whole plan, and independent of it."""

from collections.abc import Mapping
from functools import cache
from typing import cast

import pulumi

from automation.plan.inventory import Declared, Inventory
from automation.plan.recorder import Mode, record
from components.agent_platform import tags_of
from components.settings import Settings
from components.validation.parse import read
from providers.azure.base.account import create_account
from providers.azure.base.identity import create_identity
from providers.azure.base.models import create_models
from providers.azure.base.registry import create_registry
from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.secrets import create_secret
from providers.azure.base.vault import create_vault
from providers.azure.cache.resources import create_cache
from providers.azure.compute.environment import AppEnvironment
from providers.azure.context import AzureContext
from providers.azure.database.resources import create_database
from providers.azure.network.resources import create_network
from providers.azure.observability.channels import AzureChannels
from providers.azure.observability.logs import Logs
from providers.azure.storage.resources import create_storage
from providers.contract.component import Component, Scope
from providers.contract.spec import Platform
from tests.planning import production, revealed

STACK = "prod"
LOCATION = "westus3"
SECRET = "planted-7c1d"
WORKSPACE = "<workspace>.id"


def spec_of(changes: Mapping[str, object] | None = None) -> Platform:
    """Production on Azure with changes by dotted path, completed; what Azure refuses is let through."""
    spec, mistakes = read(production(changes, cloud="azure"))
    assert spec is not None and not mistakes, mistakes
    return spec


def context_of(changes: Mapping[str, object] | None = None, stack: str = STACK) -> AzureContext:
    """The location of `spec_of(changes)`."""
    spec = spec_of(changes)
    assert spec.azure is not None
    return AzureContext(spec, stack, spec.azure.location)


def laid(mode: Mode = "symbolic", **changes: object) -> Inventory:
    """Production's rooms beneath the services, changed by `section__key=value`; recorded once for each change."""
    return _laid(mode, tuple((path.replace("__", "."), value) for path, value in changes.items()))


@cache
def _laid(mode: Mode, changes: tuple[tuple[str, object], ...]) -> Inventory:
    context = context_of({path: _thawed(value) for path, value in changes})
    return record(lambda: _lay(context), STACK, mode=mode)


def _thawed(value: object) -> object:
    """Lists are handed over as tuples, which can be remembered."""
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value


def _lay(context: AzureContext) -> None:
    tags = tags_of(Settings(context.stack, context.spec, {}))
    here = Scope(STACK, Component("region", STACK, pulumi.ResourceOptions()), tags)
    here.component("account", create_account, context)
    base = _base(here, context)
    for name in context.spec.secrets:
        value = pulumi.Output.secret(SECRET)
        here.component("secrets", create_secret, base, name, value, context.spec.readers_of(name))
    if context.spec.database is not None:
        here.component("database", create_database, base)
    if context.spec.cache is not None:
        here.component("cache", create_cache, base)
    if context.spec.storage is not None:
        here.component("storage", create_storage, base)


def _base(here: Scope, context: AzureContext) -> AzureBaseResources:
    elsewhere = pulumi.Output.from_input
    logs = Logs(elsewhere(WORKSPACE), elsewhere("<workspace>.customerId"))
    network = here.component("network", create_network, context, logs)
    identity = here.component("identity", create_identity, context)
    return AzureBaseResources(
        context=context,
        network=network,
        identity=identity,
        registry=here.component("registry", create_registry, context, identity, network, logs),
        channels=AzureChannels(elsewhere("<warning>.id"), elsewhere("<critical>.id")),
        prometheus=None,
        logs=logs,
        vault=here.component("vault", create_vault, context, network, logs),
        models=here.component("models", create_models, context, network, identity, logs),
        environment=AppEnvironment(elsewhere("<env>.id"), elsewhere("<env>.domain"), elsewhere("<env>.ip")),
    )


def opened(resource: Declared) -> dict[str, object]:
    """Inputs with secrets opened."""
    return cast("dict[str, object]", revealed(dict(resource.inputs)))


def at(resource: Declared, path: str) -> object:
    """The input at a dotted path, with a number for a place in a list; secrets keep their mark."""
    value: object = resource.inputs
    for key in path.split("."):
        value = cast("list[object]", value)[int(key)] if key.isdigit() else cast("dict[str, object]", value)[key]
    return value


def depends_on(resource: Declared) -> set[str]:
    """Logical names of what the resource waits for."""
    return {urn.rpartition("::")[2] for urn in resource.depends_on}
