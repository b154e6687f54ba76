"""Steps of a failover with their commands and expected minutes, for `--dry-run`. Imports no SDK."""

import shlex
from collections.abc import Iterator, Sequence

from automation.deploy.failover_record import FailoverPhase, FailoverRecord
from automation.failover.smoke import smoke_paths
from automation.failover.stack_failover import StackFailover
from automation.shell import command_text
from providers.contract.cli import CliCommand
from providers.contract.failover import Address, FailoverCommands, Move

TITLES: dict[FailoverPhase, tuple[str, str]] = {
    "seeding": ("delete", "give {target} a new replica in place of its old database, of which a snapshot is kept"),
    "stopping": ("stop", "stop services and jobs of {source}, if it answers"),
    "promoting": ("promote", "promote the replica in {target} and wait until it writes"),
    "adopting": (
        "adopt",
        "set recovery.active_region to {target} and give it size and jobs, without a call into {source}",
    ),
    "testing": ("test", "send a request to the entry of {target}, before DNS names it"),
    "routing": ("route", "point the domain to {target}"),
    "finishing": ("finish", "update the whole stack, if {source} answers"),
    "returning": ("delete", "give {source} a new replica in place of its old database"),
}
"""Name of the expected minutes, and the text of each phase."""
FOLLOWED: dict[FailoverPhase, str] = {
    "seeding": "look whether the database of {target} has everything",
    "returning": "look whether the database of {source} follows",
}
"""Texts of the phases in which nothing is deleted where a database follows by itself."""


def step_lines(failover: StackFailover, record: FailoverRecord) -> Iterator[str]:
    """Yield the steps that are left, each with the commands that it runs."""
    commands = failover.control.commands(failover.stack, Move(record.source, record.target), planned=record.planned)
    names = {"source": record.source, "target": record.target}
    for number, phase in enumerate(record.left, 1):
        key, title = TITLES[phase]
        minutes = commands.minutes.get(key, 0) + (commands.minutes.get("seed", 0) if key == "delete" else 0)
        if phase in FOLLOWED and not failover.reseeds:
            yield f"{number}. {FOLLOWED[phase].format(**names)} (about 1 min)"
            continue
        yield f"{number}. {title.format(**names)} (about {minutes:g} min)"
        yield from (f"     {line}" for line in _lines(failover, record, phase, commands))


def _lines(
    failover: StackFailover, record: FailoverRecord, phase: FailoverPhase, commands: FailoverCommands
) -> Iterator[str]:
    name = failover.deployment.name
    back = Move(record.target, record.source)
    run: dict[FailoverPhase, Sequence[CliCommand]] = {
        "seeding": commands.delete,
        "stopping": commands.stop,
        "promoting": commands.promote,
        "routing": commands.route,
        "returning": failover.control.commands(failover.stack, back, planned=record.planned).delete,
    }
    yield from (command_text(command) for command in run.get(phase, ()))
    if phase in ("finishing", "seeding", "returning"):
        yield f"agent-platform refresh {name}"
        yield f"agent-platform up {name}"
    if phase == "adopting":
        yield from _update(failover, record.target)
    if phase == "testing":
        address = failover.control.address(failover.stack, record.target)
        yield from _requests(failover, address) if address else ()


def _update(failover: StackFailover, target: str) -> Iterator[str]:
    for urn in failover.targets(target):
        yield f"pulumi up --stack {failover.deployment.name} --target {shlex.quote(str(urn))}"


def _requests(failover: StackFailover, address: Address) -> Iterator[str]:
    spec = failover.deployment.file.spec
    domain = spec.ingress.domain or address.host
    scheme = "https" if address.port == 443 else "http"
    for path in smoke_paths(spec).values():
        yield f"curl --connect-to {domain}:{address.port}:{address.host}:{address.port} {scheme}://{domain}{path}"
