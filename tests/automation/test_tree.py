"""Tree of a plan: components in display order, one line a type, summaries of resources."""

from automation.plan.inventory import Declared, Secret, Unknown
from automation.plan.tree import MAX_NAMES, Branch, facts_of, tree_of
from tests.automation.inventories import INSTANCE, KEY, ROLE, SUBNET, component_resource, inventory, resource

platform = component_resource("AgentPlatform", "prod")
region = component_resource("Region", "prod-us-west-2", platform)
network = component_resource("Network", "prod-network", region)
database = component_resource("Database", "prod-database", region)
entry = component_resource("Entry", "prod-entry", platform)
monitoring = component_resource("Monitoring", "prod-monitoring", platform)
COMPONENTS = (monitoring, entry, database, network, region, platform)


def tree(*resources: Declared) -> Branch:
    (root,) = tree_of(inventory(*COMPONENTS, *resources))
    return root


def component_branch(root: Branch, kind: str) -> Branch:
    branches = [root]
    while branches:
        branch = branches.pop()
        if branch.kind == kind:
            return branch
        branches += branch.branches
    raise LookupError(kind)


def test_components_have_the_display_order() -> None:
    root = tree()
    assert [branch.kind for branch in root.branches] == ["Region", "Entry", "Monitoring"]
    assert [branch.kind for branch in root.branches[0].branches] == ["Network", "Database"]


def test_an_unknown_component_is_last() -> None:
    extra = component_resource("Extra", "prod-extra", platform)
    assert tree(extra).branches[-1].kind == "Extra"


def test_a_branch_counts_all_its_descendants() -> None:
    root = tree(
        resource(SUBNET, "prod-network-a", within=network), resource(INSTANCE, "prod-database", within=database)
    )
    assert (root.count, component_branch(root, "Region").count, component_branch(root, "Network").count) == (2, 2, 1)


def test_a_provider_is_not_counted() -> None:
    assert tree(resource("pulumi:providers:aws", "prod-us-west-2", within=platform)).count == 0


def test_resources_of_one_type_share_a_line() -> None:
    subnets = [resource(SUBNET, f"prod-network-{zone}", within=network) for zone in "ab"]
    (line,) = component_branch(tree(*subnets), "Network").lines
    assert (line.type, line.count, line.names) == ("ec2:Subnet", 2, ("a", "b"))


def test_the_main_resource_of_a_component_is_first() -> None:
    lines = component_branch(
        tree(
            resource(ROLE, "prod-database-role", within=database), resource(INSTANCE, "prod-database", within=database)
        ),
        "Database",
    ).lines
    assert [line.type for line in lines] == ["rds:Instance", "iam:Role"]


def test_names_beyond_the_maximum_are_counted() -> None:
    subnets = [resource(SUBNET, f"prod-network-{number}", within=network) for number in range(MAX_NAMES + 3)]
    (line,) = component_branch(tree(*subnets), "Network").lines
    assert (len(line.names), line.hidden) == (MAX_NAMES, 3)


def test_facts_that_all_resources_share_are_shown_once() -> None:
    group = "aws:cloudwatch/logGroup:LogGroup"
    logs = [resource(group, f"prod-database-{name}", within=database, retentionInDays=365) for name in ("a", "b")]
    (line,) = component_branch(tree(*logs), "Database").lines
    assert (line.facts, line.names) == ("365 days", ("a", "b"))


def test_facts_that_differ_are_shown_with_each_name() -> None:
    ranges = {"a": "10.0.0.0/24", "b": "10.0.1.0/24"}
    subnets = [resource(SUBNET, f"prod-network-{n}", within=network, cidrBlock=block) for n, block in ranges.items()]
    (line,) = component_branch(tree(*subnets), "Network").lines
    assert line.names == ("a (10.0.0.0/24)", "b (10.0.1.0/24)")


def test_a_database_shows_its_class_its_disk_and_its_standby() -> None:
    database_resource = resource(
        INSTANCE, "prod-database", instanceClass="db.r7g.large", allocatedStorage=100, multiAz=True
    )
    assert facts_of(database_resource) == "db.r7g.large, 100 GiB, standby in another zone"


def test_a_fact_that_is_unknown_or_secret_is_not_shown() -> None:
    assert facts_of(resource(SUBNET, "a", cidrBlock=Unknown())) == ""
    assert facts_of(resource(SUBNET, "a", cidrBlock=Secret("10.0.0.0/24"))) == ""
    assert facts_of(resource(SUBNET, "a", cidrBlock="<ec2:Vpc prod>.cidrBlock")) == ""


def test_a_type_without_facts_shows_none() -> None:
    assert facts_of(resource(KEY, "a")) == ""
