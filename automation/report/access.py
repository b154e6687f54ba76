"""Sections of a report on reach and access: connections, secrets and their readers, identities, people. Pure."""

from collections.abc import Iterator, Mapping

from automation.report.content import (
    BAD,
    GOOD,
    NOTE,
    BulletList,
    Cell,
    Part,
    Prose,
    ReportRow,
    ReportSection,
    mono,
    names,
    row,
    table,
)
from automation.report.facts import ReportFacts
from providers.contract.egress import checks_names, hosts_of
from providers.contract.report import ENTRY, EVERY_PORT, EVERY_SERVICE, INTERNET, AllowedConnection
from providers.contract.spec import Platform

PEOPLE = (
    "People who hold the keys of the Pulumi state can read every secret of it: see the account and the key of `agent-platform login`.",
    "Administrators of the account can do everything: the declared resources do not name them.",
)


def reachability(facts: ReportFacts) -> ReportSection:
    """Return the entry, inner connections and outbound access with the rule that allows each, and what differs."""
    inbound = [each for each in facts.connections if (each.open and each.target != INTERNET) or each.target == ENTRY]
    outbound = [each for each in facts.connections if each.open and each.target == INTERNET]
    inside = [each for each in facts.connections if each not in inbound and each not in outbound]
    limits = facts.rule_limits
    parts: list[Part] = [
        table("Entry", ("from", "to", "port", "TLS", "WAF", "authentication", "evidence"), _entry(facts, inbound), "Nothing accepts connections from outside."),
        table("Outbound", ("from", "port", "hosts in the stack file", "evidence"), (row(each.source, _port(each), names(_hosts(facts.spec, each)) or "none", mono(each.resource)) for each in outbound), "No service can open connections to the internet."),
        table("Inside", ("from", "to", "port", "evidence"), (row(each.source, each.target, _port(each), mono(each.resource)) for each in inside), "No connection is allowed inside."),
        table("Differences from the stack file", ("from", "to", "problem", "evidence"), (row(each.source, each.target, Cell(each.problem, BAD), mono(each.resource)) for each in facts.mismatches), "Rules and permissions allow what `calls` and `uses` of the stack file say, and nothing more between these parts."),
    ]  # fmt: skip
    names_line = (
        "Names are checked: hosts that no service lists do not answer."
        if checks_names(facts.spec)
        else "Names are not checked: a port that opens for a host opens for every host."
    )
    parts += [Prose(names_line)] if outbound else []
    parts += [Prose("Not distinguished by this cloud's rules:"), BulletList(limits)] if limits else []
    return ReportSection("reach", "Reachability", tuple(parts))


def _hosts(spec: Platform, connection: AllowedConnection) -> Iterator[str]:
    """Yield the listed hosts that a connection to the internet is for, each once."""
    sources = spec.services if connection.source == EVERY_SERVICE else {connection.source} & spec.services.keys()
    ports = connection.ports.split(", ")
    hosts = (host for name in sources for host in hosts_of(spec, name))
    yield from dict.fromkeys(host for host in hosts if host.rpartition(":")[2] in ports or EVERY_PORT in ports)


def _entry(facts: ReportFacts, inbound: list[AllowedConnection]) -> Iterator[ReportRow]:
    guards, public = facts.summary.guards, facts.summary.public
    known = names(dict.fromkeys(each.authentication or "none known" for each in public))
    for each in inbound:
        at_entry = each.target == ENTRY
        plain = each.ports == "80"
        tls = (
            "redirects to 443"
            if plain and facts.summary.scheme == "https"
            else "yes"
            if facts.summary.scheme == "https"
            else "no"
        )
        yield row(
            each.source, each.target, _port(each), Cell(tls, GOOD if tls != "no" else BAD) if at_entry else Cell("see the part", NOTE),
            Cell("yes", GOOD) if at_entry and guards.waf else Cell("no", BAD if at_entry else NOTE),
            Cell(known if at_entry else "its own", BAD if at_entry and "none known" in known else ""), mono(each.resource),
        )  # fmt: skip


def _port(connection: AllowedConnection) -> str:
    return connection.ports or "permission, over TLS"


def access(facts: ReportFacts) -> ReportSection:
    """Return secrets with readers and keys, keys, identities with rights, and people."""
    secrets = (
        row(each.name, names(dict.fromkeys(reader.name for reader in each.readers), "none"), each.key, each.rotation, mono(each.resource))
        for each in facts.secrets
    )  # fmt: skip
    used = _used_by(facts)
    keys = (row(each.name, each.rotation, names(used.get(each.name, ())), mono(each.resource)) for each in facts.keys)
    identities = (
        row(each.name, each.user or "no service", each.trusts, mono(each.resource)) for each in facts.identities
    )
    rights = (
        row(each.identity, mono(names(each.rights)), mono(each.target), mono(each.resource)) for each in facts.rights
    )
    parts: tuple[Part, ...] = (
        table("Secrets", ("secret", "readers", "key", "rotation", "evidence"), secrets, "The stack stores no secret."),
        table("Readers and their grants", ("secret", "reader", "evidence"), _readers(facts), "No identity may read a secret."),
        table("Keys", ("key", "rotation", "encrypts", "evidence"), keys, "The stack declares no encryption key: data is encrypted with keys of the provider."),
        table("Identities", ("identity", "used by", "trusts", "evidence"), identities, "The stack declares no identity."),
        table("Rights", ("identity", "rights", "on", "evidence"), rights, "No identity has a right."),
        table("Deployment from CI", ("repository", "environment"), _deployer(facts.spec), "The stack declares no identity for CI (`deployer`)."),
        Prose("People"), BulletList(PEOPLE),
    )  # fmt: skip
    return ReportSection("access", "Secrets, identities and people", parts)


def _readers(facts: ReportFacts) -> Iterator[ReportRow]:
    for secret in facts.secrets:
        for reader in secret.readers:
            yield row(secret.name, reader.name, mono(reader.resource))


def _used_by(facts: ReportFacts) -> Mapping[str, list[str]]:
    """Return what each key encrypts, by the key's name."""
    used: dict[str, list[str]] = {}
    for each in facts.data:
        used.setdefault(each.key, []).append(each.what)
    for secret in facts.secrets:
        if "secrets" not in used.setdefault(secret.key, []):
            used[secret.key].append("secrets")
    return used


def _deployer(spec: Platform) -> Iterator[ReportRow]:
    if spec.deployer is not None:
        yield row(mono(spec.deployer.github), mono(spec.deployer.environment))
