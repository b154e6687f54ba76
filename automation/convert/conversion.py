"""Result of a conversion: services and sections of a stack file, and a note for each setting of the source.

A reader of one format adds what it reads through the methods here, so that every setting has exactly one of three
outcomes, and so that no secret value is copied from a source into a stack file or a note.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from components.validation.secret_patterns import kind_of_secret, named_like_a_secret
from providers.contract import variables
from providers.contract.json_data import Raw, is_mapping

MAX_NAME_CHARACTERS = 24
SECRET_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
UNKNOWN_VALUE = "a value that is not in the source"
"""Text by which the name of a variable alone decides whether it is a secret."""
DATABASE_VARIABLES = {
    "HOST": "PGHOST", "HOSTNAME": "PGHOST", "SERVER": "PGHOST", "ENDPOINT": "PGHOST", "PORT": "PGPORT",
    "USER": "PGUSER", "USERNAME": "PGUSER", "PASS": "PGPASSWORD", "PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE",
    "DATABASE": "PGDATABASE", "DB": "PGDATABASE", "DBNAME": "PGDATABASE", "URL": "DATABASE_URL", "URI": "DATABASE_URL",
    "DSN": "DATABASE_URL", "SSLMODE": "PGSSLMODE", "DRIVER": "DATABASE_URL",
}  # fmt: skip
"""Variable that the platform sets, by the last word of a variable for the database."""
DATABASE_PREFIX = re.compile(r"(?:DB|DATABASE|POSTGRES|POSTGRESQL|PG|RDS|SQL|PGVECTOR)_?")
STORE_VARIABLES = {part: names[0] for part, names in variables.BY_PART.items()}
"""Variable with the address of a store, for a variable whose value contains that address."""

NO_COUNTERPART = "the stack file has no such setting"
NO_LASTING_FOLDER = "a container has no folder that lasts; use storage or the database"
VALUE_IS_STORED = "it is in the platform's secret store, and its value is not copied"
BUILD_REASONS = {
    "args": "write the values into the Dockerfile as defaults of ARG",
    "target": "the last stage of the Dockerfile is built",
}
"""Reason for which a setting of an image's build is left out."""


class SettingOutcome(StrEnum):
    """SettingOutcome of one setting of the source."""

    CONVERTED = "taken over"
    ADJUSTED = "adjusted"
    OMITTED = "not taken over"


@dataclass(frozen=True)
class Note:
    """Setting of the source, what became of it, and why; `target` is the key of the stack file, empty for none."""

    source: str
    outcome: SettingOutcome
    target: str = ""
    reason: str = ""

    def __str__(self) -> str:
        target = f" -> {self.target}" if self.target else ""
        return f"{self.source}{target}" + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True)
class Addresses:
    """Names by which services of the source reach each other and the stores.

    `stores` and `services` map a host name, or a reference of the source, to the part of the platform or to the service.
    """

    stores: Mapping[str, str] = field(default_factory=dict[str, str])
    services: Mapping[str, str] = field(default_factory=dict[str, str])

    def store_in(self, value: str) -> str | None:
        """Return the store that a value has the address of: `db`, `db:5432` or `postgresql://user:...@db/name`."""
        return next((part for host, part in self.stores.items() if _has_host(value, host)), None)

    def service_in(self, value: str) -> str | None:
        """Return the service that a value has the address of."""
        return next((name for host, name in self.services.items() if _has_host(value, host)), None)


def _has_host(value: str, host: str) -> bool:
    return re.search(rf"(?:^|//|@){re.escape(host)}(?:$|[:/?])", value) is not None


