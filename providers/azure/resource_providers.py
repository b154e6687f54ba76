"""Resource providers that must be registered in the subscription before a stack can be created. Pure.

Azure rejects a resource of a provider that is not registered (MissingSubscriptionRegistration). The Pulumi provider
registers those that it needs when the deploying principal may (action `*/register/action`, which the roles Owner and
Contributor of the subscription contain); a principal with rights on resource groups only cannot, so an administrator runs
`registration_commands` once per subscription.
"""

from collections.abc import Callable
from dataclasses import dataclass

from providers.contract.spec import Platform


@dataclass(frozen=True)
class ResourceProvider:
    """Namespace, the modules of the SDK with its resources, and the stacks that need it."""

    namespace: str
    modules: tuple[str, ...]
    needed: Callable[[Platform], bool] = lambda _spec: True


RESOURCE_PROVIDERS: tuple[ResourceProvider, ...] = (
    ResourceProvider("Microsoft.App", ("app",)),
    ResourceProvider("Microsoft.Authorization", ("authorization",)),
    ResourceProvider("Microsoft.ContainerRegistry", ("containerregistry",)),
    ResourceProvider("Microsoft.Insights", ("applicationinsights", "monitor")),
    ResourceProvider("Microsoft.KeyVault", ("keyvault",)),
    ResourceProvider("Microsoft.ManagedIdentity", ("managedidentity",)),
    ResourceProvider("Microsoft.Network", ("network", "privatedns", "dns", "frontdoor")),
    ResourceProvider("Microsoft.OperationalInsights", ("operationalinsights",)),
    ResourceProvider("Microsoft.Resources", ("resources",)),
    ResourceProvider("Microsoft.Cdn", ("cdn",), lambda spec: bool(spec.public)),
    ResourceProvider("Microsoft.DBforPostgreSQL", ("dbforpostgresql",), lambda spec: spec.database is not None),
    ResourceProvider("Microsoft.Cache", ("redisenterprise",), lambda spec: spec.cache is not None),
    ResourceProvider("Microsoft.CognitiveServices", ("cognitiveservices",), lambda spec: bool(spec.users_of("models"))),
    ResourceProvider(
        "Microsoft.Storage", ("storage",), lambda spec: spec.storage is not None or spec.network.flow_logs
    ),
    ResourceProvider("Microsoft.Consumption", ("consumption",), lambda spec: spec.budget is not None),
    ResourceProvider("Microsoft.Logic", ("logic",), lambda spec: spec.monitoring.slack is not None),
    # the workspace of Prometheus has another namespace than alerts and diagnostic settings
    ResourceProvider("Microsoft.Monitor", ("monitor",), lambda spec: spec.monitoring.prometheus),
    ResourceProvider("Microsoft.AlertsManagement", ("alertsmanagement",), lambda spec: spec.monitoring.prometheus),
    ResourceProvider("Microsoft.Dashboard", ("dashboard",), lambda spec: spec.monitoring.prometheus),
)
ALWAYS_REGISTERED = ("Microsoft.Authorization", "Microsoft.Consumption", "Microsoft.Resources")
"""Registered in every subscription: Microsoft Learn, "Azure resource providers and types", "Registration"."""


def required_namespaces(spec: Platform) -> tuple[str, ...]:
    """Return the namespaces that a stack needs and that are not registered in every subscription, in the table's order."""
    needed = (provider.namespace for provider in RESOURCE_PROVIDERS if provider.needed(spec))
    return tuple(namespace for namespace in needed if namespace not in ALWAYS_REGISTERED)


def registration_commands(spec: Platform) -> tuple[str, ...]:
    """Return the command for each namespace; a registration takes minutes and can be repeated."""
    subscription = spec.azure.subscription_id if spec.azure else ""
    return tuple(
        f"az provider register --subscription {subscription} --namespace {namespace}"
        for namespace in required_namespaces(spec)
    )
