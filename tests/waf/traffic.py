"""Ordinary prompts as agents read them, and attacks in queries, headers and paths of a run."""

import json
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

from tests.waf.replay import HttpRequest, message_forms, request

FOLDER = Path(__file__).parent
PROMPTS: dict[str, list[str]] = json.loads((FOLDER / "prompts.json").read_text(encoding="utf-8"))
ATTACKS: dict[str, list[str]] = json.loads((FOLDER / "attacks.json").read_text(encoding="utf-8"))
RUNS = "/agents/assistant/runs"


def prompts(path: str) -> list[HttpRequest]:
    """Each prompt in each form to a path."""
    return [sent for texts in PROMPTS.values() for text in texts for sent in message_forms(path, text)]


def attacks_outside_bodies() -> list[HttpRequest]:
    """Attacks in query and headers of a run, and in the path below it."""
    queries = [f"{RUNS}?{quote(query, safe='=&%')}" for query in ATTACKS["query"]]
    return [
        *(request(target, method=method) for target in queries for method in ("GET", "POST")),
        *(request(RUNS, ((name, value),)) for name, value in ATTACKS["headers"]),
        request(f"{RUNS}/..%2f..%2f..%2fetc/passwd"),
        request("/agents/x?q=1' UNION SELECT password FROM users--/runs".replace(" ", "%20")),
    ]


def send(connection: HTTPConnection, sent: HttpRequest, **headers: str) -> int:
    """Status of the answer to a request, with further headers, on a connection that is closed after it."""
    connection.putrequest(sent.method, sent.target, skip_host=True, skip_accept_encoding=True)
    for name, value in (*sent.headers, *headers.items()):
        connection.putheader(name, value)
    connection.endheaders(sent.body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status
