"""Generated passwords, the connection URLs that contain them, and logins of registries: secret Outputs from the start."""

from dataclasses import dataclass
from urllib.parse import quote

import pulumi
import pulumi_random as random

from providers.contract.component import Scope
from providers.contract.images import registry_login

PASSWORD_LENGTH = 40
KEY_BYTES = 24
SQLALCHEMY_SCHEME = "postgresql+psycopg"
"""Scheme of SQLAlchemy, which Agno and Alembic use, with the driver psycopg 3."""
LIBPQ_SCHEME = "postgresql"
"""Scheme of libpq; Django (dj-database-url), psycopg, psql and drivers of other languages accept no other."""


def generated_password(scope: Scope, part: str = "password") -> pulumi.Output[str]:
    """Random password of 40 letters and digits (238 bits), which needs no quoting in a URL.

    Marked secret explicitly, because only a real engine marks the result of the random provider.
    """
    password = random.RandomPassword(scope.named(part), length=PASSWORD_LENGTH, special=False, opts=scope.opts())
    return pulumi.Output.secret(password.result)


def generated_key(scope: Scope) -> pulumi.Output[str]:
    """Random key of clients: 48 hexadecimal digits (192 bits).

    Not a password of a data store: a change of `ingress.auth` removes it without losing data, so it has another type.
    """
    key = random.RandomBytes(scope.named("api-key"), length=KEY_BYTES, opts=scope.opts())
    return pulumi.Output.secret(key.hex)


def postgres_url(
    username: str,
    password: pulumi.Output[str],
    host: pulumi.Input[str],
    port: int,
    name: str,
    *,
    scheme: str = SQLALCHEMY_SCHEME,
) -> pulumi.Output[str]:
    """`postgresql+psycopg://user:password@host:port/name?sslmode=require`, secret because the password is."""
    return pulumi.Output.secret(
        pulumi.Output.all(password=password, host=host).apply(
            lambda values: (
                f"{scheme}://{username}:{quote(str(values['password']), safe='')}"
                f"@{values['host']}:{port}/{name}?sslmode=require"
            )
        )
    )


def redis_url(
    password: pulumi.Output[str], host: pulumi.Input[str], port: int, *, tls: bool, ca_file: str | None = None
) -> pulumi.Output[str]:
    """`rediss://:password@host:port/0?ssl_cert_reqs=required` (`redis://...` without TLS), secret like the password.

    `ca_file` is the path of the certificate authority of the server. It signs for this server only, so the host name, which
    the certificate does not contain, is not checked.
    """
    scheme, query = ("rediss", _tls_query(ca_file)) if tls else ("redis", "")
    return pulumi.Output.secret(
        pulumi.Output.all(password=password, host=host).apply(
            lambda values: f"{scheme}://:{quote(str(values['password']), safe='')}@{values['host']}:{port}/0{query}"
        )
    )


def _tls_query(ca_file: str | None) -> str:
    # without `ssl_cert_reqs` Celery does not verify the certificate (broker) or refuses the URL (result backend)
    own_authority = f"&ssl_check_hostname=false&ssl_ca_certs={quote(ca_file, safe='')}" if ca_file else ""
    return f"?ssl_cert_reqs=required{own_authority}"


@dataclass(frozen=True)
class ImageCredentials:
    """User name and password or token for one registry, both secret Outputs."""

    username: pulumi.Output[str]
    password: pulumi.Output[str]


def image_credentials(value: pulumi.Output[str]) -> ImageCredentials:
    """Return the credentials in a secret whose value is `username:password`."""
    return ImageCredentials(
        username=pulumi.Output.secret(value.apply(lambda text: registry_login(text)[0])),
        password=pulumi.Output.secret(value.apply(lambda text: registry_login(text)[1])),
    )
