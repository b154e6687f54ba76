"""Copies in a standby location: what is declared where, with which rights, and what an existing stack becomes."""

import json
from functools import cache

import pytest
from pulumi_azure_native.storage.outputs import ObjectReplicationPolicyRuleResponse

from automation.plan.inventory import Declared, Inventory
from providers import resource_traits
from providers.azure.base import roles
from providers.azure.recovery.objects import first_rule_id
from tests.azure.kql import faults, parses_queries
from tests.azure.plans import depends_on, input_at, mapping_at, mappings_at
from tests.engine.fake_cloud.steps import lost, steps
from tests.planning import DROP, changed_inputs, plan, production, resource_names

HOME, STANDBY = "eastus2", "centralus"
AT_HOME: dict[str, object] = {"azure.location": HOME}
COPIES: dict[str, object] = {
    **AT_HOME,
    "recovery": {"mode": "backup", "standby_region": STANDBY, "lock": "governance", "retention_days": 28},
}
NEW = {
    "agent-platform:Account prod-centralus-account",
    "agent-platform:Recovery prod-centralus-recovery",
    "agent-platform:Recovery prod-recovery",
    "agent-platform:Region prod-centralus",
    "agent-platform:Registry prod-centralus-registry",
    "agent-platform:Storage prod-centralus-storage",
    "agent-platform:Vault prod-centralus-vault",
    "authorization:RoleAssignment prod-centralus-vault-data-key",
    "authorization:RoleAssignment prod-recovery-vault-backs-up",
    "authorization:RoleAssignment prod-recovery-vault-reads",
    "authorization:RoleAssignment prod-registry-deployer-centralus",
    "containerregistry:Registry prod-centralus-registry",
    "dataprotection:BackupInstance prod-recovery-database",
    "dataprotection:BackupPolicy prod-recovery-policy",
    "dataprotection:BackupVault prod-recovery-vault",
    "keyvault:Key prod-centralus-vault-data",
    "keyvault:Secret prod-centralus-database-libpq-password",
    "keyvault:Secret prod-centralus-secrets-OPENAI_API_KEY",
    "keyvault:Secret prod-centralus-secrets-OS_SECURITY_KEY",
    "keyvault:Vault prod-centralus-vault",
    "managedidentity:UserAssignedIdentity prod-centralus-vault-data-key",
    "monitor:DiagnosticSetting prod-centralus-recovery-registry",
    "monitor:DiagnosticSetting prod-centralus-recovery-storage",
    "monitor:DiagnosticSetting prod-centralus-recovery-vault",
    "monitor:DiagnosticSetting prod-recovery-vault-diagnostics",
    "monitor:ScheduledQueryRule prod-monitoring-copies-database-failed",
    "providers:azure-native prod-centralus",
    "providers:azure-native prod-centralus-group",
    "random:RandomId prod-centralus-vault-name",
    "resources:ResourceGroup prod-centralus-account",
    "storage:BlobContainer prod-centralus-storage-objects",
    "storage:BlobServiceProperties prod-centralus-storage-blobs",
    "storage:ManagementPolicy prod-centralus-storage-lifecycle",
    "storage:ObjectReplicationPolicy prod-centralus-recovery-objects",
    "storage:ObjectReplicationPolicy prod-recovery-objects",
    "storage:StorageAccount prod-centralus-storage",
}
"""Everything that copies add to production, by type and logical name: names that do not change once released."""


@cache
def without_copies() -> Inventory:
    return plan(production(AT_HOME, cloud="azure"))


@cache
def copied() -> Inventory:
    return plan(production(COPIES, cloud="azure"))


def test_an_existing_stack_gains_resources_and_loses_none() -> None:
    before, after = resource_names(without_copies()), resource_names(copied())
    assert (after - before, before - after) == (NEW, set())


def test_nothing_that_exists_changes_but_the_dashboard() -> None:
    """Geo-redundant backups and their key are chosen at the creation of a server, and ignored later."""
    server = {"backup.geoRedundantBackup", "dataEncryption", "identity"}
    assert server <= set(without_copies().one("prod-database", "dbforpostgresql:Server").ignore_changes)
    assert changed_inputs(without_copies(), copied()) == {
        ("applicationinsights:Workbook", "serializedData"),
        *(("dbforpostgresql:Server", path.partition(".")[0]) for path in server),
    }


