"""What can go wrong when the engine works on a stack: its kind, one sentence of what happened, and what to do."""

from enum import StrEnum


class Failure(StrEnum):
    """What went wrong, for whoever handles it in a program."""

    NO_ENGINE = "no engine"
    NO_LANGUAGE_HOST = "no language host"
    NO_ENVIRONMENT = "no environment"
    NO_PLUGIN = "no plugin"
    WRONG_PASSPHRASE = "wrong passphrase"  # noqa: S105  # a kind of failure
    NO_PASSPHRASE = "no passphrase"  # noqa: S105  # a kind of failure
    LOCKED = "locked"
    DAMAGED = "damaged"
    NO_STACK = "no stack"
    NOT_LOGGED_IN = "not logged in"
    NO_BACKEND = "no backend"
    UNREACHABLE = "unreachable"
    OTHER_ACCOUNT = "other account"
    NO_CREDENTIALS = "no credentials"
    NO_RIGHT = "no right"
    QUOTA = "quota"
    OFFLINE = "offline"
    PROTECTED = "protected"
    PROGRAM = "program"
    RESOURCE = "resource"
    GUARDED = "guarded"
    NOT_RUNNING = "not running"
    CANCELLED = "cancelled"
    KILLED = "killed"
    UNKNOWN = "unknown"


class DeploymentFailed(Exception):
    """An operation on a stack failed; as text it is one sentence: what happened, and what to do.

    `log` is what the engine said, for whoever asks for it; the engine masks secrets in it.
    """

    def __init__(self, kind: Failure, sentence: str, advice: str = "", log: str = "") -> None:
        self.kind, self.sentence, self.advice, self.log = kind, sentence, advice, log
        super().__init__(f"{'; '.join(part for part in (sentence, advice) if part)}.")
