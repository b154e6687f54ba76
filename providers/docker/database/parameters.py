"""Parameters of the PostgreSQL server as arguments of its command line: defaults, the user's, what is fixed. Pure."""

from providers.contract.diagnostics import Diagnostic, legacy_error
from providers.contract.postgres import PAGES_A_MIB, declared, on_or_off, untaken
from providers.contract.spec import DatabaseSpec
from providers.contract.spec.data import Parameter
from providers.contract.spec.platform import Platform

CONFIG = "/etc/agent-platform"
"""Where a container finds the files that it was given."""
SOCKETS = "/var/run/postgresql"
KEYS = "/tmp/tls"  # noqa: S108  # a file system in memory, of the container's own
"""Where the server's key stands under its own user, who alone may read it."""
BUFFERS_SHARE, CACHE_SHARE = 4, 2
"""A quarter of the memory for buffers, half of it reckoned with as cached: PostgreSQL documentation, 19.4."""

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
    "hba_file": f"{CONFIG}/pg_hba.conf",
    "listen_addresses": "*",
    "password_encryption": "scram-sha-256",
    "ssl": True,
    "ssl_cert_file": f"{CONFIG}/server.crt",
    "ssl_key_file": f"{KEYS}/server.key",
    "ssl_min_protocol_version": "TLSv1.2",
    "unix_socket_directories": SOCKETS,
}
KEEPS = {
    "the platform keeps address, files and sockets of the server to itself": """
        config_file data_directory external_pid_file hba_file ident_file listen_addresses port unix_socket_directories
        unix_socket_group unix_socket_permissions
    """,
    "TLS is always on, under the platform's own authority": """
        ssl ssl_ca_file ssl_cert_file ssl_crl_dir ssl_crl_file ssl_key_file ssl_min_protocol_version
        ssl_passphrase_command
    """,
    "logs go to the container's own log, which keeps them": """
        log_destination log_directory log_file_mode log_filename logging_collector
    """,
    "passwords are kept in one way": "password_encryption",
}
"""Parameters that nobody may set, by the reason."""


def arguments(database: DatabaseSpec) -> list[str]:
    """`-c name=value` for every declared parameter, in the order of their names."""
    memory_mib = database.size.memory_gib * 1024
    defaults: dict[str, Parameter] = {
        **DEFAULTS,
        "shared_buffers": int(memory_mib / BUFFERS_SHARE) * PAGES_A_MIB,
        "effective_cache_size": int(memory_mib / CACHE_SHARE) * PAGES_A_MIB,
    }
    found = declared(database, defaults, FIXED)
    return [word for name, value in found for word in ("-c", f"{name}={on_or_off(value)}")]


def parameter_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Parameters that the platform keeps to itself, values with a unit, buffers larger than the server."""
    if spec.database is None:
        return []
    refused = untaken(spec.database, cloud="docker", brand="this adapter", keeps=KEEPS)
    return [*refused, *_too_large(spec.database)]


def _too_large(database: DatabaseSpec) -> list[Diagnostic]:
    buffers_mib, memory_mib = database.parameters.get("shared_buffers_mib"), database.size.memory_gib * 1024
    if not isinstance(buffers_mib, int) or buffers_mib < memory_mib:
        return []
    advice = f"leaves nothing of the server's {memory_mib:g} MiB, and it would not start; a quarter is usual"
    return [legacy_error("database.parameters.shared_buffers_mib", buffers_mib, advice)]
