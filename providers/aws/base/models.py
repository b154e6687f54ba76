"""ARNs of Bedrock models and inference profiles. Pure.

A plain id (`anthropic.claude-...`) is a foundation model of the stack's region. An id with a geographic prefix
(`us.anthropic.claude-...`) is an inference profile. Bedrock authorises a request on the profile and, in the region that
serves it, on the foundation model; both are granted, the second only through the profile.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from providers.aws.context import AwsContext
from providers.contract.diagnostics import (
    Adjustment,
    ConfigError,
    Diagnostic,
    Effect,
    Unsupported,
    displayed,
    listed,
)
from providers.contract.spec import Platform


@dataclass(frozen=True)
class Geography:
    """Geography of a profile: prefixes of the regions that may call it, and a pattern of those that serve it."""

    callers: tuple[str, ...]
    destinations: str


GEOGRAPHIES = {
    "us": Geography(callers=("us-", "ca-"), destinations="us-*"),
    "us-gov": Geography(callers=("us-gov-",), destinations="us-gov-*"),
    "ca": Geography(callers=("ca-",), destinations="ca-*"),
    "eu": Geography(callers=("eu-", "il-"), destinations="eu-*"),
    "apac": Geography(callers=("ap-", "me-"), destinations="ap-*"),
    "jp": Geography(callers=("ap-northeast-",), destinations="ap-northeast-*"),
    "au": Geography(callers=("ap-southeast-",), destinations="ap-southeast-*"),
    "global": Geography(callers=("",), destinations="*"),
}
"""System-defined profiles by the prefix of their ids: Amazon Bedrock user guide, "Supported Regions and models for inference
profiles". A region outside its geography, such as ca-central-1 for `us`, also serves the requests that it receives.
"""
ENDED = {
    "anthropic.claude-3-7-sonnet-20250219-v1:0": "2026-04-28",
    "anthropic.claude-3-5-haiku-20241022-v1:0": "2026-06-19",
    "anthropic.claude-opus-4-20250514-v1:0": "2026-05-31",
    "anthropic.claude-sonnet-4-20250514-v1:0": "2026-10-14",
}
"""End-of-life dates of models: Amazon Bedrock user guide, "Model lifecycle" and the model cards, read on 2026-11-28."""
PROFILE_ONLY = re.compile(
    r"anthropic\.claude-(3-7|[a-z]+-\d)|amazon\.nova-(premier|2)|meta\.llama4|deepseek\.r1|writer\.palmyra"
)
"""Models that most regions serve on demand through a profile only; a call by model id fails with "Invocation of model ID ...
with on-demand throughput isn't supported" (anthropics/anthropic-sdk-python#894).
"""
CURRENT_MODEL = "anthropic.claude-sonnet-4-6"
"""Model that messages propose. `aws bedrock list-inference-profiles` lists what a region offers now."""
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


def profile_model_arns(context: AwsContext, profile: str) -> list[str]:
    """ARN patterns of a profile's foundation model in every region that may serve it."""
    prefix = geography(profile) or "global"
    model, destinations = profile.removeprefix(f"{prefix}."), GEOGRAPHIES[prefix].destinations
    regions = [destinations] if fnmatchcase(context.region, destinations) else [destinations, context.region]
    return [_foundation_model(context, region, model) for region in regions]


def geography(model: str) -> str | None:
    """Geographic prefix of an inference-profile id; None for a foundation model."""
    prefix = model.partition(".")[0]
    return prefix if prefix in GEOGRAPHIES else None


def model_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Ids that are neither a model nor a profile, and profiles of another geography.

    An ARN is refused, because it may name another account or region than the stack's.
    """
    return [refusal for model in spec.models for refusal in _model_refusals(model, _region(spec))]


def _model_refusals(model: str, region: str) -> Iterator[Diagnostic]:
    prefix = geography(model)
    if not MODEL_ID.fullmatch(model):
        fix = (
            "use a model id (anthropic.claude-...) or an inference-profile id, which begins with "
            f"{listed(f'{each}.' for each in GEOGRAPHIES)}"
        )
        yield ConfigError("aws.models", f"{displayed(model)} is not a Bedrock model id", fix)
    elif prefix is not None and not region.startswith(GEOGRAPHIES[prefix].callers):
        problem = f"{displayed(model)} is a profile that {region} cannot call"
        model_id = model.removeprefix(f"{prefix}.")
        yield Unsupported("aws", "aws.models", problem, f"use {profile_of(model_id, region)}")


def model_adjustments(spec: Platform) -> list[Adjustment]:
    """Models that have ended, which a stack may still list, and model ids that most regions serve through a profile only."""
    return [adjustment for model in spec.models for adjustment in _model_adjustments(model, _region(spec))]


def _model_adjustments(model: str, region: str) -> Iterator[Adjustment]:
    prefix = geography(model)
    ended = ENDED.get(model.removeprefix(f"{prefix}.") if prefix else model)
    if ended is not None:
        reason = (
            f"{model} ended on {ended}, so calls fail; use {profile_of(CURRENT_MODEL, region)} or another current model"
        )
        yield Adjustment("aws.models", requested=model, effect=Effect.IGNORED, reason=reason)
    elif prefix is None and PROFILE_ONLY.match(model):
        reason = (
            f"{model} is granted in {region}, where a call by model id may be refused; use the inference profile "
            f"{profile_of(model, region)}"
        )
        yield Adjustment("aws.models", requested=model, effect=Effect.PARTIAL, reason=reason)


def profile_of(model: str, region: str) -> str:
    """Inference profile of a model for a region: that of its geography, else the global one."""
    geographies = {"us-gov-": "us-gov", "us-": "us", "ca-": "us", "eu-": "eu"}
    prefix = next((name for start, name in geographies.items() if region.startswith(start)), "global")
    return f"{prefix}.{model}"


def _region(spec: Platform) -> str:
    return spec.aws.region if spec.aws else ""


def _foundation_model(context: AwsContext, region: str, model: str) -> str:
    return f"arn:{context.partition}:bedrock:{region}::foundation-model/{model}"
