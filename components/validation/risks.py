"""Values that production refuses unless `accept_risk` names the key and a reason: data loss or an open door."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from providers.contract.authentication import (
    AUTHENTICATION,
    HOST,
    auth_mode,
    authentication_of,
    is_open_to_the_internet,
)
from providers.contract.diagnostics import ConfigError, did_you_mean, listed
from providers.contract.images import parse_image
from providers.contract.preflight import risks_of_target
from providers.contract.prompts import is_everything
from providers.contract.resource_traits import AGENTOS_KEY, API_KEY
from providers.contract.spec import Platform

SINGLE_ZONE = "runs in a single zone"


@dataclass(frozen=True)
class Risk:
    """One value that production does not take by default."""

    path: str
    value: object
    danger: str
    fix: str


def risks(spec: Platform) -> Iterator[Risk]:
    """Yield every risky value of a production spec; in other profiles streams, and the choice to leave out a generated key."""
    yield from _stream_risks(spec)
    if spec.profile != "production":
        yield from _open_agents(spec)
        return
    yield from _network_risks(spec)
    yield from _authentication_risks(spec)
    yield from _service_risks(spec)
    yield from _data_risks(spec)
    if spec.monitoring.tracing is not None and spec.monitoring.tracing.content:
        danger = "prompts and answers are kept with the traces, where everybody who reads traces reads them"
        yield Risk("monitoring.tracing.content", True, danger, "set it to false")


def _stream_risks(spec: Platform) -> Iterator[Risk]:
    """Yield streams through an entry that may collect a response before it forwards the first part."""
    for name, service in spec.public.items():
        if service.streaming and spec.streaming_fix is not None:
            danger = "the vendor documents no streams through this entry: a response may arrive at its end, as a whole"
            yield Risk(f"services.{name}.streaming", True, danger, spec.streaming_fix)


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


def _open_agents(spec: Platform) -> Iterator[Risk]:
    """Yield an AgentOS without a key on a cloud whose default is a key in every profile."""
    unguarded = [name for name in _unguarded(spec) if spec.services[name].app == "agentos"]
    if spec.cloud == HOST and spec.ingress.auth is None and unguarded:
        keyed = listed((f"services.{name}.secrets" for name in unguarded), "and")
        yield Risk(AUTHENTICATION, None, _without_authentication(unguarded), f"list {AGENTOS_KEY} under {keyed}")


def _unguarded(spec: Platform) -> list[str]:
    """Public services of which the platform knows no authentication; a platform for known address ranges has none."""
    if not is_open_to_the_internet(spec):
        return []
    return [name for name, service in spec.public.items() if not authentication_of(spec, service).by]


def _without_authentication(names: Sequence[str]) -> str:
    return f"{listed(names, 'and')} {'is' if len(names) == 1 else 'are'} public without authentication"


def _authentication_risks(spec: Platform) -> Iterator[Risk]:
    """Yield public services without known authentication, and an AgentOS that is left open by its own key."""
    unguarded = _unguarded(spec)
    for name in unguarded:
        if spec.services[name].auth == "none" and spec.services[name].app == "agentos":
            danger = "every client can call every agent and read every session"
            yield Risk(f"services.{name}.auth", "none", danger, "set it to inherit or app")
    inherited = [name for name in unguarded if spec.services[name].auth == "inherit"]
    # an entry that checks no tokens, or signs no user in, refuses the mode itself
    if inherited and auth_mode(spec) in ("none", "api_key"):
        yield Risk(AUTHENTICATION, None, _unknown(spec, inherited), _fix(spec, inherited))


def _unknown(spec: Platform, names: Sequence[str]) -> str:
    keyed = auth_mode(spec) == "api_key" and spec.ingress.auth is not None
    unknown = f", as the platform cannot know whether {'it checks' if len(names) == 1 else 'they check'} {API_KEY}"
    return f"{_without_authentication(names)}{unknown if keyed else ''}"


def _fix(spec: Platform, names: Sequence[str]) -> str:
    """Fix in the words of the mode: an AgentOS checks a key itself, the code of another application is its own."""
    agents = [f"services.{name}.secrets" for name in names if spec.services[name].app == "agentos"]
    others = [f"services.{name}.auth: app" for name in names if spec.services[name].app != "agentos"]
    keyed = [f"list {AGENTOS_KEY} under {listed(agents, 'and')}"] if agents else []
    own = [f"set {listed(others, 'and')} where the code authenticates clients"] if others else []
    return ", or ".join((*keyed, *own, "limit `ingress.allowed_cidrs` to your networks"))


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
    database, storage = spec.database, spec.storage
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
    for cache in spec.all_caches:
        if not cache.settings.high_availability:
            yield Risk(f"{cache.key}.high_availability", False, SINGLE_ZONE, "set it to true")
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
    # the program knows which overrides undo a rule, and refuses the acceptance of another one
    overrides = [f"overrides.{key}" for key in spec.overrides] if spec.profile == "production" else []
    paths = [*(risk.path for risk in risks(spec)), *risks_of_target(spec), *overrides]
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
