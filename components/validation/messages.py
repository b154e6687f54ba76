"""Messages for values of the wrong shape: the key, the problem, what is allowed, and the nearest key or word.

What is allowed comes from the spec itself: the keys of a class, the words of a Literal, the field's own docstring. A value
is repeated only where the key cannot hold a secret and the value does not look like one.
"""

import json
import re
from collections.abc import Mapping, Sequence

from pydantic_core import ErrorDetails

from components.validation.key_hints import meant_key, unavailable
from components.validation.schema import described, forms_at, keys_at, words_at
from components.validation.secret_patterns import kind_of_token
from providers.contract.diagnostics import ConfigError, did_you_mean, listed
from providers.contract.spec.defaults import Raw, is_list, is_mapping

BOUNDS = {
    "greater_than": ("is too small", "use more than {gt}"),
    "greater_than_equal": ("is too small", "use {ge} or more"),
    "less_than": ("is too large", "use less than {lt}"),
    "less_than_equal": ("is too large", "use {le} or less"),
    "finite_number": ("is not a finite number", "use a number"),
}
"""Problem and fix of a number out of bounds."""
KINDS = {
    "string_type": ("text", "put it in quotes"),
    "int_type": ("a whole number", "write a whole number without quotes"),
    "int_from_float": ("a whole number", "round it"),
    "int_parsing_size": ("a whole number", "use a smaller number"),
    "float_type": ("a number", "write a number without quotes"),
    "bool_type": ("true or false", "write true or false without quotes"),
    "tuple_type": ("a list", "write it as a list, such as [a, b]"),
    "dict_type": ("a mapping", "write keys and values"),
    "model_type": ("a mapping", "write keys and values"),
    "model_attributes_type": ("a mapping", "write keys and values"),
}
"""Expected kind of value and fix by pydantic's name of the error."""
NAMES = {
    "services": "use lower-case letters, digits and hyphens, beginning with a letter, 40 at most",
    "jobs": "use lower-case letters, digits and hyphens, beginning with a letter, 40 at most",
    "caches": "use lower-case letters, digits and single hyphens, beginning with a letter, 20 at most",
    "models": "use the name of the model in requests: letters, digits and . _ : / @ -",
    "environment": "use letters, digits and underscores, as environment variables do",
    "repositories": "use the name of the image: lower-case letters, digits and separators . _ - /, without a host and a tag",
    "parameters": "use PostgreSQL's own names, in lower-case letters, digits, dots and underscores",
}
"""Rule for the names that users choose, by the key above them."""
NOT_KEYS = ("[key]", "str", "int", "float", "bool")
"""Parts of a location that name no key: a mark, and the members of the one union in the spec."""
SHORT_FORMS = ("literal_error", "bool_type")
"""Errors of a value that has the short form of a mapping."""
WORD_SYNONYMS = {"amazon": "aws", "google": "gcp", "gcloud": "gcp", "microsoft": "azure", "local": "docker"}
"""Other words for the value of a key."""
LIST_NAMES = "list the names alone, and set each value by `agent-platform secret set STACK NAME`"
NEVER_SHOWN = (
    "accept_checks",
    "accept_risk",
    "command",
    "environment",
    "images",
    "overrides",
    "parameters",
    "secrets",
    "tags",
)
"""Keys whose values may hold a secret or text of any length."""
MAX_SHOWN_CHARACTERS = 60
CREDENTIAL = re.compile(
    r"://[^/\s]*@|-----BEGIN|^(sk-|pk-|rk_|sk_|gh[a-z]_|github_pat_|glpat-|xox[a-z]-|hf_|AKIA|ASIA|AIza|eyJ|v1:|[A-Za-z0-9+/_=-]{32,}$)"
)
"""Text that may be a password, a token or a key: known prefixes, credentials in a URL, and long random text."""


def without_forms(parts: Sequence[int | str]) -> tuple[int | str, ...]:
    """Return a location without the name of the form of a value that has several, such as `metrics`."""
    return tuple(part for place, part in enumerate(parts) if part not in forms_at(parts[:place]))


def keys_of(error: ErrorDetails) -> tuple[int | str, ...]:
    """Return the location of an error, with keys and indices only."""
    return tuple(part for part in without_forms(error["loc"]) if part not in NOT_KEYS)


def is_about_another_form(error: ErrorDetails, platform: Raw) -> bool:
    """True for the complaint that a mapping is not the short form of its key, such as `metrics: none`."""
    parts = error["loc"]
    is_short = error["type"] in SHORT_FORMS and parts[-1] in forms_at(parts[:-1])
    return is_short and is_mapping(locate(keys_of(error), platform)[1])


def message_of(error: ErrorDetails, platform: Raw, source: Mapping[str, str]) -> ConfigError:
    """Return the message for one pydantic error; `source` has numbers as the file writes them, by dotted path."""
    location = keys_of(error)
    key, value = locate(location, platform)
    problem, fix = _problem(error, location, value, _shown(location, value, source.get(key)))
    return ConfigError(key or "agent-platform:platform", problem, fix)


def keys_concerned(error: ErrorDetails, platform: Raw) -> list[str]:
    """Return the keys that an error leaves unclear: its own, and the one that is meant by an unknown key."""
    location = keys_of(error)
    key, _ = locate(location, platform)
    if error["type"] != "extra_forbidden" or unavailable(location) is not None:
        return [key]
    _, present = locate(location[:-1], platform)
    meant = meant_key(location, keys_at(location[:-1]))
    if meant is None or (is_mapping(present) and meant in present):
        return [key]
    return [key, ".".join([*key.split(".")[:-1], meant])]


