"""Ports of this machine that a platform takes, and who has them already. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.contract.diagnostics import Diagnostic, legacy_error, listed
from providers.contract.preflight import CheckResult
from providers.contract.spec import Platform
from providers.docker.context import HTTPS, DockerContext
from providers.docker.preflight.host import Host, Port, Standing

KEY = "docker.entry_port"
ENTRY, DASHBOARD = "entry-proxy", "monitoring-grafana"
HTTP = 80
EVERYWHERE, LOOPBACK = "0.0.0.0", "127.0.0.1"  # noqa: S104  # what the containers are told
SUBJECT = "ports"
OWN = "this stack's own"


@dataclass(frozen=True)
class RequiredPort:
    """A port that a part of the platform takes; `clause` follows the entry's port in a sentence."""

    port: Port
    part: str
    clause: str
    instead: str = ""


def wanted_ports(spec: Platform, stack: str) -> tuple[RequiredPort, ...]:
    """The entry's port, that of plain HTTP beside 443, and the dashboard's."""
    return tuple(_wanted(spec, DockerContext(spec, stack, "")))


def _wanted(spec: Platform, context: DockerContext) -> Iterator[RequiredPort]:
    entry, dashboard = context.block.entry_port, context.dashboard_port
    if spec.public:
        yield RequiredPort(Port(entry, EVERYWHERE), ENTRY, "is")
    if spec.public and entry == HTTPS:
        yield RequiredPort(Port(HTTP, EVERYWHERE), ENTRY, "takes plain HTTP on port 80 with it, which is")
    if spec.monitoring.dashboards:
        clause = f"puts the dashboard on port {dashboard}, which is"
        yield RequiredPort(Port(dashboard, LOOPBACK), DASHBOARD, clause, ", or monitoring.dashboards to false")


def seen_ports(host: Host, spec: Platform, stack: str) -> CheckResult:
    """Whether the platform can have its ports."""
    wanted, port = wanted_ports(spec, stack), DockerContext(spec, stack, "").block.entry_port
    refusals = tuple(refusal for each in wanted for refusal in _refusals(host, each, stack, port))
    told = listed((_standing(host, each, stack) for each in wanted), "and")
    return CheckResult(SUBJECT, told or "the platform takes none", refusals)


def _standing(host: Host, wanted: RequiredPort, stack: str) -> str:
    own = any(holder.is_part(stack, wanted.part) for holder in _holders(host, wanted))
    return f"{wanted.port.number} is {OWN if own else 'free'}"


def _holders(host: Host, wanted: RequiredPort) -> list[Standing]:
    return [found for found in host.containers if any(port.meets(wanted.port) for port in found.ports)]


def _refusals(host: Host, wanted: RequiredPort, stack: str, entry_port: int) -> Iterator[Diagnostic]:
    holders = _holders(host, wanted)
    for holder in holders:
        if not holder.is_part(stack, wanted.part):
            yield legacy_error(KEY, entry_port, _held(host, wanted, holder, stack))
    taker = host.takers.get(wanted.port.number)
    if not holders and taker is not None:
        yield legacy_error(KEY, entry_port, f"{wanted.clause} taken by {taker}; end it, or {_another(host, wanted)}")


def _held(host: Host, wanted: RequiredPort, holder: Standing, stack: str) -> str:
    if holder.stack == stack:
        own = "dashboard" if holder.is_part(stack, DASHBOARD) else "entry"
        return (
            f"{wanted.clause} held by this stack's own {own} ({holder.name}) until that has moved; "
            f"{_another(host, wanted)}"
        )
    return f"{wanted.clause} taken by the container {holder.name}; stop it, or {_another(host, wanted)}"


def _another(host: Host, wanted: RequiredPort) -> str:
    such = f", such as {host.free_port}" if host.free_port else ""
    return f"set {KEY} to a free one{such}{wanted.instead}"
