"""Control of the split of requests between two revisions in the router's container. Pure.

The file of the map (`providers.contract.haproxy.sections`) says 0, and a request to the loopback address of the router's
container changes the map in memory only: a router that restarts gives a new revision nothing. The same requests keep the
counts of the backend at the beginning of a step, so that they restart together. A rollout does not replace the router.
"""

from collections.abc import Iterable, Mapping

from providers.contract.haproxy.sections import MAP_FILE
from providers.contract.naming import next_part
from providers.contract.spec import Service
from providers.docker.context import DockerContext

CONTROL_PORT = 8405
SERVICE_HEADER = "x-rollout-service"
"""Header of a request to the new revision of the named service; it is read on the loopback address only."""
COUNTS = ("requests", "errors")
"""Counts at the beginning of a step, in the map as `<service>.<count>`."""


def split_services(context: DockerContext) -> Mapping[str, Service]:
    """Public services whose rollout has steps; a `dev` session runs one from its source, without revisions."""
    return {
        name: service
        for name, service in context.spec.public.items()
        if service.rollout.in_steps and name not in context.block.dev
    }


def map_text(names: Iterable[str]) -> str:
    """Content of the map: no new revision receives requests."""
    return "".join(f"{key} 0\n" for name in names for key in (name, *(f"{name}.{count}" for count in COUNTS)))


def control(names: Iterable[str]) -> list[str]:
    """Rules of the frontend on the loopback address.

    `/KEY` answers with a value of the map and `/KEY/VALUE` changes it. A request with the header goes to the new revision, and
    the answer is its status code: clients differ in how they print one.
    """
    key = "path,field(2,/)"
    return [
        f"bind 127.0.0.1:{CONTROL_PORT}",
        "no log",
        f"acl test req.hdr({SERVICE_HEADER}) -m found",
        f"acl known {key},map({MAP_FILE}) -m found",
        "acl number path,field(3,/) -m reg ^[0-9]+$",
        f"http-request set-map({MAP_FILE}) %[{key}] %[path,field(3,/)] if !test known number",
        f'http-request return status 200 content-type text/plain lf-string "%[{key},map({MAP_FILE})]" if !test known',
        "http-request return status 404 if !test",
        f"http-request set-header Host %[req.hdr({SERVICE_HEADER})]",
        "http-request set-header X-Forwarded-Proto https",
        "http-response set-var(txn.status) status",
        "http-response return status 200 content-type text/plain lf-string %[var(txn.status)]",
        *(f"use_backend {next_part(name)} if {{ req.hdr({SERVICE_HEADER}) -m str {name} }}" for name in names),
    ]
