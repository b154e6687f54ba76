"""Which deployment a listed model becomes. Pure.

`gpt-4.1` is deployed in the version that Azure offers by default and follows it; `gpt-4.1@2025-04-14` stays at that
version. Services ask for a model by its name without the version, which is the name of its deployment.
"""

import re
from dataclasses import dataclass

from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_error
from providers.contract.spec import Platform

MODEL = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9.-]{0,62}[A-Za-z0-9])(@(?P<version>[A-Za-z0-9.-]+))?")
DEPLOYMENT_KIND = "GlobalStandard"
"""The kind that nearly every location and model has, paid by token."""
THOUSAND_TOKENS_A_MINUTE = 50
"""Capacity of a deployment, in thousands of tokens a minute; the subscription's quota bounds the sum."""


@dataclass(frozen=True)
class ModelDeployment:
    """A model by its name, and the version it is pinned to (None: Azure's default, upgraded by itself)."""

    name: str
    version: str | None


def parse_model(text: str) -> ModelDeployment:
    """`gpt-4.1` or `gpt-4.1@2025-04-14`; ValueError for what `model_refusals` refuses."""
    match = MODEL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is not the name of a model")
    return ModelDeployment(match["name"], match["version"])


def model_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Names that are none, and models listed twice."""
    models = spec.azure.models if spec.azure else ()
    advice = "is not the name of a model of Azure OpenAI; write it like gpt-4.1, or gpt-4.1@2025-04-14 to pin a version"
    bad: list[Diagnostic] = [
        legacy_error("azure.models", model, advice) for model in models if not MODEL.fullmatch(model)
    ]
    names = [parse_model(model).name for model in models if MODEL.fullmatch(model)]
    twice = "is listed twice, and a model has one deployment; list it once"
    return [*bad, *(legacy_error("azure.models", name, twice) for name in sorted(set(names)) if names.count(name) > 1)]


def model_adjustments(spec: Platform) -> list[Adjustment]:
    """Where requests are answered, and how many."""
    if spec.azure is None or not spec.users_of("models"):
        return []
    given = (
        f"{DEPLOYMENT_KIND} deployments of {THOUSAND_TOKENS_A_MINUTE} 000 tokens a minute each; data at rest stays in "
        f"{spec.azure.location}, a request may be answered in any location"
    )
    return [legacy_adjustment("azure.models", list(spec.azure.models), given)]
