"""Pauses of a stream and drains on every entry, as the table of docs/edge.md has them: declared as written, or adjusted in the plan."""

from collections.abc import Callable, Mapping

import pytest

from components.validation.parse import parse
from providers import limits
from providers.aws.entry.routes import deregistration_delay_seconds
from providers.azure.compute.health import grace_seconds
from providers.azure.entry.gateway_limits import drain_seconds, request_timeout_seconds
from providers.azure.entry.limits import response_timeout_seconds
from providers.contract.spec import Platform
from tests.planning import ROOT, production

KEY = "ingress.idle_timeout_seconds"
GATEWAY: Mapping[str, object] = {"azure.entry": "gateway", "ingress.certificate": {"azure": "group/vault/agents"}}
ENTRIES: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "AWS": ("aws", {}),
    "Google Cloud": ("gcp", {}),
    "Azure, Front Door": ("azure", {}),
    "Azure, Application Gateway": ("azure", GATEWAY),
    "Docker": ("docker", {}),
}
SECONDS = (1, 15, 16, 120, 240, 241, 3600)
ADJUSTED: Mapping[str, tuple[int, ...]] = {
    "AWS": (),
    # the time is that between two requests of a connection; nothing limits a pause within a request
    "Google Cloud": SECONDS,
    "Azure, Front Door": (1, 15, 241, 3600),
    "Azure, Application Gateway": (241, 3600),
    "Docker": (),
}
"""Idle timeouts that the plan reports as adjusted; every other one is declared as written."""
PAUSES: Mapping[str, tuple[Callable[[Platform], int], Mapping[int, int]]] = {
    "Azure, Front Door": (response_timeout_seconds, {1: 16, 15: 16, 16: 16, 120: 120, 240: 240, 241: 240, 3600: 240}),
    "Azure, Application Gateway": (
        request_timeout_seconds,
        {1: 1, 15: 15, 16: 16, 120: 120, 240: 240, 241: 240, 3600: 240},
    ),
}
"""Declared seconds without a byte, where they may differ."""
DRAINS: Mapping[str, Callable[[Platform], int]] = {
    "AWS": lambda spec: deregistration_delay_seconds(spec.ingress),
    "Azure, Front Door": lambda spec: grace_seconds(spec, spec.services["gateway"]),
    "Azure, Application Gateway": lambda spec: min(drain_seconds(spec), grace_seconds(spec, spec.services["gateway"])),
}
"""Seconds in which requests may end while a replica, or the gateway, is replaced."""
DOCUMENTED: Mapping[str, str] = {
    "AWS": "1 to 3600 s", "Google Cloud": "not limited", "Azure, Front Door": "16 to 240 s",
    "Azure, Application Gateway": "1 to 240 s", "Docker": "1 to 3600 s",
}  # fmt: skip


def spec_of(entry: str, seconds: int) -> Platform:
    cloud, changes = ENTRIES[entry]
    return parse(production({KEY: seconds, **changes}, cloud), "prod")


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_pause_is_allowed_as_written_or_the_plan_says_what_is(entry: str) -> None:
    cloud, _ = ENTRIES[entry]
    adjusted = [
        seconds
        for seconds in SECONDS
        if KEY in {each.key for each in limits(cloud).adjustments(spec_of(entry, seconds))}
    ]
    assert tuple(adjusted) == ADJUSTED[entry]


@pytest.mark.parametrize("entry", PAUSES)
def test_the_declared_pause_is_the_nearest_possible_one(entry: str) -> None:
    declared, expected = PAUSES[entry]
    assert {seconds: declared(spec_of(entry, seconds)) for seconds in SECONDS} == expected


@pytest.mark.parametrize("entry", DRAINS)
def test_requests_may_end_for_as_long_as_a_stream_may_pause(entry: str) -> None:
    pause = PAUSES[entry][0] if entry in PAUSES else lambda spec: spec.ingress.idle_timeout_seconds
    short = {seconds for seconds in SECONDS if DRAINS[entry](spec_of(entry, seconds)) < pause(spec_of(entry, seconds))}
    assert short == set()


def test_the_document_has_the_limits() -> None:
    lines = (ROOT / "docs/edge.md").read_text(encoding="utf-8").splitlines()
    (header,) = [line for line in lines if line.startswith("| | AWS") and "Application Gateway" in line]
    (row,) = [line for line in lines if line.startswith("| pause,")]
    names, values = ([cell.strip() for cell in line.strip("|").split("|")][1:] for line in (header, row))
    assert dict(zip(names, values, strict=True)) == DOCUMENTED
