"""Settings of the services that Container Apps refuses or adjusts, and variables that only the platform sets. Pure."""

from collections.abc import Iterator

from providers.azure.compute.health import probe_adjustments, probe_refusals
from providers.azure.compute.sizes import app_size_refusals
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported
from providers.contract.egress import names_leave
from providers.contract.prometheus import unscraped_reason
from providers.contract.spec import Platform

AZURE_CLIENT_ID = "AZURE_CLIENT_ID"
"""Identity of the container that `DefaultAzureCredential` uses."""
AZURE_TENANT_ID = "AZURE_TENANT_ID"
AZURE_OPENAI_ENDPOINT = "AZURE_OPENAI_ENDPOINT"
AZURE_OPENAI_DEPLOYMENT = "AZURE_OPENAI_DEPLOYMENT"
OPENAI_API_VERSION = "OPENAI_API_VERSION"
"""Read by `AzureOpenAI` of openai 3.57 (endpoint, version) and of agno 3.1 (endpoint, deployment)."""
API_VERSION = "2024-10-21"
"""Last generally available dated version, which `AzureOpenAI` requires; clients of the v1 API, `<endpoint>openai/v1/`, need
none: Microsoft Learn, "API version lifecycle"."""
SECRETS_VERSION = "SECRETS_VERSION"
"""Changes with every secret value that a service reads; no library reads it."""
RESERVED_PREFIX = "CONTAINER_APP_"
"""Variables that Container Apps sets: Microsoft Learn, "Manage environment variables on Azure Container Apps"."""


def listens(spec: Platform, name: str) -> bool:
    """True when a service has ingress: it is routed, or called by another."""
    service = spec.services[name]
    return service.port is not None and (service.path is not None or bool(spec.callers_of(name)))


PLATFORM_VARIABLES = frozenset((AZURE_CLIENT_ID, AZURE_TENANT_ID, SECRETS_VERSION))
"""Variables that only the platform sets on Azure; those of the models give way to a user's."""


def variable_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Variables and secrets with a name that the platform sets."""
    return [
        ConfigError(f"services.{name}.{kind}", f"the platform sets {variable} on Azure", "use another name")
        for name, service in spec.services.items()
        for kind, variables in (("environment", tuple(service.environment)), ("secrets", service.secrets))
        for variable in variables
        if variable in PLATFORM_VARIABLES
    ]


def compute_refusals(spec: Platform, stack: str) -> list[Diagnostic]:
    """Sizes, processors, probes and variables that Container Apps rejects, and a collector that cannot be pulled."""
    return [
        *app_size_refusals(spec, stack),
        *probe_refusals(spec, stack),
        *_other_architectures(spec),
        *_reserved_variables(spec),
        *_unreachable_collector(spec),
    ]


def compute_adjustments(spec: Platform) -> list[Adjustment]:
    """Health checks and calls that Container Apps honours differently, and workers without metrics."""
    return [*probe_adjustments(spec), *_adjusted_calls(spec), *_unscraped_services(spec)]


def _other_architectures(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        if service.architecture != "amd64":
            yield Unsupported(
                "azure",
                f"services.{name}.architecture",
                # Microsoft Learn, "Containers in Azure Container Apps"
                problem=f"Container Apps runs linux/amd64 images only, not linux/{service.architecture}",
                fix="build the image for linux/amd64 and remove the key",
            )


def _reserved_variables(spec: Platform) -> Iterator[Diagnostic]:
    for name, service in spec.services.items():
        variables = {key: f"environment.{key}" for key in service.environment} | dict.fromkeys(
            service.secrets, "secrets"
        )
        for variable, key in variables.items():
            if variable.startswith(RESERVED_PREFIX):
                problem = f"Container Apps sets the variables that begin with {RESERVED_PREFIX}"
                yield Unsupported("azure", f"services.{name}.{key}", problem, fix="use another name")


def _unreachable_collector(spec: Platform) -> Iterator[Diagnostic]:
    if not spec.monitoring.prometheus or names_leave(spec):
        return
    problem = "the image of the metrics collector is in a public registry and"
    if spec.network.egress == "none":
        fix = "set network.egress to per_zone or single, or set monitoring.prometheus to false"
        yield Unsupported("azure", "monitoring.prometheus", f"{problem} network.egress is none", fix)
    else:
        fix = "remove network.egress_control, or set monitoring.prometheus to false"
        yield Unsupported("azure", "monitoring.prometheus", f"{problem} network.egress_control is names", fix)


def _adjusted_calls(spec: Platform) -> Iterator[Adjustment]:
    """Calls between services: Container Apps has no rule between two apps of an environment."""
    for name, service in spec.services.items():
        if service.calls:
            reason = (
                f"Container Apps cannot restrict callers: all {len(spec.services)} services can reach every service "
                "with ingress; services without callers have no ingress"
            )
            yield Adjustment(f"services.{name}.calls", list(service.calls), Effect.PARTIAL, reason)


def _unscraped_services(spec: Platform) -> Iterator[Adjustment]:
    for name, service in spec.services.items():
        if spec.monitoring.prometheus and unscraped_reason(service):
            reason = f"{name} is not scraped; {unscraped_reason(service)}"
            yield Adjustment("monitoring.prometheus", True, Effect.PARTIAL, reason)
