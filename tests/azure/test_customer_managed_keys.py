"""Key of the vault that encrypts database, objects, flow logs and cache, and what keeps a key of Microsoft."""

from collections.abc import Mapping

import pytest

from automation.deploy.database import refuse_other_creation
from automation.deploy.events import ResourceState
from automation.plan.inventory import Declared
from providers.azure.base import roles
from providers.azure.base.key_limits import KEY, MICROSOFT_KEY_CHOICE, OWN_KEY_CHOICE
from providers.azure.base.limits import geo_backup
from providers.azure.limits import LIMITS
from providers.azure.recovery.database import region_steps
from providers.contract.diagnostics import Adjustment, InvalidConfiguration
from providers.contract.recovery_plan import PlannedResource, RecoverySite
from tests.automation.test_database_disk import started
from tests.azure.plans import adjustments, base_plan, context_of, depends_on, input_at, spec_of
from tests.planning import plan, production

IDENTITY = "<managedidentity:UserAssignedIdentity prod-vault-data-key>"
URI = "<keyvault:Key prod-vault-data>.keyUri"
COPIES = {"azure.location": "eastus2", "azure.standby_location": "centralus", "recovery": {"mode": "backup"}}
OTHER = {"azure.customer_managed_keys": False}


def test_the_vault_has_one_key_that_rotates_and_does_not_expire() -> None:
    (key,) = base_plan().of_type("keyvault:Key")
    assert (key.inputs["keyName"], key.protect, key.options.get("retainOnDelete")) == ("data", True, True)
    assert input_at(key, "properties.kty") == "RSA" and input_at(key, "properties.keySize") == 4096
    assert input_at(key, "properties.rotationPolicy") == {
        "lifetimeActions": [{"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P90D"}}]
    }


def test_only_the_identity_of_the_key_may_use_it() -> None:
    grants = [
        r for r in base_plan().of_type("authorization:RoleAssignment") if "keyvault:Key" in str(r.inputs["scope"])
    ]
    assert [(r.name, r.inputs["principalId"]) for r in grants] == [("prod-vault-data-key", f"{IDENTITY}.principalId")]
    assert str(grants[0].inputs["roleDefinitionId"]).endswith(roles.CRYPTO_SERVICE_USER)


def test_the_database_follows_the_newest_version_of_the_key() -> None:
    server = base_plan().one("prod-database", "dbforpostgresql:Server")
    assert input_at(server, "dataEncryption") == {
        "type": "AzureKeyVault",
        "primaryKeyURI": URI,
        "primaryUserAssignedIdentityId": f"{IDENTITY}.id",
    }
    assert input_at(server, "identity.userAssignedIdentities") == {f"{IDENTITY}.id": {}}
    assert {"dataEncryption", "identity"} <= set(server.ignore_changes), "only a new server can have another key"
    assert "prod-vault-data-key" in depends_on(server)


@pytest.mark.parametrize("name", ["prod-storage", "prod-network-flow-logs"])
def test_accounts_follow_the_newest_version_of_the_key(name: str) -> None:
    account = base_plan().one(name, "storage:StorageAccount")
    assert input_at(account, "encryption.keyVaultProperties") == {
        "keyName": "data",
        "keyVaultUri": "<keyvault:Vault prod-vault>.properties.vaultUri",
    }
    assert input_at(account, "encryption.encryptionIdentity.encryptionUserAssignedIdentity") == f"{IDENTITY}.id"
    assert input_at(account, "identity.userAssignedIdentities") == [f"{IDENTITY}.id"]
    assert "prod-vault-data-key" in depends_on(account)


def test_the_cache_has_the_first_version_of_the_key() -> None:
    cluster = base_plan().one("prod-cache", "redisenterprise:RedisEnterprise")
    assert input_at(cluster, "encryption.customerManagedKeyEncryption") == {
        "keyEncryptionKeyUrl": f"{URI}WithVersion",
        "keyEncryptionKeyIdentity": {
            "identityType": "userAssignedIdentity",
            "userAssignedIdentityResourceId": f"{IDENTITY}.id",
        },
    }
    assert "prod-vault-data-key" in depends_on(cluster)


