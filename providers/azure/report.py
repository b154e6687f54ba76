"""Facts for the report of a stack on Azure, read from security groups, role assignments, secrets and stores. Pure."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_mapping, texts
from providers.contract.report import (
    CACHE,
    DATABASE,
    ENTRY,
    EVERY_PORT,
    EVERY_SERVICE,
    INTERNET,
    MODELS,
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
    is_anywhere,
)

ROLE_NAMES: Mapping[str, str] = {
    "577a9874-89fd-4f24-9dbd-b5034d0ad23a": "Container Registry Data Importer and Data Reader",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
    "8311e382-0749-4cb8-b61a-304f252e45ec": "AcrPush",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "358470bc-b998-42bd-ab17-a7e34c199c0f": "Container Apps Contributor",
    "4e3d2b60-56ae-4dc6-a233-09c8e5a82e68": "Container Apps Jobs Contributor",
    "22926164-76b3-42b3-bc55-97df8dab3e41": "Grafana Admin",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "b0d8363b-8ddd-447d-831f-62ca05bff136": "Monitoring Data Reader",
    "43d0d8ad-25c7-4714-9337-8ba259a9fe05": "Monitoring Reader",
    "c088a766-074b-43ba-90d4-1fb21feae531": "PostgreSQL Flexible Server Long Term Retention Backup Role",
    "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd": "Cognitive Services OpenAI User",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "e147488a-f6f5-4113-8e2d-b22465e65bf6": "Key Vault Crypto Service Encryption User",
}
"""Name of a role by its GUID: Microsoft Learn, "Azure built-in roles"."""
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
PERMISSIONS = {"storage:BlobContainer": STORAGE, "storage:StorageAccount": STORAGE, "cognitiveservices:Account": MODELS}
SUBNETS = {"apps": EVERY_SERVICE, "database": DATABASE, "endpoints": "private endpoints of Azure", "gateway": ENTRY}
CACHE_PORT = "10000"
AZURE_KEY, STACK_KEY = "key of Microsoft", "key of the stack"


def connections(site: ReportSite) -> Iterator[AllowedConnection]:
    """Yield entry, services behind it, rules of the subnets' security groups, and permissions on objects and models."""
    for endpoint in site.of_type("cdn:AFDEndpoint"):
        yield AllowedConnection(INTERNET, ENTRY, "80, 443", evidence(endpoint), site.region(endpoint), open=True)
    for origin in site.of_type("cdn:AFDOrigin"):
        port, part = str(origin.value("httpsPort")), site.part(origin)
        fitting = [name for name in site.spec.services if part == name or part.startswith(f"{name}-")]
        yield AllowedConnection(ENTRY, max(fitting, key=len, default=part), port, evidence(origin), site.region(origin))
    yield from _gateway(site)
    blocks = _blocks(site)
    for group in site.of_type("network:NetworkSecurityGroup"):
        for rule in group.items("securityRules"):
            if rule.get("access") == "Allow":
                yield from _rule(site, group, rule, blocks)
    yield from _permissions(site)


def _gateway(site: ReportSite) -> Iterator[AllowedConnection]:
    """Yield an Application Gateway by its ports, and its connection to each service."""
    for gateway in site.of_type("network:ApplicationGateway"):
        ports = ", ".join(str(each.get("port")) for each in gateway.items("frontendPorts"))
        resource, region = evidence(gateway), site.region(gateway)
        yield AllowedConnection(INTERNET, ENTRY, ports, resource, region, open=True)
        for settings in gateway.items("backendHttpSettingsCollection"):
            yield AllowedConnection(ENTRY, str(settings.get("name")), str(settings.get("port")), resource, region)


def _rule(
    site: ReportSite, group: DeclaredResource, rule: Mapping[str, object], blocks: Mapping[str, str]
) -> Iterator[AllowedConnection]:
    """Yield the outbound rules of the apps and the inbound ones of every other subnet: each connection once."""
    own = SUBNETS.get(site.part(group).removesuffix("-rules"), site.part(group))
    outbound, source, target = rule.get("direction") == "Outbound", _side(rule, "source"), _side(rule, "destination")
    ports = ", ".join(texts(rule.get("destinationPortRanges")) or texts(rule.get("destinationPortRange")))
    ends = _block(source, blocks), _block(target, blocks)
    wide = is_anywhere(target if outbound else source)
    if (own == EVERY_SERVICE) == outbound or wide:
        resource = f"{evidence(group)} {rule.get('name')}"
        known = [cache.key for cache in site.spec.all_caches] or [CACHE]
        caches = known if CACHE_PORT in ports.split(", ") else []
        for end in (ends[1], *caches):
            used = CACHE_PORT if end in caches else _without_cache(ports)
            yield AllowedConnection(ends[0], end, used.replace("*", EVERY_PORT), resource, site.region(group), wide)


