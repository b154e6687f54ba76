"""Variables that Azure's own client libraries read, beside those of the contract: identity, directory, models' endpoint.

Every container gets them from `own_variables`; compute adds them to what the neutral walk hands over.
"""

import pulumi

from providers.azure.ground import Ground
from providers.azure.variable_names import AZURE_CLIENT_ID, AZURE_OPENAI_ENDPOINT, AZURE_TENANT_ID


def own_variables(ground: Ground, service: str) -> dict[str, pulumi.Input[str]]:
    """AZURE_CLIENT_ID and AZURE_TENANT_ID always; AZURE_OPENAI_ENDPOINT for services that use `models`."""
    variables: dict[str, pulumi.Input[str]] = {
        AZURE_CLIENT_ID: ground.identity.services[service].client_id,
        AZURE_TENANT_ID: ground.site.tenant_id,
    }
    if ground.models is not None and "models" in ground.spec.services[service].uses:
        variables[AZURE_OPENAI_ENDPOINT] = ground.models.endpoint
    return variables
