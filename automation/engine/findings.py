"""What the doctor says of one subject: allowed, refused or unknown, what was seen, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["allowed", "refused", "unknown"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor; `advice` is empty where nothing is to be done."""

    subject: str
    verdict: Verdict
    told: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.told}; {self.advice}." if self.advice else f"{self.told}."


def allowed(subject: str, told: str) -> Finding:
    """Nothing stands in the way."""
    return Finding(subject, "allowed", told)


def refused(subject: str, told: str, advice: str) -> Finding:
    """A deployment would fail, or touch what it must not."""
    return Finding(subject, "refused", told, advice)


def unknown(subject: str, told: str, advice: str) -> Finding:
    """Nobody could be asked; `advice` names who can."""
    return Finding(subject, "unknown", told, advice)
