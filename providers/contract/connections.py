"""Connections to the database while a rollout runs every replica twice, compared with those that the server accepts. Pure.

A process opens at least one connection, and how many more its pool has is a setting of the application. So a platform is refused
when the server has fewer connections than processes, and the plan shows how many each process may open.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from providers.contract.diagnostics import Diagnostic, Unsupported, listed
from providers.contract.spec import DatabaseSpec, Platform

REVISIONS = 2
"""A rollout, also a rolling one, starts the new replicas of a service before the old ones end."""
REVISIONS_WHILE_REPLACED = 3
"""Where a rollout in steps replaces the stable replicas while those of the new revision serve beside them."""
SUPERUSER_CONNECTIONS = 3
"""Default of `superuser_reserved_connections`: PostgreSQL documentation, 20.3."""


@dataclass(frozen=True)
class ConnectionBudget:
    """Connections of a server, and the processes that share them at maximum scale during a rollout, by service."""

    max_connections: int
    reserved: int
    processes: Mapping[str, int]
    tasks: int
    """Runs of jobs and a release command, one process each."""

    @property
    def total(self) -> int:
        """Number of processes."""
        return sum(self.processes.values()) + self.tasks

    @property
    def for_each(self) -> int:
        """Connections that each process may open; 0 when there are fewer connections than processes."""
        return (self.max_connections - self.reserved) // self.total if self.total else 0

    def __str__(self) -> str:
        if not self.total:
            return f"{self.max_connections} connections"
        return f"{self.max_connections} connections, {self.for_each} for each of {self.total} processes in a rollout"


def is_number(database: DatabaseSpec) -> bool:
    """Return whether the user's number of connections is absent or one; another value is refused elsewhere."""
    requested = database.parameters.get("max_connections")
    return requested is None or str(requested).isdecimal()


def connection_budget(
    spec: Platform,
    max_connections: int,
    reserved: int = SUPERUSER_CONNECTIONS,
    *,
    revisions_in_steps: int = REVISIONS,
) -> ConnectionBudget:
    """Return the budget of a platform on a server with this many connections, of which some are reserved.

    `revisions_in_steps` is how often the replicas of a service run at most during its rollout in steps.
    """
    revisions = {name: revisions_in_steps for name in spec.services_in_steps}
    users = spec.users_of("database")
    jobs = sum(job.service in users for job in spec.jobs.values())
    return ConnectionBudget(
        max_connections,
        reserved,
        {
            name: revisions.get(name, REVISIONS)
            * spec.services[name].replicas.max
            * (spec.services[name].web_concurrency or 1)
            for name in users
        },
        jobs + any(name in users for name in spec.releases),
    )


def connection_refusals(spec: Platform, budget: ConnectionBudget) -> list[Diagnostic]:
    """Refuse a server with fewer connections than processes, where some of these could not start."""
    if budget.total <= budget.max_connections - budget.reserved:
        return []
    parts = [f"{name} {processes}" for name, processes in budget.processes.items()]
    tasks = [f"jobs and release commands {budget.tasks}"] if budget.tasks else []
    problem = (
        f"a rollout at maximum scale runs {budget.total} processes that connect to the database "
        f"({listed([*parts, *tasks], 'and')}), and the server accepts {budget.max_connections} connections, of which "
        f"{budget.reserved} are reserved"
    )
    fix = "lower replicas.max, use a larger database.size, or raise it"
    return [Unsupported(spec.cloud, "database.parameters.max_connections", problem, fix)]
