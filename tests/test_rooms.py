"""No two clouds drift apart: the same rooms offer the same functions, parameters and results."""

import ast
from pathlib import Path

import pytest

from providers import AVAILABLE

ROOT = Path(__file__).parent.parent / "providers"
ROOMS = (
    "account", "autoscaling", "cache", "compute", "database", "entry", "identity", "ingress", "keys", "monitoring",
    "network", "registry", "secrets", "storage",
)  # fmt: skip
FUNCTIONS = {"secrets": "create_secret"}
ORDERED_BY_CLOUD = {"compute": {"ingress"}, "ingress": {"compute"}, "autoscaling": {"ingress", "compute"}}
"""Parameters a cloud may leave out: on AWS a service waits for its route, elsewhere a route for its service (ADR 3)."""

BROUGHT_BY_CLOUD = {"network": {"logs"}, "registry": {"network", "logs"}}
"""Parameters that Azure adds at the end: its network and its registry report to one workspace, and the registry's door
is a private endpoint in the network."""


def signature(cloud: str, room: str) -> tuple[list[str], str]:
    """Parameter names and result of a room's one public function; a cloud's own subclass counts as its base."""
    name = FUNCTIONS.get(room, f"create_{room}")
    folder = ROOT / cloud
    files = [folder / f"{room}.py"] if (folder / f"{room}.py").exists() else sorted((folder / room).glob("*.py"))
    for path in files:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                result = ast.unparse(node.returns) if node.returns else ""
                return [argument.arg for argument in node.args.args], result.removeprefix(cloud.capitalize())
    raise LookupError(f"providers/{cloud} has no {name}")


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_room_has_the_same_signature_on_every_cloud(cloud: str, room: str) -> None:
    free = ORDERED_BY_CLOUD.get(room, set()) | BROUGHT_BY_CLOUD.get(room, set())
    ours, first = signature(cloud, room), signature(AVAILABLE[0], room)
    assert [name for name in ours[0] if name not in free] == [name for name in first[0] if name not in free]
    assert ours[1] == first[1]


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_room_begins_with_where_it_stands(cloud: str, room: str) -> None:
    parameters, _ = signature(cloud, room)
    assert parameters[0] == "room"
    assert parameters[1] in ("site", "ground")
