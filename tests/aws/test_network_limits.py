"""What a network cannot be on AWS, and what it is in AWS's own way."""

from providers.aws.network.limits import network_adjustments, network_refusals
from providers.contract.spec import Platform
from tests.aws.alone import spec_of
from tests.planning import DROP

OWN_IMAGE = "gateway@sha256:" + "1" * 64
FEW = {f"services.{name}.replicas": {"min": 2, "max": 4} for name in ("gateway", "chat", "worker")}


def sentences(spec: Platform) -> list[str]:
    return [str(refusal) for refusal in network_refusals(spec, "prod")]


def test_production_is_possible() -> None:
    assert sentences(spec_of()) == []


def test_a_block_that_is_too_small_is_refused_with_what_is_allowed() -> None:
    assert sentences(spec_of({"network.cidr": "10.0.0.0/24"})) == [
        'network.cidr: "10.0.0.0/24" is not possible on aws: it is /24; a VPC of tiers and zones needs /16 to /20.'
    ]


def test_more_copies_than_addresses_are_refused() -> None:
    changes = {"network.cidr": "10.0.0.0/20", "services.gateway.replicas": {"min": 3, "max": 500}}
    (sentence,) = sentences(spec_of(changes))
    assert "a deployment at full scale runs 1028 copies, 343 in each of 3 zones" in sentence
    assert "has room for 241" in sentence


def test_the_smallest_block_is_enough_for_a_small_platform() -> None:
    assert sentences(spec_of({"network.cidr": "10.0.0.0/20", **FEW})) == []


def test_one_zone_is_refused_for_what_aws_spreads_over_two() -> None:
    (sentence,) = sentences(spec_of({"network.zones": 1, "profile": "development"}))
    assert "for the load balancer, the database and the cache with its replica; use 2 or more" in sentence


def test_one_zone_is_enough_for_workers() -> None:
    private = {"services.gateway.path": DROP, "ingress.domain": DROP, "ingress.dns_zone": DROP}
    users = {f"services.{name}.uses": () for name in ("gateway", "chat", "worker")}
    spec = spec_of({"network.zones": 1, "profile": "development", "database": DROP, "cache": DROP, **private, **users})
    assert sentences(spec) == []


def test_a_closed_network_refuses_images_it_cannot_pull() -> None:
    (sentence,) = sentences(spec_of({"network.egress": "none", "monitoring.prometheus": False}))
    assert sentence.startswith("services.gateway.image")
    assert "push the image there" in sentence


def test_a_closed_network_takes_images_of_its_own_registry() -> None:
    changes = {"network.egress": "none", "services.gateway.image": OWN_IMAGE}
    assert sentences(spec_of(changes)) == []


def test_more_ranges_than_a_group_holds_are_refused() -> None:
    ranges = [f"198.51.{number}.0/24" for number in range(31)]
    (sentence,) = sentences(spec_of({"ingress.allowed_cidrs": ranges}))
    assert "merge them to 30 ranges or less" in sentence


def test_as_many_ranges_as_a_group_holds_are_taken() -> None:
    assert sentences(spec_of({"ingress.allowed_cidrs": [f"198.51.{number}.0/24" for number in range(30)]})) == []


def test_the_plan_tells_which_services_have_a_way_out() -> None:
    (adjustment,) = network_adjustments(spec_of())
    assert str(adjustment) == (
        'network.egress: "per_zone" becomes a way out on port 443 for gateway and chat only '
        "(a secret in its list opens it for worker)."
    )


def test_a_way_out_for_everybody_needs_no_word() -> None:
    assert network_adjustments(spec_of({"network.private_endpoints": False})) == []


def test_a_closed_network_is_as_closed_as_asked() -> None:
    assert network_adjustments(spec_of({"network.egress": "none"})) == []
