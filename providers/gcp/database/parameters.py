"""PostgreSQL's parameters in the words of Cloud SQL's database flags: text, units, what it keeps to itself. Pure.

Cloud SQL takes a plain number in the parameter's own unit; a switch is `on` or `off`. It refuses a flag that it does not
know when the change is applied, not before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.contract.diagnostics import ConfigError, Diagnostic, legacy_error
from providers.contract.postgres import declared, on_or_off, untaken
from providers.contract.spec import DatabaseSpec, Platform
from providers.contract.spec.data import Parameter
from providers.gcp.sizes import Tier, default_connections

DEFAULTS: Mapping[str, Parameter] = {
    "cloudsql.enable_pgaudit": True,
    "cloudsql.iam_authentication": True,
    "idle_in_transaction_session_timeout": 600_000,
    "log_checkpoints": True,
    "log_connections": True,
    "log_disconnections": True,
    "log_duration": True,
    "log_error_verbosity": "default",
    "log_executor_stats": False,
    "log_hostname": True,
    "log_lock_waits": True,
    "log_min_duration_statement": -1,
    "log_min_error_statement": "error",
    "log_min_messages": "warning",
    "log_parser_stats": False,
    "log_planner_stats": False,
    "log_statement": "ddl",
    "log_statement_stats": False,
    "log_temp_files": 0,
    "pgaudit.log": "ddl,role",
}
"""What CIS Google Cloud Foundations 6.2 and checkov ask of a server's log. Slow statements are seen in Query Insights:
`log_min_duration_statement` would write the data in them to the log."""

CLOUD_SQL_KEEPS = {
    "Cloud SQL keeps address, files and logs of the server to itself": """
        bonjour config_file data_directory dynamic_library_path event_source external_pid_file hba_file ident_file
        listen_addresses log_destination log_directory log_file_mode log_filename logging_collector port
        unix_socket_directories unix_socket_group unix_socket_permissions
    """,
    "TLS is always on, under certificates of Cloud SQL's own": """
        ssl ssl_ca_file ssl_cert_file ssl_ciphers ssl_crl_dir ssl_crl_file ssl_dh_params_file ssl_key_file
        ssl_min_protocol_version ssl_passphrase_command
    """,
    "Cloud SQL keeps backups and standby to itself": """
        archive_cleanup_command archive_command archive_library archive_mode archive_timeout fsync full_page_writes
        hot_standby primary_conninfo primary_slot_name recovery_target recovery_target_time restore_command
        synchronous_standby_names wal_level
    """,
    "Cloud SQL loads libraries by flags of its own, such as cloudsql.enable_pgaudit": """
        local_preload_libraries session_preload_libraries shared_preload_libraries
    """,
}
"""Parameters that nobody may set, by the reason: Cloud SQL documentation, "Configure database flags"."""

LEAST_CONNECTIONS = 14
MOST_CONNECTIONS = 262_143


@dataclass(frozen=True)
class Flag:
    """One database flag; values are always text."""

    name: str
    value: str


def flags(database: DatabaseSpec, tier: Tier) -> list[Flag]:
    """Every declared flag by name: the platform's defaults, the user's in their place."""
    defaults = {**DEFAULTS, "max_connections": max_connections(database, tier)}
    return [Flag(name, on_or_off(value)) for name, value in declared(database, defaults, fixed={})]


def max_connections(database: DatabaseSpec, tier: Tier) -> int:
    """Connections the server accepts: the user's number, or as many as Cloud SQL allows a server of this memory."""
    asked = database.parameters.get("max_connections")
    return int(asked) if asked is not None else default_connections(tier)


def parameter_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Parameters that Cloud SQL keeps to itself, values it does not read, buffers larger than the server."""
    if spec.database is None:
        return []
    refused = untaken(spec.database, cloud="gcp", brand="Cloud SQL", keeps=CLOUD_SQL_KEEPS)
    return [*refused, *_out_of_range(spec.database)]


def _out_of_range(database: DatabaseSpec) -> Iterator[ConfigError]:
    asked = database.parameters.get("max_connections")
    if asked is not None and not (str(asked).isdecimal() and LEAST_CONNECTIONS <= int(asked) <= MOST_CONNECTIONS):
        advice = f"must be a whole number of connections, {LEAST_CONNECTIONS} to {MOST_CONNECTIONS}"
        yield legacy_error("database.parameters.max_connections", asked, advice)
    buffers_mib, memory_mib = database.parameters.get("shared_buffers_mib"), database.size.memory_gib * 1024
    if isinstance(buffers_mib, int) and buffers_mib >= memory_mib:
        advice = f"leaves nothing of the server's {memory_mib:g} MiB, and it would not start; a third is usual"
        yield legacy_error("database.parameters.shared_buffers_mib", buffers_mib, advice)
