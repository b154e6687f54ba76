"""What is wrong with a configuration, what a cloud cannot do, and what it does in its own way: one sentence each."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class ConfigError:
    """One refused value: the key's path, the value found and a clause saying what is allowed and what to do."""

    path: str
    value: object
    advice: str

    def __str__(self) -> str:
        return f"{self.path}: {displayed(self.value)} {self.advice}."


@dataclass(frozen=True)
class Unsupported:
    """A setting that one cloud cannot honour; collected over the whole spec before anything is declared."""

    cloud: str
    path: str
    value: object
    advice: str

    def __str__(self) -> str:
        return f"{self.path}: {displayed(self.value)} is not possible on {self.cloud}: {self.advice}."


@dataclass(frozen=True)
class Adjustment:
    """A setting that a cloud honours in its own way: what was asked, and in numbers what is declared instead."""

    path: str
    asked: object
    given: str

    def __str__(self) -> str:
        return f"{self.path}: {displayed(self.asked)} becomes {self.given}."


Diagnostic = ConfigError | Unsupported


class InvalidConfiguration(Exception):
    """Raised before any resource is declared; holds every refusal of the file, one sentence each."""

    def __init__(self, refusals: Iterable[Diagnostic]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("\n".join(str(refusal) for refusal in self.refusals))


def displayed(value: object) -> str:
    """The value as a user wrote it, cut to 80 characters; `nothing` where there is none."""
    text = "nothing" if value is None else json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."


def listed(words: Iterable[object], last: str = "or") -> str:
    """`a, b or c`."""
    texts = [str(word) for word in words]
    return f" {last} ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def did_you_mean(word: object, allowed: Iterable[str]) -> str:
    """` (did you mean X)` when an allowed word is close, else nothing."""
    close = get_close_matches(str(word), list(allowed), n=1, cutoff=0.6)
    return f" (did you mean {close[0]})" if close else ""
