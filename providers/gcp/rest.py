"""Requests to Google's APIs by curl, for what the Google Cloud CLI cannot ask within a time or not do in one step. Pure.

Paths and bodies are those of Google's discovery documents, with which the tests compare each request.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, ValidationError

from providers.contract.cli import CliCommand, CliFailure
from providers.contract.failover import PROBE_SECONDS

TOKEN = CliCommand(("gcloud", "auth", "print-access-token", '--format=value(token.sub("^", "Authorization: Bearer "))'))
"""Header with the access token, which is piped into curl and never an argument."""
CONNECT_SECONDS, MAX_SECONDS = 5, 60


@dataclass(frozen=True)
class ApiRequest:
    """Request of an API, such as `ApiRequest("GET", "sqladmin", "v1/projects/acme/instances/db")`."""

    verb: str
    api: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, object] | None = None

    @property
    def url(self) -> str:
        """Address with the query."""
        parameters = f"?{urlencode(self.query)}" if self.query else ""
        return f"https://{self.api}.googleapis.com/{self.path}{parameters}"

    def command(self, seconds: int = MAX_SECONDS) -> CliCommand:
        """Command that sends the request and prints the answer; it fails for a status of 400 and above, and after some seconds."""
        limits = ("--connect-timeout", str(CONNECT_SECONDS), "--max-time", str(seconds))
        options = ("--silent", "--show-error", "--fail-with-body", *limits, "--header", "@-", "--request", self.verb)
        body: tuple[str, ...] = ()
        if self.body is not None:
            body = ("--header", "Content-Type: application/json", "--data", json.dumps(self.body))
        elif self.verb != "GET":  # an empty body, and not none, which would have no length
            body = ("--data", "")
        return CliCommand(("curl", *options, *body, self.url), stdin=TOKEN)

    def probe(self) -> CliCommand:
        """Command that gives up when a region does not answer."""
        return self.command(PROBE_SECONDS)


class Answer(BaseModel):
    """Part of an answer; fields that are not needed are ignored."""

    model_config = ConfigDict(extra="ignore")


AnswerT = TypeVar("AnswerT", bound=Answer)


def parsed(kind: type[AnswerT], text: str, key: str) -> AnswerT:
    """Return the answer to a request about `key`; raises CliFailure for one that is none."""
    try:
        return kind.model_validate_json(text or "{}")
    except ValidationError:
        fix = "run gcloud auth login, then the same command again"
        raise CliFailure(key, "the answer of Google Cloud cannot be read", fix) from None
