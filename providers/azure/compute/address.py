"""How one service reaches another: the app's name in the environment's domain, over TLS."""

import pulumi

from providers.azure.base.resources import AzureBaseResources
from providers.azure.compute.limits import listens
from providers.azure.naming import app_name


def service_host(base: AzureBaseResources, service: str) -> pulumi.Output[str]:
    """Host name of the app; one that only the environment itself may reach has `internal` in it."""
    scope = "" if base.spec.services[service].path is not None else ".internal"
    return pulumi.Output.concat(app_name(base.context.stack, service), scope, ".", base.environment.default_domain)


def service_address(base: AzureBaseResources, service: str) -> pulumi.Input[str]:
    """URL of the app inside the environment; empty for a worker and for a service that nobody may call."""
    return pulumi.Output.concat("https://", service_host(base, service)) if listens(base.spec, service) else ""
