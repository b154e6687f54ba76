"""Assumed usage of a platform: the defaults, and a usage file that replaces some of them."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automation.stack.yaml_reader import read_mapping
from providers.contract.cost import USAGE
from providers.contract.diagnostics import ConfigError, InvalidConfiguration, did_you_mean, displayed

REGION_KEY = "price_region"
"""Key of a usage file that prices a stack as if it were in another region."""
DEFAULTS: Mapping[str, float] = {key.name: key.default for key in USAGE}


@dataclass(frozen=True)
class Usage:
    """Assumed usage by key; `changed` are the keys that a file sets, and `price_region` is empty for the stack's own."""

    values: Mapping[str, float]
    changed: frozenset[str] = frozenset()
    price_region: str = ""
    file: str = field(default="", compare=False)

    def origin(self, key: str) -> str:
        """Return where a value comes from: the name of the file, or `default`."""
        return self.file if key in self.changed else "default"


DEFAULT_USAGE = Usage(DEFAULTS)


def read_usage(file: Path | None) -> Usage:
    """Return the usage of a file, and defaults for what it leaves out; raises InvalidConfiguration with every error."""
    if file is None:
        return DEFAULT_USAGE
    content = read_mapping(file)
    errors = list(_errors(content))
    if errors:
        raise InvalidConfiguration(errors)
    region = str(content.get(REGION_KEY, ""))
    changed = {key: float(str(value)) for key, value in content.items() if key != REGION_KEY}
    return Usage({**DEFAULTS, **changed}, frozenset(changed), region, file.name)


def _errors(content: Mapping[str, object]) -> Iterator[ConfigError]:
    for key, value in content.items():
        if key == REGION_KEY:
            if not isinstance(value, str) or not value:
                yield ConfigError(key, f"{displayed(value)} is not a region", "use the name of a region")
        elif key not in DEFAULTS:
            known = (*DEFAULTS, REGION_KEY)
            problem = f"unknown key{did_you_mean(key, known)}"
            yield ConfigError(key, problem, "remove it; docs/cost.md lists the keys of a usage file")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
            yield ConfigError(key, f"{displayed(value)} is not a number of 0 or more", "use such a number")
        elif key == "hours" and value == 0:
            yield ConfigError(key, "a month of 0 hours has no cost", "use a number above 0")
