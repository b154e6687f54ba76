"""What the worker makes of a note: a summary and an embedding. Pure.

The embedding is feature hashing (Weinberger et al., 2009) and not a model's: it needs no key, is the same everywhere,
and similar notes still lie near each other.
"""

import math
import re
from hashlib import blake2b

DIMENSIONS = 64
SUMMARY_WORDS = 12
WORD = re.compile(r"\w+")


def summary(body: str) -> str:
    """The first sentence, cut to twelve words."""
    words = re.split(r"(?<=[.!?])\s", body.strip(), maxsplit=1)[0].split()
    return " ".join(words[:SUMMARY_WORDS]) + (" ..." if len(words) > SUMMARY_WORDS else "")


def embedding(body: str) -> list[float]:
    """64 numbers of length one together; zeros for a text without a word."""
    sums = [0.0] * DIMENSIONS
    for word in WORD.findall(body.lower()):
        hashed = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")
        sums[hashed % DIMENSIONS] += 1.0 if hashed >> 63 else -1.0
    length = math.sqrt(sum(number * number for number in sums))
    return [number / length for number in sums] if length else sums
