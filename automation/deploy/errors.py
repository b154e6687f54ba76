"""Failures of a deployment: their kinds, the exception, and the table of error texts that identify them. Imports no SDK.

The error texts are those of Pulumi 3.260 and of the AWS, Google Cloud, Azure and Docker providers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from providers.contract.diagnostics import sentences


class Failure(StrEnum):
    """Kind of a failure, for programs that handle it."""

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
    WRONG_ACCOUNT = "wrong account"
    NO_CREDENTIALS = "no credentials"
    NO_PERMISSION = "no permission"
    QUOTA = "quota"
    OFFLINE = "offline"
    PROTECTED = "protected"
    POLICY = "policy"
    PROGRAM = "program"
    RESOURCE = "resource"
    GUARDED = "guarded"
    NOT_RUNNING = "not running"
    NO_PROGRAM = "no program"
    NO_REGISTRY = "no registry"
    NO_IMAGE = "no image"
    TAKEN = "taken"
    COMMAND = "command"
    CANCELLED = "cancelled"
    KILLED = "killed"
    UNKNOWN = "unknown"


class DeploymentFailed(Exception):
    """Failed operation on a stack, with the problem and the fix in separate fields.

    `problem` is a clause without a full stop and `fix` an imperative clause; the text of the exception is
    `<stack>: <problem>. <Fix>.` `log` is the output of the engine, in which the engine masks secrets.
    """

    def __init__(self, kind: Failure, problem: str, fix: str = "", log: str = "", *, stack: str = "") -> None:
        self.kind, self.problem, self.fix, self.log, self.stack = kind, problem, fix, log, stack
        super().__init__(sentences(stack, problem, fix).removeprefix(": "))

    def with_fix(self, fix: str) -> "DeploymentFailed":
        """Return the same failure with another fix."""
        return DeploymentFailed(self.kind, self.problem, fix, self.log, stack=self.stack)


@dataclass(frozen=True, kw_only=True)
class ErrorPattern:
    """Failure identified by an error text.

    `problem` and `fix` are templates over the pattern's groups and `stack`, `action`, `resource` and `of_account`.
    """

    kind: Failure
    pattern: str
    problem: str
    fix: str

    def match(self, text: str) -> Mapping[str, str] | None:
        """Return the pattern's groups, or None when the text does not contain it."""
        match = re.search(self.pattern, text, re.DOTALL | re.MULTILINE)
        return None if match is None else {key: value or "" for key, value in match.groupdict().items()}

    def failure(self, facts: Mapping[str, str], log: str, stack: str = "") -> DeploymentFailed:
        """Return the failure with `facts` in the places of its templates."""
        problem, fix = self.problem.format_map(facts).rstrip(), self.fix.format_map(facts)
        return DeploymentFailed(self.kind, problem, fix, log, stack=stack)


NETWORK = (
    r"no such host|connection refused|connection reset|network is unreachable|i/o timeout|TLS handshake timeout"
    r"|request send failed|error reading from server"
)

