"""Public name servers of a DNS zone and addresses of a host, by DNS over HTTPS: independent of the resolver of this machine.

Google Public DNS and Cloudflare answer the same JSON: https://developers.google.com/speed/public-dns/docs/doh/json
"""

from pydantic import BaseModel

from automation.engine.network import Fetch

RESOLVERS = ("https://dns.google/resolve", "https://cloudflare-dns.com/dns-query")
ADDRESS = 1
"""Type number of an A record."""
NAME_SERVER = 2
"""Type number of an NS record."""
NO_SUCH_NAME = 3


class _Record(BaseModel):
    name: str = ""
    type: int = 0
    data: str = ""


class _Answer(BaseModel):
    Status: int
    Answer: list[_Record] = []


def public_name_servers(zone: str, fetch: Fetch) -> frozenset[str] | None:
    """Return the name servers that the parent of a zone delegates to, empty for none; None when no resolver answers."""
    for resolver in RESOLVERS:
        reply = fetch("GET", f"{resolver}?name={zone}&type=NS", {"Accept": "application/dns-json"})
        answer = _parsed(reply.body) if reply.status == 200 else None
        if answer is not None and answer.Status in (0, NO_SUCH_NAME):
            records = (record for record in answer.Answer if record.type == NAME_SERVER)
            return frozenset(
                normalized(record.data) for record in records if normalized(record.name) == normalized(zone)
            )
    return None


def is_public(host: str, fetch: Fetch) -> bool:
    """Return whether a public resolver knows an address of a host; False for a private name, and where none answers."""
    for resolver in RESOLVERS:
        reply = fetch("GET", f"{resolver}?name={host}&type=A", {"Accept": "application/dns-json"})
        answer = _parsed(reply.body) if reply.status == 200 else None
        if answer is not None and answer.Status in (0, NO_SUCH_NAME):
            return any(record.type == ADDRESS for record in answer.Answer)
    return False


def normalized(name: str) -> str:
    """Return a host name in lower case without the final dot."""
    return name.strip().rstrip(".").lower()


def _parsed(body: bytes) -> _Answer | None:
    try:
        return _Answer.model_validate_json(body)
    except ValueError:
        return None