def _without_cache(ports: str) -> str:
    """Return the ports without that of the cache, which is a part of its own."""
    return ", ".join(port for port in ports.split(", ") if port != CACHE_PORT)


def _side(rule: Mapping[str, object], side: str) -> str:
    return ", ".join(texts(rule.get(f"{side}AddressPrefixes")) or texts(rule.get(f"{side}AddressPrefix")))


def _blocks(site: ReportSite) -> Mapping[str, str]:
    """Return the part of each subnet by its block."""
    return {
        str(subnet.value("addressPrefix")): SUBNETS.get(site.part(subnet), site.part(subnet))
        for subnet in site.of_type("network:Subnet")
    }


def _block(address: str, blocks: Mapping[str, str]) -> str:
    if is_anywhere(address):
        return INTERNET
    if address in blocks:
        return blocks[address]
    try:
        network = IPv4Network(address)
    except ValueError:
        return f"{address} of Azure"
    return next((part for block, part in blocks.items() if network.subnet_of(IPv4Network(block))), address)


def _permissions(site: ReportSite) -> Iterator[AllowedConnection]:
    users = _identity_users(site)
    for assignment in site.of_type("authorization:RoleAssignment"):
        identity, target = site.referred(assignment.value("principalId")), site.referred(assignment.value("scope"))
        part = PERMISSIONS.get(target.type) if target is not None else None
        if identity is not None and identity.name in users and part is not None:
            yield AllowedConnection(users[identity.name], part, "", evidence(assignment), site.region(assignment))


def rights(site: ReportSite) -> Iterator[GrantedRight]:
    """Yield every role assignment by the name of its role; of a custom role its actions."""
    custom = {str(role.value("roleDefinitionId")): role for role in site.of_type("authorization:RoleDefinition")}
    for assignment in site.of_type("authorization:RoleAssignment"):
        identity, target = site.referred(assignment.value("principalId")), site.referred(assignment.value("scope"))
        guid = str(assignment.value("roleDefinitionId")).rpartition("/")[2]
        named = _actions(custom[guid]) if guid in custom else (ROLE_NAMES.get(guid, guid),)
        scope = f"{target.type} {site.label(target)}" if target is not None else str(assignment.value("scope"))
        who = site.label(identity) if identity is not None else str(assignment.value("principalId"))
        yield GrantedRight(who, named, scope, evidence(assignment))


def _actions(role: DeclaredResource) -> tuple[str, ...]:
    return tuple(text for each in role.items("permissions") for text in texts(each.get("actions")))


def identities(site: ReportSite) -> Iterator[DeclaredIdentity]:
    """Yield every identity with the apps that have it, and the issuer that may become it."""
    users = _identity_users(site)
    federated = {
        str(each.value("resourceName")): f"{each.value('issuer')}: {each.value('subject')}"
        for each in site.of_type("managedidentity:FederatedIdentityCredential")
    }
    for identity in site.of_type("managedidentity:UserAssignedIdentity"):
        outside = next((text for name, text in federated.items() if f" {identity.name}>" in name), "")
        trusts = outside or "apps that have it"
        yield DeclaredIdentity(site.label(identity), users.get(identity.name, ""), trusts, evidence(identity))


def _identity_users(site: ReportSite) -> Mapping[str, str]:
    """Return the app of each identity that one app alone has, by the identity's name."""
    users: dict[str, list[str]] = {}
    for app in site.of_type("app:ContainerApp"):
        for value in texts(app.value("identity", "userAssignedIdentities")):
            identity = site.referred(value)
            if identity is not None:
                users.setdefault(identity.name, []).append(site.part(app))
    return {name: apps[0] for name, apps in users.items() if len(apps) == 1}


