"""Facts for the report of a stack on a Docker host, read from networks, ports, passwords and volumes. Pure."""

import re
from collections.abc import Iterator

from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_list
from providers.contract.report import (
    CACHE,
    DATABASE,
    ENTRY,
    EVERY_PORT,
    INTERNET,
    ROTATIONS,
    STORAGE,
    AllowedConnection,
    CloudFacts,
    EncryptionKey,
    GrantedRight,
    ReportSite,
    SecretReader,
    StoredData,
    StoredSecret,
    evidence,
)

CONTAINER = "docker:Container"
REPLICA = re.compile(r"-\d+$")
FILES = "-files"
"""End of the names of containers that only hold the files of another one."""
PARTS = {"Database": DATABASE, "Cache": CACHE, "Storage": STORAGE}
SERVERS = {DATABASE: "5432", CACHE: "6379", STORAGE: "8333"}
HOST = "host-"
"""Beginning of the names of the proxies of listed hosts."""
INSIDE, CALLS = "-inside", "-calls-"
HOST_KEY = "key of the host's disk, if it has one"
STATE = "encrypted in the state of the stack"


def connections(site: ReportSite) -> Iterator[AllowedConnection]:
    """Yield published ports, parts that share a network with a service, and outbound networks, each once."""
    yield from dict.fromkeys(_connections(site))


def _connections(site: ReportSite) -> Iterator[AllowedConnection]:
    networks = {network.name: network for network in site.of_type("docker:Network")}
    members: dict[str, list[DeclaredResource]] = {}
    for container in site.of_type(CONTAINER):
        for port in container.items("ports"):
            address, number = str(port.get("ip") or "0.0.0.0"), f"{port.get('external'):g}"  # noqa: S104
            yield AllowedConnection(
                f"clients of {address}" if address != "0.0.0.0" else INTERNET,  # noqa: S104
                _part(site, container), number, evidence(container), open=address == "0.0.0.0",  # noqa: S104
            )  # fmt: skip
        for attachment in container.items("networksAdvanced"):
            network = site.referred(attachment.get("name"))
            if network is not None:
                members.setdefault(network.name, []).append(container)
    for name, network in networks.items():
        for container in members.get(name, ()):
            yield from _through(site, network, container, members[name])


def _through(
    site: ReportSite, network: DeclaredResource, container: DeclaredResource, members: list[DeclaredResource]
) -> Iterator[AllowedConnection]:
    """Yield what a container reaches through a network: the internet, data stores, and services that share it."""
    source, part = _part(site, container), site.part(network)
    is_proxy = source.startswith(HOST)
    if network.value("internal") is not True and container.component == "Compute" and not is_proxy:
        yield AllowedConnection(source, INTERNET, EVERY_PORT, evidence(network), open=True)
    for other in members:
        target = _part(site, other)
        if target == source or is_proxy:
            continue
        if container.component == "Compute" and target.startswith(HOST):
            yield AllowedConnection(source, INTERNET, _ports_of_host(site, source, target), evidence(other), open=True)
        elif container.component == "Compute" and other.component in PARTS and _is_server(site, other):
            yield AllowedConnection(source, target, SERVERS[PARTS[other.component]], evidence(network))
        elif (source == ENTRY and part == f"{target}{INSIDE}") or part == f"{source}{CALLS}{target}":
            yield AllowedConnection(source, target, _port(site, target), evidence(network))


def _ports_of_host(site: ReportSite, service: str, proxy: str) -> str:
    rules = site.spec.services[service].egress if service in site.spec.services else ()
    return ", ".join(str(rule.port) for rule in rules if rule.host == proxy.removeprefix(HOST))


def _port(site: ReportSite, service: str) -> str:
    spec = site.spec.services.get(service)
    port = (spec.port or spec.preset.port) if spec is not None else None
    return str(port or "")


def _part(site: ReportSite, container: DeclaredResource) -> str:
    """Return the service, data store or entry of a container, or component and part for another one."""
    if container.component == "Compute":
        return REPLICA.sub("", site.part(container).removesuffix(FILES))
    if container.component == "Entry":
        return ENTRY
    if not _is_server(site, container):
        return site.label(container)
    return site.cache_of(container) or PARTS.get(container.component, "")


def _is_server(site: ReportSite, container: DeclaredResource) -> bool:
    return site.part(container) == "server"


def rights(site: ReportSite) -> Iterator[GrantedRight]:
    """Yield added capabilities and folders of the host; containers have no others."""
    for container in site.of_type(CONTAINER):
        added = container.value("capabilities", "adds")
        if is_list(added) and added:
            yield GrantedRight(site.label(container), tuple(map(str, added)), "its own container", evidence(container))
        for volume in container.items("volumes"):
            if volume.get("hostPath"):
                right = "read" if volume.get("readOnly") else "write"
                yield GrantedRight(site.label(container), (right,), str(volume["hostPath"]), evidence(container))


def secrets(site: ReportSite) -> Iterator[StoredSecret]:
    """Yield generated passwords with the containers that have them, and the secrets that services list."""
    for kind in ("random:RandomPassword", "tls:PrivateKey"):
        for secret in site.of_type(kind):
            holders = [each for each in site.of_type(CONTAINER) if secret.urn in each.depends_on]
            first = {_holder(site, each): evidence(each) for each in reversed(holders)}
            own = [SecretReader(name, first[name]) for name in sorted(first)]
            yield StoredSecret.of(site, secret, own, STATE)
    for name in site.spec.secrets:
        readers = [SecretReader(service, f"services.{service}.secrets") for service in site.spec.readers_of(name)]
        yield StoredSecret(name, tuple(readers), STATE, ROTATIONS["Secrets"], "stack file")


def _holder(site: ReportSite, container: DeclaredResource) -> str:
    part = _part(site, container)
    return part.removesuffix(FILES)


def data(site: ReportSite) -> Iterator[StoredData]:
    """Yield the volumes with data, on the disk of the host."""
    backup = site.spec.database.backup.retention_days if site.spec.database is not None else 0
    kept = {DATABASE: f"daily dumps kept {backup} days on the same host" if backup else "none"}
    transit = {DATABASE: "TLS required", CACHE: "TLS required", STORAGE: "no TLS, inside the host"}
    for volume in site.of_type("docker:Volume"):
        part = PARTS.get(volume.component)
        if part is not None:
            versions = site.spec.storage is not None and site.spec.storage.versioning
            backups = {**kept, STORAGE: "versions of objects" if versions else "none"}.get(part, "none")
            store = site.cache_of(volume) or part
            yield StoredData(store, f"volume {site.label(volume)}", HOST_KEY, transit[part], backups, evidence(volume))
        elif volume.component == "Backup":
            yield StoredData(
                "copies", f"volume {site.label(volume)}", HOST_KEY, "inside the host", "none", evidence(volume)
            )


def keys(_site: ReportSite) -> Iterator[EncryptionKey]:
    """Yield nothing: a host has no keys of the stack for data at rest."""
    return iter(())


FACTS = CloudFacts(
    connections=connections,
    rights=rights,
    identities=lambda _site: (),
    secrets=secrets,
    data=data,
    keys=keys,
    limits=(
        "Caller and callee share a network, in which the callee can reach the ports of its caller too.",
        "Services with a network that leads outside can open connections to every port of the internet; with "
        "`network.egress_control: names` none has one.",
    ),
)
