"""Regions: which exist, and how many zones they have."""

from tests.gcp.asked import approximated, refused


def test_a_region_that_does_not_exist_is_refused_with_the_nearest() -> None:
    told = refused({"gcp.region": "us-centrall1"})
    assert told == [
        'gcp.region: "us-centrall1" is no region of Google Cloud with Cloud Run (did you mean us-central1); '
        "name one, such as us-central1."
    ]


def test_a_region_with_too_few_zones_is_refused() -> None:
    told = refused({"gcp.region": "europe-west1", "network.zones": 4})
    assert any(sentence.startswith("network.zones: 4 is not possible on gcp: europe-west1 has 3") for sentence in told)


def test_the_region_with_four_zones_gives_four() -> None:
    assert not refused({"network.zones": 4})
    assert "network.zones" not in approximated({"network.zones": 4})


def test_fewer_zones_than_the_region_has_are_told() -> None:
    assert approximated({"network.zones": 2})["network.zones"] == [
        "4: subnets and Cloud Run span every zone of us-central1"
    ]


def test_a_project_number_is_no_project_id() -> None:
    assert any(sentence.startswith("gcp.project:") for sentence in refused({"gcp.project": "123456789012"}))
