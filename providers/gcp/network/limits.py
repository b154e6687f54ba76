"""Network settings that Google Cloud refuses or adjusts. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported, listed
from providers.contract.egress import checks_names, hosts_at, open_port_adjustments, services_by_port
from providers.contract.spec import Platform
from providers.gcp.network.cidr import address_plan, addresses_needed, cidr_fault, usable_addresses
from providers.gcp.network.existing_limits import existing_adjustments, existing_network, existing_refusals
from providers.gcp.network.flows import HTTPS_PORT, internet_ports

EXTERNAL_APIS = frozenset(
    [
        "ANTHROPIC", "AZURE", "COHERE", "DEEPSEEK", "EXA", "FIREWORKS", "GROQ", "HF", "HUGGINGFACE", "LANGSMITH",
        "MISTRAL", "OPENAI", "OPENROUTER", "PERPLEXITY", "REPLICATE", "SERPER", "TAVILY", "TOGETHER", "VOYAGE", "XAI",
    ]
)  # fmt: skip
"""First words of secrets that are keys of external models and tools, as their vendors name them. A secret with another
name, such as a signing key, may not need the internet and is accepted."""


def network_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse unusable blocks, more replicas than addresses, and keys of APIs that are not reachable."""
    own = _cidr_refusals(spec) if existing_network(spec) is None else existing_refusals(spec)
    return [*own, *_unreachable_api_refusals(spec), *_name_refusals(spec)]


def network_adjustments(spec: Platform) -> list[Adjustment]:
    """Report the regional NAT, and what the firewall allows to leave the network."""
    existing = existing_adjustments(spec)
    if spec.network.egress == "none":
        return existing
    return [
        *existing,
        *(_nat_adjustments(spec) if existing_network(spec) is None else ()),
        *_outbound_adjustments(spec),
        *open_port_adjustments(spec),
        *_name_adjustments(spec),
    ]


def nat_address_count(spec: Platform) -> int:
    """Fixed addresses of the NAT: one per zone, a single one, or none."""
    return {"per_zone": spec.network.zones, "single": 1, "none": 0}[spec.network.egress]


def _cidr_refusals(spec: Platform) -> Iterator[Diagnostic]:
    cidr = spec.network.cidr
    fault = cidr_fault(cidr)
    if fault:
        yield Unsupported("gcp", "network.cidr", problem=f"{cidr} {fault.problem}", fix=fault.fix)
        return
    subnet = address_plan(cidr).services
    needed = addresses_at_peak(spec)
    if needed > usable_addresses(subnet):
        problem = (
            f"Cloud Run needs {needed} addresses at maximum scale; the services' subnet {subnet} has "
            f"{usable_addresses(subnet)}"
        )
        yield Unsupported("gcp", "network.cidr", problem=problem, fix="use a larger block or lower replicas.max")


def addresses_at_peak(spec: Platform) -> int:
    """Return the addresses that Cloud Run needs when every service has its maximum of replicas."""
    return addresses_needed(
        {
            # a worker pool has a fixed number of replicas
            name: service.replicas.min if service.port is None else service.replicas.max
            for name, service in spec.services.items()
        }
    )


def _unreachable_api_refusals(spec: Platform) -> Iterator[Diagnostic]:
    if spec.network.egress != "none":
        return
    for name, service in spec.services.items():
        keys = [secret for secret in service.secrets if secret.partition("_")[0] in EXTERNAL_APIS]
        if keys:
            problem = (
                f"{listed(keys, 'and')} {'is a key' if len(keys) == 1 else 'are keys'} of an API outside Google Cloud, "
                "which is not reachable with network.egress: none"
            )
            fix = "set network.egress to single or per_zone, or use models of Vertex AI (`uses: [models]`)"
            yield Unsupported("gcp", f"services.{name}.secrets", problem=problem, fix=fix)


def _nat_adjustments(spec: Platform) -> Iterator[Adjustment]:
    if spec.network.egress == "per_zone":
        reason = f"one Cloud NAT with {nat_address_count(spec)} fixed addresses; it is regional and does not depend on a zone"
        yield Adjustment("network.egress", requested="per_zone", effect=Effect.ADJUSTED, reason=reason)


def _outbound_adjustments(spec: Platform) -> Iterator[Adjustment]:
    closed = [name for name in spec.services if HTTPS_PORT not in internet_ports(spec, name)]
    open_services = [name for name in spec.services if name not in closed]
    subject = listed(open_services, "and") or "no service"
    reason = (
        f"{'only ' if closed and open_services else ''}{subject} may connect to the internet, to TCP port {HTTPS_PORT}; every "
        "other port, such as 5432 of a hosted database or 587 for mail, is blocked unless `services.<name>.egress` lists a host"
    )
    if closed:
        reason += f". To allow port {HTTPS_PORT} for {listed(closed)}, list {'a host' if checks_names(spec) else 'a secret or a host'} for it"
    yield Adjustment("network.egress", requested=spec.network.egress, effect=Effect.PARTIAL, reason=reason)


def _name_refusals(spec: Platform) -> Iterator[Diagnostic]:
    """Refuse names of one service alone, and names without private addresses of Google APIs, which have no fixed names."""
    if not checks_names(spec):
        return
    if not spec.network.private_endpoints:
        problem = "names needs private addresses of Google APIs, whose names cannot be listed"
        yield Unsupported("gcp", "network.egress_control", problem, "set network.private_endpoints to true")
    for port, users in services_by_port(spec).items():
        first, *others = users
        for name in others:
            if hosts_at(spec, name, port) != hosts_at(spec, first, port):
                problem = (
                    f"{name} and {first} list different hosts with port {port}, and a policy cannot tell services of Cloud "
                    "Run apart by name"
                )
                fix = f"list the same hosts with port {port} for both, or give {name} a stack of its own"
                yield Unsupported("gcp", f"services.{name}.egress", problem, fix)


def _name_adjustments(spec: Platform) -> Iterator[Adjustment]:
    if checks_names(spec):
        reason = (
            "Cloud NGFW allows the addresses that the listed names resolve to, 32 of each at most; other names at the same "
            "addresses, such as those of one content network, are reached too"
        )
        yield Adjustment("network.egress_control", requested="names", effect=Effect.PARTIAL, reason=reason)
