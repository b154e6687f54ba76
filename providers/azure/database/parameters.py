"""PostgreSQL parameters of a flexible server: text in each parameter's own unit. Pure.

Parameters that PostgreSQL reads only at startup are accepted at once and take effect after the next restart, which is
manual: those are reported as adjustments.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.azure.database.sizes import matching_sizes, server_size
from providers.contract import postgres
from providers.contract.connections import ConnectionBudget, connection_budget, connection_refusals
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect
from providers.contract.spec import DatabaseSpec, Platform
from providers.contract.spec.data import Parameter

RESERVED_CONNECTIONS = 15
"""For replication and monitoring: Microsoft Learn, "Limits in Azure Database for PostgreSQL", maximum user connections."""
MIN_CONNECTIONS, MAX_CONNECTIONS = 25, 5000
MIN_BUFFERS_PERCENT, MAX_BUFFERS_PERCENT = 10, 75
"""Microsoft Learn, "Server parameters in Azure Database for PostgreSQL", max_connections and shared_buffers."""
CONNECTIONS_BY_MEMORY_GIB = {2: 50, 4: 429, 8: 859, 16: 1718, 32: 3437}
"""Microsoft Learn, "Limits in Azure Database for PostgreSQL", maximum connections; larger servers have the maximum."""


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
"""Vectors for agents' memory, CIS log settings, statements that take a second or longer in the log, at most 10 minutes
idle in a transaction, and throttling after failed logins."""

FIXED: Mapping[str, Parameter] = {"require_secure_transport": True, "ssl_min_protocol_version": "TLSv1.2"}
"""Parameters that users cannot change: connections without TLS are rejected."""

READ_AT_STARTUP = frozenset({"azure_cdc.max_fabric_mirrors", "cron.database_name", "cron.max_running_jobs"})
"""Parameters of type `static` on Azure, in addition to PostgreSQL's: the same pages."""

RESERVED_PARAMETERS = {
    "Azure manages the server's address, files and processes": """
        bonjour bonjour_name cluster_name config_file data_directory data_directory_mode dynamic_shared_memory_type
        event_source external_pid_file hba_file huge_page_size ident_file listen_addresses log_directory log_filename
        logging_collector max_stack_depth min_dynamic_shared_memory port shared_memory_type unix_socket_directories
        unix_socket_group unix_socket_permissions
    """,
    "Azure manages reserved connections": "reserved_connections superuser_reserved_connections",
    "the platform encrypts every connection": """
        require_secure_transport ssl ssl_ca_file ssl_cert_file ssl_key_file ssl_min_protocol_version
    """,
    "Azure manages backups and replication": """
        archive_cleanup_command archive_command archive_library archive_mode fsync full_page_writes hot_standby
        primary_conninfo primary_slot_name recovery_end_command recovery_target recovery_target_action
        recovery_target_inclusive recovery_target_lsn recovery_target_name recovery_target_time
        recovery_target_timeline restore_command synchronous_standby_names wal_log_hints
    """,
}
"""Parameters that users cannot set, by the reason."""


@dataclass(frozen=True)
class AzureServerParameter:
    """One parameter of the server."""

    name: str
    value: str


def server_parameters(database: DatabaseSpec, *, replicated: bool = False) -> list[AzureServerParameter]:
    """Return every parameter by name: the platform's defaults, overridden by the user's, then the fixed ones."""
    defaults = {**DEFAULTS, "max_connections": max_connections(database, replicated=replicated)}
    parameters = postgres.declared_parameters(database, defaults, FIXED)
    return [AzureServerParameter(name, postgres.on_or_off(value)) for name, value in parameters]


def max_connections(database: DatabaseSpec, *, replicated: bool = False) -> int:
    """Return the connections that the server accepts: the user's number, or Azure's default for its memory.

    Azure computes its default once, at creation; the declared value follows a changed size.
    """
    requested = database.parameters.get("max_connections")
    if requested is not None:
        return int(requested)
    return CONNECTIONS_BY_MEMORY_GIB.get(server_size(database, replicated=replicated).memory_gib, MAX_CONNECTIONS)


def parameter_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Parameters that Azure manages, values that it cannot read, and numbers outside its bounds."""
    if spec.database is None:
        return []
    reserved = postgres.refused_parameters(spec.database, cloud="azure", brand="Azure", reserved=RESERVED_PARAMETERS)
    budget = rollout_connections(spec)
    fewer = connection_refusals(spec, budget) if budget else []
    return [*reserved, *_refused_connections(spec.database), *_refused_buffers(spec.database), *fewer]


def rollout_connections(spec: Platform) -> ConnectionBudget | None:
    """Connections of the database during a rollout; None without a database, or with a number or size that is refused."""
    database = spec.database
    if database is None or any(_refused_connections(database)) or not matching_sizes(database):
        return None
    return connection_budget(spec, max_connections(database), RESERVED_CONNECTIONS)


def parameter_adjustments(spec: Platform) -> list[Adjustment]:
    """The user's parameters that take effect after a restart."""
    if spec.database is None:
        return []
    location = spec.azure.location if spec.azure else ""
    reason = (
        "takes effect after the next restart: az postgres flexible-server restart --ids $(az postgres flexible-server list "
        f"--resource-group <stack>-agents-{location} --query [].id --output tsv)"
    )
    return [
        Adjustment(f"database.parameters.{name}", value, Effect.PARTIAL, reason)
        for name, value in spec.database.parameters.items()
        if waits_for_restart(postgres.postgres_name(name), spec.database.version)
    ]


def waits_for_restart(name: str, version: str) -> bool:
    """True for a parameter that the server reads only at startup."""
    return name in READ_AT_STARTUP or postgres.needs_restart(name, version)


def _refused_connections(database: DatabaseSpec) -> Iterator[Diagnostic]:
    requested = database.parameters.get("max_connections")
    if requested is None:
        return
    if not str(requested).isdecimal() or not MIN_CONNECTIONS <= int(requested) <= MAX_CONNECTIONS:
        yield ConfigError(
            "database.parameters.max_connections",
            problem=f"{requested} is not a number of connections that Azure accepts",
            fix=f"use an integer from {MIN_CONNECTIONS} to {MAX_CONNECTIONS}",
        )


def _refused_buffers(database: DatabaseSpec) -> Iterator[Diagnostic]:
    buffers_mib, memory_mib = database.parameters.get("shared_buffers_mib"), database.size.memory_gib * 1024
    if not isinstance(buffers_mib, int):
        return
    min_mib, max_mib = (memory_mib * percent / 100 for percent in (MIN_BUFFERS_PERCENT, MAX_BUFFERS_PERCENT))
    if not min_mib <= buffers_mib <= max_mib:
        yield ConfigError(
            "database.parameters.shared_buffers_mib",
            problem=(
                f"{buffers_mib} MiB is not {MIN_BUFFERS_PERCENT} to {MAX_BUFFERS_PERCENT} % of the server's "
                f"{memory_mib:g} MiB"
            ),
            fix=f"use {min_mib:g} to {max_mib:g} MiB; 25 % is usual",
        )
