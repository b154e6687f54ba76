"""PostgreSQL's parameters in the words of a flexible server: text in each parameter's own unit. Pure.

The server takes every value as text, in the parameter's own unit. Parameters that PostgreSQL reads only at its start are
taken at once and in force after the next restart, which nobody does by itself: those are recorded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.azure.sizes import server_size
from providers.contract import postgres
from providers.contract.diagnostics import Adjustment, Diagnostic, legacy_adjustment, legacy_error
from providers.contract.spec import DatabaseSpec, Platform
from providers.contract.spec.data import Parameter

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

AT_START = frozenset({"azure_cdc.max_fabric_mirrors", "cron.database_name", "cron.max_running_jobs"})
"""Type `static` at Azure beside PostgreSQL's own: the same pages."""

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


@dataclass(frozen=True)
class AzureServerParameter:
    """One parameter of the server."""

    name: str
    value: str


def server_parameters(database: DatabaseSpec) -> list[AzureServerParameter]:
    """Every declared parameter by name: the platform's defaults, the user's in their place, what cannot be changed."""
    defaults = {**DEFAULTS, "max_connections": max_connections(database)}
    chosen = postgres.declared(database, defaults, FIXED)
    return [AzureServerParameter(name, postgres.on_or_off(value)) for name, value in chosen]


def max_connections(database: DatabaseSpec) -> int:
    """Connections the server accepts: the user's number, or Azure's own for a server of this memory.

    Azure reckons its number once, when the server is made; said openly, it follows the size.
    """
    asked = database.parameters.get("max_connections")
    if asked is not None:
        return int(asked)
    return CONNECTIONS_BY_MEMORY_GIB.get(server_size(database).memory_gib, MOST_CONNECTIONS)


def parameter_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Parameters that Azure keeps to itself, values it does not read, numbers outside what it allows."""
    if spec.database is None:
        return []
    refused = postgres.untaken(spec.database, cloud="azure", brand="Azure", keeps=AZURE_KEEPS)
    return [*refused, *_connections(spec.database), *_buffers(spec.database)]


def parameter_adjustments(spec: Platform) -> list[Adjustment]:
    """The user's parameters that wait for a restart."""
    if spec.database is None:
        return []
    given = (
        "the same from the next restart on (`az postgres flexible-server restart`): PostgreSQL reads it at its start"
    )
    return [
        legacy_adjustment(f"database.parameters.{name}", value, given)
        for name, value in spec.database.parameters.items()
        if waits_for_restart(postgres.own_name(name), spec.database.version)
    ]


def waits_for_restart(name: str, version: str) -> bool:
    """True for a parameter that is read only when the server starts."""
    return name in AT_START or postgres.waits_for_restart(name, version)


def _connections(database: DatabaseSpec) -> Iterator[Diagnostic]:
    asked = database.parameters.get("max_connections")
    if asked is None:
        return
    if not str(asked).isdecimal() or not LEAST_CONNECTIONS <= int(asked) <= MOST_CONNECTIONS:
        advice = f"must be a whole number of connections from {LEAST_CONNECTIONS} to {MOST_CONNECTIONS} on Azure"
        yield legacy_error("database.parameters.max_connections", asked, advice)


def _buffers(database: DatabaseSpec) -> Iterator[Diagnostic]:
    buffers_mib, memory_mib = database.parameters.get("shared_buffers_mib"), database.size.memory_gib * 1024
    if not isinstance(buffers_mib, int):
        return
    least, most = (memory_mib * percent / 100 for percent in (LEAST_BUFFERS_PERCENT, MOST_BUFFERS_PERCENT))
    if not least <= buffers_mib <= most:
        advice = (
            f"must be {LEAST_BUFFERS_PERCENT} to {MOST_BUFFERS_PERCENT} % of the server's {memory_mib:g} MiB on Azure, "
            f"{least:g} to {most:g}; a quarter is usual"
        )
        yield legacy_error("database.parameters.shared_buffers_mib", buffers_mib, advice)
