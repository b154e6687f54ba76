"""What a recording gives back for Azure: values computed inside what was given, and identities by their ids."""

import pulumi
import pulumi_azure_native as azure_native

from automation.plan.recorder import Mode, record

IDENTITY = "/subscriptions/s/identities/i"


def exported(mode: Mode) -> dict[str, object]:
    def program() -> None:
        secret = azure_native.keyvault.Secret(
            "secret",
            resource_group_name="group",
            vault_name="vault",
            properties=azure_native.keyvault.SecretPropertiesArgs(content_type="text"),
        )
        log = azure_native.network.FlowLog(
            "log",
            resource_group_name="group",
            network_watcher_name="watcher",
            storage_id="storage",
            target_resource_id="network",
            identity=azure_native.network.ManagedServiceIdentityArgs(user_assigned_identities=[IDENTITY]),
        )
        pulumi.export("uri", secret.properties.apply(lambda known: known.secret_uri))
        pulumi.export("given", secret.properties.apply(lambda known: known.content_type))
        pulumi.export(
            "identities", log.identity.apply(lambda known: list(known.user_assigned_identities or ()) if known else [])
        )

    return dict(record(program, "prod", mode=mode).outputs)


def test_what_azure_computes_inside_a_bag_of_settings_is_readable() -> None:
    assert exported("symbolic")["uri"] == "<keyvault:Secret secret>.properties.secretUri"


def test_in_a_preview_it_is_unknown() -> None:
    assert repr(exported("unknown")["uri"]) == "[unknown]"


def test_what_was_given_is_given_back() -> None:
    assert exported("symbolic")["given"] == "text"


def test_a_list_of_identities_comes_back_by_their_ids() -> None:
    assert exported("symbolic")["identities"] == [IDENTITY]
