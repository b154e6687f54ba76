"""Refusals and adjustments of the network."""

import pytest

from providers.aws.network.limits import network_adjustments, network_refusals
from providers.contract.diagnostics import Effect
from providers.contract.spec import Platform
from tests.aws.plans import spec_of
from tests.planning import DROP

OWN_IMAGE = "gateway@sha256:" + "1" * 64
FEW = {f"services.{name}.replicas": {"min": 2, "max": 4} for name in ("gateway", "chat", "worker")}


def sentences(spec: Platform) -> list[str]:
    return [str(refusal) for refusal in network_refusals(spec, "prod")]


def test_production_has_no_network_refusals() -> None:
    assert sentences(spec_of()) == []


def test_a_block_that_is_too_small_is_refused_with_the_allowed_prefixes() -> None:
    assert sentences(spec_of({"network.cidr": "10.0.0.0/24"})) == [
        "network.cidr: not supported on aws: 10.0.0.0/24 cannot be divided into tiers and zones of a VPC. "
        "Use a prefix length from /16 to /20."
    ]


def test_more_tasks_than_addresses_are_refused() -> None:
    changes = {"network.cidr": "10.0.0.0/20", "services.gateway.replicas": {"min": 3, "max": 500}}
    (sentence,) = sentences(spec_of(changes))
    assert "a deployment at maximum scale runs 1028 tasks, 343 in each of 3 zones" in sentence
    assert "has addresses for 241" in sentence


def test_a_rollout_in_steps_runs_three_tasks_for_each_replica() -> None:
    replicas = {"network.cidr": "10.0.0.0/20", "services.gateway.replicas": {"min": 3, "max": 500}}
    (sentence,) = sentences(spec_of({**replicas, "services.gateway.rollout": {"strategy": "canary"}}))
    assert "a deployment at maximum scale runs 1528 tasks, 510 in each of 3 zones" in sentence


def test_the_smallest_block_is_enough_for_a_small_platform() -> None:
    assert sentences(spec_of({"network.cidr": "10.0.0.0/20", **FEW})) == []


def test_one_zone_is_refused_for_resources_that_need_two() -> None:
    (sentence,) = sentences(spec_of({"network.zones": 1, "profile": "development"}))
    assert "for the load balancer, the database and the cache with its replica. Use 2 or more" in sentence


def test_one_zone_is_enough_for_workers() -> None:
    private = {"services.gateway.path": DROP, "ingress.domain": DROP, "ingress.dns_zone": DROP}
    users = {f"services.{name}.uses": () for name in ("gateway", "chat", "worker")}
    spec = spec_of({"network.zones": 1, "profile": "development", "database": DROP, "cache": DROP, **private, **users})
    assert sentences(spec) == []


def test_without_egress_images_of_other_registries_are_refused() -> None:
    (sentence,) = sentences(spec_of({"network.egress": "none", "monitoring.prometheus": False}))
    assert sentence.startswith("services.gateway.image")
    assert "Push the image to ECR of us-west-2" in sentence


def test_without_egress_images_of_the_own_registry_are_accepted() -> None:
    changes = {"network.egress": "none", "services.gateway.image": OWN_IMAGE}
    assert sentences(spec_of(changes)) == []


def test_more_client_ranges_than_rules_are_refused() -> None:
    ranges = [f"198.51.{number}.0/24" for number in range(31)]
    (sentence,) = sentences(spec_of({"ingress.allowed_cidrs": ranges}))
    assert "Merge them into 30 ranges or fewer" in sentence


def test_as_many_client_ranges_as_rules_are_accepted() -> None:
    assert sentences(spec_of({"ingress.allowed_cidrs": [f"198.51.{number}.0/24" for number in range(30)]})) == []


def test_the_plan_lists_services_with_egress() -> None:
    (adjustment,) = network_adjustments(spec_of())
    assert (adjustment.key, adjustment.requested) == ("network.egress", "per_zone")
    assert adjustment.effect is Effect.PARTIAL
    assert adjustment.reason == (
        "only gateway and chat may open connections to the internet, on TCP port 443; other ports, such as 5432 and "
        "6543 of a hosted PostgreSQL or 587 of a mail server, are closed unless `services.<name>.egress` lists a host; to "
        "allow worker port 443, list a secret or a host for it"
    )


def test_other_ports_are_closed_also_when_every_service_has_egress() -> None:
    (adjustment,) = network_adjustments(spec_of({"network.private_endpoints": False}))
    assert adjustment.reason.startswith("every service may open connections to the internet, on TCP port 443;")
    assert adjustment.reason.endswith("are closed unless `services.<name>.egress` lists a host")


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("us-west-2a", "us-west-2b", "us-east-1c"), "us-east-1c is not in us-west-2. Name its zones."),
        (("us-west-2a", "us-west-2a", "us-west-2b"), "a zone is named twice. Name each zone once."),
        (("us-west-2a", "us-west-2b"), "2 zones are named, and network.zones is 3. Name 3 zones."),
    ],
)
def test_zone_names_that_do_not_fit_region_and_number_are_refused(names: tuple[str, ...], sentence: str) -> None:
    assert sentences(spec_of({"aws.zone_names": names})) == [f"aws.zone_names: {sentence}"]


def test_as_many_zone_names_as_zones_are_accepted() -> None:
    assert sentences(spec_of({"aws.zone_names": ["us-west-2a", "us-west-2c", "us-west-2d"]})) == []


def test_no_egress_is_no_adjustment() -> None:
    assert network_adjustments(spec_of({"network.egress": "none"})) == []