DOCKER_DAEMON = ErrorPattern(
    kind=Failure.OFFLINE,
    pattern=r"failed to connect to any docker daemon|Cannot connect to the Docker daemon|rror (?:pinging Docker server|during connect)",
    problem="cannot reach the Docker daemon",
    fix="start it, or set DOCKER_HOST to its address; `agent-platform doctor {stack}` shows the address in use",
)
"""Reported with a resource, or before any when the engine loads the provider of an existing stack."""
STACK_PATTERNS = (
    ErrorPattern(
        kind=Failure.WRONG_PASSPHRASE,
        pattern=r"incorrect passphrase",
        problem="the passphrase does not decrypt the secrets of the stack",
        fix="set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the passphrase of the stack",
    ),
    ErrorPattern(
        kind=Failure.NO_PASSPHRASE,
        pattern=r"passphrase must be set with",
        problem="the secrets are encrypted with a passphrase, and no passphrase is set",
        fix="set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
    ),
    ErrorPattern(
        kind=Failure.LOCKED,
        pattern=r"currently locked by .*?created by (?P<who>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)",
        problem="an update by {who} (process {pid}) has held the lock since {since}",
        fix="wait until it ends; if that process no longer exists, run `agent-platform cancel {stack}`",
    ),
    ErrorPattern(
        kind=Failure.LOCKED,
        pattern=r"Another update is currently in progress",
        problem="another update is in progress",
        fix="wait until it ends; if it no longer runs, run `agent-platform cancel {stack}`",
    ),
    ErrorPattern(
        kind=Failure.DAMAGED,
        pattern=r"failed to load checkpoint: (?P<why>[^\n]+)|snapshot integrity (?P<integrity>error|failure)"
        r"|unexpected end of JSON input|^error: (?P<bare>place \d+: [^\n]+|EOF)$|resource '[^\n]*' missing required '\w+' field",
        problem="the state in the backend is damaged",
        fix="run `agent-platform recover {stack}`, which repairs it or names the backup to restore",
    ),
    ErrorPattern(
        kind=Failure.NO_STACK,
        pattern=r"no stack named '(?P<name>[^']+)' found",
        problem="the backend has no such stack",
        fix="log in to the backend of the stack, or create it with `agent-platform up {stack} --create`",
    ),
    ErrorPattern(
        kind=Failure.NOT_LOGGED_IN,
        pattern=r"PULUMI_ACCESS_TOKEN must be set|missing google credentials|invalid access token|\[401\] Unauthorized",
        problem="not logged in to the state backend",
        fix="run `pulumi login`, or set PULUMI_BACKEND_URL and the credentials that it needs",
    ),
    ErrorPattern(
        kind=Failure.NO_BACKEND,
        pattern=r"(?P<path>/[^\s:]+?)(?:/\.pulumi/[^\s:]*)?: read-only file system",
        problem="{path} is on a read-only file system, so the state cannot be saved",
        fix="set PULUMI_BACKEND_URL, or PULUMI_HOME for files of the engine, to a folder that can be written",
    ),
    ErrorPattern(
        kind=Failure.NO_BACKEND,
        pattern=r"\b(?:open|mkdir|write|rename|remove|unlinkat|create|chmod) (?P<path>/[^\s:]+?)(?:/\.pulumi/[^\s:]*)?: permission denied",
        problem="this user has no permission for {path}",
        fix="change the owner or the mode of the folder, or set PULUMI_BACKEND_URL to a folder that this user may write",
    ),
    ErrorPattern(
        kind=Failure.NO_BACKEND,
        pattern=r"no space left on device|disk quota exceeded",
        problem="this machine has no disk space left",
        fix="free space on the disks of the state backend and of the temporary folder, then run "
        "`agent-platform recover {stack}`",
    ),
    ErrorPattern(
        kind=Failure.NO_BACKEND,
        pattern=r"unable to open (?:state directory|bucket) \"(?P<url>[^\"]+)\"",
        problem="the state backend {url} cannot be opened",
        fix="check that PULUMI_BACKEND_URL names a folder or bucket that exists and that you may read",
    ),
    DOCKER_DAEMON,
)
"""Errors of the engine before it changes anything."""

