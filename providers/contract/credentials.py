"""Passwords made here and the URLs that carry them: secret from birth, read by reference ever after."""

from urllib.parse import quote

import pulumi
import pulumi_random as random

from providers.contract.component import Scope

PASSWORD_LENGTH = 40


def generated_password(scope: Scope, part: str = "password") -> pulumi.Output[str]:
    """A random password of letters and digits: it needs no quoting in a URL, and 40 of them carry 238 bits.

    Wrapped because the random provider's result is marked secret only by a real engine.
    """
    password = random.RandomPassword(scope.named(part), length=PASSWORD_LENGTH, special=False, opts=scope.opts())
    return pulumi.Output.secret(password.result)


def postgres_url(
    username: str, password: pulumi.Output[str], host: pulumi.Input[str], port: int, name: str
) -> pulumi.Output[str]:
    """`postgresql+psycopg://user:password@host:port/name?sslmode=require`, secret because the password is."""
    return pulumi.Output.secret(
        pulumi.Output.all(password=password, host=host).apply(
            lambda known: (
                f"postgresql+psycopg://{username}:{quote(str(known['password']), safe='')}"
                f"@{known['host']}:{port}/{name}?sslmode=require"
            )
        )
    )


def redis_url(
    password: pulumi.Output[str], host: pulumi.Input[str], port: int, *, tls: bool, ca_file: str | None = None
) -> pulumi.Output[str]:
    """`rediss://:password@host:port/0?ssl_cert_reqs=required` (`redis://...` without TLS), secret like the password.

    `ca_file` is where a reader finds the server's own authority. That one signs for this server alone, so the server's
    address, which its certificate does not carry, need not be checked as well.
    """
    scheme, query = ("rediss", _tls_query(ca_file)) if tls else ("redis", "")
    return pulumi.Output.secret(
        pulumi.Output.all(password=password, host=host).apply(
            lambda known: f"{scheme}://:{quote(str(known['password']), safe='')}@{known['host']}:{port}/0{query}"
        )
    )


def _tls_query(ca_file: str | None) -> str:
    # Celery takes a URL without `ssl_cert_reqs` to mean no check at all (broker), or refuses it (result backend)
    own_authority = f"&ssl_check_hostname=false&ssl_ca_certs={quote(ca_file, safe='')}" if ca_file else ""
    return f"?ssl_cert_reqs=required{own_authority}"
