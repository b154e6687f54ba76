"""Deployments of the listed models. Pure.

`gpt-4.1` is deployed in Azure's default version and upgraded with it; `gpt-4.1@2025-04-14` stays at that version.
A deployment has the name of its model without the version, and services request the model by that name.
"""

import re
from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect
from providers.contract.spec import Platform

MODEL_PATTERN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9.-]{0,62}[A-Za-z0-9])(@(?P<version>[A-Za-z0-9.-]+))?")
DEPLOYMENT_SKU = "GlobalStandard"
"""Deployment type that nearly every location and model offers, billed per token."""
CAPACITY_THOUSAND_TOKENS_PER_MINUTE = 50
"""Capacity of each deployment; the subscription's quota limits the sum."""


@dataclass(frozen=True)
class ModelDeployment:
    """Model by its name, and the version that it is pinned to (None: Azure's default, upgraded automatically)."""

    name: str
    version: str | None


def parse_model(text: str) -> ModelDeployment:
    """Parse `gpt-4.1` or `gpt-4.1@2025-04-14`; ValueError for names that `model_refusals` refuses."""
    match = MODEL_PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is not the name of a model")
    return ModelDeployment(match["name"], match["version"])


def model_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Invalid names of models, and models that are listed twice."""
    models = spec.azure.models if spec.azure else ()
    fix = "use a name such as gpt-4.1, or gpt-4.1@2025-04-14 to pin a version"
    invalid = [
        ConfigError("azure.models", f"{model} is not the name of an Azure OpenAI model", fix)
        for model in models
        if not MODEL_PATTERN.fullmatch(model)
    ]
    names = [parse_model(model).name for model in models if MODEL_PATTERN.fullmatch(model)]
    duplicates = [
        ConfigError("azure.models", f"{name} is listed twice and a model has one deployment", "list it once")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    return [*invalid, *duplicates]


def model_adjustments(spec: Platform) -> list[Adjustment]:
    """Type and capacity of the deployments, and the location of their data."""
    if spec.azure is None or not spec.users_of("models"):
        return []
    reason = (
        f"each model has a {DEPLOYMENT_SKU} deployment with {CAPACITY_THOUSAND_TOKENS_PER_MINUTE} 000 tokens per minute; "
        f"data at rest stays in {spec.azure.location}, requests may be processed in any location"
    )
    return [Adjustment("azure.models", list(spec.azure.models), Effect.PARTIAL, reason)]
