"""What a stack with a name of its own has otherwise than the stack whose file it is made from. Pure.

It answers under its own name, is deleted without asking, and is never production: it goes when its time is over.
"""

from collections.abc import Collection, Mapping
from typing import cast

from automation.plan.inventory import Value
from providers.contract.diagnostics import InvalidConfiguration, legacy_error
from providers.contract.spec.defaults import Raw

TTL_HOURS = 24.0
"""How long it lives from its last `up` on when nothing else is said."""


def laid_over(platform: Raw, name: str, overrides: Mapping[str, Value]) -> Mapping[str, Value]:
    """The settings, by dotted path, of the stack `name`; those of `overrides` win."""
    own: dict[str, Value] = {}
    domain = _part(platform, "ingress").get("domain")
    if isinstance(domain, str):
        own["ingress.domain"] = f"{name}.{domain}"
    if "database" in platform or any(path.partition(".")[0] == "database" for path in overrides):
        own["database.deletion_protection"] = False
    return {**own, **overrides}


def refuse_own_file(name: str, stacks: Collection[str]) -> None:
    """Raise InvalidConfiguration for the name of a stack that has a file: it would be overwritten by another one's."""
    if name in stacks:
        advice = f"is the name of a stack with a file of its own (Pulumi.{name}.yaml); choose another, such as pr-123"
        raise InvalidConfiguration([legacy_error("--name", name, advice)])


def refuse_production(platform: Raw, stack: str, name: str) -> None:
    """Raise InvalidConfiguration when the profile is production's."""
    profile = platform.get("profile", "production")
    if profile == "production":
        advice = (
            f"is not for {name}, which goes when its time is over; make it from a stack of another profile than {stack}'s, "
            "or with --set profile=development"
        )
        raise InvalidConfiguration([legacy_error("profile", profile, advice)])


def _part(platform: Raw, name: str) -> Raw:
    part = platform.get(name)
    return cast("Raw", part) if isinstance(part, dict) else {}
