"""Base model and field types shared by all parts of the spec.

Field docstrings are user documentation: `docs/configuration.md` and the JSON schema are generated from them, so each is
one sentence that states the unit and the meaning of an absent value.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from providers.contract.presets import CloudName as CloudName
from providers.contract.presets import Profile as Profile

Percent = Annotated[float, Field(gt=0, le=100)]
PositiveInt = Annotated[int, Field(gt=0)]
Port = Annotated[int, Field(ge=1, le=65535)]
"""TCP port."""
OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
Ipv4 = Annotated[str, Field(pattern=rf"^{OCTET}(\.{OCTET}){{3}}$")]
"""IPv4 address."""
Slug = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$", max_length=40)]
"""Lower-case letters, digits and hyphens, starting with a letter: valid as a DNS label on every cloud."""
CacheName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=20)]
"""Lower-case letters, digits and single hyphens: ElastiCache and Azure Managed Redis refuse two hyphens in a row."""
Environment = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$")]
"""Name of a secret, which is the name of its environment variable."""
Guid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
"""Identifier of Microsoft Entra and Azure."""
Cron = Annotated[str, Field(pattern=r"^\S+( \S+){4}$", max_length=100)]
"""Schedule in the five fields of cron: minute, hour, day of month, month, day of week."""
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""Name of a plain environment variable; some programs read theirs in lower case, such as http_proxy."""


class SpecModel(BaseModel):
    """Base of every part of the spec: immutable, without unknown keys, documented by docstrings."""

    model_config = ConfigDict(
        # a class is built when a value is read: most commands read one kind, and a platform builds its parts itself
        defer_build=True,
        # a default such as 2 becomes 2.0: Python 3.11 has no int.is_integer, and a size is one type
        frozen=True, extra="forbid", strict=True, validate_default=True, allow_inf_nan=False,
    )  # fmt: skip
