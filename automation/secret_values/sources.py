"""Sources of secret values: a prompt, standard input, a file, and `.env` files. No value is an argument or printed."""

import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from providers.contract.diagnostics import ConfigError, InvalidConfiguration

MAX_BYTES = 1024 * 1024
"""Size of a file or stream that is read; the limits of values are below this."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class EnvFile:
    """Variables of a `.env` file and the names without a value; the values are not part of the representation."""

    values: Mapping[str, str] = field(repr=False)
    without_value: tuple[str, ...] = ()


def value_in_file(path: Path) -> str:
    """Return the text of a file without its last line ending; raises InvalidConfiguration."""
    return _without_line_ending(_text(_bytes_of(path), str(path)))


def value_on_stdin() -> str:
    """Return the text of standard input without its last line ending; raises InvalidConfiguration."""
    return _without_line_ending(_text(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input"))


def read_env_file(path: Path) -> EnvFile:
    """Return the variables of a `.env` file, without interpolation; raises InvalidConfiguration for unreadable lines."""
    # python-dotenv reads the format that docker compose and most frameworks share; only this command needs it
    from dotenv.parser import parse_stream

    text = _text(_bytes_of(path), path.name)
    bindings = list(parse_stream(StringIO(text)))
    errors = [
        ConfigError(f"{path.name}, line {binding.original.line}", "not NAME=VALUE", "close the quotation mark, or correct the line")
        for binding in bindings
        if binding.error
    ]  # fmt: skip
    if errors:
        raise InvalidConfiguration(errors)
    pairs = {binding.key: binding.value for binding in bindings if binding.key is not None}
    values = {name: value for name, value in pairs.items() if value}
    return EnvFile(values, tuple(name for name in pairs if name not in values))


def permission_warning(path: Path) -> str:
    """Return a warning for a file with secrets that other users of this machine may read; empty for a private file."""
    mode = stat.S_IMODE(path.stat().st_mode)
    return (
        f"warning: {path} is accessible to other users (mode {mode:03o}); run `chmod 600 {path}`"
        if mode & OTHERS
        else ""
    )


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        problem = f"cannot be read: {(error.strerror or type(error).__name__).lower()}"
        raise InvalidConfiguration([ConfigError(str(path), problem, "correct the path or its permissions")]) from None


def _text(content: bytes, source: str) -> str:
    if len(content) > MAX_BYTES:
        raise InvalidConfiguration(
            [ConfigError(source, f"larger than {MAX_BYTES // 1024} KiB", "provide a secret alone")]
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        fix = "save it as UTF-8; encode binary data in Base64"
        raise InvalidConfiguration([ConfigError(source, "not encoded in UTF-8", fix)]) from None


def _without_line_ending(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
