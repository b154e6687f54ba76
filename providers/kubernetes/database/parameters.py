"""Parameters of PostgreSQL in a Cluster of CloudNativePG, as strings: defaults, user settings and fixed values. Pure.

https://cloudnative-pg.io/documentation/1.30/postgresql_conf/ lists what the operator sets itself.
"""

from collections.abc import Mapping

from providers.contract.connections import ConnectionBudget
from providers.contract.diagnostics import Diagnostic
from providers.contract.own_postgres import own_connections, own_parameters, own_refusals
from providers.contract.postgres import on_or_off
from providers.contract.spec import DatabaseSpec, Platform
from providers.contract.spec.data import IN_MIB, Parameter
from providers.kubernetes.context import block_of

KB_A_PAGE = 8
OVERSIZED = "{buffers_mib} is more than the {memory_mib} MiB of the server, which the operator refuses"

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
    return {name: _text(name, value) for name, value in own_parameters(database, FIXED)}


def _text(name: str, value: Parameter) -> str:
    if name in IN_MIB.values() and str(value).isdecimal():
        return f"{int(value) * KB_A_PAGE}kB"
    return on_or_off(value)


def parameter_refusals(spec: Platform) -> list[Diagnostic]:
    """Reserved parameters, values with a unit, too large shared buffers, and too few connections for a rollout."""
    return [] if _is_external(spec) else own_refusals(spec, "kubernetes", RESERVED, OVERSIZED)


def rollout_connections(spec: Platform) -> ConnectionBudget | None:
    """Connections of the database during an update; None without a server of the platform, or with a number that is no number."""
    return None if _is_external(spec) else own_connections(spec)


def _is_external(spec: Platform) -> bool:
    return spec.database is not None and block_of(spec).database.external
