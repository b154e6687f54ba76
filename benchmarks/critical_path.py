"""Longest deploy chain of a plan compared with the longest chain that the cloud requires, in typical minutes.

    python -m benchmarks.critical_path [CLOUD ...] [--write]

Bound: 1.1. `REQUIRED` lists what the cloud requires as chains of resource types; a chain takes the time of the slowest
resource of each type in the plan. A service that calls another must come after it if a client resolves endpoints when
its own replicas start (AWS) or if its permission names the callee (Google Cloud). On Azure the address is known before.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from automation.plan.chain import longest_chain, minutes_of, total_minutes
from automation.plan.inventory import Inventory
from automation.plan.recorder import record
from automation.stack.document import read_stack
from benchmarks.measure import ROOT, load, write_section
from providers.contract.spec import Platform

TITLE = "Longest deploy chain"
BOUND = 1.1
REQUIRED: dict[str, tuple[tuple[str, ...], ...]] = {
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
        # a cache with a key of the platform is created after the key and the permission to use it
        (
            "keyvault:Vault", "keyvault:Key", "authorization:RoleAssignment",
            "redisenterprise:RedisEnterprise", "redisenterprise:Database", "network:PrivateEndpoint",
            "network:PrivateDnsZoneGroup", "app:ContainerApp", "cdn:AFDOrigin", "cdn:Route",
        ),
    ),
}  # fmt: skip
CALLED_FIRST = {"aws": "ecs:Service", "gcp": "cloudrunv2:Service"}
"""Service type of clouds on which callers must come after the services that they call."""


@dataclass(frozen=True)
class Chains:
    """Minutes of the longest chain of the plan and of the longest chain that the cloud requires."""

    cloud: str
    planned: float
    required: float

    @property
    def ratio(self) -> float:
        """Planned over required; 1 means that no resource waits unnecessarily."""
        return self.planned / self.required


def chains_of(cloud: str) -> Chains:
    """Return both chains of production on `cloud`."""
    stack = read_stack(ROOT, "prod", cloud)
    plan = record(ROOT / "__main__.py", stack.name, stack.config, stack.secret_keys)
    calls = (call_depth(stack.spec) - 1) * slowest(plan, CALLED_FIRST[cloud]) if cloud in CALLED_FIRST else 0
    required = max(sum(slowest(plan, kind) for kind in chain) for chain in REQUIRED[cloud]) + calls
    return Chains(cloud, total_minutes(longest_chain(plan)), required)


def slowest(plan: Inventory, short_type: str) -> float:
    """Return the minutes of the slowest resource of a type; 0 if the plan has none."""
    return max((minutes_of(resource) for resource in plan.of_type(short_type)), default=0.0)


def call_depth(spec: Platform) -> int:
    """Return the number of services on the longest path along `calls`; cycles are followed once."""

    def depth(name: str, path: frozenset[str]) -> int:
        deeper = [depth(callee, path | {callee}) for callee in spec.services[name].calls if callee not in path]
        return 1 + max(deeper, default=0)

    return max(depth(name, frozenset({name})) for name in spec.services)


def report(clouds: Sequence[str]) -> tuple[str, bool]:
    """Return the chains as a Markdown table, and whether the bound holds on every cloud."""
    measured = [chains_of(cloud) for cloud in clouds]
    rows = [f"| {c.cloud} | {c.planned:.1f} | {c.required:.1f} | {c.ratio:.2f} |" for c in measured]
    head = ["| cloud | plan min | required by the cloud min | ratio (<= 1.1) |", "|---|---|---|---|"]
    return "\n".join([*head, *rows]), all(chains.ratio <= BOUND for chains in measured)


def main(arguments: Sequence[str]) -> int:
    """Compare on the named clouds (default: all in `REQUIRED`); return 1 if the bound is exceeded."""
    clouds = [argument for argument in arguments if not argument.startswith("--")] or list(REQUIRED)
    load_before = load()
    text, holds = report(clouds)
    print(f"load {load_before:.2f}", text, sep="\n\n")
    if "--write" in arguments:
        write_section(TITLE, "python -m benchmarks.critical_path --write", text, load_before)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
