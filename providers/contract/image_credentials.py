"""Credentials of private registries, from the secrets that `services.*.image_credentials` names."""

from dataclasses import dataclass

import pulumi

from providers.contract.images import registry_login


@dataclass(frozen=True)
class ImageCredentials:
    """User name and password or token for one registry, both secret Outputs."""

    username: pulumi.Output[str]
    password: pulumi.Output[str]


def image_credentials(secret: str) -> ImageCredentials:
    """Return the credentials in the stack's secret, whose value is `username:password`."""
    value = pulumi.Config("agent-platform").require_secret(secret)
    return ImageCredentials(
        username=pulumi.Output.secret(value.apply(lambda text: registry_login(text)[0])),
        password=pulumi.Output.secret(value.apply(lambda text: registry_login(text)[1])),
    )
