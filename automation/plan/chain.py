"""Longest deploy chain of a plan: the resources that wait for each other, in typical creation minutes. Pure.

`DURATIONS` has the typical creation time of slow types, each with its source. `logs` are public logs of
`terraform apply`: the same provider code waits there for the same calls (the AWS and Google SDKs are bridged from it;
Azure's waits for the same operations of Azure Resource Manager, and so do the logs of `azd`). Several logs give their
rounded median. A type without a row takes seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from math import fsum

from automation.plan.inventory import Declared, Inventory, Value


@dataclass(frozen=True)
class CreationTime:
    """Typical minutes to create a resource of the short type `type`, if `only` is set for one value of an input."""

    type: str
    minutes: float
    source: str
    only: tuple[str, Value] | None = None

    def applies(self, short_type: str, inputs: Mapping[str, Value]) -> bool:
        """True for a resource of this type and input value."""
        return self.type == short_type and (self.only is None or inputs.get(self.only[0]) == self.only[1])


@dataclass(frozen=True)
class ChainStep:
    """Resource of a chain with its typical creation minutes."""

    resource: Declared
    minutes: float


RDS = "Amazon RDS User Guide, 'Creating and connecting to a PostgreSQL DB instance': up to 20 minutes"
FRONT_DOOR = (
    "an estimate: tests of the azurerm provider that differ by an origin, an endpoint and a route, created and deleted, "
    "differ by 190 to 230 s; the edges follow within 20 minutes (Front Door FAQ), and no resource waits for them"
)
APPLICATION_GATEWAY = "an estimate: public logs of one gateway name 5 to 7 minutes"
SERVICE_START = (
    "an estimate: a replica starts in about a minute and passes two checks 30 seconds apart before it is steady"
)

AWS = (
    CreationTime("acm:CertificateValidation", 2, "2 logs: 1m1s, 1m42s; the ACM console says up to 30 minutes"),
    CreationTime("ec2:NatGateway", 2, "9 logs: 1m24s to 2m1s, median 1m55s"),
    CreationTime("ec2:Vpc", 0.2, "9 logs: 1s to 15s, the longer one"),
    CreationTime("ec2:VpcEndpoint", 2, "a public walk-through: 2 to 3 minutes", only=("vpcEndpointType", "Interface")),
    CreationTime("ec2:VpcEndpoint", 0.1, "9 logs: 3s to 7s, median 6s", only=("vpcEndpointType", "Gateway")),
    CreationTime("ecs:Cluster", 0.2, "4 logs: 10s to 12s"),
    CreationTime("ecs:Service", 3, SERVICE_START, only=("waitForSteadyState", True)),
    CreationTime("elasticache:ReplicationGroup", 8, "4 logs: 5m58s, 6m59s, 9m7s, 9m15s"),
    CreationTime("kms:Key", 0.25, "3 logs: 1s, 9s, 16s; a policy is read back until it is the one that was set"),
    CreationTime("lb:LoadBalancer", 2.5, "6 logs of application load balancers: 2m15s to 3m7s, median 2m32s"),
    CreationTime(
        "rds:Instance", 12, f"{RDS}; 6 logs of larger ones: 7m34s to 17m6s, median 12m", only=("multiAz", True)
    ),
    CreationTime("rds:Instance", 4, f"{RDS}; 8 logs of small ones: 3m16s to 5m15s, median 4m5s"),
    CreationTime("route53:Record", 1, "Amazon Route 53 API Reference, GetChange: within 60 seconds; 2 logs: 35s, 55s"),
    CreationTime("s3:BucketLifecycleConfiguration", 1, "1 log: 1m2s; it is read back until it is stable"),
)

GOOGLE = (
    CreationTime("cloudrunv2:Service", 0.3, "1 log: 18s"),
    CreationTime("compute:Network", 0.3, "9 logs: 12s to 45s, median 22s"),
    CreationTime("compute:RouterNat", 0.2, "5 logs: 11s to 23s, median 12s"),
    CreationTime("compute:BackendService", 0.2, "1 log: 12s"),
    CreationTime("compute:URLMap", 0.2, "1 log: 12s"),
    CreationTime("compute:TargetHttpsProxy", 0.2, "1 log: 12s"),
    CreationTime("compute:GlobalForwardingRule", 0.2, "1 log: 13s"),
    CreationTime("redis:Instance", 4.5, "1 log: 4m23s"),
    CreationTime("servicenetworking:Connection", 1, "1 log: 57s"),
    CreationTime("sql:DatabaseInstance", 8.5, "6 logs: 4m32s to 18m23s, median 8m34s"),
)

AZURE = (
    CreationTime("app:ContainerApp", 0.5, "3 logs: 27s to 31s"),
    CreationTime("app:ManagedEnvironment", 2, "an estimate: one recorded example says 2m1s; 4 logs of azd 54s to 3m1s"),
    CreationTime("cdn:AFDCustomDomain", 0.5, FRONT_DOOR),
    CreationTime("cdn:AFDEndpoint", 0.5, FRONT_DOOR),
    CreationTime("cdn:AFDOrigin", 0.5, FRONT_DOOR),
    CreationTime("cdn:AFDOriginGroup", 0.5, FRONT_DOOR),
    CreationTime("cdn:Profile", 0.5, FRONT_DOOR),
    CreationTime("cdn:Route", 0.5, FRONT_DOOR),
    CreationTime("containerregistry:Registry", 0.4, "7 logs: 8s to 60s, median 25s"),
    CreationTime("dashboard:Grafana", 2.5, "1 log: 2m31s"),
    CreationTime("dbforpostgresql:Server", 7, "2 logs: 5m6s, 9m23s"),
    CreationTime("keyvault:Vault", 2.5, "3 logs: 2m15s to 2m42s"),
    CreationTime("network:ApplicationGateway", 6, APPLICATION_GATEWAY),
    CreationTime("network:NatGateway", 0.2, "1 log: 13s"),
    CreationTime("network:PrivateEndpoint", 0.5, "4 logs of azd: 30s to 32s; for one Cosmos DB 9m35s"),
    CreationTime("network:VirtualNetwork", 0.1, "10 logs: 4s to 20s, median 6s"),
    CreationTime("operationalinsights:Workspace", 0.8, "1 log: 46s"),
    CreationTime("privatedns:PrivateZone", 0.5, "1 log: 32s"),
    CreationTime("redisenterprise:RedisEnterprise", 7.5, "1 log of the same service: 7m32s"),
    CreationTime("storage:StorageAccount", 0.4, "9 logs: 18s to 1m9s, median 23s"),
)

POD_START = "an estimate: the node has room and pulls the image; a pod is ready after its checks and 10 seconds"

KUBERNETES = (
    CreationTime("apps:Deployment", 1, POD_START),
    CreationTime("apps:StatefulSet", 1, f"{POD_START}, and its volume is created"),
    CreationTime(
        "gateway.networking.k8s.io:Gateway", 2, "an estimate: a load balancer of EKS, GKE or AKS in 1 to 3 minutes"
    ),
    CreationTime(
        "postgresql.cnpg.io:Cluster",
        3,
        "an estimate: volume, initialization, then each further instance copies the first",
    ),
)

DURATIONS = (*AWS, *GOOGLE, *AZURE, *KUBERNETES)
DEFAULT = CreationTime("any other", 0.05, "roles, log groups, subnets, gateways in the same logs: 0s to 6s, median 2s")


def creation_time(resource: Declared) -> CreationTime:
    """Return the first row for a resource, else the default."""
    rows = (row for row in DURATIONS if row.applies(resource.short_type, resource.inputs))
    return next(rows, DEFAULT)


def minutes_of(resource: Declared) -> float:
    """Return the typical creation minutes of a resource; 0 for components and providers."""
    return creation_time(resource).minutes if resource.managed else 0.0


def longest_chain(inventory: Inventory) -> tuple[ChainStep, ...]:
    """Return the slowest path along the dependencies, first step first; raises graphlib.CycleError.

    A parent is no dependency: the engine creates a child as soon as its inputs are known.
    """
    needs = {urn: _needs(resource, inventory.by_urn) for urn, resource in inventory.by_urn.items()}
    finished: dict[str, float] = {}
    last_need: dict[str, str | None] = {}
    for urn in TopologicalSorter(needs).static_order():
        slowest = max(needs[urn], key=lambda need: (finished[need], need), default=None)
        last_need[urn] = slowest
        finished[urn] = minutes_of(inventory.by_urn[urn]) + (finished[slowest] if slowest else 0)
    end = max(finished, key=lambda urn: (finished[urn], urn), default=None)
    steps = [inventory.by_urn[urn] for urn in _path_to(end, last_need)]
    return tuple(ChainStep(resource, minutes_of(resource)) for resource in steps)


def total_minutes(chain: tuple[ChainStep, ...]) -> float:
    """Return the minutes of all steps."""
    # sum() rounds differently before and after Python 3.12
    return fsum(step.minutes for step in chain)


def _needs(resource: Declared, by_urn: Mapping[str, Declared]) -> list[str]:
    return [urn for urn in resource.depends_on if urn in by_urn and urn != resource.urn]


def _path_to(end: str | None, last_need: Mapping[str, str | None]) -> list[str]:
    """Return the URNs from the first step to `end`."""
    path: list[str] = []
    while end is not None:
        path.append(end)
        end = last_need[end]
    return path[::-1]
