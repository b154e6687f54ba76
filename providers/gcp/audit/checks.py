"""Security checks on Google Cloud with the controls that ask the same. Pure.

Controls: CIS Google Cloud Platform Foundations Benchmark (such as CIS 1.4) and rules of checkov (such as CKV_GCP_6).
"""

from providers.contract.audit import CloudAudit, CloudCheck, NotApplicable, OnlyLive
from providers.gcp.audit import access, data, network

AUDIT: CloudAudit = {
    "rights-name-actions": CloudCheck(access.rights_name_actions, ("CIS 1.5", "CKV_GCP_49", "CKV_GCP_117")),
    "rights-name-resources": CloudCheck(access.rights_name_resources, ("CKV_GCP_41",)),
    "own-identity-per-service": CloudCheck(access.own_identity_per_service, ("CKV_GCP_30",)),
    "trust-is-narrow": CloudCheck(access.trust_is_narrow, ("CKV_GCP_118", "CKV_GCP_125")),
    "no-lasting-keys": CloudCheck(access.no_lasting_keys, ("CIS 1.4", "CKV2_GCP_3")),
    "pass-role-and-run": CloudCheck(access.pass_role_and_run),
    "keys-rotate": CloudCheck(access.keys_rotate, ("CKV_GCP_43",)),
    "secrets-rotate": CloudCheck(access.secrets_rotate),
    "permission-changes-are-watched": CloudCheck(access.permission_changes_are_watched, ("CIS 2.4", "CIS 2.5", "CIS 2.6")),
    "only-the-entry-is-open": CloudCheck(network.only_the_entry_is_open, ("CKV_GCP_102", "CKV_GCP_106", "CIS 3.6", "CKV_GCP_2", "CKV2_GCP_12")),
    "plain-http-only-redirects": CloudCheck(network.plain_http_only_redirects),
    "tls-of-today": CloudCheck(network.tls_of_today, ("CIS 3.9", "CKV_GCP_4")),
    "inside-is-encrypted": CloudCheck(network.inside_is_encrypted),
    "filters-and-defaults-are-closed": CloudCheck(network.filters_and_defaults_are_closed, ("CKV2_GCP_18",)),
    "data-stores-are-private": CloudCheck(network.data_stores_are_private, ("CKV_GCP_60",)),
    "data-has-no-way-out": NotApplicable("database and cache are in a network of Google, which has no route of the stack"),
    "flow-is-logged": CloudCheck(network.flow_is_logged, ("CKV_GCP_26", "CIS 3.8")),
    "attacks-are-filtered-and-logged": CloudCheck(network.attacks_are_filtered_and_logged, ("CKV_GCP_73", "CIS 2.16")),
    "odd-traffic-is-watched": CloudCheck(network.odd_traffic_is_watched),
    "stored-data-has-our-key": CloudCheck(access.stored_data_has_our_key, ("CKV_GCP_84",)),
    "data-links-need-tls": CloudCheck(data.data_links_need_tls, ("CKV_GCP_6", "CIS 6.4")),
    "objects-are-private": CloudCheck(data.objects_are_private, ("CIS 5.1", "CKV_GCP_28")),
    "backups-are-kept": CloudCheck(data.backups_are_kept, ("CKV_GCP_14", "CIS 6.7")),
    "backups-leave-the-region": CloudCheck(data.backups_leave_the_region),
    "deletion-is-guarded": CloudCheck(data.deletion_is_guarded),
    "versions-are-kept": CloudCheck(data.versions_are_kept, ("CKV_GCP_78",)),
    "access-is-logged": CloudCheck(data.access_is_logged, ("CIS 2.1", "CKV_GCP_62", "CKV2_GCP_5", "CKV_GCP_110")),
    "logs-live-long-enough": CloudCheck(data.logs_live_long_enough),
    "no-secret-in-plain": CloudCheck(access.no_secret_in_plain),
    "images-are-scanned": CloudCheck(data.images_are_scanned, ("CKV_GCP_101",)),
    "containers-are-confined": CloudCheck(data.containers_are_confined),
    "zones-at-least-two": CloudCheck(data.zones_at_least_two),
    "minor-updates-are-taken": CloudCheck(data.minor_updates_are_taken, ("CKV_GCP_79",)),
    "alarms-reach-people": CloudCheck(data.alarms_reach_people),
    "money-is-watched": CloudCheck(data.money_is_watched),
    "everything-is-tagged": CloudCheck(data.everything_is_tagged),
    "account-baseline": OnlyLive("organization policies and Security Command Center of the project"),
}  # fmt: skip
"""Answer by check; those that need the stack file alone are in `automation.audit.evaluation`."""
