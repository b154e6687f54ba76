"""What goes wrong when the engine works on a stack, as one sentence and what to do; the engine's own text stays in `log`."""

from enum import StrEnum


class Failure(StrEnum):
    """What went wrong."""

    NO_ENGINE = "no engine"
    NO_LANGUAGE_HOST = "no language host"
    GUARDED = "guarded"
    NOT_RUNNING = "not running"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class DeploymentFailed(Exception):
    """An operation on a stack failed: one sentence of what happened, one of what to do."""

    def __init__(self, kind: Failure, sentence: str = "", advice: str = "", log: str = "") -> None:
        self.kind, self.sentence, self.advice, self.log = kind, sentence or str(kind), advice, log
        super().__init__(f"{self.sentence} {self.advice}".strip())
