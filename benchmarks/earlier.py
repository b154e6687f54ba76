"""Earlier figures of docs/benchmarks.md, at cd55f08 (2026-11-21) on two quiet cores, by cloud."""

from collections.abc import Mapping

COMMIT = "cd55f08"
PLAN_CPU_SECONDS: Mapping[str, float] = {"aws": 5.76, "gcp": 4.45, "azure": 4.67}
"""CPU seconds of the cold plan of production."""
PLAN_RATIO: Mapping[str, float] = {"aws": 1.26, "gcp": 1.10, "azure": 1.16}
"""Cold plan over its baseline."""
GROWTH_RATIO: Mapping[str, float] = {"aws": 1.52, "gcp": 0.80, "azure": 2.31}
"""Cost of the services 26 to 50 over that of the services 2 to 25."""
UNCHANGED_RATIO: Mapping[str, float] = {"aws": 1.08, "gcp": 1.16, "azure": 1.24}
"""`up` of an unchanged stack over a flat program."""
FIRST_RATIO: Mapping[str, float] = {"aws": 1.06, "gcp": 1.11, "azure": 1.12}
"""First `up` over the longest chain that the cloud requires."""