def test_copies_of_an_existing_stack_are_creations_and_updates_in_place() -> None:
    taken = steps(without_copies(), copied())
    assert {step.operation for step in taken} == {"create", "update"}
    assert [step for step in taken if step.refusal] == []


def test_without_copies_again_data_is_protected_from_deletion() -> None:
    taken = steps(copied(), without_copies())
    deleted = {step.name for step in lost(taken, resource_traits("azure").holds)}
    assert deleted == {
        "prod-centralus-account",
        "prod-centralus-registry",
        "prod-centralus-storage",
        "prod-centralus-storage-objects",
        "prod-centralus-vault",
        "prod-recovery-database",
        "prod-recovery-vault",
    }
    assert all(copied().one(name, kind).protect for name, kind in protected(deleted))


def protected(deleted: set[str]) -> list[tuple[str, str]]:
    """Names and types of the resources whose deletion loses data."""
    holds = resource_traits("azure").holds
    return [(each.name, each.short_type) for each in copied().custom if each.name in deleted and each.type in holds]


def test_what_is_in_the_standby_location_has_its_name_and_its_provider() -> None:
    for resource in copied().custom:
        if resource.type.startswith(("pulumi:providers:", "random:")):
            continue
        there = "<providers:azure-native prod-centralus" in (resource.provider or "") or "::prod-centralus" in (
            resource.provider or ""
        )
        assert there == resource.name.startswith("prod-centralus"), resource.name


def test_resources_of_the_standby_location_are_in_its_group() -> None:
    groups = {
        resource.name: resource.inputs["resourceGroupName"]
        for resource in copied().custom
        if resource.name.startswith("prod-centralus") and "resourceGroupName" in resource.inputs
    }
    assert len(groups) > 10 and set(groups.values()) == {"prod-agents-centralus"}
    assert copied().one("prod-centralus-account", "resources:ResourceGroup").inputs["location"] == STANDBY


def test_the_server_of_a_new_stack_has_geo_redundant_backup() -> None:
    changes = {**COPIES, "profile": "staging", "recovery": {"mode": "backup", "standby_region": STANDBY}}
    server = plan(production(changes, cloud="azure")).one("prod-database", "dbforpostgresql:Server")
    assert input_at(server, "backup.geoRedundantBackup") == "Enabled"
    assert "backup.geoRedundantBackup" in server.ignore_changes


def vault_settings(lock: str) -> dict[str, object]:
    risk = {"accept_risk": {"recovery.lock": "the law requires it"}} if lock == "compliance" else {}
    recovery = {"mode": "backup", "standby_region": STANDBY, "lock": lock}
    declared = plan(production({**AT_HOME, "recovery": recovery, **risk}, cloud="azure"))
    return mapping_at(declared.one("prod-recovery-vault", "dataprotection:BackupVault"), "properties.securitySettings")


@pytest.mark.parametrize(
    ("lock", "immutability", "soft_delete"),
    [("none", "Disabled", "On"), ("governance", "Unlocked", "On"), ("compliance", "Locked", "AlwaysOn")],
)
def test_only_a_compliance_lock_is_permanent(lock: str, immutability: str, soft_delete: str) -> None:
    assert vault_settings(lock) == {
        "immutabilitySettings": {"state": immutability},
        "softDeleteSettings": {"state": soft_delete, "retentionDurationInDays": 14},
    }


def test_the_vault_is_replicated_to_the_pair_and_restores_there() -> None:
    vault = copied().one("prod-recovery-vault", "dataprotection:BackupVault")
    assert mappings_at(vault, "properties.storageSettings") == [{"datastoreType": "VaultStore", "type": "GeoRedundant"}]
    assert input_at(vault, "properties.featureSettings.crossRegionRestoreSettings.state") == "Enabled"
    assert vault.protect


def test_a_backup_is_taken_every_week_and_kept_for_the_retention() -> None:
    policy = copied().one("prod-recovery-policy", "dataprotection:BackupPolicy")
    assert policy.inputs["backupPolicyName"] == "weekly-28-days"
    rules = "properties.policyRules"
    assert input_at(policy, f"{rules}.0.trigger.schedule") == {
        "repeatingTimeIntervals": ["R/2026-01-04T03:00:00+00:00/P1W"],
        "timeZone": "UTC",
    }
    assert input_at(policy, f"{rules}.0.backupParameters.backupType") == "Full"
    assert input_at(policy, f"{rules}.1.isDefault") is True
    assert input_at(policy, f"{rules}.1.lifecycles.0.deleteAfter.duration") == "P28D"


