"""Reading of objects in a plan: nested inputs, containers, peers of network policies."""

from automation.plan.inventory import Declared, Inventory
from providers.contract.json_data import Raw, is_list, is_mapping

DEPLOYMENT, SERVICE = "apps:Deployment", "core:Service"
POLICY, ROUTE = "networking.k8s.io:NetworkPolicy", "gateway.networking.k8s.io:HTTPRoute"


def at(value: object, *keys: str | int) -> object:
    """Value at a path of keys and indexes; None where the path ends."""
    for key in keys:
        if isinstance(key, int):
            value = value[key] if is_list(value) and len(value) > key else None
        else:
            value = value.get(key) if is_mapping(value) else None
    return value


def mapping(value: object, *keys: str | int) -> Raw:
    """Mapping at a path."""
    found = at(value, *keys)
    assert is_mapping(found), keys
    return found


def items(value: object, *keys: str | int) -> list[object]:
    """List at a path; empty where there is none."""
    found = at(value, *keys)
    return list(found) if is_list(found) else []


def spec(inventory: Inventory, name: str, kind: str) -> Raw:
    """Spec of an object by its logical name."""
    return mapping(inventory.one(name, kind).inputs, "spec")


def pod(inventory: Inventory, name: str) -> Raw:
    """Spec of the pods of a Deployment."""
    return mapping(spec(inventory, name, DEPLOYMENT), "template", "spec")


def container(inventory: Inventory, name: str) -> Raw:
    """First container of a Deployment."""
    return mapping(pod(inventory, name), "containers", 0)


def peers(policy: Declared, direction: str) -> set[str]:
    """Peers of a network policy with their ports, such as `web:8000`, `namespace monitoring:9464` and `0.0.0.0/0:443`."""
    key = "from" if direction == "ingress" else "to"
    return {
        f"{_peer(peer)}:{port}"
        for rule in items(policy.inputs, "spec", direction)
        for peer in items(rule, key)
        for port in (f"{float(str(at(each, 'port'))):g}" for each in items(rule, "ports"))
    }


def _peer(peer: object) -> str:
    for expression in items(peer, "podSelector", "matchExpressions"):
        return str(items(expression, "values")[0])
    namespace = at(peer, "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name")
    cidr = at(peer, "ipBlock", "cidr")
    suffix = " without private ranges" if items(peer, "ipBlock", "except") else ""
    return f"namespace {namespace}" if namespace else f"{cidr}{suffix}"
