"""Checks of bearer tokens (JWT) in HAProxy: signature, algorithm, issuer, audience and times. Pure.

`jwt_verify` checks the signature alone, so each claim has a condition. The algorithm is that of the key and never the one that
a token names. Each condition is one that a token meets, so that an absent claim, which compares with nothing, is refused. The
claim `aud` is a text or a list, for which the query of a text finds nothing (HAProxy 2.6.12), so each place of a list has a query.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping

from providers.contract.naming import CONFIG_FOLDER
from providers.contract.spec import Auth

RSA = bytes.fromhex("2a864886f70d010101")
P256 = bytes.fromhex("2a8648ce3d030107")
"""Object identifiers of RSA keys (RFC 8017) and of the curve P-256 (RFC 5480), in the DER encoding of a public key."""
MAX_CLOCK_DIFFERENCE_SECONDS = 30
"""Difference of the clocks of issuer and entry at which a token that has just become valid is accepted."""
MAX_AUDIENCES = 8
"""Places of a list of audiences that are compared; providers write one to three."""
BEARER = "http_auth_bearer"
CLAIMS = {
    "alg": "jwt_header_query('$.alg')",
    "iss": "jwt_payload_query('$.iss')",
    "exp": "jwt_payload_query('$.exp','int')",
    "nbf": "jwt_payload_query('$.nbf','int')",
}


def algorithm(public_key: str) -> str | None:
    """Algorithm of the signatures that a public key in PEM verifies; None for a kind of key that is not supported."""
    body = "".join(line for line in public_key.splitlines() if not line.startswith("-----"))
    try:
        encoded = base64.b64decode(body, validate=True)
    except binascii.Error:
        return None
    return "RS256" if RSA in encoded else "ES256" if P256 in encoded else None


def key_files(auth: Auth) -> Mapping[str, str]:
    """Files of the issuer's public keys, by path."""
    return {f"{CONFIG_FOLDER}/token-{number}.pem": key for number, key in enumerate(auth.public_keys, 1)}


def token_rules(auth: Auth) -> Iterator[str]:
    """Lines that end with the conditions that a valid token meets: `signed` and every one of `CONDITIONS`."""
    yield "http-request set-var(txn.now) date()"
    for name, query in CLAIMS.items():
        yield f"http-request set-var(txn.{name}) {BEARER},{query}"
    for path, key in key_files(auth).items():
        used = algorithm(key) or ""
        yield f'http-request set-var(txn.signed) {BEARER},jwt_verify("{used}","{path}") if {{ var(txn.alg) -m str {used} }} !{{ var(txn.signed) -m int 1 }}'
    yield "acl signed var(txn.signed) -m int 1"
    yield f"acl issued var(txn.iss) -m str {auth.issuer}"
    for query in ("$.aud", *(f"$.aud[{index}]" for index in range(MAX_AUDIENCES))):
        yield f"acl meant-for-us {BEARER},jwt_payload_query('{query}') -m str {auth.audience}"
    # without an expiry the difference has no value, and the condition does not hold
    yield "acl fresh var(txn.now),sub(txn.exp) lt 0"
    yield f"acl early var(txn.nbf),sub(txn.now) gt {MAX_CLOCK_DIFFERENCE_SECONDS}"


CONDITIONS = ("signed", "issued", "meant-for-us", "fresh")
REFUSED = (*(f"!{name}" for name in CONDITIONS), "early")
"""Conditions of which each refuses a token."""
