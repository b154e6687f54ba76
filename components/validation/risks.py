"""Values that production refuses unless `accept_risk` names the key and a reason: data loss or an open door."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses

from providers.contract.diagnostics import ConfigError, did_you_mean, listed
from providers.contract.images import parse_image
from providers.contract.prompts import is_everything
from providers.contract.spec import Platform, Service

SINGLE_ZONE = "runs in a single zone"
AUTHENTICATION = "ingress.auth"
"""Key of the risk of a public service without authentication; no setting yet, so only `accept_risk` names it."""
AGENTOS_KEY = "OS_SECURITY_KEY"
KEY_CLOUD = "docker"
"""Cloud on which `up` generates the key: a stack of one machine has one user."""
AGENTOS_JWT = ("JWT_VERIFICATION_KEY", "JWT_JWKS_FILE")
"""Variables with which Agno's AgentOS (3.1.10) answers requests without a bearer token by 401; `/health` and `/info` stay open
(https://docs.agno.com/agent-os/security)."""


@dataclass(frozen=True)
class Risk:
    """One value that production does not take by default."""

    path: str
    value: object
    danger: str
    fix: str


def risks(spec: Platform) -> Iterator[Risk]:
    """Yield every risky value of a production spec; in other profiles only the choice to leave out a generated key."""
    if spec.profile != "production":
        yield from _open_agents(spec)
        return
    yield from _network_risks(spec)
    yield from _authentication_risks(spec)
    yield from _service_risks(spec)
    yield from _data_risks(spec)


def _network_risks(spec: Platform) -> Iterator[Risk]:
    if spec.network.zones == 1:
        yield Risk("network.zones", 1, SINGLE_ZONE, "use 2 or more")
    yield from _waf_risks(spec)
    if spec.public and spec.ingress.domain is None:
        danger = "missing; production needs a domain name for its certificate"
        yield Risk("ingress.domain", None, danger, "set the domain name")


def _waf_risks(spec: Platform) -> Iterator[Risk]:
    waf = spec.ingress.waf_settings
    if not spec.public:
        return
    if waf is None:
        yield Risk("ingress.waf", False, "known attacks are not blocked", "set it to true")
        return
    if waf.mode == "count":
        yield Risk("ingress.waf.mode", "count", "known attacks are counted and not blocked", "set it to block")
    if any(is_everything(path) for path in waf.prompts or ()):
        danger = "no body of any request is inspected"
        yield Risk("ingress.waf.prompts", list(waf.prompts or ()), danger, "name the paths that take prompts")


def with_generated_key(spec: Platform) -> Platform:
    """Return the spec in which an AgentOS that anybody can call, and the services that call it, list the key.

    Only on the cloud that generates the key; `accept_risk` or `ingress.allowed_cidrs` leaves it out.
    """
    if spec.cloud != KEY_CLOUD or AUTHENTICATION in spec.accept_risk or not _open_to_anybody(spec):
        return spec
    readers = list(_unguarded_agents(spec))
    for name in readers:  # grows by the callers
        readers += [caller for caller in spec.callers_of(name) if caller not in readers]
    services = {
        name: service.model_copy(update={"secrets": tuple(dict.fromkeys((*service.secrets, AGENTOS_KEY)))})
        if name in readers
        else service
        for name, service in spec.services.items()
    }
    return spec.model_copy(update={"services": services})


def generated_keys(spec: Platform) -> tuple[str, ...]:
    """Return the keys that `up` generates when they have no value."""
    readers = (spec.services[name] for name in spec.readers_of(AGENTOS_KEY))
    generated = spec.cloud == KEY_CLOUD and any(service.app == "agentos" for service in readers)
    return (AGENTOS_KEY,) if generated else ()


def _open_agents(spec: Platform) -> Iterator[Risk]:
    unguarded = list(_unguarded_agents(spec)) if spec.cloud == KEY_CLOUD and _open_to_anybody(spec) else []
    if unguarded:
        keyed = listed((f"services.{name}.secrets" for name in unguarded), "and")
        yield Risk(AUTHENTICATION, None, _without_authentication(unguarded), f"list {AGENTOS_KEY} under {keyed}")


def _unguarded_agents(spec: Platform) -> Iterator[str]:
    return (name for name, each in spec.public.items() if each.app == "agentos" and not authentication_of(each))


def _without_authentication(names: Sequence[str]) -> str:
    return f"{listed(names, 'and')} {'is' if len(names) == 1 else 'are'} public without authentication"


def _authentication_risks(spec: Platform) -> Iterator[Risk]:
    """Yield the risk of routed services without known authentication.

    Only AgentOS is known to authenticate clients, by its variables. A service that does so in its own code accepts the risk
    with that reason; a platform for known address ranges has none.
    """
    unguarded = [name for name, service in spec.public.items() if not authentication_of(service)]
    if not unguarded or not _open_to_anybody(spec):
        return
    keyed = [f"services.{name}.secrets" for name in unguarded if spec.services[name].app == "agentos"]
    fix = f"list {AGENTOS_KEY} under {listed(keyed, 'and')}, or " if keyed else ""
    danger = _without_authentication(unguarded)
    yield Risk(AUTHENTICATION, None, danger, f"{fix}limit `ingress.allowed_cidrs` to your networks")


def authentication_of(service: Service) -> str:
    """Return the variable by which a service requires authentication; empty when the platform knows of none."""
    if service.app != "agentos":
        return ""
    if AGENTOS_KEY in service.secrets:
        return AGENTOS_KEY
    names = {*service.secrets, *service.environment}
    return next((name for name in AGENTOS_JWT if name in names), "")


def _open_to_anybody(spec: Platform) -> bool:
    ranges = collapse_addresses(IPv4Network(each) for each in spec.ingress.allowed_cidrs)
    return any(each.prefixlen == 0 for each in ranges)


def _service_risks(spec: Platform) -> Iterator[Risk]:
    for name, service in spec.services.items():
        image = parse_image(service.image)
        if service.built and image.digest is None and image.tag not in (None, "latest"):
            danger = f'the tag of "{service.image}" can be moved to another image'
            fix = f"pin a digest ({image.repository}@sha256:...)"
            yield Risk(f"services.{name}.image", service.image, danger, fix)
        if service.replicas.min < 2:
            danger = f"{service.replicas.min} replica runs in a single zone"
            yield Risk(f"services.{name}.replicas.min", service.replicas.min, danger, "use 2 or more")


def _data_risks(spec: Platform) -> Iterator[Risk]:
    database, cache, storage = spec.database, spec.cache, spec.storage
    if database is not None:
        if database.backup.retention_days == 0:
            yield Risk("database.backup.retention_days", 0, "0 days keep no backup", "use 1 to 35")
        if not database.high_availability:
            yield Risk("database.high_availability", False, SINGLE_ZONE, "set it to true")
        if spec.recovery.mode != "none" and spec.recovery.lock == "compliance":
            danger = "nobody, not even the cloud's support, can delete copies or shorten their retention"
            yield Risk("recovery.lock", "compliance", danger, "use governance")
        if not database.deletion_protection:
            danger = "one command can delete the data"
            yield Risk("database.deletion_protection", False, danger, "set it to true")
    if cache is not None and not cache.high_availability:
        yield Risk("cache.high_availability", False, SINGLE_ZONE, "set it to true")
    if storage is not None and not storage.versioning:
        yield Risk("storage.versioning", False, "overwritten and deleted objects are lost", "set it to true")


def check_risks(spec: Platform) -> Iterator[ConfigError]:
    """Refuse risks that `accept_risk` does not name."""
    yield from _refused(spec, (risk for risk in risks(spec) if risk.path != AUTHENTICATION))


def check_authentication(spec: Platform) -> Iterator[ConfigError]:
    """Refuse public services without authentication; a separate rule, because it reads more keys than the others."""
    yield from _refused(spec, (risk for risk in risks(spec) if risk.path == AUTHENTICATION))


def _refused(spec: Platform, of: Iterable[Risk]) -> Iterator[ConfigError]:
    for risk in of:
        if risk.path not in spec.accept_risk:
            accept = f'accept it by `accept_risk: {{"{risk.path}": "<reason>"}}`'
            yield ConfigError(risk.path, risk.danger, f"{risk.fix}, or {accept}")


def check_acceptances(spec: Platform) -> Iterator[ConfigError]:
    """Refuse the acceptance of no risk, and one without a reason."""
    paths = [risk.path for risk in risks(spec)]
    for path, reason in spec.accept_risk.items():
        if path not in paths:
            present = f"the risks of this stack are {listed(paths, 'and')}" if paths else "this stack takes no risk"
            yield ConfigError(
                f"accept_risk.{path}", f"accepts nothing{did_you_mean(path, paths)}; {present}", "remove it"
            )
        elif len(reason.split()) < 2:
            yield ConfigError(
                f"accept_risk.{path}", "the reason is too short", "say in a few words why the risk is taken"
            )
