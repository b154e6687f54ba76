"""Plans of Azure's base resources and data stores without the services: faster than a whole plan."""

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
from providers.azure.limits import LIMITS
from providers.azure.network.flow_logs import create_flow_logs
from providers.azure.network.resources import create_network
from providers.azure.observability.channels import AzureChannels
from providers.azure.observability.logs import AzureLogs
from providers.azure.storage.resources import create_storage
from providers.contract.component import Component, KeptScopes, Scope
from providers.contract.diagnostics import Adjustment, Diagnostic
from providers.contract.spec import Platform
from tests.planning import production, revealed

STACK = "prod"
SECRET = "planted-7c1d"
WORKSPACE = "<workspace>.id"

Changes = Mapping[str, object]


def spec_of(changes: Changes | None = None) -> Platform:
    """Completed production spec on Azure with changes by dotted path; settings that Azure refuses are allowed."""
    spec, errors = read(production(changes, cloud="azure"))
    assert spec is not None and not errors, errors
    return spec


def context_of(changes: Changes | None = None, stack: str = STACK) -> AzureContext:
    """Context of `spec_of(changes)`."""
    spec = spec_of(changes)
    assert spec.azure is not None
    return AzureContext(spec, stack, spec.azure.location)


def refusals(changes: Changes | None = None, stack: str = STACK) -> list[Diagnostic]:
    """Refusals of `spec_of(changes)`."""
    return LIMITS.refusals(spec_of(changes), stack)


def error_keys(changes: Changes | None = None, stack: str = STACK) -> list[str]:
    """Keys of the refusals of `spec_of(changes)`."""
    return [refusal.key for refusal in refusals(changes, stack)]


def adjustments(changes: Changes | None = None) -> dict[str, Adjustment]:
    """Adjustments of `spec_of(changes)` by key."""
    return {adjustment.key: adjustment for adjustment in LIMITS.adjustments(spec_of(changes))}


def base_plan(mode: Mode = "symbolic", **changes: object) -> Inventory:
    """Plan of base resources and data stores, changed by `section__key=value`; recorded once for each change."""
    return _base_plan(mode, tuple((key.replace("__", "."), value) for key, value in changes.items()))


@cache
def _base_plan(mode: Mode, changes: tuple[tuple[str, object], ...]) -> Inventory:
    context = context_of({key: _as_list(value) for key, value in changes})
    return record(lambda: _declare(context), STACK, mode=mode)


def _as_list(value: object) -> object:
    """Lists are passed as tuples, which are hashable."""
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value


def _declare_secrets(scope: Scope, base: AzureBaseResources) -> None:
    for name in base.spec.secrets:
        create_secret(scope, base, name, pulumi.Output.secret(SECRET), base.spec.readers_of(name))


def _declare(context: AzureContext) -> None:
    tags = tags_of(Settings(context.stack, context.spec, {}))
    scope = Scope(STACK, Component("region", STACK, pulumi.ResourceOptions()), tags)
    scope.component("account", create_account, context)
    base = _base_resources(scope, context)
    scope.component("secrets", _declare_secrets, base)
    if context.spec.database is not None:
        scope.component("database", create_database, base)
    for each in context.spec.all_caches:
        scope.instance("cache", each.part, create_cache, base, each)
    if context.spec.storage is not None:
        scope.component("storage", create_storage, base)


def _base_resources(scope: Scope, context: AzureContext) -> AzureBaseResources:
    output = pulumi.Output.from_input
    logs = AzureLogs(output(WORKSPACE), output("<workspace>.customerId"), output("<workspace>.name"))
    kept = KeptScopes(scope)
    network = kept.component("network", create_network, context, logs)
    identity = scope.component("identity", create_identity, context)
    vault = scope.component("vault", create_vault, context, network, logs)
    create_flow_logs(kept.inner["network"], context, logs, network, vault.key)
    return AzureBaseResources(
        context=context,
        network=network,
        identity=identity,
        registry=scope.component("registry", create_registry, context, identity, network, logs),
        channels=AzureChannels(output("<warning>.id"), output("<critical>.id")),
        prometheus=None,
        logs=logs,
        vault=vault,
        models=scope.component("models", create_models, context, network, identity, logs),
        environment=AppEnvironment(output("<env>.id"), output("<env>.domain"), output("<env>.ip")),
    )


def input_at(resource: Declared, path: str) -> object:
    """Input at a dotted path, with a number for an index of a list; secrets stay marked."""
    value: object = resource.inputs
    for key in path.split("."):
        value = cast("list[object]", value)[int(key)] if key.isdigit() else cast("dict[str, object]", value)[key]
    return value


def mapping_at(resource: Declared, path: str) -> dict[str, object]:
    """Input at a dotted path that is an object."""
    value = input_at(resource, path)
    assert isinstance(value, dict), value
    return cast("dict[str, object]", value)


def mappings_at(resource: Declared, path: str) -> list[dict[str, object]]:
    """Input at a dotted path that is a list of objects."""
    value = input_at(resource, path)
    assert isinstance(value, list), value
    return cast("list[dict[str, object]]", value)


def revealed_inputs(resource: Declared) -> dict[str, object]:
    """Inputs with the values of secrets."""
    return cast("dict[str, object]", revealed(dict(resource.inputs)))


def containers(plan: Inventory, service: str) -> list[dict[str, object]]:
    """Containers of a service's app."""
    return mappings_at(plan.one(f"prod-compute-{service}", "app:ContainerApp"), "template.containers")


def variables(plan: Inventory, service: str) -> dict[str, object]:
    """Environment variables of a service's container by name; None for a secret."""
    app = plan.one(f"prod-compute-{service}", "app:ContainerApp")
    return {str(each["name"]): each.get("value") for each in mappings_at(app, "template.containers.0.env")}


def depends_on(resource: Declared) -> set[str]:
    """Logical names of the resources that the resource depends on."""
    return {urn.rpartition("::")[2] for urn in resource.depends_on}
