"""What containers said last, without what is secret. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from urllib.parse import unquote, urlsplit

MASKED = "[secret]"
LEAST_LETTERS = 4
"""Shorter values are words of any text."""
LINES, LONGEST_LINE = 3, 200
HEADER_BYTES = 8
CREDENTIALS = re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)")
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


def text_of(stream: bytes) -> str:
    """The text of Docker's stream of a log: each piece has a header of its channel and its length."""
    pieces: list[bytes] = []
    while len(stream) >= HEADER_BYTES:
        end = HEADER_BYTES + int.from_bytes(stream[4:HEADER_BYTES], "big")
        pieces.append(stream[HEADER_BYTES:end])
        stream = stream[end:]
    return b"".join(pieces).decode(errors="replace")


def last_lines(text: str, secrets: Iterable[str]) -> tuple[str, ...]:
    """The last lines that say something, secrets masked before a line is cut."""
    clean = masked(CONTROLS.sub("", text), secrets)
    lines = [line.strip() for line in clean.splitlines() if line.strip()]
    return tuple(line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 3]}..." for line in lines[-LINES:])


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text without these values, and without credentials of any URL."""
    # the longest first: a value may be a part of another one
    for secret in sorted(set(secrets), key=len, reverse=True):
        text = text.replace(secret, MASKED)
    return CREDENTIALS.sub(MASKED, text)


def secret_values(variables: Mapping[str, str], plain: Collection[str]) -> Iterator[str]:
    """Values of a container's variables but the plain ones, whole, by line, and their passwords where they are URLs."""
    for name, value in variables.items():
        if name in plain:
            continue
        password = _password(value)
        found = (value, *value.splitlines(), password, unquote(password))
        yield from (part for part in found if len(part) >= LEAST_LETTERS)


def _password(value: str) -> str:
    try:
        return urlsplit(value).password or ""
    except ValueError:
        return ""
