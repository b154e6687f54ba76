"""How one service reaches another: the app's name in the environment's domain, over TLS."""

import pulumi

from providers.azure.base.resources import AzureBaseResources
from providers.azure.compute.limits import listens
from providers.azure.naming import app_name


def service_host(ground: AzureBaseResources, service: str) -> pulumi.Output[str]:
    """Host name of the app; one that only the environment itself may reach has `internal` in it."""
    scope = "" if ground.spec.services[service].path is not None else ".internal"
    return pulumi.Output.concat(app_name(ground.site.stack, service), scope, ".", ground.environment.default_domain)


def service_address(ground: AzureBaseResources, service: str) -> pulumi.Input[str]:
    """URL of the app inside the environment; empty for a worker and for a service that nobody may call."""
    return pulumi.Output.concat("https://", service_host(ground, service)) if listens(ground.spec, service) else ""