def secrets(site: ReportSite) -> Iterator[StoredSecret]:
    """Yield every secret of the vault with the identities that may read it, or every secret of the vault."""
    users = _identity_users(site)
    readers: dict[str, list[SecretReader]] = {}
    for assignment in site.of_type("authorization:RoleAssignment"):
        if str(assignment.value("roleDefinitionId")).endswith(SECRETS_USER):
            identity, target = site.referred(assignment.value("principalId")), site.referred(assignment.value("scope"))
            name = users.get(identity.name, site.label(identity)) if identity else str(assignment.value("principalId"))
            scope = target.urn if target is not None and target.type == "keyvault:Secret" else ""
            readers.setdefault(scope, []).append(SecretReader(name, evidence(assignment)))
    for secret in site.of_type("keyvault:Secret"):
        expires = secret.value("properties", "attributes", "expires")
        own = [*readers.get(secret.urn, ()), *readers.get("", ())]
        yield StoredSecret.of(site, secret, own, AZURE_KEY, "expires" if expires else "")


def data(site: ReportSite) -> Iterator[StoredData]:
    """Yield database, cache, storage accounts and logs."""
    settings = {
        str(each.value("configurationName")): each.value("value")
        for each in site.of_type("dbforpostgresql:Configuration")
    }
    for server in site.of_type("dbforpostgresql:Server"):
        days = server.value("backup", "backupRetentionDays")
        tls = "TLS required" if settings.get("require_secure_transport") == "on" else "TLS optional"
        key = STACK_KEY if server.value("dataEncryption") else AZURE_KEY
        yield _stored(
            site, DATABASE, "PostgreSQL", server, key, tls, f"point in time, kept {days} days" if days else "none"
        )
    for cache in site.of_type("redisenterprise:Database"):
        tls = "TLS required" if cache.value("clientProtocol") == "Encrypted" else "no TLS"
        persistence = cache.value("persistence")
        kept = is_mapping(persistence) and any(value is True for value in persistence.values())
        key = STACK_KEY if cache.value("encryption") else AZURE_KEY
        yield _stored(
            site, site.cache_of(cache), "Redis", cache, key, tls, "snapshots for restarts" if kept else "none"
        )
    yield from _accounts(site)
    for workspace in site.of_type("operationalinsights:Workspace"):
        kept = f"kept {workspace.value('retentionInDays')} days"
        yield _stored(site, "logs", "log workspace", workspace, AZURE_KEY, "TLS", kept)


def _accounts(site: ReportSite) -> Iterator[StoredData]:
    versioned = any(each.value("isVersioningEnabled") is True for each in site.of_type("storage:BlobServiceProperties"))
    for account in site.of_type("storage:StorageAccount"):
        label = site.label(account)
        part = {"Storage": STORAGE, "Recovery": "copies"}.get(account.component, "logs")
        tls = "TLS required" if account.value("enableHttpsTrafficOnly") is True else "TLS optional"
        backup = "versions of objects" if versioned and part == STORAGE else "none"
        source = account.value("encryption", "keySource")
        key = AZURE_KEY if source in (None, "Microsoft.Storage") else STACK_KEY
        yield _stored(site, part, f"storage account {label}", account, key, tls, backup)


def _stored(
    site: ReportSite, part: str, what: str, resource: DeclaredResource, key: str, transit: str, backup: str
) -> StoredData:
    return StoredData(part, what, key, transit, backup, evidence(resource), site.region(resource))


def keys(site: ReportSite) -> Iterator[EncryptionKey]:
    """Yield the keys of the vaults; none without `azure.customer_managed_keys`."""
    for key in site.of_type("keyvault:Key"):
        actions = key.items("properties", "rotationPolicy", "lifetimeActions")
        triggers = [trigger for each in actions if is_mapping(trigger := each.get("trigger"))]
        days = [str(trigger.get("timeAfterCreate")).removeprefix("P").removesuffix("D") for trigger in triggers]
        rotation = f"every {days[0]} days" if days else "none"
        yield EncryptionKey(site.label(key), rotation, evidence(key), site.region(key))


FACTS = CloudFacts(
    connections=connections,
    keys=keys,
    rights=rights,
    identities=identities,
    secrets=secrets,
    data=data,
    alarm_types=("monitor:ActivityLogAlert", "monitor:MetricAlert", "monitor:ScheduledQueryRule"),
    limits=(
        "Container Apps cannot restrict callers: every service can reach every service that has an ingress.",
        "One security group covers all services: each of them can connect to the database's port, and the passwords decide "
        "which of them can open it.",
    ),
)
