"""PostgreSQL servers of the platform itself, on a Docker host and in a cluster: defaults, connections and refusals. Pure."""

from collections.abc import Mapping

from providers.contract.connections import (
    REVISIONS_WHILE_REPLACED,
    ConnectionBudget,
    connection_budget,
    connection_refusals,
    is_number,
)
from providers.contract.diagnostics import ConfigError, Diagnostic
from providers.contract.postgres import PAGES_A_MIB, declared_parameters, refused_parameters
from providers.contract.spec import DatabaseSpec, Platform
from providers.contract.spec.data import Parameter

SHARED_BUFFERS_DIVISOR, CACHE_SIZE_DIVISOR = 4, 2
"""A quarter of the memory for shared buffers, half of it assumed as cache: PostgreSQL documentation, 19.4."""

DEFAULTS: Mapping[str, Parameter] = {
    "log_checkpoints": True,
    "log_connections": True,
    "log_disconnections": True,
    "log_lock_waits": True,
    "log_statement": "ddl",
    "log_temp_files": 0,
    "log_min_error_statement": "error",
    "max_connections": 100,
}


def own_parameters(database: DatabaseSpec, fixed: Mapping[str, Parameter]) -> list[tuple[str, Parameter]]:
    """Return every parameter of a server by name, sorted; `shared_buffers` and `effective_cache_size` are in pages of 8 kB."""
    memory_mib = database.size.memory_gib * 1024
    defaults: dict[str, Parameter] = {
        **DEFAULTS,
        "shared_buffers": int(memory_mib / SHARED_BUFFERS_DIVISOR) * PAGES_A_MIB,
        "effective_cache_size": int(memory_mib / CACHE_SIZE_DIVISOR) * PAGES_A_MIB,
    }
    return declared_parameters(database, defaults, fixed)


def own_connections(spec: Platform) -> ConnectionBudget | None:
    """Return the connections during an update; None without a database, or with a number that is no number."""
    database = spec.database
    if database is None or not is_number(database):
        return None
    accepted = int(database.parameters.get("max_connections", DEFAULTS["max_connections"]))
    return connection_budget(spec, accepted, revisions_in_steps=REVISIONS_WHILE_REPLACED)


def own_refusals(spec: Platform, cloud: str, reserved: Mapping[str, str], oversized: str) -> list[Diagnostic]:
    """Return refused parameters: reserved ones, values with a unit, too large shared buffers, too few connections.

    `oversized` is the problem of shared buffers of `{buffers_mib}` MiB on a server that has `{memory_mib}` MiB.
    """
    if spec.database is None:
        return []
    refused = refused_parameters(spec.database, cloud=cloud, brand="this adapter", reserved=reserved)
    budget = own_connections(spec)
    return [
        *refused,
        *_oversized_buffers(spec.database, oversized),
        *(connection_refusals(spec, budget) if budget else []),
    ]


def _oversized_buffers(database: DatabaseSpec, problem: str) -> list[Diagnostic]:
    buffers_mib, memory_mib = database.parameters.get("shared_buffers_mib"), database.size.memory_gib * 1024
    if not isinstance(buffers_mib, int) or buffers_mib < memory_mib:
        return []
    return [
        ConfigError(
            "database.parameters.shared_buffers_mib",
            problem=problem.format(buffers_mib=buffers_mib, memory_mib=f"{memory_mib:g}"),
            fix=f"use about {memory_mib / SHARED_BUFFERS_DIVISOR:g}, a quarter of the memory",
        )
    ]
