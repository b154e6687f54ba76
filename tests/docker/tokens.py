"""Tokens (JWT) of an identity provider whose keys openssl generates, for tests and the measurement of the entry."""

import base64
import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

ISSUER, AUDIENCE = "https://login.example.com/tenant", "api://agents.example.com"
NOW = int(time.time())
CLAIMS: Mapping[str, object] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "worker", "exp": NOW + 600}
"""Claims of a valid token."""


def encoded(value: bytes | Mapping[str, object]) -> str:
    """Part of a token."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


class Issuer:
    """Identity provider with a key pair that openssl generates."""

    def __init__(self, folder: Path, name: str, *options: str) -> None:
        self.private, public = folder / f"{name}.key", folder / f"{name}.pub"
        self.run("genpkey", *options, "-out", self.private)
        self.run("pkey", "-in", self.private, "-pubout", "-out", public)
        self.public = public.read_text(encoding="utf-8")

    @staticmethod
    def run(*arguments: str | Path, text: bytes = b"") -> bytes:
        """Output of openssl."""
        return subprocess.run(["openssl", *arguments], input=text, capture_output=True, check=True).stdout

    def token(self, claims: Mapping[str, object], alg: str = "RS256") -> str:
        """Token with claims; the signature is that of the key, whatever the header says."""
        text = f"{encoded({'alg': alg, 'typ': 'JWT'})}.{encoded(claims)}"
        signature = self.run("dgst", "-sha256", "-sign", self.private, text=text.encode())
        return f"{text}.{encoded(signature if 'RS' in alg or alg == 'HS256' else raw_signature(signature))}"


def raw_signature(der: bytes) -> bytes:
    """Signature of a P-256 key in the form of RFC 7518: both numbers with 32 bytes each."""
    first = der[4 : 4 + der[3]]
    second = der[6 + der[3] :]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (first, second))