def test_another_retention_is_another_policy_for_the_same_backup() -> None:
    recovery = {"mode": "backup", "standby_region": STANDBY, "lock": "governance", "retention_days": 21}
    taken = steps(copied(), plan(production({**AT_HOME, "recovery": recovery}, cloud="azure")))
    changed = {(step.operation, step.name) for step in taken if step.name.startswith("prod-recovery")}
    assert changed == {("replace", "prod-recovery-policy"), ("update", "prod-recovery-database")}


def test_the_server_is_the_source_of_the_backup_after_the_vault_has_its_rights() -> None:
    instance = copied().one("prod-recovery-database", "dataprotection:BackupInstance")
    for part in ("dataSourceInfo", "dataSourceSetInfo"):
        assert input_at(instance, f"properties.{part}.resourceID") == "<dbforpostgresql:Server prod-database>.id"
        assert input_at(instance, f"properties.{part}.resourceLocation") == HOME
    assert input_at(instance, "properties.policyInfo.policyId") == (
        "<dataprotection:BackupPolicy prod-recovery-policy>.id"
    )
    assert {"prod-recovery-vault-backs-up", "prod-recovery-vault-reads"} <= depends_on(instance)


def role(name: str) -> tuple[str, object, str]:
    """GUID of the role, principal and target of an assignment."""
    assignment = copied().one(name, "authorization:RoleAssignment")
    guid = str(assignment.inputs["roleDefinitionId"]).rpartition("/")[2]
    return guid, assignment.inputs["principalId"], str(assignment.inputs["scope"])


def test_the_vault_may_back_up_this_server_and_read_its_group() -> None:
    guid, principal, target = role("prod-recovery-vault-backs-up")
    assert (guid, target) == (roles.LONG_TERM_BACKUP, "<dbforpostgresql:Server prod-database>.id")
    assert "prod-recovery-vault" in str(principal)
    guid, principal, target = role("prod-recovery-vault-reads")
    assert guid == roles.READER and target.endswith("/resourceGroups/prod-agents-eastus2")
    assert "prod-recovery-vault" in str(principal)


def replication(name: str) -> Declared:
    return copied().one(name, "storage:ObjectReplicationPolicy")


def test_the_policy_is_first_on_the_account_that_receives_and_has_its_ids_on_the_other() -> None:
    received, sent = replication("prod-centralus-recovery-objects"), replication("prod-recovery-objects")
    for policy in (received, sent):
        assert policy.inputs["sourceAccount"] == "<storage:StorageAccount prod-storage>.id"
        assert policy.inputs["destinationAccount"] == "<storage:StorageAccount prod-centralus-storage>.id"
        (rule,) = mappings_at(policy, "rules")
        assert rule["filters"] == {"minCreationTime": "1601-01-01T00:00:00Z"}
        assert {"prod-storage-blobs", "prod-centralus-storage-blobs"} <= depends_on(policy)
    assert received.inputs["objectReplicationPolicyId"] == "default"
    assert "ruleId" not in mappings_at(received, "rules")[0]
    assert sent.inputs["objectReplicationPolicyId"] == (
        "<storage:ObjectReplicationPolicy prod-centralus-recovery-objects>.policyId"
    )
    rule = ObjectReplicationPolicyRuleResponse(
        destination_container="objects", source_container="objects", rule_id="given-by-azure"
    )
    assert (first_rule_id([rule]), first_rule_id([])) == ("given-by-azure", "")


def test_the_account_of_the_standby_location_is_closed_and_keeps_versions() -> None:
    home, there = (copied().one(name, "storage:StorageAccount") for name in ("prod-storage", "prod-centralus-storage"))
    differing = {key for key in {*home.inputs, *there.inputs} if home.inputs.get(key) != there.inputs.get(key)}
    assert differing == {"accountName", "encryption", "identity", "resourceGroupName", "sku"}
    assert (there.inputs["publicNetworkAccess"], input_at(there, "sku.name")) == ("Disabled", "Standard_ZRS")
    blobs = copied().one("prod-centralus-storage-blobs")
    assert blobs.inputs["isVersioningEnabled"] is True and input_at(blobs, "restorePolicy.enabled") is False
    assert there.protect and copied().one("prod-centralus-storage-objects").protect


