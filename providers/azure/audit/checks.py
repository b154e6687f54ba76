"""Security checks on Azure with the controls that ask the same. Pure.

Controls: CIS Microsoft Azure Foundations Benchmark (such as CIS 1.23) and rules of checkov (such as CKV_AZURE_41).
"""

from providers.azure.audit import access, data, network
from providers.contract.audit import CloudAudit, CloudCheck, OnlyLive

AUDIT: CloudAudit = {
    "rights-name-actions": CloudCheck(access.rights_name_actions, ("CIS 1.23",)),
    "rights-name-resources": CloudCheck(access.rights_name_resources),
    "own-identity-per-service": CloudCheck(access.own_identity_per_service),
    "trust-is-narrow": CloudCheck(access.trust_is_narrow),
    "no-lasting-keys": CloudCheck(access.no_lasting_keys, ("CKV_AZURE_137",)),
    "pass-role-and-run": CloudCheck(access.pass_role_and_run),
    "keys-rotate": CloudCheck(access.keys_rotate),
    "secrets-rotate": CloudCheck(access.secrets_rotate, ("CKV_AZURE_41", "CIS 8.3")),
    "permission-changes-are-watched": CloudCheck(access.permission_changes_are_watched, ("CIS 5.2",)),
    "only-the-entry-is-open": CloudCheck(network.only_the_entry_is_open),
    "plain-http-only-redirects": CloudCheck(network.plain_http_only_redirects),
    "tls-of-today": CloudCheck(network.tls_of_today, ("CIS 3.1",)),
    "inside-is-encrypted": CloudCheck(network.inside_is_encrypted),
    "filters-and-defaults-are-closed": CloudCheck(network.filters_and_defaults_are_closed, ("CKV2_AZURE_31",)),
    "data-stores-are-private": CloudCheck(network.data_stores_are_private, ("CKV_AZURE_68",)),
    "data-has-no-way-out": CloudCheck(network.data_has_no_way_out),
    "flow-is-logged": CloudCheck(network.flow_is_logged),
    "attacks-are-filtered-and-logged": CloudCheck(network.attacks_are_filtered_and_logged, ("CKV_AZURE_121",)),
    "odd-traffic-is-watched": CloudCheck(network.odd_traffic_is_watched),
    "stored-data-has-our-key": CloudCheck(access.stored_data_has_our_key, ("CKV2_AZURE_1",)),
    "data-links-need-tls": CloudCheck(data.data_links_need_tls, ("CKV_AZURE_3", "CKV_AZURE_29")),
    "objects-are-private": CloudCheck(data.objects_are_private),
    "backups-are-kept": CloudCheck(data.backups_are_kept),
    "backups-leave-the-region": CloudCheck(data.backups_leave_the_region, ("CKV_AZURE_136",)),
    "deletion-is-guarded": CloudCheck(
        data.deletion_is_guarded, ("CKV_AZURE_42", "CKV_AZURE_110", "CIS 10.1", "CIS 8.5")
    ),
    "versions-are-kept": CloudCheck(data.versions_are_kept),
    "access-is-logged": CloudCheck(data.access_is_logged),
    "logs-live-long-enough": CloudCheck(data.logs_live_long_enough),
    "no-secret-in-plain": CloudCheck(access.no_secret_in_plain),
    "images-are-scanned": CloudCheck(data.images_are_scanned),
    "containers-are-confined": CloudCheck(data.containers_are_confined),
    "zones-at-least-two": CloudCheck(data.zones_at_least_two),
    "minor-updates-are-taken": CloudCheck(data.minor_updates_are_taken),
    "alarms-reach-people": CloudCheck(data.alarms_reach_people),
    "money-is-watched": CloudCheck(data.money_is_watched),
    "everything-is-tagged": CloudCheck(data.everything_is_tagged),
    "account-baseline": OnlyLive("Defender plans and activity log of the subscription"),
}
"""Answer by check; those that need the stack file alone are in `automation.audit.evaluation`."""
