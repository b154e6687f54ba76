"""Failed connections to the database, counted in the logs: RDS has no metric for them.

Both ends are read. The server's log knows what it refused (passwords, no free slot); the services' logs know what
never reached the server (its address is gone, its network is closed), in the words of libpq and psycopg.
"""

from collections.abc import Iterator, Mapping

import pulumi
import pulumi_aws as aws

from providers.aws.monitoring.metrics import FAILED_CONNECTIONS, LOG_NAMESPACE
from providers.contract.component import Scope

REFUSED = (
    "password authentication failed",
    "remaining connection slots are reserved",
    "too many clients already",
    "no pg_hba.conf entry",
)
"""What PostgreSQL logs (FATAL) about a connection it refuses."""
UNREACHED = ("connection to server at", "could not connect to server", "couldn't get a connection after")
"""What a client logs: libpq from version 14, libpq before, and psycopg's pool when it gives up waiting."""


def count_failed_connections(
    scope: Scope, stack: str, server_log: pulumi.Input[str], client_logs: Mapping[str, pulumi.Input[str]]
) -> None:
    """One counter fed by the server's log group and by those of the services that use the database, by name."""
    sources = {"": (server_log, REFUSED), **{f"-{name}": (log, UNREACHED) for name, log in client_logs.items()}}
    for suffix, (log_group, phrases) in sources.items():
        aws.cloudwatch.LogMetricFilter(
            scope.named(f"failed-connections{suffix}"),
            log_group_name=log_group,
            pattern=any_of(phrases),
            metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
                namespace=LOG_NAMESPACE.format(stack=stack),
                name=FAILED_CONNECTIONS,
                value="1",
                default_value="0",
                unit="Count",
            ),
            opts=scope.opts(),
        )


def any_of(phrases: tuple[str, ...]) -> str:
    """Filter pattern of lines that hold at least one of the phrases."""
    return " ".join(_optional(phrases))


def _optional(phrases: tuple[str, ...]) -> Iterator[str]:
    return (f'?"{phrase}"' for phrase in phrases)
