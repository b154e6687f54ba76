"""Rules of the HTTPS frontend that decide whether a request is forwarded. Pure."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256

from providers.contract.authentication import guarded_services, key_variable, public_patterns
from providers.contract.closed_paths import closed_paths
from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported, listed
from providers.contract.naming import CONFIG_FOLDER
from providers.contract.spec import Auth, Platform, Service

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


RATE_WINDOW_SECONDS = 60
TRACKED_CLIENTS = 100_000
"""Addresses and keys that are counted at the same time; the least recent one is dropped first."""
KEY_CHARACTERS = 64
"""Length of an entry of a table: a SHA-256 digest in hexadecimal digits, so that HAProxy keeps no key of a client."""
CAPTURED_CHARACTERS = 40
"""Length of the name of a rule in the log of a request that it would have denied."""
ANY_ADDRESS = "0.0.0.0/0"
KEY_DIGEST = "http_auth_bearer,sha2(256),hex,lower"
"""Digest of the token of `Authorization: Bearer`; nothing for another scheme."""
ODD_PATH = r"path -m reg (%|\.\.|//|\\|;)"
"""Path that a server may read as another one; it is never a public path."""
UNAUTHORIZED = "http-request return status 401 hdr WWW-Authenticate Bearer"
DECODED_PATH = "path,url_dec,regsub(/+,/,g)"
"""Path as applications may read it: without percent encoding and repeated slashes."""
SELECTS = r"union[\s+]+(all[\s+]+)?select"
SQL = "|".join(
    (
        SELECTS,
        r";[\s+]*(alter|delete|drop|insert|truncate|update)[\s+]",
        r"\b(or|and)[\s+]+[\x27\x22]?\d+[\x27\x22]?[\s+]*=",
        r"\b(benchmark|sleep|pg_sleep)[\s+]*\(",
    )
)
"""Parts of SQL that no ordinary query has; HAProxy reads \x27 and \x22 as quotes, as it would end a word at one."""
COMMANDS = r"(;|\||&&|\x60|\$\()[\s+]*(/(usr/)?bin/)?(bash|cat|chmod|curl|nc|rm|sh|wget)([\s+]|$)"
WAF_RULES: tuple[tuple[str, str], ...] = (
    ("methods that APIs do not use", "{ method TRACE CONNECT TRACK DEBUG }"),
    ("path traversal", "{ path,url_dec -m sub ../ }"),
    ("null bytes", "{ url -i -m sub %00 }"),
    ("hidden files", r"{ path,url_dec -m reg /\.(git|svn|hg|env|aws|ssh)(/|$) }"),
    ("scripts in a query", "{ query,url_dec -i -m sub <script javascript: }"),
    ("event handlers in a query", r"{ query,url_dec,lower -m reg <\w[^>]*\bon\w+[\s+]*= }"),
    ("SQL in a query", f"{{ query,url_dec,lower -m reg {SQL} }}"),
    ("file paths in a query", r"{ query,url_dec -m reg (\.\./){2}|/etc/(passwd|shadow) }"),
    ("commands in a query", f"{{ query,url_dec,lower -m reg {COMMANDS} }}"),
    ("lookups in a query", "{ query,url_dec,lower -m sub ${jndi: php:// }"),
    ("scripts in a referer", "{ req.hdr(referer),url_dec -i -m sub <script javascript: }"),
    ("SQL in a cookie", f"{{ req.hdr(cookie),url_dec,lower -m reg {SELECTS} }}"),
    ("functions of a shell by user agent", r"{ req.hdr(user-agent) -m reg ^\(\)[\s]*\x7b }"),
    ("scanners by user agent", "{ req.hdr(user-agent) -i -m sub sqlmap nikto masscan nuclei zgrab }"),
)
"""Requests that are denied with 403, with HAProxy's condition; request bodies are not inspected."""


