"""The longest chain of a plan against the longest chain that the cloud itself forces, in typical minutes.

    python -m benchmarks.critical_path [CLOUD ...] [--write]

Bound: 1.1. What the cloud forces is written down below as chains of resource types; a chain's time is that of the
slowest resource of each type in the plan. A service that calls another is forced to come after it where a client learns
of an endpoint when its own copies start (AWS) or its right to call names the callee (Google Cloud); on Azure the address
is known before either stands.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from automation.plan.chain import longest_chain, minutes_of, total_minutes
from automation.plan.inventory import Inventory
from automation.plan.recorder import record
from automation.stack.document import read_stack
from benchmarks.measure import ROOT
from benchmarks.report import write_section
from providers.contract.spec import Platform

BOUND = 1.1
FORCED: dict[str, tuple[tuple[str, ...], ...]] = {
    "aws": (
        (
            "kms:Key", "ec2:Vpc", "ec2:Subnet", "rds:SubnetGroup", "rds:Instance", "secretsmanager:SecretVersion",
            "iam:RolePolicy", "ecs:TaskDefinition", "ecs:Service",
        ),
        (
            "ec2:Vpc", "ec2:Subnet", "elasticache:SubnetGroup", "elasticache:ReplicationGroup",
            "secretsmanager:SecretVersion", "ecs:TaskDefinition", "ecs:Service",
        ),
        ("acm:Certificate", "route53:Record", "acm:CertificateValidation", "lb:Listener", "lb:ListenerRule", "ecs:Service"),
        ("ec2:Vpc", "ec2:Subnet", "lb:LoadBalancer", "lb:Listener", "lb:ListenerRule", "ecs:Service"),
    ),
    "gcp": (
        (
            "projects:Service", "compute:Network", "compute:GlobalAddress", "servicenetworking:Connection",
            "sql:DatabaseInstance", "secretmanager:SecretVersion", "cloudrunv2:Service",
            "compute:RegionNetworkEndpointGroup", "compute:BackendService", "compute:URLMap",
            "compute:TargetHttpsProxy", "compute:GlobalForwardingRule",
        ),
    ),
    "azure": (
        (
            "resources:ResourceGroup", "network:VirtualNetwork", "network:Subnet", "dbforpostgresql:Server",
            "keyvault:Secret", "authorization:RoleAssignment", "app:ContainerApp", "cdn:AFDOrigin", "cdn:Route",
        ),
        (
            "resources:ResourceGroup", "redisenterprise:RedisEnterprise", "redisenterprise:Database",
            "network:PrivateEndpoint", "network:PrivateDnsZoneGroup", "app:ContainerApp", "cdn:AFDOrigin", "cdn:Route",
        ),
    ),
}  # fmt: skip
CALLED_FIRST = {"aws": "ecs:Service", "gcp": "cloudrunv2:Service"}
"""The type of a service, where its callers must come after it."""


@dataclass(frozen=True)
class Chains:
    """Minutes of the plan's longest chain and of the longest one that the cloud forces."""

    cloud: str
    planned: float
    forced: float

    @property
    def ratio(self) -> float:
        """Planned over forced; 1 means that nothing waits without need."""
        return self.planned / self.forced


def chains_of(cloud: str) -> Chains:
    """Both chains of production on `cloud`."""
    stack = read_stack(ROOT, "prod", cloud)
    plan = record(ROOT / "__main__.py", stack.name, stack.config, stack.secret_keys)
    calls = (call_depth(stack.spec) - 1) * slowest(plan, CALLED_FIRST[cloud]) if cloud in CALLED_FIRST else 0
    forced = max(sum(slowest(plan, kind) for kind in chain) for chain in FORCED[cloud]) + calls
    return Chains(cloud, total_minutes(longest_chain(plan)), forced)


def slowest(plan: Inventory, short_type: str) -> float:
    """Minutes of the slowest resource of a type; 0 where the plan has none."""
    return max((minutes_of(resource) for resource in plan.of_type(short_type)), default=0.0)


def call_depth(spec: Platform) -> int:
    """Services on the longest path along `calls`; a service met again ends its path."""

    def depth(name: str, seen: frozenset[str]) -> int:
        deeper = [depth(callee, seen | {callee}) for callee in spec.services[name].calls if callee not in seen]
        return 1 + max(deeper, default=0)

    return max(depth(name, frozenset({name})) for name in spec.services)


def report(clouds: Sequence[str]) -> tuple[str, bool]:
    """The chains as a Markdown table, and whether the bound holds on every cloud."""
    measured = [chains_of(cloud) for cloud in clouds]
    rows = [f"| {c.cloud} | {c.planned:.1f} | {c.forced:.1f} | {c.ratio:.2f} |" for c in measured]
    head = ["| cloud | plan min | forced by the cloud min | ratio (<= 1.1) |", "|---|---|---|---|"]
    return "\n".join([*head, *rows]), all(chains.ratio <= BOUND for chains in measured)


def main(arguments: Sequence[str]) -> int:
    """Compare on the named clouds (default: all where something takes minutes); exit code 1 when the bound is broken."""
    clouds = [argument for argument in arguments if not argument.startswith("--")] or list(FORCED)
    text, holds = report(clouds)
    print(text)
    if "--write" in arguments:
        write_section("Longest deploy chain", "python -m benchmarks.critical_path --write", text)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