def test_without_the_setting_nothing_has_a_key_of_the_stack() -> None:
    found = base_plan(azure__customer_managed_keys=False)
    assert not found.of_type("keyvault:Key")
    stores = [
        found.one("prod-database", "dbforpostgresql:Server"),
        found.one("prod-cache", "redisenterprise:RedisEnterprise"),
    ]
    assert not [each.name for each in stores if {"identity", "encryption", "dataEncryption"} & set(each.inputs)]
    assert KEY not in adjustments(OTHER)


def test_what_keeps_a_key_of_microsoft_is_reported() -> None:
    reasons = [each.reason for each in _all_adjustments()]
    assert len(reasons) == 3 and all(any(word in reason for reason in reasons) for word in ("logs", "images", "cache"))


def _all_adjustments(changes: Mapping[str, object] | None = None) -> list[Adjustment]:
    return [each for each in LIMITS.adjustments(spec_of(changes)) if each.key == KEY]


def test_geo_redundant_backups_need_a_key_in_the_pair() -> None:
    alone = {"azure.location": "eastus2"}
    assert geo_backup(context_of({**alone, **OTHER})) and not geo_backup(context_of(alone))
    assert geo_backup(context_of(COPIES))
    (reason,) = [each.reason for each in _all_adjustments(alone) if "geo-redundant" in each.reason]
    assert "centralus" in reason


def test_each_location_has_a_key_and_the_server_uses_both() -> None:
    found = plan(production(COPIES, "azure"))
    assert sorted(key.name for key in found.of_type("keyvault:Key")) == ["prod-centralus-vault-data", "prod-vault-data"]
    server = found.one("prod-database", "dbforpostgresql:Server")
    there = "<managedidentity:UserAssignedIdentity prod-centralus-vault-data-key>.id"
    assert input_at(server, "dataEncryption.geoBackupKeyURI") == "<keyvault:Key prod-centralus-vault-data>.keyUri"
    assert input_at(server, "dataEncryption.geoBackupUserAssignedIdentityId") == there
    assert set(_identities(server)) == {f"{IDENTITY}.id", there}


def _identities(server: Declared) -> dict[str, object]:
    value = input_at(server, "identity.userAssignedIdentities")
    assert isinstance(value, dict)
    return value


def test_a_geo_restore_names_the_key_of_the_new_stack() -> None:
    for changes, expected in ((COPIES, True), ({**COPIES, **OTHER}, False)):
        declared = plan(production(changes, "azure")).custom
        resources = tuple(PlannedResource(each.name, each.type, each.inputs) for each in declared)
        site = RecoverySite("prod", spec_of(changes), "eastus2", "centralus", resources)
        commands = [command.text for step in region_steps(site).after for command in step.commands]
        restore = next(line for line in commands if "geo-restore" in line)
        assert ("--key" in restore and "--identity" in restore) is expected
        assert any("identity list" in line for line in commands) is expected


@pytest.mark.parametrize(
    ("own", "deployed", "refused"),
    [
        (True, None, OWN_KEY_CHOICE),
        (True, "SystemManaged", OWN_KEY_CHOICE),
        (True, "AzureKeyVault", None),
        (False, "AzureKeyVault", MICROSOFT_KEY_CHOICE),
        (False, None, None),
    ],
)
def test_a_deployed_server_keeps_the_key_that_it_was_created_with(
    own: bool, deployed: str | None, refused: object
) -> None:
    spec = spec_of({"azure.customer_managed_keys": own})
    old = ResourceState("id", {"dataEncryption": {"type": deployed}} if deployed else {})
    events = [started(None, OWN_KEY_CHOICE.type), started(old, OWN_KEY_CHOICE.type)]
    if refused is None:
        return refuse_other_creation(events, spec)
    with pytest.raises(InvalidConfiguration) as found:
        refuse_other_creation(events, spec)
    (diagnostic,) = found.value.diagnostics
    assert (diagnostic.key, diagnostic.problem) == (KEY, refused.problem)  # type: ignore[attr-defined]
