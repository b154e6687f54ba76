"""Names of hosts outside on a deployed stack with the real engine: checked, changed, and no longer checked."""

import json

from tests.engine.project import EngineProject, small_platform

HOST, OTHER = "db.example.org", "api.example.org"
SERVICES = ("gateway", "chat")
PRIVATE: dict[str, object] = {
    # the names of the clouds' own services are not listed hosts
    "network.private_endpoints": True,
    **{f"services.{name}.image": f"{name}@sha256:" + "1" * 64 for name in SERVICES},
}


REPLACED = {
    "aws": {("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "prod-network-service-gateway-to-world")},
    "gcp": {("gcp:compute/firewall:Firewall", "prod-network-to-world")},
}
"""Rules that open the internet, where rules by port take their place."""


def checked(cloud: str, host: str) -> dict[str, object]:
    """Small platform whose services may reach one host, by name; on Azure all of them must list the same ones."""
    listed = {f"services.{name}.egress": [{"host": host, "port": 5432}] for name in SERVICES}
    return small_platform(cloud, **PRIVATE, **listed, **{"network.egress_control": "names"})


def objects(project: EngineProject) -> set[tuple[str, str]]:
    return {(item.token, item.name) for item in project.cloud.objects()}


def naming(project: EngineProject, host: str) -> set[str]:
    """Objects whose settings have the name of a host."""
    return {item.name for item in project.cloud.objects() if host in json.dumps(item.inputs)}


def test_names_are_checked_changed_and_no_longer_checked(small_copy: EngineProject, cloud: str) -> None:
    project = small_copy
    project.write(small_platform(cloud, **PRIVATE))
    project.up()
    before = objects(project)

    project.write(checked(cloud, HOST))
    project.up()
    added = objects(project) - before
    assert added and before - objects(project) == REPLACED.get(cloud, set())
    rules = naming(project, HOST)
    assert rules

    taken = len(project.cloud.changes())
    project.write(checked(cloud, OTHER))
    project.up()
    changes = project.cloud.changes()[taken:]
    assert (naming(project, HOST), naming(project, OTHER)) == (set(), rules)
    assert {name for verb, _, name in changes if verb == "delete"} <= {name for _, name in added}
    assert "unchanged" in project.up("--expect-no-changes")

    taken = len(project.cloud.changes())
    project.write(small_platform(cloud, **PRIVATE))
    project.up()
    deleted = {name for verb, _, name in project.cloud.changes()[taken:] if verb == "delete"}
    assert objects(project) == before
    assert deleted >= {name for _, name in added}
    assert "unchanged" in project.up("--expect-no-changes")
