"""Security checks on Google Cloud with the controls that ask the same. Pure.

Controls: CIS Google Cloud Platform Foundations Benchmark (such as CIS 1.4) and rules of checkov (such as CKV_GCP_6).
"""

from providers.contract.audit import CloudAudit, CloudCheck, NotApplicable, OnlyLive
from providers.contract.audit_requirements import OtherControl, hardened
from providers.gcp.audit import access, data, hardening, network

AUDIT: CloudAudit = {
    "rights-name-actions": CloudCheck(access.rights_name_actions, ("CIS 1.5", "CKV_GCP_49", "CKV_GCP_117", "CIS 1.8", "CIS 1.11", "CKV_GCP_42")),
    "rights-name-resources": CloudCheck(access.rights_name_resources, ("CKV_GCP_41", "CIS 1.6")),
    "own-identity-per-service": CloudCheck(access.own_identity_per_service, ("CKV_GCP_30",)),
    "trust-is-narrow": CloudCheck(access.trust_is_narrow, ("CKV_GCP_118", "CKV_GCP_125")),
    "no-lasting-keys": CloudCheck(access.no_lasting_keys, ("CIS 1.4", "CKV2_GCP_3", "CIS 1.7")),
    "pass-role-and-run": CloudCheck(access.pass_role_and_run),
    "keys-rotate": CloudCheck(access.keys_rotate, ("CKV_GCP_43", "CIS 1.10")),
    "secrets-rotate": CloudCheck(access.secrets_rotate),
    "permission-changes-are-watched": CloudCheck(access.permission_changes_are_watched, ("CIS 2.4", "CIS 2.5", "CIS 2.6", "CIS 2.10")),
    "only-the-entry-is-open": CloudCheck(network.only_the_entry_is_open, ("CKV_GCP_102", "CKV_GCP_106", "CIS 3.6", "CKV_GCP_2", "CKV2_GCP_12", "CIS 3.7", "CKV_GCP_3", "CKV_GCP_75", "CKV_GCP_77", "CKV_GCP_88")),
    "plain-http-only-redirects": CloudCheck(network.plain_http_only_redirects, ("CKV2_GCP_37", "CKV2_GCP_38")),
    "tls-of-today": CloudCheck(network.tls_of_today, ("CIS 3.9", "CKV_GCP_4")),
    "inside-is-encrypted": CloudCheck(network.inside_is_encrypted),
    "filters-and-defaults-are-closed": CloudCheck(network.filters_and_defaults_are_closed, ("CKV2_GCP_18", "CIS 3.1", "CIS 3.2", "CKV_GCP_27", "CKV2_GCP_2")),
    "data-stores-are-private": CloudCheck(network.data_stores_are_private, ("CKV_GCP_60", "CIS 6.5", "CIS 6.6", "CKV_GCP_11")),
    "data-has-no-way-out": NotApplicable("database and cache are in a network of Google, which has no route of the stack"),
    "flow-is-logged": CloudCheck(network.flow_is_logged, ("CKV_GCP_26", "CIS 3.8"), "read the flow log of the existing subnet: its owner decides it"),
    "attacks-are-filtered-and-logged": CloudCheck(network.attacks_are_filtered_and_logged, ("CKV_GCP_73", "CIS 2.16")),
    "odd-traffic-is-watched": CloudCheck(network.odd_traffic_is_watched),
    "denied-flows-are-watched": NotApplicable("the firewall logs no connections of Cloud Run's Direct VPC egress"),
    "network-is-hardened": hardened(hardening.NETWORK),
    "stored-data-has-our-key": CloudCheck(access.stored_data_has_our_key, ("CKV_GCP_84",)),
    "data-links-need-tls": CloudCheck(data.data_links_need_tls, ("CKV_GCP_6", "CIS 6.4", "CKV_GCP_97")),
    "objects-are-private": CloudCheck(data.objects_are_private, ("CIS 5.1", "CKV_GCP_28", "CIS 5.2", "CKV_GCP_29", "CKV_GCP_114")),
    "backups-are-kept": CloudCheck(data.backups_are_kept, ("CKV_GCP_14", "CIS 6.7")),
    "backups-leave-the-region": CloudCheck(data.backups_leave_the_region),
    "deletion-is-guarded": CloudCheck(data.deletion_is_guarded, ("CKV_GCP_82",)),
    "versions-are-kept": CloudCheck(data.versions_are_kept, ("CKV_GCP_78",)),
    "access-is-logged": CloudCheck(data.access_is_logged, ("CIS 2.1", "CKV_GCP_62", "CKV2_GCP_5", "CKV_GCP_110", "CIS 6.2.8")),
    "logs-live-long-enough": CloudCheck(data.logs_live_long_enough),
    "stores-are-hardened": hardened(
        hardening.STORES, (hardening.statements_are_logged, hardening.FLAG_CONTROLS),
        (hardening.buckets_keep_their_log_elsewhere, ("CKV_GCP_63",)),
    ),
    "no-secret-in-plain": CloudCheck(access.no_secret_in_plain),
    "images-are-scanned": CloudCheck(data.images_are_scanned, ("CKV_GCP_101", "CKV2_GCP_11"), in_existing_registry="read scans and tag mutability of the existing repository: its owner decides them"),
    "containers-are-confined": CloudCheck(data.containers_are_confined),
    "services-are-hardened": hardened((), (hardening.default_accounts_have_no_role, ("CKV_GCP_46",))),
    "zones-at-least-two": CloudCheck(data.zones_at_least_two),
    "minor-updates-are-taken": CloudCheck(data.minor_updates_are_taken, ("CKV_GCP_79",)),
    "alarms-reach-people": CloudCheck(data.alarms_reach_people),
    "money-is-watched": CloudCheck(data.money_is_watched),
    "everything-is-tagged": CloudCheck(data.everything_is_tagged),
    "account-baseline": OnlyLive("organization policies and Security Command Center of the project"),
}  # fmt: skip
"""Answer by check; those that need the stack file alone are in `automation.audit.evaluation`."""
OTHER: tuple[OtherControl, ...] = (
    OtherControl("a setting of the organization, a folder or the whole project: Security Command Center shows it", ("CIS 1.16", "CIS 2.2", "CIS 2.13", "CKV_GCP_44", "CKV_GCP_45", "CKV_GCP_47", "CKV_GCP_48", "CKV_GCP_115", "CKV_GCP_116")),
    OtherControl("alarms on changes of firewalls, routes, networks and databases of the project belong to those who change them outside of the stack", ("CIS 2.7", "CIS 2.8", "CIS 2.9", "CIS 2.11")),
    OtherControl("logs are in a log bucket, and a lock would keep the project from ever deleting it", ("CIS 2.3", "CKV2_GCP_4")),
    OtherControl("the public zone of the domain is not the stack's, and private zones have no DNSSEC", ("CIS 3.3", "CIS 3.4", "CIS 3.5", "CKV_GCP_16", "CKV_GCP_17")),
    OtherControl("the subnets have IPv4 only", ("CKV_GCP_76",)),
    OtherControl("the stack has no topic of Pub/Sub", ("CKV_GCP_83", "CKV_GCP_99")),
)  # fmt: skip
"""Known controls that no check answers, with the reason; most of them have another owner."""
