"""Regions of Google Cloud and their zones. Pure table.

Networks' subnets, Cloud Run, NAT and keys are regional here: they span every zone of the region by themselves. The
number of zones asked for is checked against the region; it decides how many fixed addresses the NAT has.
"""

from providers.contract.diagnostics import (
    Adjustment,
    Diagnostic,
    did_you_mean,
    legacy_adjustment,
    legacy_error,
    legacy_unsupported,
)
from providers.contract.spec import Platform

NAMES = """
    africa-south1 asia-east1 asia-east2 asia-northeast1 asia-northeast2 asia-northeast3 asia-south1 asia-south2
    asia-southeast1 asia-southeast2 asia-southeast3 australia-southeast1 australia-southeast2 europe-central2
    europe-north1 europe-north2 europe-southwest1 europe-west1 europe-west2 europe-west3 europe-west4 europe-west6
    europe-west8 europe-west9 europe-west10 europe-west12 me-central1 me-central2 me-west1 northamerica-northeast1
    northamerica-northeast2 northamerica-south1 southamerica-east1 southamerica-west1 us-central1 us-east1 us-east4
    us-east5 us-south1 us-west1 us-west2 us-west3 us-west4
"""
"""Regions with Cloud Run: Cloud Run documentation, "Locations"."""
REGIONS = frozenset(NAMES.split())
ZONES = 3
MORE_ZONES = {"us-central1": 4}
"""Every region has three zones but these: Compute Engine documentation, "Available regions and zones"."""


def zone_count(region: str) -> int:
    """Zones of a region."""
    return MORE_ZONES.get(region, ZONES)


def region_refusals(spec: Platform, _stack: str) -> list[Diagnostic]:
    """A region that does not exist or has fewer zones than asked for."""
    if spec.gcp is None:
        return []
    region, asked = spec.gcp.region, spec.network.zones
    if region not in REGIONS:
        advice = (
            f"is no region of Google Cloud with Cloud Run{did_you_mean(region, REGIONS)}; name one, such as us-central1"
        )
        return [legacy_error("gcp.region", region, advice)]
    if asked > zone_count(region):
        advice = f"{region} has {zone_count(region)} zones; ask for at most that many, or take us-central1, which has 4"
        return [legacy_unsupported("gcp", "network.zones", asked, advice)]
    return []


def region_adjustments(spec: Platform) -> list[Adjustment]:
    """Zones are the region's own."""
    if spec.gcp is None:
        return []
    region, asked = spec.gcp.region, spec.network.zones
    if asked == zone_count(region):
        return []
    given = f"{zone_count(region)}: subnets and Cloud Run span every zone of {region}"
    return [legacy_adjustment("network.zones", asked, given)]
