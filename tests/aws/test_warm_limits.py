"""Services in a standby region: what is refused there, what the plan says, and the specs of both regions."""

from collections.abc import Mapping

import pytest

from components.validation.parse import parse
from providers import limits
from providers.contract.diagnostics import InvalidConfiguration
from providers.contract.region_specs import home_spec, is_passive, is_standby, standby_cidr, standby_spec
from tests.aws.plans import spec_of
from tests.aws.test_warm import RECOVERY, STANDBY
from tests.planning import production

REFUSED: Mapping[str, tuple[Mapping[str, object], str]] = {
    "a model that the other region cannot call": (
        {"aws.standby_region": "eu-west-1"},
        'aws.models: not supported on aws: "us.anthropic.claude-sonnet-4-6" is a profile that eu-west-1 cannot call. Use one that both '
        "regions can call, such as global.anthropic.claude-sonnet-4-6.",
    ),
    "a range that is too small": (
        {"network.standby_cidr": "10.60.0.0/24"},
        "network.standby_cidr: not supported on aws: 10.60.0.0/24 cannot be divided into tiers and zones of a VPC.",
    ),
    "a range of public addresses": (
        {"network.standby_cidr": "8.8.0.0/16"},
        "network.standby_cidr: not supported on aws: 8.8.0.0/16 contains public addresses.",
    ),
    "a region of Google Cloud": (
        {"recovery": {"mode": "warm", "standby_region": "us-east1"}},
        'recovery.standby_region: not supported on aws: "us-east1" is no region of AWS.',
    ),
    "a service name that does not fit a role there": (
        {"services.a-service-with-a-rather-long-name": {"app": "celery", "image": "ghcr.io/acme/x@sha256:" + "4" * 64}},
        "services.a-service-with-a-rather-long-name: not supported on aws: the name of its role would have 75 characters; AWS allows 64.",
    ),
}


@pytest.mark.parametrize(("changed", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_the_standby_region_cannot_have_is_refused_with_its_key(
    changed: Mapping[str, object], problem: str
) -> None:
    raw = production({"recovery": RECOVERY, **changed}, cloud="aws")
    with pytest.raises(InvalidConfiguration) as invalid:
        parse(raw, "prod")
    found = [str(each) for each in invalid.value.diagnostics]
    assert [line for line in found if line.startswith(problem)], found


def test_the_plan_says_what_differs_there() -> None:
    notes = [
        str(note)
        for note in limits("aws").adjustments(spec_of({"recovery": RECOVERY}))
        if STANDBY in str(note) or "region that" in str(note)
    ]
    assert notes == [
        "recovery.mode: objects are copied to us-east-1 from the first update on; S3 Batch Replication copies those that the "
        "bucket had before.",
        "recovery.mode: `images push` copies images to us-east-1; what is pushed in another way is not copied.",
        "recovery.mode: images of ghcr.io are not copied; services in us-east-1 pull them from there.",
        "recovery.standby_replicas: worker and jobs do not run in the region that does not serve.",
        "recovery.mode: services in us-east-1 read a replica, on which every write fails; set standby_replicas to 0 if a service "
        "cannot start without writing.",
        "recovery.mode: the cache of us-east-1 is another one, without its data.",
        "network.egress: us-east-1 has one NAT gateway, whichever region serves.",
        "ingress.domain: Route 53 changes records in us-east-1 only, so while us-east-1 is lost agents.example.com keeps leading to "
        "it; requests move when Route 53 accepts changes again.",
    ]


def test_the_specs_of_the_regions_are_moved_and_sized_by_their_role() -> None:
    spec = spec_of({"recovery": RECOVERY})
    there = standby_spec(spec)
    assert (there.home_region, there.network.cidr, is_standby(there), is_passive(there)) == (
        STANDBY,
        "10.21.0.0/16",
        True,
        True,
    )
    assert (is_standby(spec), is_passive(spec), home_spec(spec)) == (False, False, spec)
    moved = spec_of({"recovery": {**RECOVERY, "active_region": STANDBY}})
    assert is_passive(home_spec(moved)) and not is_passive(standby_spec(moved))
    assert standby_spec(moved).services == spec.services


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [("10.20.0.0/16", "10.21.0.0/16"), ("192.168.0.0/20", "192.168.16.0/20"), ("10.255.0.0/16", "11.0.0.0/16")],
)
def test_the_next_range_has_the_same_size(cidr: str, expected: str) -> None:
    assert standby_cidr(spec_of({"recovery": RECOVERY, "network.cidr": cidr})) == expected


@pytest.mark.parametrize(("home", "standby", "shown"), [
    ("us-east-1", "us-west-2", True), ("us-west-2", "us-east-1", True), ("us-west-2", "us-east-2", False),
])  # fmt: skip
def test_the_domain_cannot_leave_the_region_with_the_control_plane_of_route_53(
    home: str, standby: str, shown: bool
) -> None:
    spec = spec_of({"aws.region": home, "recovery": {"mode": "warm", "standby_region": standby}})
    found = [each.reason for each in limits("aws").adjustments(spec) if each.key == "ingress.domain"]
    assert [reason.startswith("Route 53 changes records in us-east-1 only") for reason in found] == [True] * shown
