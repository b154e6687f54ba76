"""The region's way in: what Front Door must know of the environment and its apps.

Nothing is declared: the environment answers for all its apps, by the host name of each, and the link to it belongs to
Front Door's own origin.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.azure.base.resources import AzureBaseResources
from providers.azure.compute.address import service_host
from providers.azure.compute.resources import AzureCompute
from providers.azure.observability.logs import Logs
from providers.contract.results import Origin


@dataclass(frozen=True)
class AzureOrigin(Origin):
    """The environment that Front Door links to, by public service the host name of its app, and where logs go."""

    environment_id: pulumi.Output[str]
    hosts: Mapping[str, pulumi.Output[str]]
    logs: Logs
    apps: Mapping[str, pulumi.Resource]
    """By public service what must stand before it can be linked to."""


@dataclass(frozen=True)
class AzureIngress:
    """The origin that the entry routes to."""

    origin: AzureOrigin


def regional_ingress(base: AzureBaseResources, compute: AzureCompute) -> AzureIngress | None:
    """What the entry needs of the region; None when no service has a path."""
    public = base.spec.public
    if not public:
        return None
    return AzureIngress(
        AzureOrigin(
            host=base.environment.default_domain,
            environment_id=base.environment.id,
            hosts={name: service_host(base, name) for name in public},
            logs=base.logs,
            apps={name: compute.apps[name] for name in public},
        )
    )
