"""Split of a service's requests between its stable revision and its new one in HAProxy's file. Pure.

A map has the share of each new revision in percent. `server-template` with one name cannot distinguish the revisions, so the
new one has its own name and backend. Both are in the file all the time. Without a healthy replica the backend takes nothing.
"""

from collections.abc import Iterable, Iterator

from providers.contract.naming import CONFIG_FOLDER, next_part

MAP_FILE = f"{CONFIG_FOLDER}/rollout.map"


def dice(names: Iterable[str]) -> Iterator[str]:
    """Rules of a frontend: a number of 0 to 99 for each request, and what it means for each service."""
    for number, name in enumerate(names):
        if not number:
            yield "http-request set-var(txn.dice) rand(100)"
        yield f"acl next-{name} str({name}),map_str_int({MAP_FILE},0),sub(txn.dice) gt 0"
        yield f"acl ready-{name} nbsrv({next_part(name)}) gt 0"


def route_to_next(name: str, path_conditions: Iterable[str]) -> str:
    """Rule that sends a service's share of requests to its new revision; without a path condition, any request."""
    own = f"next-{name} ready-{name}"
    return f"use_backend {next_part(name)} if {' or '.join(f'{each} {own}' for each in path_conditions) or own}"
