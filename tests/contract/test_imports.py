"""Only the SDK of the chosen cloud is imported, and none for a refused configuration."""

import subprocess
import sys
from pathlib import Path

import pytest

from providers import AVAILABLE

ROOT = Path(__file__).parent.parent.parent
SDKS = {
    "aws": ["pulumi_aws"],
    "gcp": ["pulumi_gcp"],
    "azure": ["pulumi_azure_native"],
    "docker": ["pulumi_docker", "pulumi_tls"],
}
TOO_LARGE: dict[str, object] = {"services.gateway.size": {"vcpu": 1, "memory_gib": 500}}
SCALED: dict[str, object] = {"services.gateway.replicas.max": 12}
PROGRAM = """
import sys
from tests.planning import plan, production
try:
    plan(production({changes!r}, cloud={cloud!r}))
except Exception as refused:
    print("refused")
print(*sorted({{name.partition(".")[0] for name in sys.modules if name.startswith("pulumi_")}}))
"""


def loaded(cloud: str, changes: dict[str, object]) -> list[str]:
    """SDK packages that a fresh process has loaded after planning production on `cloud`."""
    program = PROGRAM.format(cloud=cloud, changes=changes)
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return ended.stdout.split()


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_only_the_chosen_sdk_is_imported(cloud: str) -> None:
    assert loaded(cloud, {}) == sorted([*SDKS[cloud], "pulumi_random"])


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_refused_configuration_loads_no_sdk(cloud: str) -> None:
    # a Docker host may have any amount of memory, but cannot scale out
    assert loaded(cloud, SCALED if cloud == "docker" else TOO_LARGE) == ["refused"]
