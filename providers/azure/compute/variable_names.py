"""Names of the variables that only the platform sets on Azure, and the refusal of a user's own of the same name. Pure."""

from providers.contract.diagnostics import Diagnostic, legacy_error
from providers.contract.spec import Platform, Service

AZURE_CLIENT_ID = "AZURE_CLIENT_ID"
"""Which of a container's identities `DefaultAzureCredential` takes."""
AZURE_TENANT_ID = "AZURE_TENANT_ID"
AZURE_OPENAI_ENDPOINT = "AZURE_OPENAI_ENDPOINT"
SECRETS_VERSION = "SECRETS_VERSION"
"""Changes with every value that a service reads; no library reads it."""


def own_names(service: Service) -> frozenset[str]:
    """Variables that only the platform sets on Azure."""
    always = frozenset((AZURE_CLIENT_ID, AZURE_TENANT_ID, SECRETS_VERSION))
    return always | {AZURE_OPENAI_ENDPOINT} if "models" in service.uses else always


def variable_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A user's variable or secret under a name that the platform sets."""
    return [
        legacy_error(
            f"services.{name}.{kind}", variable, "is a variable the platform sets on Azure; choose another name"
        )
        for name, service in spec.services.items()
        for kind, variables in (("environment", tuple(service.environment)), ("secrets", service.secrets))
        for variable in variables
        if variable in own_names(service)
    ]
