"""Tables of what operators rely on, checked in as text: alarms, WAF rules, permissions and logical names.

`python -m tests.contract.tables` writes them from the current plans. A change of a table is a change of the product: read
the difference in review.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from automation.plan.inventory import Declared, Inventory, plain
from providers import AVAILABLE
from providers.contract.capabilities import CAPABILITIES
from providers.contract.spec.defaults import is_list, is_mapping
from tests.contract.readings import readings
from tests.planning import DRILL, ROOT, plan, production, raw_of

FOLDER = Path(__file__).parent / "tables"
WAF_TYPES = ("wafv2:WebAcl", "compute:SecurityPolicy", "frontdoor:Policy", "cdn:SecurityPolicy")
PERMISSION_TYPES = (
    "iam:Role", "iam:RolePolicy", "iam:Policy", "iam:RolePolicyAttachment",
    "secretmanager:SecretIamMember", "projects:IAMMember", "projects:IAMCustomRole", "kms:CryptoKeyIAMMember",
    "serviceaccount:IAMMember", "cloudrunv2:ServiceIamMember", "cloudrunv2:WorkerPoolIamMember",
    "artifactregistry:RepositoryIamMember", "storage:BucketIAMMember", "authorization:RoleAssignment",
    "authorization:RoleDefinition",
)  # fmt: skip
TEXT_KEYS = ("description", "tags", "labels", "userLabels")
"""Inputs that are texts or tags, which other tests cover."""
SHIPPED = ("prod", "staging", "local")
"""Stack files in the repository, each on its own cloud."""
WARM = {"aws": "us-east-1", "azure": "eastus"}
"""Standby region of each cloud on which services run there; the table of AWS has no cloud in its name."""


@cache
def production_plan(cloud: str) -> Inventory:
    """Plan of production on a cloud, recorded once per process."""
    return plan(production(cloud=cloud))


def alarms(cloud: str) -> str:
    """One line per alarm: comparison, threshold, window, severity and notified channels."""
    rows = sorted(readings(production_plan(cloud), cloud).items())
    return _lines(
        f"{key:36} {alarm.comparison:2} {alarm.threshold:<14g} {alarm.window_seconds:>6} s  {alarm.severity or '-':9}"
        f" {','.join(alarm.notifies) or '-'}"
        for key, alarm in rows
    )


def waf_rules(cloud: str) -> str:
    """Every input of the WAF policies."""
    return _inputs(production_plan(cloud), WAF_TYPES)


def gateway_rules() -> str:
    """Every input of the WAF policy of an Application Gateway, and the rules of its subnet's security group."""
    certificate = {"azure": "certificates/acme-certs/agents"}
    gateway = plan(production({"azure.entry": "gateway", "ingress.certificate": certificate}, cloud="azure"))
    group = gateway.one("prod-network-gateway-rules", "network:NetworkSecurityGroup")
    return _inputs(gateway, ("network:WebApplicationFirewallPolicy",)) + _lines(_resource_lines(group))


def permissions(cloud: str) -> str:
    """Every role, role assignment and resource with a policy; on Docker capabilities, networks and host paths of each container."""
    if cloud == "kubernetes":
        return _lines(_cluster_lines(production_plan(cloud)))
    if cloud != "docker":
        return _inputs(production_plan(cloud), PERMISSION_TYPES, policies=True)
    return _lines(_container_lines(production_plan(cloud)))


def logical_names(stack: str) -> str:
    """Type and logical name of every resource of a stack file in the repository."""
    shipped = plan(raw_of(ROOT / f"Pulumi.{stack}.yaml"), stack)
    return _lines(sorted(f"{resource.type} {resource.name}" for resource in shipped.resources))


def names_in_standby_region(cloud: str) -> str:
    """Type and logical name of every resource that services in the standby region add to production on a cloud."""
    before = {resource.urn for resource in production_plan(cloud).resources}
    there = plan(production({"recovery": {"mode": "warm", "standby_region": WARM[cloud]}}, cloud=cloud))
    return _lines(sorted(f"{each.type} {each.name}" for each in there.resources if each.urn not in before))