def admission(spec: Platform) -> Iterator[str]:
    """Allowed addresses, rate limits and WAF, in this order, so that requests from denied addresses are not counted."""
    if ANY_ADDRESS not in spec.ingress.allowed_cidrs:
        yield f"http-request deny deny_status 403 unless {{ src {' '.join(spec.ingress.allowed_cidrs)} }}"
    yield "http-request track-sc0 src table clients"
    yield _too_many(f"{{ sc_http_req_rate(0) gt {spec.ingress.requests_per_address} }}")
    yield from _limits_of_keys_and_paths(spec)
    waf = spec.ingress.waf_settings
    for name, condition in WAF_RULES if waf else ():
        if waf and rule_id(name) not in waf.exclude_rules:
            counted = f"http-request capture str(waf:{rule_id(name)}) len {CAPTURED_CHARACTERS}"
            yield f"{counted if waf.mode == 'count' else 'http-request deny deny_status 403'} if {condition}"


def rule_id(name: str) -> str:
    """Name of a rule in `ingress.waf.exclude_rules` and in the log: `path-traversal`."""
    return name.lower().replace(" ", "-")


def _limits_of_keys_and_paths(spec: Platform) -> Iterator[str]:
    """Limits with a counter each: paths do not overlap, so one counter with the number of the path is enough for all."""
    limits = spec.ingress.rate_limit
    if limits.per_key is not None:
        key = "req.hdr(authorization),sha2(256),hex"
        yield f"http-request track-sc1 {key} table keys if {{ req.hdr(authorization) -m found }}"
        yield _too_many(f"{{ sc_http_req_rate(1) gt {limits.per_key} }}")
    for number, limit in enumerate(limits.paths):
        yield f"http-request set-var(txn.limit) int({number}) if {_at_or_below(limit.prefix)}"
    if limits.paths:
        yield "http-request track-sc2 src,concat(/,txn.limit) table paths if { var(txn.limit) -m found }"
    for number, limit in enumerate(limits.paths):
        yield _too_many(f"{{ var(txn.limit) -m int {number} }} {{ sc_http_req_rate(2) gt {limit.per_address} }}")


def _too_many(condition: str) -> str:
    return f'http-request return status 429 hdr Retry-After "{RATE_WINDOW_SECONDS}" if {condition}'


def rate_tables(spec: Platform) -> Iterator[tuple[str, str]]:
    """Tables of the counters: head and line of a section each."""
    limits, digest = spec.ingress.rate_limit, f"string len {KEY_CHARACTERS}"
    types = {
        "clients": "ip",
        **({"keys": digest} if limits.per_key else {}),
        **({"paths": digest} if limits.paths else {}),
    }
    for name, kind in types.items():
        times = f"expire {2 * RATE_WINDOW_SECONDS}s store http_req_rate({RATE_WINDOW_SECONDS}s)"
        yield f"backend {name}", f"stick-table type {kind} size {TRACKED_CLIENTS} {times}"


def authentication(spec: Platform) -> Iterator[str]:
    """Answer 401 to requests of guarded services without a known key or a valid token; a key is compared by its digest.

    A browser sends a preflight request (OPTIONS) without either, and a service answers it without one. The longest path of
    a service decides, as for its route, so each request is of one service.
    """
    guarded, auth = guarded_services(spec), spec.ingress.auth
    if not guarded or auth is None:
        return
    yield "http-request set-var(txn.service) str(none)"
    for name, service in reversed(spec.public.items()):  # the longest path comes last and decides
        route = route_condition(service)
        yield f"http-request set-var(txn.service) str({name}){f' if {route}' if route else ''}"
    yield "acl preflight method OPTIONS"
    yield f"acl odd-path {ODD_PATH}"
    # a server may read another one of several headers than the entry
    yield "acl authorized-once req.hdr_cnt(authorization) eq 1"
    yield from token_rules(auth) if auth.mode == "jwt" else ()
    for name, service in guarded.items():
        yield from _public_paths(name, service)
        if auth.mode == "api_key":
            yield f"acl keyed-{name} {KEY_DIGEST},map_str({key_map_file(key_variable(service))}) -m found"
        for reason in ("!authorized-once", *(REFUSED if auth.mode == "jwt" else [f"!keyed-{name}"])):
            of_service = f"{UNAUTHORIZED} if {{ var(txn.service) -m str {name} }} !preflight {reason}"
            yield from (
                [f"{of_service} !public-{name}", f"{of_service} odd-path"] if service.public_paths else [of_service]
            )


def _public_paths(name: str, service: Service) -> Iterator[str]:
    for path, below in public_patterns(service):
        yield f"acl public-{name} path {path}"
        if below:
            yield f"acl public-{name} path_beg {path.rstrip('/')}/"


