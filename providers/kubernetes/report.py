"""Facts for the report of a stack on a cluster, read from network policies, roles, Secrets and volumes. Pure.

A connection inside the namespace is allowed by two policies: the report shows the rule of the callee, which names its callers.
"""

from collections.abc import Iterator, Mapping

from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_mapping, mappings, texts
from providers.contract.report import (
    CACHE,
    DATABASE,
    INTERNET,
    ROTATIONS,
    STORAGE,
    AllowedConnection,
    CloudFacts,
    DeclaredIdentity,
    EncryptionKey,
    GrantedRight,
    ReportSite,
    SecretReader,
    StoredData,
    StoredSecret,
    evidence,
)
from providers.kubernetes.context import ANNOTATIONS, block_of
from providers.kubernetes.database.custom_resources import CLUSTER_LABEL
from providers.kubernetes.naming import HTTP, METRICS
from providers.kubernetes.network.flows import port_of
from providers.kubernetes.network.policies import ANYWHERE, NAMESPACE_LABEL

POLICY, SECRET = "networking.k8s.io:NetworkPolicy", "core:Secret"
COMPONENT = "app.kubernetes.io/component"
TASK = "."
"""Separates a service from its tasks in the label of a pod."""
MOUNTING = ("apps:Deployment", "apps:StatefulSet", "batch:CronJob", "postgresql.cnpg.io:Cluster", "core:ServiceAccount")
"""Types whose pods read Secrets."""
AT_REST = "by the cluster, if encryption at rest is configured for its API server"
DISK = "key of the storage class, if it encrypts volumes"
Labels = Mapping[str, object]


def connections(site: ReportSite) -> Iterator[AllowedConnection]:
    """Yield what policies allow: callers of each part, and what leaves the namespace; each once."""
    yield from dict.fromkeys(_connections(site))


def _connections(site: ReportSite) -> Iterator[AllowedConnection]:
    for policy in site.of_type(POLICY):
        part = _part_of(site, policy.value("spec", "podSelector"))
        if not part:
            continue
        for rule in policy.items("spec", "ingress"):
            for peer in mappings(rule.get("from")):
                source, is_open = _source(peer)
                yield AllowedConnection(source, part, _ports(site, part, rule), evidence(policy), open=is_open)
        for rule in policy.items("spec", "egress"):
            for peer in mappings(rule.get("to")):
                yield from _leaving(site, policy, part, rule, peer)


def _source(peer: Labels) -> tuple[str, bool]:
    """Return the part or namespace that connects, and whether it is every address."""
    block = peer.get("ipBlock")
    if is_mapping(block):
        cidr = str(block.get("cidr"))
        return (INTERNET, True) if cidr == ANYWHERE else (cidr, False)
    namespace = peer.get("namespaceSelector")
    if is_mapping(namespace):
        name = _label(namespace, NAMESPACE_LABEL)
        pods = _label(peer.get("podSelector"), "app.kubernetes.io/name")
        return f"namespace {name}" if name else f"pods of {pods or 'every namespace'}", False
    return part_of(peer.get("podSelector")), False


def _leaving(
    site: ReportSite, policy: DeclaredResource, part: str, rule: Labels, peer: Labels
) -> Iterator[AllowedConnection]:
    """Yield connections to addresses outside the namespace."""
    block = peer.get("ipBlock")
    if not is_mapping(block):
        return
    cidr, ports = str(block.get("cidr")), _ports(site, part, rule)
    # rules for the internet leave out private addresses, those for external data stores do not
    store = "" if block.get("except") else _external_store(site, part, ports)
    target = store or (INTERNET if cidr == ANYWHERE else cidr)
    yield AllowedConnection(part, target, ports, evidence(policy), open=cidr == ANYWHERE and not store)


def _external_store(site: ReportSite, part: str, ports: str) -> str:
    """Return the data store outside the cluster that a service uses by a port; empty for another target."""
    service = site.spec.services.get(part)
    if service is None:
        return ""
    block = block_of(site.spec)
    stores = {
        DATABASE: block.database.port if block.database.external else None,
        CACHE: block.cache.port if block.cache.external else None,
        STORAGE: port_of(block.bucket.endpoint_url) if block.bucket else None,
    }
    return next((name for name, port in stores.items() if name in service.uses and ports == str(port)), "")


def part_of(selector: object) -> str:
    """Return the service or part whose pods a selector has; empty for every pod."""
    part = _label(selector, COMPONENT) or _label(selector, CLUSTER_LABEL)
    return part.partition(TASK)[0]


def _part_of(site: ReportSite, selector: object) -> str:
    """Return the neutral name of the part whose pods a selector has."""
    return site.cache_key(part_of(selector))


def _label(selector: object, key: str) -> str:
    """Return the value of a label in a selector, or the first of several; empty without that label."""
    if not is_mapping(selector):
        return ""
    labels = selector.get("matchLabels")
    if is_mapping(labels) and key in labels:
        return str(labels[key])
    for expression in mappings(selector.get("matchExpressions")):
        if expression.get("key") == key:
            return next(iter(texts(expression.get("values"))), "")
    return ""