def drill(cloud: str) -> str:
    """Every resource of a restore drill by type and logical name, its permissions, and its alarms."""
    inventory = plan(production({"recovery.drill": DRILL}, cloud=cloud))
    before = {resource.urn for resource in production_plan(cloud).resources}
    added = [resource for resource in inventory.resources if resource.urn not in before]
    names = _lines(sorted(f"{resource.type} {resource.name}" for resource in added))
    alarms = {
        key: row
        for key, row in readings(inventory, cloud).items()
        if key not in readings(production_plan(cloud), cloud)
    }
    rows = _lines(f"{key} {alarm}" for key, alarm in sorted(alarms.items()))
    rights = [resource for resource in added if resource.short_type in PERMISSION_TYPES]
    return names + rows + _lines(line for each in sorted(rights, key=_order) for line in _resource_lines(each))


def tables() -> Iterator[tuple[str, Callable[[], str]]]:
    """Every table by its file name."""
    makers: Mapping[str, Callable[[str], str]] = {"alarms": alarms, "waf": waf_rules, "permissions": permissions}
    for cloud in AVAILABLE:
        for name, make in makers.items():
            if name != "waf" or cloud not in ("docker", "kubernetes"):
                yield f"{cloud}-{name}.txt", lambda make=make, cloud=cloud: make(cloud)
        if "Drill" in CAPABILITIES[cloud] or cloud == "docker":
            yield f"{cloud}-drill.txt", lambda cloud=cloud: drill(cloud)
    yield "azure-gateway-waf.txt", gateway_rules
    for cloud in WARM:
        suffix = "" if cloud == "aws" else f"-{cloud}"
        yield f"names-standby{suffix}.txt", lambda cloud=cloud: names_in_standby_region(cloud)
    for stack in SHIPPED:
        yield f"names-{stack}.txt", lambda stack=stack: logical_names(stack)


def _cluster_lines(inventory: Inventory) -> Iterator[str]:
    """Rules of network policies and roles, and annotations of service accounts."""
    types = ("networking.k8s.io:NetworkPolicy", "rbac.authorization.k8s.io:Role", "core:ServiceAccount")
    for resource in sorted((r for r in inventory.custom if r.short_type in types), key=_order):
        yield resource.name
        for key in ("spec", "rules"):
            if key in resource.inputs:
                yield f"  {key}: {_json(resource.inputs[key])}"
        metadata = resource.inputs.get("metadata")
        annotations = metadata.get("annotations") if is_mapping(metadata) else None
        if annotations:
            yield f"  annotations: {_json(annotations)}"


def _container_lines(inventory: Inventory) -> Iterator[str]:
    keys = (
        "capabilities",
        "networkMode",
        "networksAdvanced",
        "privileged",
        "readOnly",
        "user",
        "securityOpts",
        "pidMode",
    )
    for container in sorted(inventory.of_type("docker:Container"), key=lambda resource: resource.name):
        values = {key: container.inputs[key] for key in keys if key in container.inputs}
        volumes = container.inputs.get("volumes")
        yield f"{container.name}"
        yield from (f"  {key}: {_json(value)}" for key, value in values.items())
        if volumes is not None:
            yield f"  volumes: {_json(volumes)}"


def _inputs(inventory: Inventory, types: Iterable[str], *, policies: bool = False) -> str:
    resources = [r for r in inventory.custom if r.short_type in types or (policies and "policy" in r.inputs)]
    return _lines(line for resource in sorted(resources, key=_order) for line in _resource_lines(resource))


def _order(resource: Declared) -> tuple[str, str]:
    return resource.short_type, resource.name


def _resource_lines(resource: Declared) -> Iterator[str]:
    yield f"{resource.short_type} {resource.name}"
    for key, value in sorted(resource.inputs.items()):
        if key in TEXT_KEYS:
            continue
        if isinstance(value, str) and value.startswith("{"):
            value = json.loads(value)
        if is_list(value):
            yield f"  {key}:"
            yield from (f"    - {_json(item)}" for item in value)
        else:
            yield f"  {key}: {_json(value)}"


def _json(value: object) -> str:
    return json.dumps(plain(value), sort_keys=True)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines)


def main() -> None:
    """Write every table."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in tables():
        (FOLDER / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