def key_map_file(variable: str) -> str:
    """Path of the file with the digest of a key and the name of its variable."""
    return f"{CONFIG_FOLDER}/{variable.lower().replace('_', '-')}.map"


def key_map(variable: str, key: str) -> str:
    """Content of that file: a digest in lower case, as HAProxy's converters write it."""
    return f"{sha256(key.encode()).hexdigest()} {variable}\n"


def route_condition(service: Service) -> str:
    """Condition of the path of a service and of the paths below it: `/api` does not match `/apis`; empty for every path."""
    prefix = (service.path or "").rstrip("/")
    return f"{{ path {prefix} }} or {{ path_beg {prefix}/ }}" if prefix else ""


def closing_rules(spec: Platform) -> Iterator[str]:
    """Answers to closed paths; what is mounted at one, such as an exposition of metrics, answers below it too."""
    for path in (each.path for each in closed_paths(spec)):
        yield f"http-request return status 404 if {_at_or_below(path)}"


def _at_or_below(path: str) -> str:
    plain = path.rstrip("/")
    below = f" or {{ {DECODED_PATH} -m beg {_word(plain)}/ }}" if plain else ""
    return f"{{ {DECODED_PATH} -m str {_word(plain or '/')} }}{below}"


def _word(text: str) -> str:
    """Text as one word of the configuration, in which backslash, quotes and number sign have a meaning."""
    return re.sub(r"([\\\"'#])", r"\\\1", text)


def haproxy_refusals(spec: Platform) -> Iterator[Diagnostic]:
    """Rules to exclude that the entry does not have, and checks of clients that HAProxy cannot make."""
    yield from _rule_refusals(spec)
    yield from _authentication_refusals(spec)


def _rule_refusals(spec: Platform) -> Iterator[Diagnostic]:
    waf, known = spec.ingress.waf_settings, [rule_id(name) for name, _ in WAF_RULES]
    for name in waf.exclude_rules if waf else ():
        if name not in known:
            problem = f"{name} is not a rule of this entry"
            yield Unsupported(spec.cloud, "ingress.waf.exclude_rules", problem, f"use {listed(known)}")


def _authentication_refusals(spec: Platform) -> Iterator[Diagnostic]:
    auth = spec.ingress.auth
    if auth is None or auth.mode not in ("jwt", "oidc"):
        return
    if auth.mode == "oidc":
        fix = "use api_key or jwt, or set services.<name>.auth to app where the application signs users in"
        yield Unsupported(spec.cloud, "ingress.auth.mode", "HAProxy does not sign browsers in", fix)
        return
    if auth.jwks_url is not None:
        problem = "HAProxy reads public keys from files and from no address"
        yield Unsupported(
            spec.cloud, "ingress.auth.jwks_url", problem, "list the keys in PEM in ingress.auth.public_keys"
        )
    elif not auth.public_keys:
        problem = "missing; HAProxy verifies signatures with it"
        yield ConfigError("ingress.auth.public_keys", problem, "list the public keys of the issuer in PEM")
    for key in ("client_id", "allowed"):
        if getattr(auth, key):
            problem = "HAProxy compares issuer and audience, and no other claim of a token"
            yield Unsupported(spec.cloud, f"ingress.auth.{key}", problem, "remove it, and use a separate audience")
    for number, key in enumerate(auth.public_keys):
        if algorithm(key) is None:
            problem = "neither an RSA key nor one of the curve P-256"
            yield Unsupported(spec.cloud, f"ingress.auth.public_keys[{number}]", problem, "use RS256 or ES256")


def waf_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Rules of our own in place of managed ones, which inspect no body."""
    waf = spec.ingress.waf_settings
    if waf is not None:
        yield Adjustment(
            "ingress.waf",
            requested=True,
            effect=Effect.ADJUSTED,
            reason=f"{len(WAF_RULES)} HAProxy rules on methods, paths, queries and headers; no managed rule sets",
        )
    if waf is not None and waf.prompts is not None:
        reason = "the rules inspect no body, so prompts are not blocked on any path"
        yield Adjustment("ingress.waf.prompts", list(waf.prompts), Effect.IGNORED, reason)
