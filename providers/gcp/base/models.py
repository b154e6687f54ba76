"""Which models services may invoke: what Vertex AI can be told of the list, and what it cannot. Pure."""

import re

from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_error
from providers.contract.spec import Platform

MODEL = re.compile(r"publishers/[a-z0-9-]+/models/[a-z0-9][a-z0-9.@_-]*")


def model_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Names that are no publisher model: models hosted elsewhere are called with a secret, not with a right."""
    advice = (
        "is no model of Vertex AI; write publishers/<publisher>/models/<model> as Model Garden shows it, "
        "or call a model hosted elsewhere with a key listed under the service's `secrets`"
    )
    models = spec.gcp.models if spec.gcp else ()
    return [legacy_error("gcp.models", model, advice) for model in models if not MODEL.fullmatch(model)]


def model_adjustments(spec: Platform) -> list[Adjustment]:
    """IAM has no resource for a publisher's model: "Resource types that accept conditions", IAM documentation."""
    if not spec.users_of("models") or spec.gcp is None:
        return []
    given = (
        "the right to invoke any model the project has enabled: Vertex AI grants it by project; the organization policy "
        "`vertexai.allowedModels` narrows a project to a list"
    )
    return [legacy_adjustment("gcp.models", list(spec.gcp.models), given)]
