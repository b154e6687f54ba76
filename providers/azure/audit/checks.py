"""Security checks on Azure with the controls that ask the same. Pure.

Controls: CIS Microsoft Azure Foundations Benchmark (such as CIS 1.23) and rules of checkov (such as CKV_AZURE_41).
"""

from providers.azure.audit import access, data, hardening, network
from providers.contract.audit import CloudAudit, CloudCheck, NotApplicable, OnlyLive
from providers.contract.audit_requirements import OtherControl, hardened

AUDIT: CloudAudit = {
    "rights-name-actions": CloudCheck(access.rights_name_actions, ("CIS 1.23", "CKV_AZURE_39", "PA-1")),
    "rights-name-resources": CloudCheck(access.rights_name_resources, ("PA-7",)),
    "own-identity-per-service": CloudCheck(access.own_identity_per_service, ("IM-3",)),
    "trust-is-narrow": CloudCheck(access.trust_is_narrow),
    "no-lasting-keys": CloudCheck(access.no_lasting_keys, ("CKV_AZURE_137", "CKV2_AZURE_40")),
    "pass-role-and-run": CloudCheck(access.pass_role_and_run),
    "keys-rotate": CloudCheck(access.keys_rotate, ("CIS 8.8", "DP-6")),
    "secrets-rotate": CloudCheck(access.secrets_rotate, ("CKV_AZURE_41", "CIS 8.3", "CIS 8.4")),
    "permission-changes-are-watched": CloudCheck(access.permission_changes_are_watched, ("CIS 5.2",)),
    "only-the-entry-is-open": CloudCheck(network.only_the_entry_is_open, ("CKV_AZURE_9", "CKV_AZURE_10", "CKV_AZURE_77", "CKV_AZURE_160", "CIS 6.1", "CIS 6.2", "CIS 6.3", "CIS 6.4")),
    "plain-http-only-redirects": CloudCheck(network.plain_http_only_redirects, ("CKV_AZURE_217",)),
    "tls-of-today": CloudCheck(network.tls_of_today, ("CIS 3.1", "CKV_AZURE_218", "NS-8")),
    "inside-is-encrypted": CloudCheck(network.inside_is_encrypted),
    "filters-and-defaults-are-closed": CloudCheck(network.filters_and_defaults_are_closed, ("CKV2_AZURE_31", "NS-1"), "read the security groups of the existing subnets: their owner decides them"),
    "data-stores-are-private": CloudCheck(network.data_stores_are_private, ("CKV_AZURE_68", "CKV2_AZURE_26", "CIS 4.3.7", "NS-2")),
    "data-has-no-way-out": CloudCheck(network.data_has_no_way_out, in_existing_network="read the gateways and routes of the existing database subnet: its owner decides them"),
    "flow-is-logged": CloudCheck(network.flow_is_logged, ("LT-4",)),
    "attacks-are-filtered-and-logged": CloudCheck(network.attacks_are_filtered_and_logged, ("CKV_AZURE_121", "CKV_AZURE_120", "CKV_AZURE_122", "CKV_AZURE_123", "NS-6")),
    "odd-traffic-is-watched": CloudCheck(network.odd_traffic_is_watched),
    "denied-flows-are-watched": CloudCheck(network.denied_flows_are_watched),
    "network-is-hardened": hardened(hardening.NETWORK, (hardening.flow_logs_are_kept, ("CKV_AZURE_12", "CIS 6.5"))),
    "stored-data-has-our-key": CloudCheck(access.stored_data_has_our_key, ("CKV2_AZURE_1", "CIS 3.12", "DP-5")),
    "data-links-need-tls": CloudCheck(data.data_links_need_tls, ("CKV_AZURE_3", "CKV_AZURE_29", "CIS 4.3.1", "CKV_AZURE_91", "DP-3")),
    "objects-are-private": CloudCheck(data.objects_are_private, ("CKV_AZURE_190", "CKV2_AZURE_47")),
    "backups-are-kept": CloudCheck(data.backups_are_kept, ("BR-1",)),
    "backups-leave-the-region": CloudCheck(data.backups_leave_the_region, ("CKV_AZURE_136",)),
    "deletion-is-guarded": CloudCheck(data.deletion_is_guarded, ("CKV_AZURE_42", "CKV_AZURE_110", "CIS 10.1", "CIS 8.5", "BR-2")),
    "versions-are-kept": CloudCheck(data.versions_are_kept),
    "access-is-logged": CloudCheck(data.access_is_logged, ("CKV2_AZURE_21", "CIS 3.13", "CIS 5.1.5", "CIS 5.4", "LT-3")),
    "logs-live-long-enough": CloudCheck(data.logs_live_long_enough, ("CIS 4.3.6", "LT-5", "LT-6")),
    "stores-are-hardened": hardened(
        hardening.STORES, (hardening.statements_are_logged, hardening.PARAMETER_CONTROLS),
        (hardening.stores_have_endpoints, ("CKV2_AZURE_32", "CKV2_AZURE_33", "CKV2_AZURE_57", "CIS 3.10", "CIS 8.7")),
    ),
    "no-secret-in-plain": CloudCheck(access.no_secret_in_plain, ("IM-8",)),
    "images-are-scanned": CloudCheck(data.images_are_scanned, ("CKV_AZURE_138",), in_existing_registry="read exports, anonymous pulls and scans of the existing registry: its owner decides them"),
    "containers-are-confined": CloudCheck(data.containers_are_confined),
    "services-are-hardened": NotApplicable("what the frameworks ask of apps is in other checks"),
    "zones-at-least-two": CloudCheck(data.zones_at_least_two),
    "minor-updates-are-taken": CloudCheck(data.minor_updates_are_taken),
    "alarms-reach-people": CloudCheck(data.alarms_reach_people),
    "money-is-watched": CloudCheck(data.money_is_watched),
    "everything-is-tagged": CloudCheck(data.everything_is_tagged),
    "account-baseline": OnlyLive("Defender plans and activity log of the subscription"),
}  # fmt: skip
"""Answer by check; those that need the stack file alone are in `automation.audit.evaluation`."""
OTHER: tuple[OtherControl, ...] = (
    OtherControl("a setting of the subscription, which every stack in it shares: Defender for Cloud shows it", ("CIS 5.1.1", "CIS 5.1.2", "CIS 6.6", "CKV_AZURE_37", "CKV_AZURE_38", "CKV_AZURE_84", "CKV_AZURE_86", "CKV_AZURE_87", "CKV_AZURE_163", "LT-1")),
    OtherControl("alarms on changes of policies, security groups, solutions and addresses of the subscription belong to those who change them outside of the stack", ("CIS 5.2.1", "CIS 5.2.2", "CIS 5.2.3", "CIS 5.2.4", "CIS 5.2.5", "CIS 5.2.6", "CIS 5.2.7", "CIS 5.2.8", "CIS 5.2.9", "CIS 5.2.10")),
    OtherControl("accounts accept no access key (`no-lasting-keys`), so there is none to regenerate", ("CIS 3.3", "CIS 3.4")),
    OtherControl("accounts have objects only, no queues and no tables", ("CIS 3.5", "CIS 3.14", "CKV2_AZURE_20", "CKV_AZURE_33")),
    OtherControl("Network Watcher reaches the account of flow logs by its public endpoint alone, which refuses everything else", ("CIS 3.7", "CKV_AZURE_59")),
    OtherControl("data under an expired version could not be read: the key rotates instead", ("CIS 8.1", "CIS 8.2", "CKV_AZURE_40")),
    OtherControl("an account of models has deployments only, no files and no tuned models, and connects to no other resource", ("CKV2_AZURE_22", "CKV_AZURE_238")),
    OtherControl("keys in hardware need a vault of tier Premium", ("CKV_AZURE_112",)),
    OtherControl("the name of a secret says what it holds", ("CKV_AZURE_114",)),
    OtherControl("a flexible server encrypts once, with the key of `stored-data-has-our-key`", ("CIS 4.3.8",)),
    OtherControl("content trust is retired, and quarantine needs a scanner that releases images", ("CKV_AZURE_164", "CKV_AZURE_166")),
    OtherControl("services run images by digest, so an untagged one may be in use", ("CKV_AZURE_167",)),
    OtherControl("images are copied by `images push` to a registry of the standby location instead of a replica", ("CKV_AZURE_165",)),
    OtherControl("private names of the platform need the DNS of Azure", ("CKV_AZURE_182", "CKV_AZURE_183")),
    OtherControl("the stack has no network interface of a machine", ("CKV_AZURE_119",)),
    OtherControl("names of accounts are computed and fit the rules of Azure", ("CKV_AZURE_43",)),
    OtherControl("`monitoring.tracing` declares Application Insights", ("CIS 5.3.1",)),
    OtherControl("`network.egress_control: names` declares a firewall for what leaves; nothing enters but through the entry", ("NS-3",)),
    OtherControl("DDoS Network Protection is a plan of the tenant at about 2,900 USD a month; the address of the entry is Front Door's", ("NS-5",)),
    OtherControl("Front Door issues and renews the certificate, or the user's vault does", ("DP-7",)),
    OtherControl("an alarm on failed backups exists with `recovery.mode`; Azure reports others by e-mail", ("BR-3",)),
    OtherControl("`restore-is-tested` answers it on every cloud", ("BR-4",)),
    OtherControl("a policy of the organization allows services", ("AM-2",)),
)  # fmt: skip
"""Known controls that no check answers, with the reason; most of them have another owner."""
