"""Recorder on Azure: computed values inside an input object, and identities by their ids."""

import pulumi
import pulumi_azure_native as azure_native

from automation.plan.recorder import Mode, record

IDENTITY = "/subscriptions/s/identities/i"


def outputs(mode: Mode) -> dict[str, object]:
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
        pulumi.export("uri", secret.properties.apply(lambda value: value.secret_uri))
        pulumi.export("content_type", secret.properties.apply(lambda value: value.content_type))
        pulumi.export(
            "identities", log.identity.apply(lambda value: list(value.user_assigned_identities or ()) if value else [])
        )

    return dict(record(program, "prod", mode=mode).outputs)


def test_a_computed_value_inside_an_input_object_is_readable() -> None:
    assert outputs("symbolic")["uri"] == "<keyvault:Secret secret>.properties.secretUri"


def test_a_computed_value_is_unknown_in_a_preview() -> None:
    assert repr(outputs("unknown")["uri"]) == "[unknown]"


def test_an_input_is_returned_as_an_output() -> None:
    assert outputs("symbolic")["content_type"] == "text"


def test_a_list_of_identities_is_returned_by_their_ids() -> None:
    assert outputs("symbolic")["identities"] == [IDENTITY]
