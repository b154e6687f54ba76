"""Declared resources as a tree: platform, regions, components, and one line for each type in a component. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from automation.plan.inventory import Declared, Inventory, Secret, Unknown
from automation.urn import kind_of

ORDER = (
    "Account", "Region", "Logs", "Keys", "Vault", "Network", "Channels", "Identity", "Registry", "Secrets",
    "Database", "Cache", "Storage", "Models", "Prometheus", "Environment", "Ingress", "Compute", "Autoscaling",
    "Entry", "Monitoring",
)  # fmt: skip
"""Component kinds in display order; others follow by name."""
MAX_NAMES = 6
"""Names shown of one type in one component; the JSON of a plan has all of them."""
FACTS = {
    "acm:Certificate": "{domainName}",
    "appautoscaling:Target": "{minCapacity} to {maxCapacity} replicas",
    "budgets:Budget": "{limitAmount} {limitUnit} a month",
    "cache:Redis": "{sku[name]}",
    "cloudwatch:LogGroup": "{retentionInDays} days",
    "compute:Subnetwork": "{ipCidrRange}",
    "dbforpostgresql:Server": "{sku[name]}, {storage[storageSizeGB]} GiB",
    "ec2:Subnet": "{cidrBlock}",
    "ec2:Vpc": "{cidrBlock}",
    "ecs:Service": "{desiredCount} replicas",
    "ecs:TaskDefinition": "{cpu} CPU units, {memory} MiB",
    "elasticache:ReplicationGroup": "{nodeType}, {numCacheClusters} nodes",
    "lb:Listener": "{protocol} {port}",
    "rds:Instance": "{instanceClass}, {allocatedStorage} GiB",
    "redis:Instance": "{tier}, {memorySizeGb} GiB",
    "route53:Record": "{name}",
    "sns:TopicSubscription": "{protocol}",
    "sql:DatabaseInstance": "{settings[tier]}, {settings[diskSize]} GiB",
}
"""Summary of a short type, as a template over its inputs."""
FLAGS = {
    "elasticache:ReplicationGroup": ("multiAzEnabled", "several zones"),
    "rds:Instance": ("multiAz", "standby in another zone"),
}
"""Input of a short type, and the text that is added to its summary when the input is true."""


@dataclass(frozen=True)
class Line:
    """Resources of one short type in one component: names without the component's prefix, and facts that all share."""

    type: str
    count: int
    names: tuple[str, ...]
    facts: str = ""

    @property
    def hidden(self) -> int:
        """Number of names that are not shown."""
        return self.count - len(self.names)


@dataclass(frozen=True)
class Branch:
    """Component: its kind, its name without the stack's prefix, its resources and its child components."""

    kind: str
    name: str
    count: int
    lines: tuple[Line, ...]
    branches: tuple["Branch", ...]


def tree_of(inventory: Inventory) -> tuple[Branch, ...]:
    """Return the top-level components, each with all its descendants."""
    by_urn = inventory.by_urn
    roots = [resource for resource in inventory.resources if not resource.custom and resource.parent not in by_urn]
    return tuple(_branch(root, inventory) for root in roots)


def _branch(component: Declared, inventory: Inventory) -> Branch:
    children = [resource for resource in inventory.resources if resource.parent == component.urn]
    resources = [resource for resource in children if resource.managed]
    branches = [_branch(child, inventory) for child in children if not child.custom]
    branches.sort(key=lambda branch: (rank(branch.kind), branch.name))
    return Branch(
        kind=kind_of(component.type),
        name=without_prefix(component.name, inventory.stack),
        count=len(resources) + sum(branch.count for branch in branches),
        lines=_lines(resources, component.name),
        branches=tuple(branches),
    )


def component_counts(inventory: Inventory) -> tuple[tuple[str, int], ...]:
    """Return the innermost components with their own resources, in display order, such as `Network` and 107."""
    counts: dict[str, int] = {}
    for resource in inventory.custom:
        kind = inventory.component_of(resource)
        counts[kind] = counts.get(kind, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: rank(item[0])))


def rank(kind: str) -> tuple[int, str]:
    """Sort key of a component kind."""
    return (ORDER.index(kind) if kind in ORDER else len(ORDER), kind)


def without_prefix(name: str, prefix: str) -> str:
    """Return `private-a` for `prod-network-private-a` with the prefix `prod-network`; other names unchanged."""
    return name.removeprefix(f"{prefix}-")


def _lines(resources: Sequence[Declared], component: str) -> tuple[Line, ...]:
    """Return one line a type; the type of the main resource, which has the component's name, comes first."""
    types: dict[str, list[Declared]] = {}
    for resource in resources:
        types.setdefault(resource.short_type, []).append(resource)
    main = {resource.short_type for resource in resources if resource.name == component}
    ordered = sorted(types, key=lambda short_type: (short_type not in main, short_type))
    return tuple(_line(short_type, types[short_type], component) for short_type in ordered)


def _line(short_type: str, resources: Sequence[Declared], component: str) -> Line:
    facts = [facts_of(resource) for resource in resources]
    names = [without_prefix(resource.name, component) for resource in resources]
    shared = len(set(facts)) == 1
    if not shared:
        names = [f"{name} ({fact})" if fact else name for name, fact in zip(names, facts, strict=True)]
    return Line(short_type, len(resources), tuple(names[:MAX_NAMES]), facts[0] if shared else "")


def facts_of(resource: Declared) -> str:
    """Return `db.r7g.large, 100 GiB, standby in another zone`; empty for a type without a summary."""
    template = FACTS.get(resource.short_type)
    summary = _filled(template, resource) if template else ""
    key, text = FLAGS.get(resource.short_type, ("", ""))
    flag = text if resource.inputs.get(key) is True else ""
    return ", ".join(part for part in (summary, flag) if part)


def _filled(template: str, resource: Declared) -> str:
    """Return the template with plain inputs; empty if one of them is absent, secret, unknown or computed."""
    inputs = {key: value for key, value in resource.inputs.items() if not isinstance(value, Secret | Unknown)}
    try:
        text = template.format_map(inputs)
    except (KeyError, TypeError):
        return ""
    return "" if "<" in text or "[unknown]" in text else text
