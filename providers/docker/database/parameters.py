"""Parameters of the PostgreSQL server as command-line arguments: defaults, user settings and fixed values. Pure."""

from providers.contract.diagnostics import Diagnostic
from providers.contract.own_postgres import own_parameters, own_refusals
from providers.contract.postgres import on_or_off
from providers.contract.spec import DatabaseSpec
from providers.contract.spec.data import Parameter
from providers.contract.spec.platform import Platform
from providers.docker.naming import CONFIG_FOLDER

DATABASE_NAME = "agents"
USERNAME = "platform"
"""Role of the services."""
SOCKET_FOLDER = "/var/run/postgresql"
OVERSIZED = "{buffers_mib} leaves nothing of the server's {memory_mib} MiB, so it would not start"
KEY_FOLDER = "/tmp/tls"  # noqa: S108  # in memory, private to the container
"""Folder of the server's private key, readable only by the server's user."""
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
    parameters = own_parameters(database, FIXED)
    return [word for name, value in parameters for word in ("-c", f"{name}={on_or_off(value)}")]


def parameter_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Reserved parameters, values with a unit, and shared buffers larger than the server's memory."""
    return own_refusals(spec, "docker", RESERVED, OVERSIZED)
