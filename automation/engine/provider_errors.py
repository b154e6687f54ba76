"""Cause and fix of an error of a provider, a backend or the engine; the text of the error is never printed.

The text spans several lines, names internals, and can quote a header or a URL with a secret in it.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class ProviderError:
    """Kind of error; `permanent` when a retry without a change cannot succeed."""

    kind: str
    cause: str
    fix: str
    permanent: bool = False


PATTERNS: tuple[tuple[str, ProviderError], ...] = (
    (
        r"no resource plugin|could not load plugin|plugin .*not (found|installed)|failed to (load|install|download) plugin"
        r"|download(ing)? .*plugin",
        ProviderError("plugin", "the provider plugin is not installed", "see the finding `plugins`"),
    ),
    (
        r"no such host|i/o timeout|connection (refused|reset)|network is unreachable|name resolution|TLS handshake timeout"
        r"|deadline exceeded|context deadline",
        ProviderError("network", "no network connection", "check network, proxy and firewall"),
    ),
    (
        r"not been used in project|SERVICE_DISABLED|API .*(is )?(not enabled|disabled)|MissingSubscriptionRegistration",
        ProviderError("service", "the API is not enabled", "enable the API or check in the console"),
    ),
    (
        r"expired|invalid_grant|AADSTS70008|AADSTS700082|reauth|InvalidClientTokenId|SignatureDoesNotMatch"
        r"|invalid[ _]?(access )?token|unauthenticated|AADSTS7000215|status code:? 401|\b401\b",
        ProviderError("expired", "the credentials are expired or invalid", "log in again", permanent=True),
    ),
    (
        r"could not find default credentials|no valid credential|failed to (refresh|retrieve).* credentials"
        r"|missing google credentials|unable to find .*credentials|no EC2 IMDS role|DefaultAzureCredential"
        r"|az login|no credentials|credentials? (were )?not found|PULUMI_ACCESS_TOKEN must be set|must be logged in",
        ProviderError("credentials", "no credentials found", "log in", permanent=True),
    ),
    (
        r"access ?denied|permission ?denied|forbidden|not authorized|AuthorizationFailed|UnauthorizedOperation"
        r"|does not have (the )?(permission|authorization)|\b403\b",
        ProviderError("denied", "permission denied", "request the permission or use other credentials", permanent=True),
    ),
    (
        r"no such file or directory|NoSuchBucket|bucket .*(does not|doesn't) exist|ContainerNotFound|code=NotFound|\b404\b"
        r"|Resource(Group)?NotFound|no matching|couldn't find|AWSOrganizationsNotInUse|not found",
        ProviderError("missing", "it does not exist", "create it or correct its name", permanent=True),
    ),
)
"""Patterns in the order in which they are tried: a download without network is an error of the plugin."""
UNCLASSIFIED = ProviderError("other", "unclassified error", "run the query by hand to read the error")
TIMEOUT = ProviderError("timeout", "no response before the timeout", "retry, and check network and proxy")


def error_of_text(text: str) -> ProviderError:
    """Return the first error whose pattern matches a text."""
    return next((error for pattern, error in PATTERNS if re.search(pattern, text, re.IGNORECASE)), UNCLASSIFIED)


def error_of_kind(kind: str) -> ProviderError:
    """Return the error of a kind."""
    return next((error for _, error in PATTERNS if error.kind == kind), UNCLASSIFIED)
