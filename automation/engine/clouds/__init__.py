"""Queries of the doctor by cloud, each through the cloud's own provider; only the module of one cloud is imported.

An answer holds only the fields that a check reads: `get_client_config` of Google Cloud, for example, also returns an
access token.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Protocol, cast

import pulumi

from automation.engine.target import CloudTarget

Answer = Mapping[str, str | float]
Query = Callable[[pulumi.InvokeOptions], Answer]


class CloudQueries(Protocol):
    """Interface of the modules in this package."""

    def provider(self, target: CloudTarget) -> pulumi.ProviderResource:
        """Return an explicit provider of the target."""
        ...

    def queries(self, target: CloudTarget) -> Mapping[str, Query]:
        """Return the queries by name."""
        ...


def load_queries(cloud: str) -> CloudQueries:
    """Import the module of a cloud."""
    return cast("CloudQueries", import_module(f"automation.engine.clouds.{cloud}"))
