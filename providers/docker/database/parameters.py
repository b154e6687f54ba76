"""Parameters of the PostgreSQL server as command-line arguments: defaults, user settings and fixed values. Pure."""

from providers.contract.connections import (
    REVISIONS_WHILE_REPLACED,
    ConnectionBudget,
    connection_budget,
    connection_refusals,
    is_number,
)
from providers.contract.diagnostics import ConfigError, Diagnostic
from providers.contract.postgres import PAGES_A_MIB, declared_parameters, on_or_off, refused_parameters
from providers.contract.spec import DatabaseSpec
from providers.contract.spec.data import Parameter
from providers.contract.spec.platform import Platform
from providers.docker.naming import CONFIG_FOLDER

DATABASE_NAME = "agents"
USERNAME = "platform"
"""Role of the services."""
SOCKET_FOLDER = "/var/run/postgresql"
KEY_FOLDER = "/tmp/tls"  # noqa: S108  # in memory, private to the container
"""Folder of the server's private key, readable only by the server's user."""
SHARED_BUFFERS_DIVISOR, CACHE_SIZE_DIVISOR = 4, 2
"""A quarter of the memory for shared buffers, half of it assumed as cache: PostgreSQL documentation, 19.4."""

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
FIXED: dict[str, Parameter] = {
    "hba_file": f"{CONFIG_FOLDER}/pg_hba.conf",
    "listen_addresses": "*",
    "password_encryption": "scram-sha-256",
    "ssl": True,
    "ssl_cert_file": f"{CONFIG_FOLDER}/server.crt",
    "ssl_key_file": f"{KEY_FOLDER}/server.key",
    "ssl_min_protocol_version": "TLSv1.2",
    "unix_socket_directories": SOCKET_FOLDER,
}
RESERVED = {
    "the platform sets address, files and sockets of the server": """
        config_file data_directory external_pid_file hba_file ident_file listen_addresses port unix_socket_directories
        unix_socket_group unix_socket_permissions
    """,
    "TLS is always on, with a certificate of the stack's authority": """
        ssl ssl_ca_file ssl_cert_file ssl_crl_dir ssl_crl_file ssl_key_file ssl_min_protocol_version
        ssl_passphrase_command
    """,
    "logs go to the container's log": """
        log_destination log_directory log_file_mode log_filename logging_collector
    """,
    "passwords are always stored as SCRAM-SHA-256": "password_encryption",
}
"""Parameters that users cannot set, by the reason."""


def arguments(database: DatabaseSpec) -> list[str]:
    """`-c name=value` for every declared parameter, sorted by name."""
    memory_mib = database.size.memory_gib * 1024
    defaults: dict[str, Parameter] = {
        **DEFAULTS,
        "shared_buffers": int(memory_mib / SHARED_BUFFERS_DIVISOR) * PAGES_A_MIB,
        "effective_cache_size": int(memory_mib / CACHE_SIZE_DIVISOR) * PAGES_A_MIB,
    }
    parameters = declared_parameters(database, defaults, FIXED)
    return [word for name, value in parameters for word in ("-c", f"{name}={on_or_off(value)}")]


def parameter_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Reserved parameters, values with a unit, and shared buffers larger than the server's memory."""
    if spec.database is None:
        return []
    reserved = refused_parameters(spec.database, cloud="docker", brand="this adapter", reserved=RESERVED)
    budget = rollout_connections(spec)
    return [*reserved, *_oversized_buffers(spec.database), *(connection_refusals(spec, budget) if budget else [])]


def rollout_connections(spec: Platform) -> ConnectionBudget | None:
    """Connections of the database during an update; None without a database, or with a number that is no number."""
    database = spec.database
    if database is None or not is_number(database):
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
            problem=f"{buffers_mib} leaves nothing of the server's {memory_mib:g} MiB, so it would not start",
            fix=f"use about {memory_mib / SHARED_BUFFERS_DIVISOR:g}, a quarter of the memory",
        )
    ]
