"""Quantities of Kubernetes as numbers. Pure.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from collections.abc import Mapping

SUFFIXES: Mapping[str, float] = {
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}
GIB = 2.0**30


def amount(quantity: object) -> float:
    """Return CPUs, bytes or a count; 0 for anything that is no quantity."""
    text = str(quantity)
    suffix = next((each for each in sorted(SUFFIXES, key=len, reverse=True) if text.endswith(each)), "")
    try:
        return float(text.removesuffix(suffix)) * SUFFIXES.get(suffix, 1)
    except ValueError:
        return 0.0
