"""The one or two facts of a resource that its readers look for first: size, range, how many, how long. Pure."""

from automation.plan.inventory import Declared, Secret, Unknown

FACTS = {
    "acm:Certificate": "{domainName}",
    "appautoscaling:Target": "{minCapacity} to {maxCapacity} copies",
    "budgets:Budget": "{limitAmount} {limitUnit} a month",
    "cache:Redis": "{sku[name]}",
    "cloudwatch:LogGroup": "{retentionInDays} days",
    "compute:Subnetwork": "{ipCidrRange}",
    "dbforpostgresql:Server": "{sku[name]}, {storage[storageSizeGB]} GiB",
    "ec2:Subnet": "{cidrBlock}",
    "ec2:Vpc": "{cidrBlock}",
    "ecs:Service": "{desiredCount} copies",
    "ecs:TaskDefinition": "{cpu} CPU units, {memory} MiB",
    "elasticache:ReplicationGroup": "{nodeType}, {numCacheClusters} nodes",
    "lb:Listener": "{protocol} {port}",
    "rds:Instance": "{instanceClass}, {allocatedStorage} GiB",
    "redis:Instance": "{tier}, {memorySizeGb} GiB",
    "route53:Record": "{name}",
    "sns:TopicSubscription": "{protocol}",
    "sql:DatabaseInstance": "{settings[tier]}, {settings[diskSize]} GiB",
}
"""What to tell of a short type, as a template over its inputs."""
FLAGS = {
    "elasticache:ReplicationGroup": ("multiAzEnabled", "several zones"),
    "rds:Instance": ("multiAz", "standby in another zone"),
}
"""What to add when an input is true."""


def facts_of(resource: Declared) -> str:
    """`db.r7g.large, 100 GiB, standby in another zone`; empty where there is nothing simple to say."""
    template = FACTS.get(resource.short_type)
    told = _filled(template, resource) if template else ""
    key, words = FLAGS.get(resource.short_type, ("", ""))
    flagged = words if resource.inputs.get(key) is True else ""
    return ", ".join(part for part in (told, flagged) if part)


def _filled(template: str, resource: Declared) -> str:
    """The template over the inputs that are plain; empty when one it names is absent, secret, unknown or computed."""
    known = {key: value for key, value in resource.inputs.items() if not isinstance(value, Secret | Unknown)}
    try:
        text = template.format_map(known)
    except (KeyError, TypeError):
        return ""
    return "" if "<" in text or "[unknown]" in text else text
