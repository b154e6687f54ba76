"""What a provider's, a backend's or the engine's error text means, as one sentence: the text itself is never shown.

It runs over several lines, names internals, and could quote a header or a URL with something secret in it.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Trouble:
    """A kind of failure in words; `final` when asking again without a change cannot help."""

    kind: str
    told: str
    advice: str
    final: bool


TROUBLES: tuple[tuple[str, Trouble], ...] = (
    (
        r"no resource plugin|could not load plugin|plugin .*not (found|installed)|failed to (load|install|download) plugin"
        r"|download(ing)? .*plugin",
        Trouble("plugin", "the provider's plugin is not here", "see the line of the plugins", final=False),
    ),
    (
        r"no such host|i/o timeout|connection (refused|reset)|network is unreachable|name resolution|TLS handshake timeout"
        r"|deadline exceeded|context deadline",
        Trouble("network", "it cannot be reached from here", "look at network, proxy and firewall", final=False),
    ),
    (
        r"not been used in project|SERVICE_DISABLED|API .*(is )?(not enabled|disabled)|MissingSubscriptionRegistration",
        Trouble("service", "the service that answers it is not enabled", "enable it, or look by hand", final=False),
    ),
    (
        r"expired|invalid_grant|AADSTS70008|AADSTS700082|reauth|InvalidClientTokenId|SignatureDoesNotMatch"
        r"|invalid[ _]?(access )?token|unauthenticated|AADSTS7000215|status code:? 401|\b401\b",
        Trouble("expired", "the credentials are expired or wrong", "log in again", final=True),
    ),
    (
        r"could not find default credentials|no valid credential|failed to (refresh|retrieve).* credentials"
        r"|missing google credentials|unable to find .*credentials|no EC2 IMDS role|DefaultAzureCredential"
        r"|az login|no credentials|credentials? (were )?not found|PULUMI_ACCESS_TOKEN must be set|must be logged in",
        Trouble("credentials", "no credentials were found", "log in", final=True),
    ),
    (
        r"access ?denied|permission ?denied|forbidden|not authorized|AuthorizationFailed|UnauthorizedOperation"
        r"|does not have (the )?(permission|authorization)|\b403\b",
        Trouble(
            "denied", "the credentials may not do that", "ask for the right, or take other credentials", final=True
        ),
    ),
    (
        r"no such file or directory|NoSuchBucket|bucket .*(does not|doesn't) exist|ContainerNotFound|code=NotFound|\b404\b",
        Trouble("missing", "it does not exist", "make it, or correct its name", final=True),
    ),
)
"""Patterns in the order in which they are tried: a download without network is a matter of the plugin."""
OTHER = Trouble(
    "other", "the answer was an error of no known kind", "ask by hand, where its text can be read", final=False
)
LATE = Trouble("late", "no answer came in time", "try again, and look at network and proxy", final=False)


def trouble_of(text: str) -> Trouble:
    """The kind of trouble that a text tells of."""
    return next((trouble for pattern, trouble in TROUBLES if re.search(pattern, text, re.IGNORECASE)), OTHER)


def trouble_of_kind(kind: str) -> Trouble:
    """The trouble of that name."""
    return next((trouble for _, trouble in TROUBLES if trouble.kind == kind), OTHER)