CLOUD_PATTERNS = (
    ErrorPattern(
        kind=Failure.WRONG_ACCOUNT,
        pattern=r"AWS account ID not allowed: (?P<account>\d+)|InvalidAuthenticationTokenTenant|SubscriptionNotFound"
        r"|subscription '?[^'\n]*'? could not be found|USER_PROJECT_DENIED|Project '?[^'\n]*'? not found or permission denied",
        problem="the credentials are for another account than the stack file names{of_account}",
        fix="log in to the account of the stack file; `agent-platform doctor {stack}` shows both accounts",
    ),
    ErrorPattern(
        kind=Failure.NO_CREDENTIALS,
        pattern=r"No valid credential sources found|could not find default credentials|unable to validate AWS credentials"
        r"|failed to refresh cached credentials|ExpiredToken|az login|DefaultAzureCredential|oauth2: .*token expired",
        problem="no valid cloud credentials found",
        fix="log in to the cloud; `agent-platform doctor {stack}` lists the sources that are searched",
    ),
    ErrorPattern(
        kind=Failure.NO_PERMISSION,
        pattern=r"AccessDenied|UnauthorizedOperation|AuthorizationFailed|PERMISSION_DENIED|Error 403|is not authorized to perform",
        problem="the credentials have no permission to {action}",
        fix="grant the deployer this permission, then retry",
    ),
    ErrorPattern(
        kind=Failure.QUOTA,
        pattern=r"[Qq]uota|LimitExceeded|RESOURCE_EXHAUSTED",
        problem="a quota of the account is exhausted: cannot {action}",
        fix="request a quota increase or reduce the request, then retry",
    ),
    ErrorPattern(
        kind=Failure.PROTECTED,
        pattern=r'resource "[^"]*?(?P<name>[^":]+)" cannot be deleted\s+because it is protected',
        problem="{name} is protected from deletion",
        fix="revert the setting that causes it; to delete it, run `agent-platform up {stack} --allow-replace {name}`",
    ),
    ErrorPattern(
        kind=Failure.PROTECTED,
        pattern=r"[Dd]eletion ?[Pp]rotection|ScopeLocked",
        problem="{resource} is protected from deletion",
        fix="if you intend to delete it, disable the protection in the stack file, run `up`, then retry",
    ),
    ErrorPattern(
        kind=Failure.NO_PLUGIN,
        pattern=r"no resource plugin '(?P<plugin>[^']+)' found[^\n]*at version (?P<version>\S+)"
        r"|download and install resource plugin '(?P<missing>[^']+)' at version (?P<missing_version>[^,\s]+)",
        problem="the plugin {plugin}{missing} {version}{missing_version} is not installed and cannot be downloaded",
        fix="run `agent-platform doctor {stack}`, which shows how to install it",
    ),
    DOCKER_DAEMON,
    ErrorPattern(
        kind=Failure.OFFLINE,
        pattern=NETWORK,
        problem="the connection to the cloud was lost: could not {action}",
        fix="when the network is available again, run `agent-platform recover {stack}`; completed steps are saved in the state",
    ),
)
"""Errors of a provider about one resource; completed steps are saved in the state."""

PROGRAM_PATTERNS = (
    ErrorPattern(
        kind=Failure.POLICY,
        pattern=r"^policy violation: (?P<why>[^\n]+?)\.?$",
        problem="a mandatory policy fails: {why}",
        fix="fix the resource, or accept the failure with its reason in accept_checks or in the configuration of the pack",
    ),
    ErrorPattern(
        kind=Failure.NO_ENVIRONMENT,
        pattern=r"No module named '(?P<module>pulumi\w*)'",
        problem="the Python environment of the program has no package {module}",
        fix="run `make plan` in the project's folder, or `pip install 'agent-platform[<cloud>] @ git+https://github.com/acme/agent-platform'` elsewhere",
    ),
    ErrorPattern(
        kind=Failure.PROGRAM,
        pattern=r"InvalidConfiguration: (?P<why>network\.existing\.[^\n]*(?:\nnetwork\.existing\.[^\n]*)*)",
        problem="the existing network does not fit:\n{why}",
        fix="docs/existing.md describes what must be true of it",
    ),
    ErrorPattern(
        kind=Failure.PROGRAM,
        pattern=r"Program failed with an unhandled exception:.*?\n(?P<why>(?!warning: )\S[^\n]*)(?:\s*\nwarning: [^\n]*)*\s*\Z",
        problem="the program failed: {why}",
        fix="run `agent-platform plan {stack}`, which reproduces the error without the engine",
    ),
)

UNREACHABLE_BACKEND = ErrorPattern(
    kind=Failure.UNREACHABLE,
    pattern=NETWORK,
    problem="the state backend is unreachable; nothing was changed",
    fix="check the network and PULUMI_BACKEND_URL",
)
