"""What Google Cloud cannot make of a network, and what it makes in its own way. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import (
    Adjustment,
    Diagnostic,
    legacy_adjustment,
    legacy_unsupported,
    listed,
)
from providers.contract.spec import Platform
from providers.gcp.network.cidr import addresses_needed, cidr_fault, layout, usable_addresses
from providers.gcp.network.flows import reaches_world

OUTSIDE = frozenset(
    [
        "ANTHROPIC", "AZURE", "COHERE", "DEEPSEEK", "EXA", "FIREWORKS", "GROQ", "HF", "HUGGINGFACE", "LANGSMITH",
        "MISTRAL", "OPENAI", "OPENROUTER", "PERPLEXITY", "REPLICATE", "SERPER", "TAVILY", "TOGETHER", "VOYAGE", "XAI",
    ]
)  # fmt: skip
"""First words of secrets that are keys of models and tools hosted elsewhere, by their vendors' own naming. A secret of
another name may be anything, a signing key as well, and is let through."""


def network_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Blocks that cannot be cut, more copies than there are addresses, secrets of APIs that cannot be reached."""
    return [*_cidr(spec), *_closed_world(spec)]


def network_adjustments(spec: Platform) -> list[Adjustment]:
    """One regional NAT, and the services it does not serve, because nothing says that they need it."""
    if spec.network.egress == "none":
        return []
    return [*_regional_nat(spec), *_closed_services(spec)]


def nat_addresses(spec: Platform) -> int:
    """Fixed addresses of the NAT: one for each zone asked for, a single one, or none."""
    return {"per_zone": spec.network.zones, "single": 1, "none": 0}[spec.network.egress]


def _cidr(spec: Platform) -> Iterator[Diagnostic]:
    cidr = spec.network.cidr
    fault = cidr_fault(cidr)
    if fault:
        yield legacy_unsupported("gcp", "network.cidr", cidr, f"it {fault}")
        return
    subnet = layout(cidr).services
    needed = addresses_needed({name: service.replicas.max for name, service in spec.services.items()})
    if needed > usable_addresses(subnet):
        advice = (
            f"at full scale Cloud Run holds {needed} addresses and the services' subnet {subnet} has "
            f"{usable_addresses(subnet)}; use a larger block or lower replicas.max"
        )
        yield legacy_unsupported("gcp", "network.cidr", cidr, advice)


def _closed_world(spec: Platform) -> Iterator[Diagnostic]:
    """Keys of APIs that stand outside Google Cloud, which without a way out nobody can call."""
    if spec.network.egress != "none":
        return
    for name, service in spec.services.items():
        outside = [secret for secret in service.secrets if secret.partition("_")[0] in OUTSIDE]
        if outside:
            advice = (
                f"{listed(outside, 'and')} opens an API outside Google Cloud, and `network.egress: none` leaves no way "
                "there; set egress to single or per_zone, or use models of Vertex AI (`uses: [models]`) instead"
            )
            yield legacy_unsupported("gcp", f"services.{name}.secrets", list(service.secrets), advice)


def _regional_nat(spec: Platform) -> Iterator[Adjustment]:
    if spec.network.egress == "per_zone":
        given = (
            f"one NAT with {nat_addresses(spec)} fixed addresses: Cloud NAT spans the region, so no zone takes it away"
        )
        yield legacy_adjustment("network.egress", spec.network.egress, given)


def _closed_services(spec: Platform) -> Iterator[Adjustment]:
    closed = [name for name in spec.services if not reaches_world(spec, name)]
    if closed:
        served = [name for name in spec.services if name not in closed]
        given = (
            f"a way out on port 443 for {listed(served, 'and') if served else 'no service'} only "
            f"(a secret in its list opens it for {listed(closed)})"
        )
        yield legacy_adjustment("network.egress", spec.network.egress, given)