def _problem(error: ErrorDetails, location: Sequence[int | str], value: object, shown: str) -> tuple[str, str]:
    """Return problem and fix of one pydantic error."""
    kind, context = error["type"], error.get("ctx", {})
    if error["loc"] and error["loc"][-1] == "[key]" and kind != "extra_forbidden":
        return "this name cannot be used", NAMES.get(str(error["loc"][-3]), "use letters, digits and underscores")
    if kind == "extra_forbidden":
        return _unknown_key(location)
    if kind == "missing" and location[-1] == "image":
        return "missing", "set `image`, or `build` to build it from a Dockerfile"
    if kind == "missing":
        return "missing", f"set it: {described(location)}".rstrip(": ")
    if value is None and (kind in KINDS or kind == "literal_error"):
        return "no value", "set one, or remove the key for its default"
    if kind == "literal_error":
        return _wrong_word(location, value, shown)
    if kind in BOUNDS:
        problem, fix = (text.format(**context) for text in BOUNDS[kind])
        return f"{shown} {problem}".lstrip(), fix
    if kind in KINDS:
        return _wrong_kind(kind, location, value, shown)
    if kind == "too_short":
        return "empty", "add at least 1 entry"
    if kind == "too_long":
        return "too many entries", f"use {context['max_length']} at most"
    if kind == "value_error":
        problem, _, fix = str(context["error"]).partition("; ")
        return f"{shown} {problem}".lstrip(), fix
    if "secrets" in location:
        return "not the name of an environment variable in upper case", LIST_NAMES
    means = described(location)
    return f"{shown} has the wrong form".replace("  ", " ").strip(), f"correct it: {means}" if means else ""


def _unknown_key(location: Sequence[int | str]) -> tuple[str, str]:
    setting = unavailable(location)
    if setting is not None:
        return f"unknown key: {setting.problem}", setting.fix
    keys = keys_at(location[:-1])
    meant = meant_key(location, keys)
    problem = f"unknown key (did you mean {meant})" if meant else "unknown key"
    return problem, f"use {listed(keys)}" if keys else "remove it"


def _wrong_word(location: Sequence[int | str], value: object, shown: str) -> tuple[str, str]:
    words = [str(word) for word in words_at(location)]
    near = _near_word(value, words) if isinstance(value, str) and shown else ""
    return f"{shown} is not one of the allowed values{near}".lstrip(), f"use {listed(words)}"


def _near_word(value: str, words: Sequence[str]) -> str:
    """Return ` (did you mean X)` for a word that is abbreviated (prod), called otherwise (google) or misspelt."""
    meant = WORD_SYNONYMS.get(value.lower(), "")
    if meant not in words:
        meant = next((word for word in words if len(value) >= 3 and word.startswith(value.lower())), "")
    return f" (did you mean {meant})" if meant else did_you_mean(value, words)


def _wrong_kind(kind: str, location: Sequence[int | str], value: object, shown: str) -> tuple[str, str]:
    expected, fix = KINDS[kind]
    if "bool" in forms_at(location):
        expected, fix = "true, false or a mapping", "write true or false without quotes, or keys and values"
    actual = "a mapping" if is_mapping(value) else "a list" if is_list(value) else shown
    if location[-1] == "secrets" and kind == "tuple_type":
        fix = LIST_NAMES
    elif location[-1] == "environment":
        fix = "write it as {NAME: value}"
    elif location[-1] == "build":
        fix = "write it as {context: FOLDER, dockerfile: FILE}"
    elif kind == "string_type" and (is_mapping(value) or is_list(value)):
        fix = "write one value"
    elif kind == "string_type" and shown:
        fix = f'put it in quotes: "{shown}"'
    return f"must be {expected}" + (f", not {actual}" if actual else ""), fix


def _shown(location: Sequence[int | str], value: object, source: str | None) -> str:
    """Return the value as the file writes it; nothing for a list, a mapping, and what may be a secret."""
    hidden = location and location[0] != "deployer" and any(part in NEVER_SHOWN for part in location)
    if hidden or value is None or (is_mapping(value) or is_list(value)):
        return ""
    if not isinstance(value, str):
        return source or json.dumps(value, default=str)
    return "" if len(value) > MAX_SHOWN_CHARACTERS or CREDENTIAL.search(value) else json.dumps(value)


def locate(location: Sequence[int | str], platform: Raw) -> tuple[str, object]:
    """Return the dotted path as users write it, and the value there; parts that name no key are dropped."""
    key = ""
    value: object = platform
    for part in location:
        if isinstance(part, int) and is_list(value):
            key, value = f"{key}[{part}]", value[part] if part < len(value) else None
        elif isinstance(part, str) and is_mapping(value):
            key, value = f"{key}.{_name(part)}".lstrip("."), value.get(part)
        else:
            break
    return key, value


def _name(part: str) -> str:
    """Return a key as a message names it: `NAME=value` in place of a name may hold a secret after the sign."""
    name = part.partition("=")[0]
    if kind_of_token(name) is not None:
        return "[hidden]"
    return name if len(name) <= MAX_SHOWN_CHARACTERS else f"{name[:MAX_SHOWN_CHARACTERS]}..."
