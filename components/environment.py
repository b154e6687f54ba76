"""Environment of each service: port, addresses of what it calls and uses, secrets by reference.

No value of a secret passes here: `DATABASE_URL` and `REDIS_URL` are references that the cloud's components create.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pulumi

from providers.contract import variables
from providers.contract.closed_paths import hides_documentation
from providers.contract.existing_stores import VARIABLES, existing_stores
from providers.contract.results import Cache, Database, Environment, ObjectStore, SecretRef
from providers.contract.spans import span_variables
from providers.contract.spec import Platform, Service


@dataclass(frozen=True)
class ServiceInputs:
    """Resources of the region that services use: data stores, secrets by name, and the address of a service."""

    address: Callable[[str], pulumi.Input[str]]
    database: Database | None = None
    caches: Mapping[str, Cache] = field(default_factory=dict[str, Cache])
    """Caches by the word of `uses`."""
    storage: ObjectStore | None = None
    models: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Variables by which SDKs find the cloud's models."""
    secrets: Mapping[str, SecretRef] = field(default_factory=dict[str, SecretRef])
    stack: str = ""
    deferred: Mapping[str, Mapping[str, pulumi.Output[str]]] = field(
        default_factory=dict[str, Mapping[str, pulumi.Output[str]]]
    )
    """Variables by service whose values are Outputs of other resources."""
    span_receiver: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Variables by which OpenTelemetry finds the receiver of spans."""


def environments(spec: Platform, around: ServiceInputs) -> dict[str, Environment]:
    """Return the environment of every service, by name."""
    return {name: environment_of(spec, name, around) for name in spec.services}


def environment_of(spec: Platform, name: str, around: ServiceInputs) -> Environment:
    """Return variables and secret references of one service, by its `app`, `uses`, `calls` and `secrets`."""
    service = spec.services[name]
    references = _outside(spec, name, _secrets(service, around))
    secrets = {name: secret for name, secret in references.items() if name not in service.environment}
    plain = {
        **_plain(spec, service, around),
        **_spans(spec, name, around),
        **service.environment,
        **around.deferred.get(name, {}),
    }
    return Environment(
        plain={name: value for name, value in plain.items() if name not in secrets},
        secrets=secrets,
        files=_files(service, around),
    )


def _plain(spec: Platform, service: Service, around: ServiceInputs) -> dict[str, pulumi.Input[str]]:
    """Return the variables by the service's `app`, `uses` and `calls`."""
    keep_alive = spec.keep_alive_seconds
    plain: dict[str, pulumi.Input[str]] = {
        name: value.format(keep_alive_seconds=keep_alive) for name, value in service.preset.environment
    }
    if service.port is not None:
        plain[variables.PORT] = str(service.port)
    if service.web_concurrency is not None:
        plain[variables.WEB_CONCURRENCY] = str(service.web_concurrency)
    if around.storage is not None and "storage" in service.uses:
        plain[variables.STORAGE_BUCKET] = around.storage.bucket
        plain[variables.STORAGE_ENDPOINT_URL] = around.storage.endpoint_url
    if around.database is not None and "database" in service.uses:
        plain |= _libpq(around.database)
    if hides_documentation(spec, service):
        plain[variables.DOCS_ENABLED] = "false"
    if "models" in service.uses:
        plain |= {variables.MODELS: ",".join(spec.models), **around.models}
    return plain | {variables.call_variable(callee): around.address(callee) for callee in service.calls}


def _spans(spec: Platform, name: str, around: ServiceInputs) -> dict[str, pulumi.Input[str]]:
    tracing = spec.monitoring.tracing
    if tracing is None:
        return {}
    return span_variables(tracing, around.stack, name, spec.services[name], around.span_receiver)


def _libpq(database: Database) -> dict[str, pulumi.Input[str]]:
    """Return the variables of libpq; none for a server of which the platform knows the URL only."""
    if not database.name:
        return {}
    return {
        variables.PGHOST: database.host,
        variables.PGPORT: str(database.port),
        variables.PGDATABASE: database.name,
        variables.PGUSER: database.username,
        variables.PGSSLMODE: "require",
    }


def _secrets(service: Service, around: ServiceInputs) -> dict[str, SecretRef]:
    references = {name: around.secrets[name] for name in service.secrets}
    database = around.database
    if database is not None and "database" in service.uses:
        plain_url = database.plain_url if service.preset.plain_database_url else None
        references[variables.DATABASE_URL] = plain_url or database.url
        if database.password is not None:
            references.setdefault(variables.PGPASSWORD, database.password)
    used = {part: around.caches[part] for part in service.uses if part in around.caches}
    return references | {variables.cache_variable(part): cache.url for part, cache in used.items()}


def _outside(spec: Platform, name: str, secrets: Mapping[str, SecretRef]) -> dict[str, SecretRef]:
    """Return the secrets of a service, with the URLs of existing stores under the variables of managed ones."""
    names = {store.server.url: VARIABLES[store.part] for store in existing_stores(spec) if name in store.users}
    return {names.get(secret, secret): reference for secret, reference in secrets.items()}


def _files(service: Service, around: ServiceInputs) -> dict[str, SecretRef]:
    authorities = {part: around.caches[part].ca_certificate for part in service.uses if part in around.caches}
    return {variables.cache_ca_file(part): each for part, each in authorities.items() if each is not None}
