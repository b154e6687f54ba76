"""Services of one region: compute, ingress and the typed values that monitoring receives."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from providers.aws.base.resources import AwsBaseResources
from providers.aws.cache.resources import AwsCache
from providers.aws.compute.calls import service_address
from providers.aws.compute.resources import AwsCompute, create_compute
from providers.aws.compute.scaling import create_autoscaling
from providers.aws.database.resources import AwsDatabase
from providers.aws.entry.ingress import AwsIngress, create_ingress
from providers.contract.adapter import DataStores, Watched
from providers.contract.component import Scope
from providers.contract.results import Environment, ObjectStore, Workloads


@dataclass(frozen=True)
class AwsWorkloads(Workloads):
    """Services, and the resources that alarms and dashboards refer to."""

    compute: AwsCompute
    ingress: AwsIngress | None


AwsDataStores = DataStores[AwsDatabase, AwsCache, ObjectStore]
AwsWatched = Watched[AwsDatabase, AwsCache, AwsWorkloads]


def create_workloads(scope: Scope, base: AwsBaseResources, environments: Mapping[str, Environment]) -> AwsWorkloads:
    """Declare every service of the spec, its ingress and its autoscaling."""
    ingress = scope.component("ingress", create_ingress, base)
    compute = scope.component("compute", create_compute, base, ingress, environments)
    scope.component("autoscaling", create_autoscaling, base, ingress, compute)
    addresses = {name: pulumi.Output.from_input(service_address(base.spec, name)) for name in base.spec.services}
    origin = ingress.origin if ingress else None
    return AwsWorkloads(services=addresses, origin=origin, compute=compute, ingress=ingress)
