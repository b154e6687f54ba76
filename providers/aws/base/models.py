"""Which ARNs a Bedrock model id stands for. Pure.

A plain id (`anthropic.claude-...`) is a foundation model of the stack's region. An id with a geography before it
(`us.anthropic.claude-...`) is an inference profile: Bedrock checks the right on the profile and, in whichever region
it sends the request to, on the foundation model behind it, so both are granted, the second only through the first.
"""

import re
from collections.abc import Sequence

from providers.aws.context import AwsContext
from providers.contract.diagnostics import Diagnostic, legacy_error, listed
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
"""Regions that a system-defined profile may send a request to, by the first word of its id: Amazon Bedrock user guide,
"Supported Regions and models for inference profiles"."""

MODEL_ID = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:[a-z0-9]+)*")


def plain_model_arns(context: AwsContext, models: Sequence[str]) -> list[str]:
    """Foundation models invoked by their own id."""
    return [_foundation_model(context, context.region, model) for model in models if geography(model) is None]


def profiles(models: Sequence[str]) -> list[str]:
    """The ids that are inference profiles."""
    return [model for model in models if geography(model) is not None]


def profile_arn(context: AwsContext, profile: str) -> str:
    """The inference profile in the stack's region and account."""
    return context.arn("bedrock", f"inference-profile/{profile}")


def behind_profile_arn(context: AwsContext, profile: str) -> str:
    """The foundation model behind a profile, in every region of the profile's geography."""
    word = geography(profile) or "global"
    return _foundation_model(context, GEOGRAPHIES[word], profile.removeprefix(f"{word}."))


def geography(model: str) -> str | None:
    """First word of an inference-profile id; None for a foundation model."""
    word = model.partition(".")[0]
    return word if word in GEOGRAPHIES else None


def model_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Ids that are neither a model nor a profile, ARNs above all: the account and region in one may be another's."""
    advice = (
        "is not an id of Bedrock; write a model id (anthropic.claude-...) or an inference-profile id, "
        f"which begins with {listed(f'{word}.' for word in GEOGRAPHIES)}, and no ARN"
    )
    models = spec.aws.models if spec.aws else ()
    return [legacy_error("aws.models", model, advice) for model in models if not MODEL_ID.fullmatch(model)]


def _foundation_model(context: AwsContext, region: str, model: str) -> str:
    return f"arn:{context.partition}:bedrock:{region}::foundation-model/{model}"
