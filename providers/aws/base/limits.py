"""Tags that AWS refuses, and the access of the deployer role. Pure.

Characters, lengths, the reserved prefix and the number of a resource's tags are those of the AWS General Reference, "Tag
your AWS resources"; all resources of a stack have the same tags. Tags that AWS services add themselves do not count.
"""

import re
from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.spec import Platform

MAX_TAGS = 50
PLATFORM_TAGS = 3
MAX_KEY_CHARACTERS = 128
MAX_VALUE_CHARACTERS = 256
RESERVED_PREFIX = "aws:"
OTHER_CHARACTERS = re.compile(r"[^\w\s.:/=+\-@]")
"""Characters other than letters, digits and spaces of any script and `_ . : / = + - @`."""
ALLOWED = "letters, digits, spaces and _ . : / = + - @"


def deployer_adjustments(spec: Platform) -> list[Adjustment]:
    """Access that a deployment gives: IAM has no condition on the contents of a task definition."""
    if spec.deployer is None:
        return []
    reason = (
        "the role reads no secret itself, but a task definition that it registers runs with a service's roles and secrets: "
        f"whoever may deploy from the environment {spec.deployer.environment} can read them; require a review there"
    )
    return [Adjustment("deployer.github", spec.deployer.github, Effect.PARTIAL, reason)]


def tag_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Keys and values with other characters, keys that AWS reserves, and more tags than a resource can have."""
    return list(_refused_tags(spec))


def _refused_tags(spec: Platform) -> Iterator[Diagnostic]:
    for key, value in spec.tags.items():
        path = f"tags.{key}"
        if key.lower().startswith(RESERVED_PREFIX):
            yield Unsupported("aws", path, "keys that begin with aws: are reserved for AWS", "use another key")
        elif not key or OTHER_CHARACTERS.search(key) or len(key) > MAX_KEY_CHARACTERS:
            fix = f"use 1 to {MAX_KEY_CHARACTERS} {ALLOWED}"
            yield Unsupported("aws", path, "the key is not valid", fix)
        elif OTHER_CHARACTERS.search(value) or len(value) > MAX_VALUE_CHARACTERS:
            yield Unsupported("aws", path, "the value is not valid", f"use up to {MAX_VALUE_CHARACTERS} {ALLOWED}")
    max_user_tags = MAX_TAGS - PLATFORM_TAGS
    if len(spec.tags) > max_user_tags:
        problem = f"{len(spec.tags)} tags and the platform's {PLATFORM_TAGS} exceed the {MAX_TAGS} of a resource"
        yield Unsupported("aws", "tags", problem, f"use {max_user_tags} or fewer")
