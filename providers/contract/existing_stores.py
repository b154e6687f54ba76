"""Data stores that exist already, in place of managed ones: the spec of a platform that connects services to them. Pure.

An adapter sees a spec without that store. The services that use it have the secret with its URL, under the variable of a managed
one, and a host outside to which their port opens. So nothing of the managed store is declared on any target, and each target
opens, lists and stores what it opens, lists and stores for any host and secret.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from providers.contract.diagnostics import Adjustment, ConfigError, Effect, listed
from providers.contract.egress import checks_names
from providers.contract.json_data import is_mapping, texts
from providers.contract.spec import EgressRule, Platform, Service
from providers.contract.spec.data import ExistingServer
from providers.contract.spec.defaults import Raw
from providers.contract.variables import DATABASE_URL, REDIS_URL

StorePart = Literal["database", "cache"]
VARIABLES: Mapping[StorePart, str] = {"database": DATABASE_URL, "cache": REDIS_URL}
"""Variable with the URL by part."""
EXISTING = "existing"


@dataclass(frozen=True)
class ExistingStore:
    """Store outside the platform and the services that use it."""

    part: StorePart
    server: ExistingServer
    users: tuple[str, ...]

    @property
    def address(self) -> str:
        """Host and port: `db.example.com:5432`."""
        return f"{self.server.host}:{self.server.port}"


def existing_stores(spec: Platform) -> tuple[ExistingStore, ...]:
    """Return the stores outside of a spec as `with_existing_stores` returns it."""
    return tuple(ExistingStore(part, *spec.outside_stores[part]) for part in VARIABLES if part in spec.outside_stores)


def with_existing_stores(spec: Platform) -> Platform:
    """Return the spec in which services reach existing stores as hosts outside, and the platform declares no store for them."""
    blocks = {"database": spec.database, "cache": spec.cache}
    servers: dict[str, ExistingServer] = {
        part: block.existing for part, block in blocks.items() if block is not None and block.existing is not None
    }
    if not servers:
        return spec
    stores = {part: (server, spec.users_of(part)) for part, server in servers.items()}
    services = {name: _connected(spec, service, servers) for name, service in spec.services.items()}
    changed = {**dict.fromkeys(servers), "services": services}
    return spec.model_copy(update=changed).with_outside_stores(stores)


def _connected(spec: Platform, service: Service, servers: Mapping[str, ExistingServer]) -> Service:
    """Return a service with the secret and the host of each existing store that it uses."""
    used = [servers[part] for part in service.uses if part in servers]
    if not used:
        return service
    # without outbound access the store itself is refused
    rules = (EgressRule(host=server.host, port=server.port) for server in used if spec.network.egress != "none")
    return service.model_copy(
        update={
            "uses": tuple(part for part in service.uses if part not in servers),
            "secrets": tuple(dict.fromkeys((*service.secrets, *(server.url for server in used)))),
            "egress": tuple(dict.fromkeys((*service.egress, *rules))),
        }
    )


def store_ports(spec: Platform, name: str) -> tuple[int, ...]:
    """Return the ports of the existing stores of a service, which may be at private addresses, in ascending order."""
    return tuple(sorted({store.server.port for store in existing_stores(spec) if name in store.users}))


def store_adjustments(spec: Platform) -> Iterator[Adjustment]:
    """Report that the port of an existing store opens to every host, unless names are checked."""
    for store in existing_stores(spec) if not checks_names(spec) else ():
        reason = f"TCP port {store.server.port} opens to every host, as a rule for a port names none"
        yield Adjustment(f"{store.part}.{EXISTING}.host", store.server.host, Effect.PARTIAL, reason)


def dependent_key_errors(raw: Raw) -> Iterator[ConfigError]:
    """Yield the keys of a store that exists already which only a managed one has; `raw` is the platform without defaults."""
    for part in VARIABLES:
        block = raw.get(part)
        if not is_mapping(block) or block.get(EXISTING) is None:
            continue
        for key in block:
            if key != EXISTING:
                problem = f"no effect on a {part} that exists already: its owner decides on size, backups and updates"
                yield ConfigError(f"{part}.{key}", problem, f"remove it, or remove {part}.{EXISTING}")
        server, services = block[EXISTING], raw.get("services")
        url = server.get("url") if is_mapping(server) else None
        for name, service in services.items() if is_mapping(services) else ():
            if is_mapping(service) and url in texts(service.get("secrets")) and part in texts(service.get("uses")):
                problem = f"{url} is the URL of the {part}, which {name} has as {VARIABLES[part]}"
                yield ConfigError(f"services.{name}.secrets", problem, f"remove {url} here")


def store_errors(spec: Platform) -> Iterator[ConfigError]:
    """Yield stores that no service can reach or use, and names of the URL that are in use for something else."""
    for store in existing_stores(spec):
        key, server = f"{store.part}.{EXISTING}", store.server
        if spec.network.egress == "none":
            problem = f"{store.address} is outside, and `network.egress: none` lets no service out"
            yield ConfigError(key, problem, "set network.egress to per_zone or single")
        if not store.users:
            fix = f"list {store.part} under a service's `uses`, or remove the block"
            yield ConfigError(key, f"no service uses the {store.part}", fix)
        for name in store.users:
            service, variable = spec.services[name], VARIABLES[store.part]
            taken = [each for each in ("environment", "secrets") if variable in getattr(service, each)]
            if taken and variable != server.url:
                yield ConfigError(
                    f"services.{name}.{taken[0]}", f"the platform sets {variable} itself", "use another name"
                )
        if server.url in spec.image_credentials:
            readers = listed(store.users, "and")
            yield ConfigError(
                f"{key}.url", f"{server.url} is a login of a registry, and {readers} would read it", "use another name"
            )
