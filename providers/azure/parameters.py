"""PostgreSQL's parameters in the words of a flexible server: text in each parameter's own unit. Pure.

The server takes every value as text, in the parameter's own unit (`shared_buffers` in pages of 8 kB, `work_mem` in kB,
timeouts in milliseconds), so a value with a unit is refused. Parameters that PostgreSQL reads only at its start are
taken at once and in force after the next restart, which nobody does by itself: those are recorded.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.azure.sizes import server_size
from providers.contract.mistakes import Approximation, Mistake, Refusal, Unsupported
from providers.contract.spec import Database, Platform
from providers.contract.spec.data import IN_MIB, Parameter


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PAGES_A_MIB = 128
"""Pages of 8 kB."""
LEAST_CONNECTIONS, MOST_CONNECTIONS = 25, 5000
LEAST_BUFFERS_PERCENT, MOST_BUFFERS_PERCENT = 10, 75
"""Microsoft Learn, "Server parameters in Azure Database for PostgreSQL", max_connections and shared_buffers."""
CONNECTIONS_BY_MEMORY_GIB = {2: 50, 4: 429, 8: 859, 16: 1718, 32: 3437}
"""Microsoft Learn, "Limits in Azure Database for PostgreSQL", maximum connections; larger servers take the most."""


DEFAULTS: Mapping[str, Parameter] = {
    "azure.extensions": "PGCRYPTO,VECTOR",
    "connection_throttle.enable": True,
    "idle_in_transaction_session_timeout": 600_000,
    "log_checkpoints": True,
    "log_connections": True,
    "log_disconnections": True,
    "log_min_duration_statement": 1000,
    "log_statement": "ddl",
}
"""Vectors for agents' memory, what an operator looks for in the log, slow statements from a second on, no transaction
idle for 10 minutes, and a slower answer to whoever guesses passwords."""

FIXED: Mapping[str, Parameter] = {"require_secure_transport": True, "ssl_min_protocol_version": "TLSv1.2"}
"""What users may not change: a connection without TLS is refused."""

AT_START = _words(
    """
    autovacuum_freeze_max_age autovacuum_multixact_freeze_max_age autovacuum_worker_slots azure_cdc.max_fabric_mirrors
    commit_timestamp_buffers cron.database_name cron.max_running_jobs huge_pages max_connections max_files_per_process
    max_locks_per_transaction max_logical_replication_workers max_notify_queue_pages max_pred_locks_per_transaction
    max_prepared_transactions max_replication_slots max_wal_senders max_worker_processes multixact_member_buffers
    multixact_offset_buffers notify_buffers old_snapshot_threshold pg_stat_statements.max serializable_buffers
    shared_buffers shared_preload_libraries subtransaction_buffers track_activity_query_size track_commit_timestamp
    transaction_buffers wal_buffers wal_level
    """
)
"""Type `static` at Azure: the same pages."""
AT_START_UNTIL_17 = _words("autovacuum_max_workers")
"""Read at the start only, until PostgreSQL 18 gave it slots to grow in."""

AZURE_KEEPS = {
    "Azure keeps address, files and processes of the server to itself": """
        bonjour bonjour_name cluster_name config_file data_directory data_directory_mode dynamic_shared_memory_type
        event_source external_pid_file hba_file huge_page_size ident_file listen_addresses log_directory log_filename
        logging_collector max_stack_depth min_dynamic_shared_memory port shared_memory_type unix_socket_directories
        unix_socket_group unix_socket_permissions
    """,
    "Azure keeps what connections it needs for itself": "reserved_connections superuser_reserved_connections",
    "the platform keeps every connection encrypted": """
        require_secure_transport ssl ssl_ca_file ssl_cert_file ssl_key_file ssl_min_protocol_version
    """,
    "Azure makes backups and standby itself": """
        archive_cleanup_command archive_command archive_library archive_mode fsync full_page_writes hot_standby
        primary_conninfo primary_slot_name recovery_end_command recovery_target recovery_target_action
        recovery_target_inclusive recovery_target_lsn recovery_target_name recovery_target_time
        recovery_target_timeline restore_command synchronous_standby_names wal_log_hints
    """,
}
"""Parameters that nobody may set, by the reason."""

WITH_UNIT = re.compile(r"\d+(\.\d+)?\s*(B|kB|MB|GB|TB|us|ms|s|min|h|d)")


@dataclass(frozen=True)
class ServerParameter:
    """One parameter of the server."""

    name: str
    value: str


def server_parameters(database: Database) -> list[ServerParameter]:
    """Every declared parameter by name: the platform's defaults, the user's in their place, what cannot be changed."""
    chosen = {**DEFAULTS, "max_connections": max_connections(database)}
    chosen |= {IN_MIB.get(name, name): _in_own_unit(name, value) for name, value in database.parameters.items()}
    return [ServerParameter(name, _text(value)) for name, value in sorted({**chosen, **FIXED}.items())]


def max_connections(database: Database) -> int:
    """Connections the server accepts: the user's number, or Azure's own for a server of this memory.

    Azure reckons its number once, when the server is made; said openly, it follows the size.
    """
    asked = database.parameters.get("max_connections")
    if asked is not None:
        return int(asked)
    return CONNECTIONS_BY_MEMORY_GIB.get(server_size(database).memory_gib, MOST_CONNECTIONS)


def parameter_refusals(spec: Platform, _stack: str) -> list[Refusal]:
    """Parameters that Azure keeps to itself, values it does not read, numbers outside what it allows."""
    if spec.database is None:
        return []
    kept = {name: reason for reason, names in AZURE_KEEPS.items() for name in names.split()}
    refusals: list[Refusal] = []
    for name, value in spec.database.parameters.items():
        path = f"database.parameters.{name}"
        if name in kept:
            refusals.append(Unsupported("azure", path, value, f"{kept[name]}; drop the key"))
        elif isinstance(value, str) and WITH_UNIT.fullmatch(value):
            refusals.append(Mistake(path, value, _unit_advice(name)))
    return [*refusals, *_connections(spec.database), *_buffers(spec.database)]


def parameter_approximations(spec: Platform) -> list[Approximation]:
    """The user's parameters that wait for a restart."""
    if spec.database is None:
        return []
    given = (
        "the same from the next restart on (`az postgres flexible-server restart`): PostgreSQL reads it at its start"
    )
    return [
        Approximation(f"database.parameters.{name}", value, given)
        for name, value in spec.database.parameters.items()
        if waits_for_restart(IN_MIB.get(name, name), spec.database.version)
    ]


