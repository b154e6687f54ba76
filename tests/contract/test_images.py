"""Parsing of image references."""

import pytest

from providers.contract.images import Image, parse_image, registry_login

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("gateway", Image(None, "gateway", None, None)),
        ("gateway:1.2", Image(None, "gateway", "1.2", None)),
        ("acme/gateway:1", Image(None, "acme/gateway", "1", None)),
        (f"acme/gateway@{DIGEST}", Image(None, "acme/gateway", None, DIGEST)),
        (f"acme/gateway:1@{DIGEST}", Image(None, "acme/gateway", "1", DIGEST)),
        (f"ghcr.io/acme/gateway@{DIGEST}", Image("ghcr.io", "acme/gateway", None, DIGEST)),
        ("registry:5000/gateway:1", Image("registry:5000", "gateway", "1", None)),
        ("localhost/gateway:1", Image("localhost", "gateway", "1", None)),
        ("gate.way:1", Image(None, "gate.way", "1", None)),
    ],
)
def test_a_reference_is_parsed(reference: str, parts: Image) -> None:
    assert parse_image(reference) == parts


def test_a_digest_wins_over_a_tag_beside_it() -> None:
    assert parse_image(f"acme/gateway:1@{DIGEST}").suffix == f"@{DIGEST}"


@pytest.mark.parametrize("reference", ["gateway", "acme/gateway:1", f"ghcr.io/acme/gateway@{DIGEST}"])
def test_repository_and_suffix_make_the_reference_again(reference: str) -> None:
    image = parse_image(reference)
    assert image.repository + image.suffix == reference


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("robot:pass:word", ("robot", "pass:word")),
        ("robot:", ("robot", "")),
        (":token", ("", "token")),
        ("token", ("token", "")),
    ],
)
def test_a_registry_login_is_split_at_the_first_colon(value: str, parts: tuple[str, str]) -> None:
    assert registry_login(value) == parts
