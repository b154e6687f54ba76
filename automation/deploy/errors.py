"""What can go wrong when the engine works on a stack: its kind, one sentence of what happened, and what to do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from providers.contract.diagnostics import sentences


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
    """Failed operation on a stack, with the cause and the remedy in separate fields.

    `problem` is a clause without a full stop, `fix` an imperative clause; as text they are `<stack>: <problem>. <Fix>.`
    `log` is the output of the engine, in which the engine masks secrets.
    """

    def __init__(self, kind: Failure, problem: str, fix: str = "", log: str = "", *, stack: str = "") -> None:
        self.kind, self.problem, self.fix, self.log, self.stack = kind, problem, fix, log, stack
        super().__init__(sentences(stack, problem, fix).removeprefix(": "))


NETWORK = r"no such host|connection refused|connection reset|network is unreachable|i/o timeout|TLS handshake timeout|request send failed|error reading from server"


@dataclass(frozen=True)
class ErrorPattern:
    """A failure by the text that gives it away; both sentences may name the pattern's groups, `stack` and `what`."""

    kind: Failure
    pattern: str
    sentence: str
    advice: str

    def found_in(self, text: str) -> Mapping[str, str] | None:
        """The pattern's groups, when the text holds it."""
        found = re.search(self.pattern, text, re.DOTALL | re.MULTILINE)
        return None if found is None else {key: value or "" for key, value in found.groupdict().items()}


STACK_PATTERNS = (
    ErrorPattern(
        Failure.WRONG_PASSPHRASE,
        r"incorrect passphrase",
        "{stack}: the passphrase does not open the secrets of the stack",
        "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one it was made with",
    ),
    ErrorPattern(
        Failure.NO_PASSPHRASE,
        r"passphrase must be set with",
        "{stack}: its secrets are sealed with a passphrase, and none is set",
        "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
    ),
    ErrorPattern(
        Failure.LOCKED,
        r"currently locked by .*?created by (?P<who>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)",
        "{stack}: an update by {who} (process {pid}) holds the stack since {since}",
        "wait until it ends, or, when that process is gone, run `agent-platform cancel {stack}`",
    ),
    ErrorPattern(
        Failure.LOCKED,
        r"Another update is currently in progress",
        "{stack}: another update is in progress",
        "wait until it ends, or, when nobody runs it any more, run `agent-platform cancel {stack}`",
    ),
    ErrorPattern(
        Failure.DAMAGED,
        r"failed to load checkpoint: (?P<why>[^\n]+)|snapshot integrity (?P<integrity>error|failure)|^error: (?P<bare>place \d+: [^\n]+|EOF)$"
        r"|resource '[^\n]*' missing required '\w+' field",
        "{stack}: its state in the backend is damaged",
        "run `agent-platform recover {stack}`, which mends it or names the backup to go back to",
    ),
    ErrorPattern(
        Failure.NO_STACK,
        r"no stack named '(?P<name>[^']+)' found",
        "{stack}: the backend has no such stack",
        "log in to the backend that has it, or make it with `agent-platform up {stack} --create`",
    ),
    ErrorPattern(
        Failure.NOT_LOGGED_IN,
        r"PULUMI_ACCESS_TOKEN must be set|missing google credentials|invalid access token|\[401\] Unauthorized",
        "{stack}: nobody is logged in to the backend of the state",
        "run `pulumi login`, or set PULUMI_BACKEND_URL and the credentials that it needs",
    ),
    ErrorPattern(
        Failure.NO_BACKEND,
        r"unable to open (?:state directory|bucket) \"(?P<url>[^\"]+)\"",
        "{stack}: the backend {url} cannot be opened",
        "check PULUMI_BACKEND_URL, and that the folder or bucket is there and yours to read",
    ),
)
"""Told before anything of the stack is touched."""

CLOUD_PATTERNS = (
    ErrorPattern(
        Failure.OTHER_ACCOUNT,
        r"AWS account ID not allowed: (?P<account>\d+)|InvalidAuthenticationTokenTenant|SubscriptionNotFound"
        r"|subscription '?[^'\n]*'? could not be found|USER_PROJECT_DENIED|Project '?[^'\n]*'? not found or permission denied",
        "{stack}: the credentials are for another account than the one in the stack's file{of_account}",
        "log in to that account; `agent-platform doctor {stack}` shows both",
    ),
    ErrorPattern(
        Failure.NO_CREDENTIALS,
        r"No valid credential sources found|could not find default credentials|unable to validate AWS credentials"
        r"|failed to refresh cached credentials|ExpiredToken|az login|DefaultAzureCredential|oauth2: .*token expired",
        "{stack}: the cloud takes no credentials that are here",
        "log in to the cloud; `agent-platform doctor {stack}` shows where it looks",
    ),
    ErrorPattern(
        Failure.NO_RIGHT,
        r"AccessDenied|UnauthorizedOperation|AuthorizationFailed|PERMISSION_DENIED|Error 403|is not authorized to perform",
        "{stack}: the credentials have no right to {what}",
        "give the deployer that right, and run the same again",
    ),
    ErrorPattern(
        Failure.QUOTA,
        r"[Qq]uota|LimitExceeded|RESOURCE_EXHAUSTED",
        "{stack}: a quota of the account does not allow to {what}",
        "have it raised or ask for less, and run the same again",
    ),
    ErrorPattern(
        Failure.PROTECTED,
        r"cannot be deleted\s+because it is protected|[Dd]eletion ?[Pp]rotection|ScopeLocked",
        "{stack}: {what_name} is protected from deletion",
        "when that loss is meant, take the protection away in the stack's file, run `up`, and then run the same again",
    ),
    ErrorPattern(
        Failure.NO_PLUGIN,
        r"no resource plugin '(?P<plugin>[^']+)' found[^\n]*at version (?P<version>\S+)"
        r"|download and install resource plugin '(?P<wanted>[^']+)' at version (?P<wanted_version>[^,\s]+)",
        "{stack}: the plugin {plugin}{wanted} {version}{wanted_version} is not here and cannot be downloaded",
        "run `agent-platform doctor {stack}`, which tells how to bring it",
    ),
    ErrorPattern(
        Failure.OFFLINE,
        r"failed to connect to any docker daemon|Cannot connect to the Docker daemon|rror pinging Docker server",
        "{stack}: no Docker answers where the stack stands",
        "start it, or set DOCKER_HOST to its address; `agent-platform doctor {stack}` tells where it is looked for",
    ),
    ErrorPattern(
        Failure.OFFLINE,
        NETWORK,
        "{stack}: the connection to the cloud was lost when it should {what}",
        "what was made stands in the state; when the network is back, run `agent-platform recover {stack}`",
    ),
)
"""Told by a provider about one resource; nothing that was made before is lost."""

PROGRAM_PATTERNS = (
    ErrorPattern(
        Failure.NO_ENVIRONMENT,
        r"No module named '(?P<module>pulumi\w*)'",
        "{stack}: the program's Python environment has no {module}",
        "run `make plan` once, which installs it into .venv",
    ),
    ErrorPattern(
        Failure.PROGRAM,
        r"Program failed with an unhandled exception:.*?\n(?P<why>[^\s][^\n]*)\s*\Z",
        "{stack}: the program failed: {why}",
        "`agent-platform plan {stack}` shows the same without the engine",
    ),
)

UNREACHABLE_BACKEND = ErrorPattern(
    Failure.UNREACHABLE,
    NETWORK,
    "{stack}: the backend of the state cannot be reached",
    "check the network and PULUMI_BACKEND_URL; nothing was changed",
)
