"""What Google Cloud refuses of one file: everything at once, one sentence each, before its SDK is imported."""

import subprocess
import sys

from tests.gcp.asked import refused

BAD: dict[str, object] = {
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


def test_every_mistake_of_a_file_is_told_at_once() -> None:
    paths = [sentence.partition(": ")[0] for sentence in refused(BAD)]
    assert paths == [
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


def test_a_project_id_of_the_wrong_form_is_refused_beside_the_rest() -> None:
    paths = [
        sentence.partition(": ")[0] for sentence in refused({"gcp.project": "Acme Agents", "cache.memory_gib": 400})
    ]
    assert paths == ["gcp.project", "cache.memory_gib"]


def test_production_is_refused_nothing() -> None:
    assert not refused()


def test_limits_are_known_without_the_sdk() -> None:
    program = "import sys, providers.gcp.limits; print('pulumi_gcp' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
