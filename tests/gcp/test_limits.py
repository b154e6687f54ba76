"""Refusals of Google Cloud: all of a file at once, before its SDK is imported."""

import subprocess
import sys

from tests.gcp.plans import diagnostics, error_keys

INVALID: dict[str, object] = {
    "gcp.region": "europe-west1",
    "gcp.models": ["gpt-4.1"],
    "network": {"zones": 4, "egress": "none", "cidr": "10.20.0.0/24"},
    "services.chat.size": {"vcpu": 1, "memory_gib": 64},
    "services.a-service-with-quite-a-long-name": {"app": "fastapi", "image": "extra@sha256:" + "7" * 64},
    "database.size": {"vcpu": 2, "memory_gib": 1000},
    "database.parameters": {"shared_preload_libraries": "timescaledb"},
    "cache.memory_gib": 400,
    "tags": {"Team": "agents"},
}


def test_every_refusal_of_a_file_is_reported_at_once() -> None:
    assert error_keys(INVALID) == [
        "network.zones",
        "tags.Team",
        "services.a-service-with-quite-a-long-name",
        "network.cidr",
        "services.gateway.secrets",
        "gcp.models",
        "database.size",
        "database.parameters.shared_preload_libraries",
        "cache.memory_gib",
        "services.chat.size",
    ]


def test_an_invalid_project_id_is_reported_with_the_refusals() -> None:
    assert error_keys({"gcp.project": "Acme Agents", "cache.memory_gib": 400}) == ["gcp.project", "cache.memory_gib"]


def test_production_has_no_refusals() -> None:
    assert not diagnostics()


def test_the_limits_do_not_import_the_sdk() -> None:
    program = "import sys, providers.gcp.limits; print('pulumi_gcp' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
