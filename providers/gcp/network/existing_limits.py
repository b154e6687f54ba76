"""Settings of an existing network that the stack file alone shows to be wrong, and what its owner decides. Pure."""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, ConfigError, Diagnostic, Effect, Unsupported
from providers.contract.egress import checks_names
from providers.contract.region_specs import unused_range_errors
from providers.contract.spec import ExistingGcpNetwork, Platform

KEY = "network.existing.gcp"


def existing_network(spec: Platform) -> ExistingGcpNetwork | None:
    """Return the network that the platform uses; None where it creates its own."""
    return spec.network.existing.gcp if spec.network.existing is not None else None


def network_project(spec: Platform) -> str:
    """Return the project of the network: the host project of a Shared VPC, else that of the platform."""
    block = existing_network(spec)
    own = spec.gcp.project if spec.gcp is not None else ""
    return block.project if block is not None and block.project is not None else own


def needs_range(spec: Platform) -> bool:
    """Return whether Cloud SQL or Memorystore needs an allocated range."""
    return spec.database is not None or bool(spec.all_caches)


def existing_refusals(spec: Platform) -> list[Diagnostic]:
    """Names that are missing, and settings of a network that the platform creates."""
    block = existing_network(spec)
    return [] if block is None else [*_missing(spec, block), *_own_settings(spec)]


def _missing(spec: Platform, block: ExistingGcpNetwork) -> Iterator[Diagnostic]:
    if block.network is None:
        yield ConfigError(f"{KEY}.network", "missing", "set the name of the VPC network")
    if block.subnetwork is None:
        fix = "set the name of a subnet in gcp.region"
        yield ConfigError(f"{KEY}.subnetwork", "missing; the services of the platform need a subnet", fix)
    if block.private_range is None and needs_range(spec):
        problem = "missing; Cloud SQL and Memorystore need an allocated range of private services access"
        fix = "set the name of the range that is peered with servicenetworking.googleapis.com"
        yield ConfigError(f"{KEY}.private_range", problem, fix)


def _own_settings(spec: Platform) -> Iterator[Diagnostic]:
    yield from unused_range_errors(spec, "whose subnet has its own range")
    if checks_names(spec):
        problem = (
            "names: a firewall policy applies to the whole network, and would close it for others in an existing one"
        )
        yield Unsupported("gcp", "network.egress_control", problem, "use ports, or remove network.existing")


def existing_adjustments(spec: Platform) -> list[Adjustment]:
    """Report what is checked in the project, what the owner of the network decides, and a range without use."""
    block = existing_network(spec)
    return [] if block is None else list(_owner_decides(spec, block))


def _owner_decides(spec: Platform, block: ExistingGcpNetwork) -> Iterator[Adjustment]:
    reason = (
        "the update reads network, subnet, allocated range and private zones before it creates anything in the network, and stops "
        "unless they are as docs/existing.md says; the plan has no project and checks none of it. Firewall rules for the tags of "
        "the services are the only part of the network that is declared"
    )
    yield Adjustment("network.existing", sorted(block.model_fields_set), Effect.PARTIAL, reason)
    if spec.network.egress != "none":
        reason = "the routes and the Cloud NAT of the existing network decide; none is declared"
        yield Adjustment("network.egress", spec.network.egress, Effect.ADJUSTED, reason)
    if spec.network.flow_logs:
        reason = "the subnet decides whether its connections are logged; refused ones are logged by the firewall rules"
        yield Adjustment("network.flow_logs", True, Effect.PARTIAL, reason)
    if spec.network.private_endpoints:
        reason = "the private zones of the existing network lead to Google APIs; none is declared"
        yield Adjustment("network.private_endpoints", True, Effect.ADJUSTED, reason)
    if block.private_range is not None and not needs_range(spec):
        reason = "the platform has no use for it: database and cache would be there"
        yield Adjustment(f"{KEY}.private_range", block.private_range, Effect.IGNORED, reason)
