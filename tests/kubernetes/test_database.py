"""PostgreSQL of CloudNativePG, its backups, and an external server."""

import pytest

from automation.plan.inventory import Inventory, Secret
from providers import limits
from providers.contract.json_data import Raw, is_mapping
from providers.contract.spec import Platform
from providers.kubernetes.database.limits import database_adjustments, database_refusals
from providers.kubernetes.database.parameters import rollout_connections, server_parameters
from providers.kubernetes.database.resources import with_scheme
from tests.kubernetes.manifests import manifest
from tests.kubernetes.platforms import BUCKET, EXTERNAL, prod, prod_plan, spec_of, staging, staging_plan
from tests.planning import DROP, plan

CLUSTER, POLICY = "postgresql.cnpg.io:Cluster", "networking.k8s.io:NetworkPolicy"


def spec_part(inventory: Inventory, name: str, token: str | None = None) -> Raw:
    """Return the `spec` of one object."""
    part = manifest(inventory.one(name, token))["spec"]
    assert is_mapping(part)
    return part


def keys_of(spec: Platform) -> list[str]:
    """Return the refused keys of the database."""
    return [refusal.key for refusal in database_refusals(spec, "prod")]


def test_high_availability_is_three_instances_with_a_synchronous_replica() -> None:
    cluster = spec_part(prod_plan(), "prod-database", CLUSTER)
    assert cluster["instances"] == 3
    postgresql = cluster["postgresql"]
    assert is_mapping(postgresql)
    assert postgresql["synchronous"] == {
        "method": "any", "number": 1, "dataDurability": "preferred", "failoverQuorum": True,
    }  # fmt: skip
    assert cluster["enablePDB"] is True
    spread = cluster["topologySpreadConstraints"]
    assert spread == [
        {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"cnpg.io/cluster": "database"}},
        }
    ]


def test_one_instance_has_no_disruption_budget_which_would_block_a_drain() -> None:
    inventory = plan(staging({"database.high_availability": False}), stack="staging")
    cluster = spec_part(inventory, "staging-database", CLUSTER)
    assert (cluster["instances"], cluster["enablePDB"]) == (1, False)
    assert "affinity" not in cluster


def test_size_storage_and_version_are_those_of_the_spec() -> None:
    cluster = spec_part(prod_plan(), "prod-database", CLUSTER)
    assert cluster["resources"] == {
        "requests": {"cpu": "2", "memory": "16Gi"},
        "limits": {"cpu": "2", "memory": "16Gi"},
    }
    assert cluster["storage"] == {"size": "100Gi", "resizeInUseVolumes": True, "storageClass": "fast"}
    assert str(cluster["imageName"]).startswith("ghcr.io/cloudnative-pg/postgresql:17-")


def test_a_connection_without_tls_is_rejected_before_any_other_rule() -> None:
    postgresql = spec_part(prod_plan(), "prod-database", CLUSTER)["postgresql"]
    assert is_mapping(postgresql)
    assert postgresql["pg_hba"] == ["hostnossl all all all reject"]


def test_sizes_of_memory_have_a_unit_because_the_operator_reads_a_number_as_megabytes() -> None:
    database = spec_of(prod()).database
    assert database is not None
    parameters = server_parameters(database)
    assert parameters["shared_buffers"] == "4194304kB"
    assert parameters["effective_cache_size"] == "8388608kB"
    assert parameters["max_connections"] == "200"
    assert parameters["log_connections"] == "on"
    changed = spec_of(prod({"database.parameters": {"shared_buffers_mib": 512}})).database
    assert changed is not None
    assert server_parameters(changed)["shared_buffers"] == f"{512 * 1024}kB"


@pytest.mark.parametrize("name", ["listen_addresses", "ssl", "archive_command", "password_encryption", "hba_file"])
def test_parameters_of_the_operator_are_refused(name: str) -> None:
    spec = spec_of(staging({"database.parameters": {name: "x"}}), check=False)
    assert f"database.parameters.{name}" in keys_of(spec)


def test_shared_buffers_above_the_memory_are_refused() -> None:
    spec = spec_of(staging({"database.parameters": {"shared_buffers_mib": 9000}}), check=False)
    assert keys_of(spec) == ["database.parameters.shared_buffers_mib"]


def test_backups_go_to_the_bucket_in_a_folder_that_no_former_database_has() -> None:
    inventory = prod_plan()
    store = spec_part(inventory, "prod-database-store")
    assert store["retentionPolicy"] == "7d"
    configuration = store["configuration"]
    assert is_mapping(configuration)
    assert configuration["destinationPath"] == "s3://acme-agents/agent-platform-prod/"
    assert configuration["endpointURL"] == BUCKET["endpoint_url"]
    plugins = spec_part(inventory, "prod-database", CLUSTER)["plugins"]
    assert "random:RandomString prod-database-folder" in str(plugins)
    assert "'isWALArchiver': True" in str(plugins)