def test_a_standby_location_without_zones_has_an_account_in_one_of_them() -> None:
    changes = {"azure.location": "westus2", "recovery": {"mode": "backup", "standby_region": "westcentralus"}}
    declared = plan(production(changes, cloud="azure"))
    assert input_at(declared.one("prod-westcentralus-storage", "storage:StorageAccount"), "sku.name") == "Standard_LRS"
    registry = declared.one("prod-westcentralus-registry", "containerregistry:Registry")
    assert registry.inputs["zoneRedundancy"] == "Disabled"


def test_listed_secrets_and_the_password_have_copies_and_addresses_have_none() -> None:
    vault = "<keyvault:Vault prod-centralus-vault>.name"
    copies = {
        str(secret.inputs["secretName"]) for secret in copied().of_type("keyvault:Secret")
        if secret.inputs["vaultName"] == vault
    }  # fmt: skip
    assert copies == {"prod-secrets-openai-api-key", "prod-secrets-os-security-key", "prod-database-libpq-password"}
    homes = {str(each.inputs["secretName"]) for each in copied().of_type("keyvault:Secret")}
    assert homes - copies == {"prod-database-database-url", "prod-cache-redis-url"}


def test_nobody_reads_the_copied_secrets_and_no_network_reaches_them() -> None:
    vault = copied().one("prod-centralus-vault", "keyvault:Vault")
    assert input_at(vault, "properties.publicNetworkAccess") == "Disabled"
    assert input_at(vault, "properties.networkAcls.virtualNetworkRules") == []
    targets = [str(each.inputs["scope"]) for each in copied().of_type("authorization:RoleAssignment")]
    there = [each for each in targets if "prod-centralus-vault" in each or "keyvault:Secret prod-centralus" in each]
    assert there == ["<keyvault:Key prod-centralus-vault-data>.id"], "only stores use the key"


def test_the_registry_of_the_standby_location_is_closed_and_takes_images_of_the_deployer() -> None:
    registry = copied().one("prod-centralus-registry", "containerregistry:Registry")
    assert (registry.inputs["publicNetworkAccess"], registry.inputs["adminUserEnabled"]) == ("Disabled", False)
    assert registry.inputs["registryName"] != copied().one("prod-registry").inputs["registryName"]
    guid, _, target = role("prod-registry-deployer-centralus")
    assert (guid, target) == (roles.ACR_IMPORT, "<containerregistry:Registry prod-centralus-registry>.id")


@parses_queries
def test_an_alarm_fires_when_a_backup_fails_in_the_vault() -> None:
    alarm = copied().one("prod-monitoring-copies-database-failed", "monitor:ScheduledQueryRule")
    (condition,) = mappings_at(alarm, "criteria.allOf")
    assert (condition["operator"], condition["threshold"], alarm.inputs["severity"]) == ("GreaterThan", 0, 1)
    assert 'AddonAzureBackupJobs | where JobOperation == "Backup"' in str(condition["query"])
    assert faults([str(condition["query"])]) == [[]]


def test_who_reads_the_copies_is_logged_in_the_home_location() -> None:
    settings = {
        str(each.inputs["resourceUri"]): each.inputs["workspaceId"]
        for each in copied().of_type("monitor:DiagnosticSetting")
    }
    for copy in (
        "<keyvault:Vault prod-centralus-vault>.id",
        "<containerregistry:Registry prod-centralus-registry>.id",
        "<storage:BlobServiceProperties prod-centralus-storage-blobs>.id",
        "<dataprotection:BackupVault prod-recovery-vault>.id",
    ):
        assert settings[copy] == "<operationalinsights:Workspace prod-logs>.id"


def test_no_secret_is_in_clear_text() -> None:
    declared = plan(production(COPIES, cloud="azure"), secret="marker-4f9a2c")
    assert "marker-4f9a2c" not in json.dumps([dict(r.inputs) for r in declared.custom], default=lambda _value: "hidden")


def test_a_platform_without_storage_and_own_images_copies_neither() -> None:
    hosted = "ghcr.io/acme/app@sha256:" + "4" * 64
    changes = {
        **COPIES, "storage": DROP, "services.gateway.uses": ["database", "cache", "models"],
        "services.chat.image": hosted, "services.worker.image": hosted,
    }  # fmt: skip
    declared = plan(production(changes, cloud="azure"))
    kinds = {resource.short_type for resource in declared.custom if "centralus" in resource.name}
    assert not kinds & {"storage:StorageAccount", "containerregistry:Registry", "storage:ObjectReplicationPolicy"}
    assert declared.one("prod-recovery-database", "dataprotection:BackupInstance")
