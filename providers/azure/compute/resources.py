"""The services: one Container App for each service of the spec.

An app that is routed answers inside the network, where Front Door's private link ends; one that is only called answers
inside the environment; one that nobody calls answers nowhere. Every app carries the identity of its service, by which
Azure reads its secrets and it reads what it uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_azure_native as azure_native

from providers.azure.base.resources import AzureBaseResources
from providers.azure.base.role_ids import CONTAINER_APPS_CONTRIBUTOR
from providers.azure.base.roles import grant
from providers.azure.compute.app import create_app
from providers.azure.observability.diagnostics import send_to_logs
from providers.contract.component import Scope
from providers.contract.results import Environment

__all__ = ["AzureCompute", "create_compute"]


@dataclass(frozen=True)
class AzureCompute:
    """By service name its app."""

    apps: Mapping[str, azure_native.app.ContainerApp]


def create_compute(scope: Scope, base: AzureBaseResources, environments: Mapping[str, Environment]) -> AzureCompute:
    """One app per service, what it says of itself, and the deployer's right to roll it."""
    apps = {name: create_app(scope, base, name, environments[name]) for name in base.spec.services}
    deployer = base.identity.deployer
    for name, app in apps.items():
        send_to_logs(scope, base.logs, f"{name}-diagnostics", app.id, log_group=None)
        if deployer is not None:
            part = f"{name}-deployer"
            grant(scope, base.context, part, CONTAINER_APPS_CONTRIBUTOR, deployer.principal_id, app.id)
    return AzureCompute(apps)
