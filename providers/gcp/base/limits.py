"""Regions, zones and models that the stack file may name. Pure.

Subnets, Cloud Run, Cloud NAT and keys are regional and span every zone of the region. `network.zones` is compared with
the region's zones and sets the number of fixed addresses of Cloud NAT.
"""

import re
from collections.abc import Mapping

from providers.contract.diagnostics import (
    Adjustment,
    ConfigError,
    Diagnostic,
    Effect,
    Unsupported,
    did_you_mean,
    displayed,
)
from providers.contract.spec import Platform

REGION_NAMES = """
    africa-south1 asia-east1 asia-east2 asia-northeast1 asia-northeast2 asia-northeast3 asia-south1 asia-south2
    asia-southeast1 asia-southeast2 asia-southeast3 australia-southeast1 australia-southeast2 europe-central2
    europe-north1 europe-north2 europe-southwest1 europe-west1 europe-west2 europe-west3 europe-west4 europe-west6
    europe-west8 europe-west9 europe-west10 europe-west12 me-central1 me-central2 me-west1 northamerica-northeast1
    northamerica-northeast2 northamerica-south1 southamerica-east1 southamerica-west1 us-central1 us-east1 us-east4
    us-east5 us-south1 us-west1 us-west2 us-west3 us-west4
"""
"""Regions with Cloud Run: Cloud Run documentation, "Locations"."""
REGIONS = frozenset(REGION_NAMES.split())
DEFAULT_ZONES = 3
ZONES = {"us-central1": 4}
"""Zones of regions that do not have three: Compute Engine documentation, "Available regions and zones"."""
MODEL = re.compile(r"publishers/[a-z0-9-]+/models/[a-z0-9][a-z0-9.@_-]*")
MODELS_LOCATION = "global"
"""Location of requests to models: the current Claude and Gemini models have this endpoint, and few of them the region's own
(Anthropic documentation, "Claude on Vertex AI"; Google Cloud documentation, "Deployments and endpoints")."""


def zone_count(region: str) -> int:
    """Zones of a region."""
    return ZONES.get(region, DEFAULT_ZONES)


def region_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse an unknown region, and more zones than the region has."""
    if spec.gcp is None:
        return []
    region, zones = spec.gcp.region, spec.network.zones
    if region not in REGIONS:
        problem = f"{displayed(region)} is not a Google Cloud region with Cloud Run{did_you_mean(region, REGIONS)}"
        return [ConfigError("gcp.region", problem=problem, fix="use a region such as us-central1")]
    if zones > zone_count(region):
        problem = f"{region} has {zone_count(region)} zones, not {zones}"
        fix = f"use {zone_count(region)} or fewer, or the region us-central1, which has {ZONES['us-central1']}"
        return [Unsupported("gcp", "network.zones", problem=problem, fix=fix)]
    return []


def region_adjustments(spec: Platform) -> list[Adjustment]:
    """Report fewer zones than the region has."""
    if spec.gcp is None or spec.network.zones == zone_count(spec.gcp.region):
        return []
    region = spec.gcp.region
    reason = f"{zone_count(region)}; subnets and Cloud Run span every zone of {region}"
    return [Adjustment("network.zones", requested=spec.network.zones, effect=Effect.ADJUSTED, reason=reason)]


def model_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse names that are not publisher models; other models are called with a key, not with an IAM role."""
    fix = (
        "use publishers/<publisher>/models/<model> as in Model Garden, or list the key of an external model under the "
        "service's `secrets`"
    )
    return [
        ConfigError("gcp.models", problem=f"{displayed(model)} is not a Vertex AI model", fix=fix)
        for model in (spec.gcp.models if spec.gcp else ())
        if not MODEL.fullmatch(model)
    ]


def model_adjustments(spec: Platform) -> list[Adjustment]:
    """Report that IAM grants cannot name a model: IAM documentation, "Resource types that accept conditions"."""
    if not spec.users_of("models") or spec.gcp is None:
        return []
    reason = (
        "services may invoke every model that the project has enabled; Vertex AI grants this per project. Set the "
        "organization policy `vertexai.allowedModels` to restrict a project to a list. Requests go to the location "
        f"`{MODELS_LOCATION}`, which may be processed in any region; to keep them in one, set GOOGLE_CLOUD_LOCATION and "
        "CLOUD_ML_REGION in the service's environment to a location of the model"
    )
    return [Adjustment("gcp.models", requested=list(spec.gcp.models), effect=Effect.PARTIAL, reason=reason)]


def model_variables(project: str) -> Mapping[str, str]:
    """Variables by which SDKs find the models; the token comes from the metadata server.

    Names: google-genai, `_api_client.py` (the first three); anthropic, `lib/vertex/_client.py` (the others).
    """
    return {
        "GOOGLE_CLOUD_PROJECT": project,
        "GOOGLE_CLOUD_LOCATION": MODELS_LOCATION,
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "ANTHROPIC_VERTEX_PROJECT_ID": project,
        "CLOUD_ML_REGION": MODELS_LOCATION,
    }
