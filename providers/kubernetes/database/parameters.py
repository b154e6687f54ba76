"""Parameters of PostgreSQL in a Cluster of CloudNativePG, as strings: defaults, user settings and fixed values. Pure.

https://cloudnative-pg.io/documentation/1.30/postgresql_conf/ lists what the operator sets itself.
"""

from collections.abc import Mapping

from providers.contract.connections import (
    REVISIONS_WHILE_REPLACED,
    ConnectionBudget,
    connection_budget,
    connection_refusals,
    is_number,
)
from providers.contract.diagnostics import ConfigError, Diagnostic
from providers.contract.postgres import PAGES_A_MIB, declared_parameters, on_or_off, refused_parameters
from providers.contract.spec import DatabaseSpec, Platform
from providers.contract.spec.data import IN_MIB, Parameter
from providers.kubernetes.context import block_of

SHARED_BUFFERS_DIVISOR, CACHE_SIZE_DIVISOR = 4, 2
"""A quarter of the memory for shared buffers, half of it assumed as cache: PostgreSQL documentation, 19.4."""
KB_A_PAGE = 8

DEFAULTS: dict[str, Parameter] = {
    "log_checkpoints": True,
    "log_connections": True,
    "log_disconnections": True,
    "log_lock_waits": True,
    "log_statement": "ddl",
    "log_temp_files": 0,
    "log_min_error_statement": "error",
    "max_connections": 100,
}
FIXED: dict[str, Parameter] = {"password_encryption": "scram-sha-256"}
RESERVED = {
    "the operator sets address, files and sockets of the server": """
        allow_system_table_mods bonjour bonjour_name cluster_name config_file data_directory event_source external_pid_file
        hba_file ident_file listen_addresses port unix_socket_directories unix_socket_group unix_socket_permissions
        shared_preload_libraries jit_provider temp_tablespaces stats_temp_directory
    """,
    "TLS is always on, with a certificate of the operator": """
        ssl ssl_ca_file ssl_cert_file ssl_crl_file ssl_dh_params_file ssl_key_file ssl_min_protocol_version
        ssl_passphrase_command ssl_passphrase_command_supports_reload ssl_prefer_server_ciphers
    """,
    "logs go to the container's log": """
        log_destination log_directory log_file_mode log_filename log_rotation_age log_rotation_size
        log_truncate_on_rotation logging_collector syslog_facility syslog_ident syslog_sequence_numbers
        syslog_split_messages
    """,
    "the operator controls backups, replication and recovery": """
        archive_cleanup_command archive_command archive_mode data_sync_retry hot_standby primary_conninfo
        primary_slot_name promote_trigger_file recovery_end_command recovery_min_apply_delay recovery_target
        recovery_target_action recovery_target_inclusive recovery_target_lsn recovery_target_name recovery_target_time
        recovery_target_timeline recovery_target_xid restart_after_crash restore_command synchronized_standby_slots
        synchronous_standby_names
    """,
    "passwords are always stored as SCRAM-SHA-256": "password_encryption",
}
"""Parameters that users cannot set, by the reason."""


def server_parameters(database: DatabaseSpec) -> Mapping[str, str]:
    """Every declared parameter as text; sizes in pages have a unit, because the operator reads a plain number as megabytes.

    Function `parsePostgresQuantityValue` of the operator's webhook, which compares them with the memory of the pod.
    """
    memory_mib = database.size.memory_gib * 1024
    defaults: dict[str, Parameter] = {
        **DEFAULTS,
        "shared_buffers": int(memory_mib / SHARED_BUFFERS_DIVISOR) * PAGES_A_MIB,
        "effective_cache_size": int(memory_mib / CACHE_SIZE_DIVISOR) * PAGES_A_MIB,
    }
    return {name: _text(name, value) for name, value in declared_parameters(database, defaults, FIXED)}


def _text(name: str, value: Parameter) -> str:
    if name in IN_MIB.values() and str(value).isdecimal():
        return f"{int(value) * KB_A_PAGE}kB"
    return on_or_off(value)


def parameter_refusals(spec: Platform) -> list[Diagnostic]:
    """Reserved parameters, values with a unit, too large shared buffers, and too few connections for a rollout."""
    if spec.database is None or block_of(spec).database.external:
        return []
    reserved = refused_parameters(spec.database, cloud="kubernetes", brand="this adapter", reserved=RESERVED)
    budget = rollout_connections(spec)
    return [*reserved, *_oversized_buffers(spec.database), *(connection_refusals(spec, budget) if budget else [])]


def rollout_connections(spec: Platform) -> ConnectionBudget | None:
    """Connections of the database during an update; None without a server of the platform, or with a number that is no number."""
    database = spec.database
    if database is None or block_of(spec).database.external or not is_number(database):
        return None
    accepted = int(database.parameters.get("max_connections", DEFAULTS["max_connections"]))
    return connection_budget(spec, accepted, revisions_in_steps=REVISIONS_WHILE_REPLACED)


def _oversized_buffers(database: DatabaseSpec) -> list[Diagnostic]:
    buffers_mib, memory_mib = database.parameters.get("shared_buffers_mib"), database.size.memory_gib * 1024
    if not isinstance(buffers_mib, int) or buffers_mib < memory_mib:
        return []
    return [
        ConfigError(
            "database.parameters.shared_buffers_mib",
            problem=f"{buffers_mib} is more than the {memory_mib:g} MiB of the server, which the operator refuses",
            fix=f"use about {memory_mib / SHARED_BUFFERS_DIVISOR:g}, a quarter of the memory",
        )
    ]
