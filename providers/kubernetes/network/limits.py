"""Settings of the network that a cluster refuses or adjusts. Pure.

The cluster has its own address ranges, nodes and gateways; network policies are what the platform decides.
"""

from collections.abc import Iterator

from providers.contract.diagnostics import Adjustment, Diagnostic, Effect, Unsupported
from providers.contract.egress import checks_names, open_port_adjustments
from providers.contract.spec import Platform
from providers.kubernetes.context import block_of, by_haproxy

ENFORCEMENT = (
    "network policies apply only where the cluster's network plugin enforces them, which the API does not show"
)


def network_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A range of addresses, an existing network, and names of hosts, which no object of Kubernetes decides."""
    return [*_cidr(spec), *_existing(spec), *_names(spec)]


def network_adjustments(spec: Platform) -> list[Adjustment]:
    """Zones, egress, private endpoints, flow logs, and clients of public services."""
    return [*_adjustments(spec), *open_port_adjustments(spec)]


def _cidr(spec: Platform) -> Iterator[Diagnostic]:
    for key in ("cidr", "standby_cidr"):
        if getattr(spec.network, key) != type(spec.network).model_fields[key].default:
            problem = "the cluster has its own address ranges"
            yield Unsupported("kubernetes", f"network.{key}", problem, "remove it")


def _existing(spec: Platform) -> Iterator[Diagnostic]:
    if spec.network.existing is not None:
        problem = "pods are in the network of the cluster, which exists already"
        yield Unsupported("kubernetes", "network.existing", problem, "remove it")


def _names(spec: Platform) -> Iterator[Diagnostic]:
    if checks_names(spec):
        problem = "names: a network policy knows addresses and ports, and no names of hosts"
        fix = "use ports, and restrict names with the policies of Cilium or Calico"
        yield Unsupported("kubernetes", "network.egress_control", problem, fix)


def _adjustments(spec: Platform) -> Iterator[Adjustment]:
    network = spec.network
    if network.egress == "none":
        reason = f"no rule opens the internet; {ENFORCEMENT}"
    else:
        reason = (
            "policies open the internet on port 443 and on listed ports, without private ranges; which address connections "
            f"have is decided by the nodes; {ENFORCEMENT}"
        )
    yield Adjustment("network.egress", network.egress, Effect.ADJUSTED, reason)
    if spec.profile == "production":
        reason = "the zones of the nodes; replicas that are at least as many are not scheduled in fewer zones"
    else:
        reason = "replicas are spread over the zones of the nodes where that is possible; production requires it"
    yield Adjustment("network.zones", network.zones, Effect.ADJUSTED, reason)
    if network.private_endpoints:
        reason = "services of a cloud are reached as the nodes reach them"
        yield Adjustment("network.private_endpoints", True, Effect.IGNORED, reason)
    if network.flow_logs:
        reason = "no object of Kubernetes logs connections; the network plugin or the cloud of the cluster may"
        yield Adjustment("network.flow_logs", True, Effect.IGNORED, reason)
    if spec.public and not by_haproxy(spec) and block_of(spec).gateway_namespace is None:
        reason = (
            "absent: every pod of the cluster and every address outside reaches the ports of public services, as the proxies "
            "of the Gateway are not known"
        )
        yield Adjustment("kubernetes.gateway_namespace", None, Effect.PARTIAL, reason)


def recovery_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """Refuse copies in another region; the bucket of the backups can be replicated by its owner."""
    if spec.recovery.mode == "none":
        return []
    fix = "use none, and replicate the bucket of kubernetes.bucket to another region"
    return [Unsupported("kubernetes", "recovery.mode", "one cluster is in one region", fix)]
