"""What production refuses unless `accept_risk` names the key and the reason: it would lose data or open a door."""

from collections.abc import Iterator
from dataclasses import dataclass

from providers.contract.diagnostics import ConfigError, did_you_mean, legacy_error, listed
from providers.contract.images import parse_image
from providers.contract.spec import Platform


@dataclass(frozen=True)
class Risk:
    """One value that production does not take by default."""

    path: str
    value: object
    danger: str


def risks(spec: Platform) -> Iterator[Risk]:
    """Every risky value of a production spec; other profiles have none."""
    if spec.profile != "production":
        return
    yield from _network_risks(spec)
    yield from _service_risks(spec)
    yield from _data_risks(spec)


def _network_risks(spec: Platform) -> Iterator[Risk]:
    if spec.network.zones == 1:
        yield Risk("network.zones", 1, "loses everything with one zone; use 2 or more")
    if spec.public and not spec.ingress.waf:
        yield Risk("ingress.waf", False, "lets known attacks through; use true")
    if spec.public and spec.ingress.domain is None:
        yield Risk(
            "ingress.domain", None, "is set, and production needs a name of its own for its certificate; name one"
        )


def _service_risks(spec: Platform) -> Iterator[Risk]:
    for name, service in spec.services.items():
        image = parse_image(service.image)
        if image.digest is None and image.tag not in (None, "latest"):
            yield Risk(
                f"services.{name}.image",
                service.image,
                f"can change under its tag; pin a digest ({image.repository}@sha256:...)",
            )
        if service.replicas.min < 2:
            yield Risk(f"services.{name}.replicas.min", service.replicas.min, "stands in one zone only; use 2 or more")


def _data_risks(spec: Platform) -> Iterator[Risk]:
    database, cache, storage = spec.database, spec.cache, spec.storage
    if database is not None:
        if database.backup.retention_days == 0:
            yield Risk("database.backup.retention_days", 0, "keeps no backup; use 1 to 35")
        if not database.high_availability:
            yield Risk("database.high_availability", False, "stands in one zone only; use true")
        if not database.deletion_protection:
            yield Risk("database.deletion_protection", False, "lets one command delete the data; use true")
    if cache is not None and not cache.high_availability:
        yield Risk("cache.high_availability", False, "stands in one zone only; use true")
    if storage is not None and not storage.versioning:
        yield Risk("storage.versioning", False, "loses what is overwritten or deleted; use true")


def unaccepted_risks(spec: Platform) -> Iterator[ConfigError]:
    """Risks that `accept_risk` does not name."""
    for risk in risks(spec):
        if risk.path not in spec.accept_risk:
            yield legacy_error(
                risk.path, risk.value, f'{risk.danger}, or accept it by `accept_risk: {{"{risk.path}": "<reason>"}}`'
            )


def acceptances_name_risks(spec: Platform) -> Iterator[ConfigError]:
    """An acceptance that accepts nothing is a mistake in waiting; one without a reason is none."""
    paths = [risk.path for risk in risks(spec)]
    for path, reason in spec.accept_risk.items():
        if path not in paths:
            found = f"the risks of this stack are {listed(paths, 'and')}" if paths else "this stack takes no risk"
            yield legacy_error(f"accept_risk.{path}", reason, f"accepts nothing{did_you_mean(path, paths)}; {found}")
        elif len(reason.split()) < 2:
            yield legacy_error(f"accept_risk.{path}", reason, "is no reason; say in a few words why the risk is taken")


risk_rules = (unaccepted_risks, acceptances_name_risks)