def _ports(site: ReportSite, part: str, rule: Labels) -> str:
    """Return the ports of a rule; the name of a service's port as its number."""
    service = site.spec.services.get(part)
    port = (service.port or service.preset.port) if service is not None else None
    names = {HTTP: str(port) if port else HTTP, METRICS: METRICS}
    numbers = [names.get(_text(each.get("port")), _text(each.get("port"))) for each in mappings(rule.get("ports"))]
    return ", ".join(numbers)


def _text(port: object) -> str:
    return f"{port:g}" if isinstance(port, int | float) else str(port)


def rights(site: ReportSite) -> Iterator[GrantedRight]:
    """Yield the rules of roles in the API server; services have none."""
    for role in site.of_type("rbac.authorization.k8s.io:Role"):
        name = str(role.value("metadata", "name"))
        for rule in role.items("rules"):
            kinds = ", ".join(texts(rule.get("resources")))
            names = ", ".join(texts(rule.get("resourceNames")))
            target = f"{kinds} {names}" if names else f"{kinds} of the namespace"
            yield GrantedRight(name, tuple(texts(rule.get("verbs"))), target, evidence(role))


def identities(site: ReportSite) -> Iterator[DeclaredIdentity]:
    """Yield service accounts with the identity of the cloud that they stand for."""
    flavour = block_of(site.spec).flavour
    for account in site.of_type("core:ServiceAccount"):
        name = str(account.value("metadata", "name"))
        identity = account.value("metadata", "annotations", ANNOTATIONS.get(flavour, ""))
        trusts = f"pods of the namespace; in {flavour}: {identity}" if identity else "pods of the namespace"
        yield DeclaredIdentity(name, name, trusts, evidence(account))


def secrets(site: ReportSite) -> Iterator[StoredSecret]:
    """Yield Secrets with the objects whose pods read them; a user who may create pods in the namespace reads every one."""
    readers = site.of_type(*MOUNTING)
    for secret in site.of_type(SECRET):
        reference = f"<{SECRET} {secret.name}>"
        holders = {_reader(each): evidence(each) for each in readers if reference in str(each.inputs)}
        own = [SecretReader(name, holders[name]) for name in sorted(holders)]
        rotation = ROTATIONS.get(secret.component, "with the value in the stack file")
        yield StoredSecret.of(site, secret, own, AT_REST, rotation)


def _reader(resource: DeclaredResource) -> str:
    return str(resource.value("metadata", "labels", COMPONENT) or resource.name).partition(TASK)[0]


def data(site: ReportSite) -> Iterator[StoredData]:
    """Yield the volumes of database and cache, backups, and the bucket."""
    spec = site.spec
    for cluster in site.of_type("postgresql.cnpg.io:Cluster"):
        days = spec.database.backup.retention_days if spec.database else 0
        kept = f"daily backups and every change, kept {days} days in the bucket" if days else "none"
        what = f"volumes of {_text(cluster.value('spec', 'instances'))} instances"
        yield StoredData(DATABASE, what, DISK, "TLS required", kept, evidence(cluster))
    for claim in site.of_type("core:PersistentVolumeClaim"):
        if claim.component == "Cache":
            cache = site.cache_of(claim)
            yield StoredData(
                cache,
                f"volume of the {site.cache_part(claim).replace('-', ' ', 1)}",
                DISK,
                "TLS required",
                "none",
                evidence(claim),
            )
        else:
            yield StoredData("logs", "volume of traces", DISK, "no TLS, inside the cluster", "none", evidence(claim))
    for store in site.of_type("barmancloud.cnpg.io:ObjectStore"):
        transit = _transit(str(store.value("spec", "configuration", "endpointURL")))
        where = str(store.value("spec", "configuration", "destinationPath"))
        yield StoredData("copies", where, "key of the bucket's owner", transit, "none", evidence(store))
    yield from _outside(site)


def _outside(site: ReportSite) -> Iterator[StoredData]:
    """Yield the data stores outside the cluster, by the Secrets with their addresses or keys."""
    spec, block = site.spec, block_of(site.spec)
    secrets = {each.component: evidence(each) for each in reversed(site.of_type(SECRET))}
    owner = "key of its operator"
    if spec.database is not None and block.database.external:
        what = "external server of DATABASE_URL"
        yield StoredData(DATABASE, what, owner, "as the URL says", "those of its operator", secrets["Database"])
    if spec.cache is not None and block.cache.external:
        yield StoredData(CACHE, "external server of REDIS_URL", owner, "as the URL says", "none", secrets["Cache"])
    if spec.storage is not None and block.bucket is not None:
        where, transit = f"s3://{block.bucket.name}", _transit(block.bucket.endpoint_url)
        yield StoredData(STORAGE, where, owner, transit, "as its owner has set", secrets["Storage"])


def _transit(url: str) -> str:
    return "TLS" if url.startswith("https:") else "no TLS"


def keys(_site: ReportSite) -> Iterator[EncryptionKey]:
    """Yield nothing: keys of data at rest belong to the cluster and to the bucket."""
    return iter(())


FACTS = CloudFacts(
    connections=connections,
    rights=rights,
    identities=identities,
    secrets=secrets,
    data=data,
    keys=keys,
    limits=(
        "Network policies hold only where the network of the cluster enforces them; `agent-platform doctor` looks for one that does.",
        "A rule for the internet is by address and port, not by name, and leaves out private addresses.",
        "Whoever may create pods in the namespace may read each of its Secrets.",
    ),
)
