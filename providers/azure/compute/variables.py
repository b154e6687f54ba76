"""Variables that Azure alone needs, beside those of the contract: identity, directory, models' endpoint, secrets' version.

Every container gets them from here; compute adds them to what the neutral walk hands over.
"""

from hashlib import sha256

import pulumi

from providers.azure.base.resources import AzureBaseResources
from providers.azure.compute.variable_names import (
    AZURE_CLIENT_ID,
    AZURE_OPENAI_ENDPOINT,
    AZURE_TENANT_ID,
    SECRETS_VERSION,
)
from providers.contract.results import Environment

DIGITS = 16


def own_variables(base: AzureBaseResources, service: str) -> dict[str, pulumi.Input[str]]:
    """AZURE_CLIENT_ID and AZURE_TENANT_ID always; AZURE_OPENAI_ENDPOINT for services that use `models`."""
    variables: dict[str, pulumi.Input[str]] = {
        AZURE_CLIENT_ID: base.identity.services[service].client_id,
        AZURE_TENANT_ID: base.context.tenant_id,
    }
    if base.models is not None and "models" in base.spec.services[service].uses:
        variables[AZURE_OPENAI_ENDPOINT] = base.models.endpoint
    return variables


def secrets_version(environment: Environment) -> dict[str, pulumi.Input[str]]:
    """SECRETS_VERSION for a service that reads secrets: another word for every new version of any of them.

    Secrets belong to an app and not to its revisions: a new version alone starts no revision, a new variable does.
    """
    stored = [*environment.secrets.values(), *environment.files.values()]
    if not stored:
        return {}
    versions = pulumi.Output.all(*(secret.version for secret in stored))
    # an address is no secret, but the SDK takes it for one as it comes out of the same bag as the value
    return {SECRETS_VERSION: pulumi.Output.unsecret(versions.apply(digest))}


def digest(versions: list[str]) -> str:
    """One word for a set of versions, whatever their order."""
    return sha256("\n".join(sorted(versions)).encode()).hexdigest()[:DIGITS]