def test_the_backup_starts_with_its_window() -> None:
    inventory = plan(staging({"database.backup.window_start": "23:45"}), stack="staging")
    backup = spec_part(inventory, "staging-database-backup")
    # the first of six fields is that of seconds
    assert backup["schedule"] == "0 45 23 * * *"
    assert backup["immediate"] is True


def test_without_retention_nothing_is_archived() -> None:
    inventory = plan(staging({"database.backup.retention_days": 0}), stack="staging")
    names = {resource.name for resource in inventory.resources}
    assert not {"staging-database-store", "staging-database-backup", "staging-database-folder"} & names
    assert "plugins" not in spec_part(inventory, "staging-database", CLUSTER)


def test_backups_without_a_bucket_are_refused() -> None:
    spec = spec_of(
        staging({"storage": DROP, "services.gateway.uses": ["database", "cache"]}, {"bucket": None}), check=False
    )
    assert keys_of(spec) == ["database.backup"]


def test_an_update_waits_until_the_database_is_ready_and_never_compares_its_first_start() -> None:
    cluster = prod_plan().one("prod-database", CLUSTER)
    metadata = manifest(cluster)["metadata"]
    assert is_mapping(metadata)
    annotations = metadata["annotations"]
    assert is_mapping(annotations)
    assert annotations["pulumi.com/waitFor"] == "condition=Ready"
    assert cluster.ignore_changes == ("spec.bootstrap",)


def test_the_database_is_protected_unless_the_spec_says_otherwise() -> None:
    assert prod_plan().one("prod-database", CLUSTER).protect
    inventory = plan(staging({"database.deletion_protection": False}), stack="staging")
    assert not inventory.one("staging-database", CLUSTER).protect


def test_passwords_and_urls_are_secret_and_in_no_custom_resource() -> None:
    inventory = staging_plan()
    for part in ("url", "plain-url", "password-value", "owner"):
        assert isinstance(inventory.one(f"staging-database-{part}").inputs["data"], Secret), part
    managed = spec_part(inventory, "staging-database", CLUSTER)["managed"]
    assert "passwordSecret" in str(managed)


def test_only_users_operator_and_prometheus_reach_the_database() -> None:
    policy = spec_part(prod_plan(), "prod-database-database", POLICY)
    users, operator, metrics = policy["ingress"]  # type: ignore[misc]
    assert [port["port"] for port in users["ports"]] == [5432]
    assert str(users["from"]).count("'gateway'") == 1
    assert [port["port"] for port in operator["ports"]] == [5432, 8000]
    assert "cloudnative-pg" in str(operator["from"])
    assert [port["port"] for port in metrics["ports"]] == [9187]
    assert policy["podSelector"] == {"matchLabels": {"cnpg.io/cluster": "database"}}


def test_the_pods_have_the_label_by_which_policies_of_services_select_them() -> None:
    inherited = spec_part(prod_plan(), "prod-database", CLUSTER)["inheritedMetadata"]
    assert is_mapping(inherited)
    labels = inherited["labels"]
    assert is_mapping(labels)
    assert labels["app.kubernetes.io/component"] == "database"


def test_an_external_server_declares_secrets_alone() -> None:
    inventory = plan(staging({"database": {}, "cache": {"eviction": "volatile-lru"}}, EXTERNAL), stack="staging")
    types = {each.short_type for each in inventory.resources if each.name.startswith("staging-database")}
    assert types == {"core:Secret", "agent-platform:Database"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", "16"),
        ("storage_gib", 300),
        ("high_availability", False),
        ("backup.retention_days", 20),
        ("size.vcpu", 8),
        ("parameters.work_mem", 8192),
    ],
)
def test_each_setting_of_an_external_server_is_refused(key: str, value: object) -> None:
    changes = {"database": {}, f"database.{key}": value, "cache": {"eviction": "volatile-lru"}}
    refused = keys_of(spec_of(staging(changes, EXTERNAL), check=False))
    assert refused == [f"database.{key.partition('.work_mem')[0]}"]


def test_urls_of_an_external_server_have_the_scheme_of_each_client() -> None:
    assert with_scheme("postgres://u:p@db:5432/x?sslmode=require", "postgresql+psycopg") == (
        "postgresql+psycopg://u:p@db:5432/x?sslmode=require"
    )


def test_a_rollout_at_maximum_scale_must_fit_the_connections() -> None:
    budget = rollout_connections(spec_of(staging()))
    assert budget is not None
    assert budget.max_connections == 200
    assert limits("kubernetes").connections(spec_of(staging())) == budget
    small = spec_of(staging({"database.parameters": {"max_connections": 10}}), check=False)
    assert "database.parameters.max_connections" in keys_of(small)


def test_growth_and_maintenance_are_adjusted_in_words() -> None:
    keys = [adjustment.key for adjustment in database_adjustments(spec_of(prod()))]
    assert keys == ["database.max_storage_gib", "database.maintenance", "database.high_availability"]
