"""Tags that every one of Azure's services takes. Pure.

Most services take fifty tags of nearly any letters; DNS zones and secrets take fifteen, and DNS zones no space, no colon
and no digit first. All of a stack carries the same tags, so the narrowest decides.
"""

import re
from collections.abc import Iterator

from providers.contract.diagnostics import Diagnostic, legacy_unsupported
from providers.contract.spec import Platform

KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}")
RESERVED_PREFIXES = ("azure", "microsoft", "windows")
LONGEST_VALUE = 256
MOST_TAGS, OWN_TAGS = 15, 3
"""Microsoft Learn, "Use tags to organize your Azure resources", limitations. Three are the platform's own."""


def tag_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Keys and values that some service would refuse, and more tags than all of them take."""
    return list(_refusals(spec))


def _refusals(spec: Platform) -> Iterator[Diagnostic]:
    for key, value in spec.tags.items():
        if not KEY.fullmatch(key) or key.lower().startswith(RESERVED_PREFIXES):
            advice = (
                "a key begins with a letter, goes on with letters, digits, dots, hyphens and underscores, "
                "128 characters at most, and does not begin with azure, microsoft or windows"
            )
            yield legacy_unsupported("azure", f"tags.{key}", value, advice)
        elif len(value) > LONGEST_VALUE:
            advice = f"a value has {LONGEST_VALUE} characters at most and this one {len(value)}; shorten it"
            yield legacy_unsupported("azure", f"tags.{key}", value, advice)
    if len(spec.tags) > MOST_TAGS - OWN_TAGS:
        advice = f"DNS zones and secrets take {MOST_TAGS} tags and {OWN_TAGS} are the platform's; keep {MOST_TAGS - OWN_TAGS} or less"
        yield legacy_unsupported("azure", "tags", sorted(spec.tags), advice)
