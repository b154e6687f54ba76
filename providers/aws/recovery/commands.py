"""Commands of the AWS CLI that the recovery plan shares: lookups of names that Pulumi completes. Pure."""

from providers.contract.recovery_plan import CloudCommand, RecoverySite

CLUSTER, SERVICE = "aws:ecs/cluster:Cluster", "aws:ecs/service:Service"
DATABASE = "aws:rds/instance:Instance"
TEXT = ("--output", "text")


def aws(site: RecoverySite, *arguments: str, sets: str = "", region: str = "") -> CloudCommand:
    """Command of the AWS CLI in the region of the stack, or in another; a variable is set to its text output."""
    output = TEXT if sets and "--output" not in arguments else ()
    return CloudCommand(("aws", *arguments, *output, "--region", region or site.region), sets)


def cluster(site: RecoverySite) -> str:
    """Name of the ECS cluster."""
    return site.name_of(CLUSTER, f"{site.stack}-compute", "name")


def database(site: RecoverySite) -> str:
    """Identifier of the database instance."""
    return site.name_of(DATABASE, f"{site.stack}-database", "identifier")


def service_variables(site: RecoverySite) -> dict[str, str]:
    """Shell variable of each service's ARN, by service."""
    prefix = f"{site.stack}-compute-"
    # those of the standby region have the same names with the region in them
    names = [each.name.removeprefix(prefix) for each in site.declared(SERVICE) if each.name.startswith(prefix)]
    return {name: f"SERVICE_{name.replace('-', '_').upper()}" for name in names}


def find_services(site: RecoverySite) -> tuple[CloudCommand, ...]:
    """Commands that find the ARN of each service."""
    listed = ("ecs", "list-services", "--cluster", cluster(site), "--query")
    place = f"{site.stack}-{site.region}" if site.moved else site.stack
    return tuple(
        aws(site, *listed, f"serviceArns[?contains(@, '/{place}-compute-{name}-')] | [0]", sets=variable)
        for name, variable in service_variables(site).items()
    )


def service_counts(site: RecoverySite) -> CloudCommand:
    """Command that prints the desired and the running tasks of the services; ECS describes ten at once."""
    arns = (f"${variable}" for variable in list(service_variables(site).values())[:10])
    counts = "services[].[serviceName,status,desiredCount,runningCount]"
    return aws(site, "ecs", "describe-services", "--cluster", cluster(site), "--services", *arns, "--query", counts)


def find_by_name(site: RecoverySite, logical: str, listing: tuple[str, ...], field: str, sets: str) -> CloudCommand:
    """Command that finds a name that begins with a logical name, in a listing such as `DBSubnetGroups`."""
    query = f"{listing[-1]}[?starts_with({field}, '{logical}-')].{field} | [0]"
    return aws(site, *listing[:-1], "--query", query, sets=sets)


def find_bucket(site: RecoverySite, logical: str = "", sets: str = "BUCKET") -> CloudCommand:
    """Command that finds the bucket of the stack, or with another logical name, and not that of its access logs."""
    name = logical or f"{site.stack}-storage"
    query = f"Buckets[?starts_with(Name, '{name}-') && contains(Name, '-access-') == `false`].Name"
    return aws(site, "s3api", "list-buckets", "--query", f"{query} | [0]", sets=sets)


def find_key(site: RecoverySite) -> CloudCommand:
    """Command that finds the ID of the key of the data."""
    alias = site.name_of("aws:kms/alias:Alias", f"{site.stack}-keys-data-alias", "name")
    return aws(
        site, "kms", "list-aliases", "--query", f"Aliases[?AliasName=='{alias}'].TargetKeyId | [0]", sets="KEY_ID"
    )


def tag_arguments(stack: str) -> tuple[str, ...]:
    """Tags by which `agent-platform recover` finds a resource of a stack."""
    tags = {"project": "agent-platform", "stack": stack, "managed-by": "pulumi"}
    return ("--tags", *(f"Key={key},Value={value}" for key, value in tags.items()))
