"""What a service finds around it and what must stand before it starts, the same for services and worker pools."""

from collections.abc import Mapping

import pulumi

from providers.contract.results import Environment
from providers.contract.variables import PORT
from providers.gcp.base.resources import GcpBaseResources


def plain_variables(environment: Environment) -> Mapping[str, pulumi.Input[str]]:
    """Plain variables without PORT, which Cloud Run sets from the container's port and refuses from others."""
    return {name: value for name, value in environment.plain.items() if name != PORT}


def prerequisites(base: GcpBaseResources, name: str, environment: Environment) -> list[pulumi.Resource]:
    """Rights, secret values, images and ways through the network that a copy needs in its first second.

    No Output says so, and a first revision that fails its check leaves the service behind as broken.
    """
    stored = [*environment.secrets.values(), *environment.files.values()]
    secrets = [grant for secret in stored for grant in secret.grants]
    rights = [*base.identity.grants[name], *base.registry.grants[name]]
    return [*rights, *secrets, *base.network.ready]