def waits_for_restart(name: str, version: str) -> bool:
    """True for a parameter that is read only when the server starts."""
    return name in AT_START or (name in AT_START_UNTIL_17 and int(version) < 18)


def _connections(database: Database) -> Iterator[Refusal]:
    asked = database.parameters.get("max_connections")
    if asked is None:
        return
    if not str(asked).isdecimal() or not LEAST_CONNECTIONS <= int(asked) <= MOST_CONNECTIONS:
        advice = f"must be a whole number of connections from {LEAST_CONNECTIONS} to {MOST_CONNECTIONS} on Azure"
        yield Mistake("database.parameters.max_connections", asked, advice)


def _buffers(database: Database) -> Iterator[Refusal]:
    buffers_mib, memory_mib = database.parameters.get("shared_buffers_mib"), database.size.memory_gib * 1024
    if not isinstance(buffers_mib, int):
        return
    least, most = (memory_mib * percent / 100 for percent in (LEAST_BUFFERS_PERCENT, MOST_BUFFERS_PERCENT))
    if not least <= buffers_mib <= most:
        advice = (
            f"must be {LEAST_BUFFERS_PERCENT} to {MOST_BUFFERS_PERCENT} % of the server's {memory_mib:g} MiB on Azure, "
            f"{least:g} to {most:g}; a quarter is usual"
        )
        yield Mistake("database.parameters.shared_buffers_mib", buffers_mib, advice)


def _unit_advice(name: str) -> str:
    in_mib = next((ours for ours, theirs in IN_MIB.items() if theirs == name), None)
    other = f", or use {in_mib}" if in_mib else ""
    return f"has a unit, which Azure does not read; write a plain number in PostgreSQL's own unit of {name}{other}"


def _in_own_unit(name: str, value: Parameter) -> Parameter:
    return int(value) * PAGES_A_MIB if name in IN_MIB else value


def _text(value: Parameter) -> str:
    return ("off", "on")[value] if isinstance(value, bool) else str(value)
