"""How long a cloud typically takes to create a resource, by type, each with where the number comes from.

`logs` are public logs of `terraform apply`: the same provider code waits there for the same calls (the AWS and Google
SDKs are bridged from it; Azure's waits for the same operations of Azure Resource Manager, and so do the logs of `azd`).
Between several logs the median stands, rounded. A type without a row takes seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.plan.inventory import Declared, Value


@dataclass(frozen=True)
class Typical:
    """Minutes to create a resource of the short type `type`; with `only`, just where that input has that value."""

    type: str
    minutes: float
    source: str
    only: tuple[str, Value] | None = None

    def fits(self, short_type: str, inputs: Mapping[str, Value]) -> bool:
        """True for resources that the row is about."""
        return self.type == short_type and (self.only is None or inputs.get(self.only[0]) == self.only[1])


RDS = "Amazon RDS User Guide, 'Creating and connecting to a PostgreSQL DB instance': up to 20 minutes"
FRONT_DOOR = (
    "an estimate: tests of the azurerm provider that differ by an origin, an endpoint and a route, made and deleted, differ "
    "by 190 to 230 s; the edges follow for up to 20 minutes (Front Door FAQ), and no resource waits for them"
)
START = "an estimate: a copy starts in about a minute, then passes two checks 30 seconds apart, then counts as steady"

AWS = (
    Typical("acm:CertificateValidation", 2, "2 logs: 1m1s, 1m42s; the ACM console says up to 30 minutes"),
    Typical("ec2:NatGateway", 2, "9 logs: 1m24s to 2m1s, median 1m55s"),
    Typical("ec2:Vpc", 0.2, "9 logs: 1s to 15s, the longer taken"),
    Typical("ec2:VpcEndpoint", 2, "a public walk-through: 2 to 3 minutes", only=("vpcEndpointType", "Interface")),
    Typical("ec2:VpcEndpoint", 0.1, "9 logs: 3s to 7s, median 6s", only=("vpcEndpointType", "Gateway")),
    Typical("ecs:Cluster", 0.2, "4 logs: 10s to 12s"),
    Typical("ecs:Service", 3, START, only=("waitForSteadyState", True)),
    Typical("elasticache:ReplicationGroup", 8, "4 logs: 5m58s, 6m59s, 9m7s, 9m15s"),
    Typical("kms:Key", 0.25, "3 logs: 1s, 9s, 16s; a policy is read back until it is the one that was set"),
    Typical("lb:LoadBalancer", 2.5, "6 logs of application load balancers: 2m15s to 3m7s, median 2m32s"),
    Typical("rds:Instance", 12, f"{RDS}; 6 logs of larger ones: 7m34s to 17m6s, median 12m", only=("multiAz", True)),
    Typical("rds:Instance", 4, f"{RDS}; 8 logs of small ones: 3m16s to 5m15s, median 4m5s"),
    Typical("route53:Record", 1, "Amazon Route 53 API Reference, GetChange: within 60 seconds; 2 logs: 35s, 55s"),
    Typical("s3:BucketLifecycleConfiguration", 1, "1 log: 1m2s; it is read back until it is stable"),
)

GOOGLE = (
    Typical("cloudrunv2:Service", 0.3, "1 log: 18s"),
    Typical("compute:Network", 0.3, "9 logs: 12s to 45s, median 22s"),
    Typical("compute:RouterNat", 0.2, "5 logs: 11s to 23s, median 12s"),
    Typical("compute:BackendService", 0.2, "1 log: 12s"),
    Typical("compute:URLMap", 0.2, "1 log: 12s"),
    Typical("compute:TargetHttpsProxy", 0.2, "1 log: 12s"),
    Typical("compute:GlobalForwardingRule", 0.2, "1 log: 13s"),
    Typical("redis:Instance", 4.5, "1 log: 4m23s"),
    Typical("servicenetworking:Connection", 1, "1 log: 57s"),
    Typical("sql:DatabaseInstance", 8.5, "6 logs: 4m32s to 18m23s, median 8m34s"),
)

AZURE = (
    Typical("app:ContainerApp", 0.5, "3 logs: 27s to 31s"),
    Typical("app:ManagedEnvironment", 2, "an estimate: one recorded example says 2m1s; 4 logs of azd 54s to 3m1s"),
    Typical("cdn:AFDCustomDomain", 0.5, FRONT_DOOR),
    Typical("cdn:AFDEndpoint", 0.5, FRONT_DOOR),
    Typical("cdn:AFDOrigin", 0.5, FRONT_DOOR),
    Typical("cdn:AFDOriginGroup", 0.5, FRONT_DOOR),
    Typical("cdn:Profile", 0.5, FRONT_DOOR),
    Typical("cdn:Route", 0.5, FRONT_DOOR),
    Typical("containerregistry:Registry", 0.4, "7 logs: 8s to 60s, median 25s"),
    Typical("dashboard:Grafana", 2.5, "1 log: 2m31s"),
    Typical("dbforpostgresql:Server", 7, "2 logs: 5m6s, 9m23s"),
    Typical("keyvault:Vault", 2.5, "3 logs: 2m15s to 2m42s"),
    Typical("network:NatGateway", 0.2, "1 log: 13s"),
    Typical("network:PrivateEndpoint", 0.5, "4 logs of azd: 30s to 32s; for one Cosmos DB 9m35s"),
    Typical("network:VirtualNetwork", 0.1, "10 logs: 4s to 20s, median 6s"),
    Typical("operationalinsights:Workspace", 0.8, "1 log: 46s"),
    Typical("privatedns:PrivateZone", 0.5, "1 log: 32s"),
    Typical("redisenterprise:RedisEnterprise", 7.5, "1 log of the same service: 7m32s"),
    Typical("storage:StorageAccount", 0.4, "9 logs: 18s to 1m9s, median 23s"),
)

TABLE = (*AWS, *GOOGLE, *AZURE)
OTHERWISE = Typical("any other", 0.05, "roles, log groups, subnets, gateways in the same logs: 0s to 6s, median 2s")


def typical(resource: Declared) -> Typical:
    """The row about a resource; components take no time of their own and have none."""
    rows = (row for row in TABLE if row.fits(resource.short_type, resource.inputs))
    return next(rows, OTHERWISE)


def minutes_of(resource: Declared) -> float:
    """Minutes a resource typically takes to be created; 0 for components and providers, which nothing waits for."""
    return typical(resource).minutes if resource.made else 0.0
