"""Rules about traces: variables of a service that contradict `monitoring.tracing`."""

from collections.abc import Iterator

from providers.contract.diagnostics import ConfigError
from providers.contract.spans import HIDE_PROMPTS
from providers.contract.spec import Platform


def check_hidden_prompts(spec: Platform) -> Iterator[ConfigError]:
    """Refuse variables that put prompts into spans although `monitoring.tracing.content` is false."""
    tracing = spec.monitoring.tracing
    if tracing is None or tracing.content:
        return
    for name, service in spec.services.items():
        keys = {variable: f"environment.{variable}" for variable in service.environment}
        keys |= dict.fromkeys(service.secrets, "secrets")
        for variable in HIDE_PROMPTS:
            if variable in keys and service.environment.get(variable, "").lower() != "true":
                yield ConfigError(
                    f"services.{name}.{keys[variable]}",
                    f"{variable} decides whether spans have prompts, and `monitoring.tracing.content` is false",
                    "remove it, or set `monitoring.tracing.content` to true",
                )
