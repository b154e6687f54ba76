"""ARNs of Bedrock models and inference profiles. Pure.

A plain id (`anthropic.claude-...`) is a foundation model of the stack's region. An id with a geographic prefix
(`us.anthropic.claude-...`) is an inference profile. Bedrock authorises a request on the profile and, in the region that
serves it, on the foundation model; both are granted, the second only through the profile.
"""

import re
from collections.abc import Sequence

from providers.aws.context import AwsContext
from providers.contract.diagnostics import ConfigError, Diagnostic, displayed, listed
from providers.contract.spec import Platform

GEOGRAPHIES = {
    "us": "us-*",
    "us-gov": "us-gov-*",
    "ca": "ca-*",
    "eu": "eu-*",
    "apac": "ap-*",
    "jp": "ap-northeast-*",
    "au": "ap-southeast-*",
    "global": "*",
}
"""Regions to which a system-defined profile routes requests, by the prefix of its id: Amazon Bedrock user guide,
"Supported Regions and models for inference profiles".
"""

MODEL_ID = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:[a-z0-9]+)*")


def plain_model_arns(context: AwsContext, models: Sequence[str]) -> list[str]:
    """ARNs of foundation models that are invoked by model id."""
    return [_foundation_model(context, context.region, model) for model in models if geography(model) is None]


def inference_profiles(models: Sequence[str]) -> list[str]:
    """Return the ids that are inference profiles."""
    return [model for model in models if geography(model) is not None]


def profile_arn(context: AwsContext, profile: str) -> str:
    """ARN of an inference profile in the stack's region and account."""
    return context.arn("bedrock", f"inference-profile/{profile}")


def profile_model_arn(context: AwsContext, profile: str) -> str:
    """ARN pattern of a profile's foundation model in every region of the profile's geography."""
    prefix = geography(profile) or "global"
    return _foundation_model(context, GEOGRAPHIES[prefix], profile.removeprefix(f"{prefix}."))


def geography(model: str) -> str | None:
    """Geographic prefix of an inference-profile id; None for a foundation model."""
    prefix = model.partition(".")[0]
    return prefix if prefix in GEOGRAPHIES else None


def model_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Ids that are neither a model nor a profile; an ARN may name another account or region than the stack's."""
    fix = (
        "use a model id (anthropic.claude-...) or an inference-profile id, which begins with "
        f"{listed(f'{prefix}.' for prefix in GEOGRAPHIES)}"
    )
    models = spec.aws.models if spec.aws else ()
    return [
        ConfigError("aws.models", f"{displayed(model)} is not a Bedrock model id", fix)
        for model in models
        if not MODEL_ID.fullmatch(model)
    ]


def _foundation_model(context: AwsContext, region: str, model: str) -> str:
    return f"arn:{context.partition}:bedrock:{region}::foundation-model/{model}"