@dataclass
class Conversion:
    """Platform under construction."""

    file: str
    """Name of the source, for the first line of the stack file."""
    services: dict[str, Raw] = field(default_factory=dict[str, Raw])
    jobs: dict[str, Raw] = field(default_factory=dict[str, Raw])
    sections: Raw = field(default_factory=Raw)
    """Other keys of the platform: database, cache, storage, network, ingress, tags."""
    block: dict[str, str] = field(default_factory=dict[str, str])
    """Account and region that the source names, by the keys of the cloud's block."""
    notes: list[Note] = field(default_factory=list[Note])

    def convert(self, source: str, target: str) -> None:
        """Note that a setting has the same meaning in the stack file."""
        self.notes.append(Note(source, SettingOutcome.CONVERTED, target))

    def adjust(self, source: str, target: str, reason: str) -> None:
        """Note that a setting has another form or value in the stack file."""
        self.notes.append(Note(source, SettingOutcome.ADJUSTED, target, reason))

    def omit(self, source: str, reason: str) -> None:
        """Note that a setting is not in the stack file."""
        self.notes.append(Note(source, SettingOutcome.OMITTED, "", reason))

    def omit_all(self, source: str, keys: Iterable[str], reasons: Mapping[str, str], default: str) -> None:
        """Note that the settings `keys` of `source` are not in the stack file, with their reasons."""
        for key in keys:
            self.omit(f"{source}.{key}", reasons.get(key, default))

    def use(self, service: str, part: str) -> None:
        """Give a service access to a part of the platform, which is created with its defaults if it is new."""
        self.sections.setdefault(part, Raw())
        _append(self.services[service], "uses", part)

    def call(self, service: str, callee: str) -> None:
        """Allow a service to call another one that listens on a port."""
        if callee != service and self.services.get(callee, {}).get("port") is not None:
            _append(self.services[service], "calls", callee)

    def list_secret(self, service: str, source: str, name: str, reason: str = "the value is not copied") -> None:
        """List a secret of a service by its name; names in other spellings are written in capital letters."""
        upper = re.sub(r"[^A-Z0-9_]", "_", name.upper())
        if not SECRET_NAME.fullmatch(upper):
            self.omit(source, "not the name of an environment variable")
            return
        _append(self.services[service], "secrets", upper)
        spelling = "" if upper == name else f"; the program reads it as {upper}"
        self.adjust(
            source, f"services.{service}.secrets", f"{reason}; set it with `agent-platform secret set`{spelling}"
        )

    def set_variables(
        self, service: str, source: str, environment: Mapping[str, str | None], addresses: Addresses
    ) -> None:
        """Convert the environment of a service; None for a value that the source does not contain."""
        for name, value in environment.items():
            self._set_variable(service, f"{source}.{name}", name, value, addresses)

    def _set_variable(self, service: str, source: str, name: str, value: str | None, addresses: Addresses) -> None:
        text = UNKNOWN_VALUE if value is None else value
        managed = self._managed_variable(service, name, text, addresses)
        callee = addresses.service_in(text)
        if managed is not None:
            change = (
                "the platform sets it" if managed == name else f"the platform sets {managed}; let the program read it"
            )
            self.adjust(source, f"services.{service}.uses", change)
        elif kind_of_secret(text) or named_like_a_secret(name, text):
            plain = f"plain secret in {self.file}: the value is not copied, and everybody who reads the file knows it"
            self.list_secret(service, source, name, "the value is not copied" if value is None else plain)
        elif callee is not None and callee != service:
            self.call(service, callee)
            variable = variables.call_variable(callee)
            self.adjust(source, f"services.{service}.calls", f"the platform sets {variable}; let the program read it")
        elif value is None:
            self.omit(source, f"its value is not in {self.file}; add it to services.{service}.environment")
        elif name == "PORT":
            self.adjust(source, f"services.{service}.port", "the platform sets it from the port of the service")
        elif not VARIABLE_NAME.fullmatch(name):
            self.omit(source, "not the name of an environment variable")
        else:
            environment = self.services[service].setdefault("environment", Raw())
            if is_mapping(environment):
                environment[name] = value
            self.convert(source, f"services.{service}.environment.{name}")

    def _managed_variable(self, service: str, name: str, value: str, addresses: Addresses) -> str | None:
        """Return the variable of the platform that replaces one with the address or the account of a store."""
        part = addresses.store_in(value)
        prefix = DATABASE_PREFIX.match(name)
        word = DATABASE_VARIABLES.get(name[prefix.end() :]) if prefix else None
        if part is None and word is not None and "database" in self.sections:
            part = "database"
        if part is None:
            return None
        self.use(service, part)
        return word if part == "database" and word is not None else STORE_VARIABLES[part]


def slug(name: str) -> str:
    """Return a name that a service can have: lower-case letters, digits and hyphens, and a letter first."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    text = text if text[:1].isalpha() else f"app-{text}".strip("-")
    return text[:MAX_NAME_CHARACTERS].rstrip("-")


def _append(service: Raw, key: str, item: str) -> None:
    items = service.setdefault(key, [])
    if isinstance(items, list) and item not in items:
        items.append(item)
