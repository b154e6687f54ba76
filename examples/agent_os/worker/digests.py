"""Digest of a note: a summary and an embedding. Pure.

The embedding is feature hashing (Weinberger et al., 2009) instead of a model's: it needs no key and is the same
everywhere, and similar notes have similar embeddings.
"""

import math
import re
from hashlib import blake2b

DIMENSIONS = 64
SUMMARY_WORDS = 12
WORD = re.compile(r"\w+")


def summary(body: str) -> str:
    """First sentence, cut to twelve words."""
    words = re.split(r"(?<=[.!?])\s", body.strip(), maxsplit=1)[0].split()
    return " ".join(words[:SUMMARY_WORDS]) + (" ..." if len(words) > SUMMARY_WORDS else "")


def embedding(body: str) -> list[float]:
    """Unit vector of 64 numbers; zeros for a text without words."""
    sums = [0.0] * DIMENSIONS
    for word in WORD.findall(body.lower()):
        hashed = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")
        sums[hashed % DIMENSIONS] += 1.0 if hashed >> 63 else -1.0
    length = math.sqrt(sum(number * number for number in sums))
    return [number / length for number in sums] if length else sums
