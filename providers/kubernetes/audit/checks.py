"""Security checks on Kubernetes with the controls that ask the same. Pure.

Controls: CIS Kubernetes Benchmark (such as CIS 5.1.3) and rules of checkov (such as CKV_K8S_22).
"""

from providers.contract.audit import CloudAudit, CloudCheck, NotApplicable, OnlyLive
from providers.contract.audit_requirements import OtherControl, hardened
from providers.kubernetes.audit import access, data, hardening, network

BUCKET = "settings of the existing bucket, which its owner decides on"

AUDIT: CloudAudit = {
    "rights-name-actions": CloudCheck(access.rights_name_actions, ("CIS 5.1.3", "CKV_K8S_49")),
    "rights-name-resources": CloudCheck(access.rights_name_resources),
    "own-identity-per-service": CloudCheck(access.own_identity_per_service, ("CIS 5.1.5",)),
    "trust-is-narrow": OnlyLive("trust of the cloud's identities in service accounts of this cluster"),
    "no-lasting-keys": CloudCheck(access.no_lasting_keys, ("CIS 5.1.6", "CKV_K8S_38")),
    "pass-role-and-run": CloudCheck(access.pass_role_and_run, ("CIS 5.1.4",)),
    "keys-rotate": OnlyLive("keys of the API server's encryption at rest and of the storage class", ("CIS 1.2.27",)),
    "secrets-rotate": CloudCheck(access.secrets_rotate),
    "permission-changes-are-watched": OnlyLive("audit log of the API server", ("CIS 3.2.1",)),
    "only-the-entry-is-open": CloudCheck(network.only_the_entry_is_open),
    "plain-http-only-redirects": CloudCheck(network.plain_http_only_redirects),
    "tls-of-today": CloudCheck(network.tls_of_today),
    "inside-is-encrypted": CloudCheck(network.inside_is_encrypted),
    "filters-and-defaults-are-closed": CloudCheck(network.filters_and_defaults_are_closed, ("CIS 5.3.2",)),
    "data-stores-are-private": CloudCheck(network.data_stores_are_private),
    "data-has-no-way-out": CloudCheck(network.data_has_no_way_out),
    "flow-is-logged": OnlyLive("flow logs of the cluster's network"),
    "attacks-are-filtered-and-logged": CloudCheck(network.attacks_are_filtered_and_logged),
    "odd-traffic-is-watched": CloudCheck(network.odd_traffic_is_watched),
    "denied-flows-are-watched": OnlyLive("what the cluster's network plugin denies"),
    "network-is-hardened": NotApplicable("the network of a cluster and its settings are those of its owner"),
    "stored-data-has-our-key": OnlyLive("encryption of the storage class and of the API server's store"),
    "data-links-need-tls": CloudCheck(data.data_links_need_tls),
    "objects-are-private": OnlyLive(BUCKET),
    "backups-are-kept": CloudCheck(data.backups_are_kept),
    "backups-leave-the-region": OnlyLive("region of the existing bucket, and its replication"),
    "deletion-is-guarded": CloudCheck(data.deletion_is_guarded),
    "versions-are-kept": OnlyLive(BUCKET),
    "stores-are-hardened": hardened(hardening.STORES),
    "access-is-logged": CloudCheck(data.access_is_logged),
    "logs-live-long-enough": OnlyLive("retention of what collects the output of containers"),
    "no-secret-in-plain": CloudCheck(access.no_secret_in_plain, ("CIS 5.4.1",)),
    "images-are-scanned": NotApplicable("a cluster has no registry; images come from that of their names"),
    "containers-are-confined": CloudCheck(
        access.containers_are_confined,
        ("CIS 5.2.2", "CIS 5.2.6", "CIS 5.2.7", "CKV_K8S_22", "CKV_K8S_20", "CKV_K8S_37"),
    ),
    "services-are-hardened": hardened(
        (),
        (
            hardening.pods_share_nothing_with_the_node,
            ("CIS 5.2.3", "CIS 5.2.4", "CIS 5.2.5", "CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19"),
        ),
        (hardening.objects_have_a_namespace, ("CKV_K8S_21",)),
    ),
    "zones-at-least-two": CloudCheck(network.zones_at_least_two),
    "minor-updates-are-taken": CloudCheck(data.minor_updates_are_taken),
    "alarms-reach-people": CloudCheck(data.alarms_reach_people),
    "money-is-watched": NotApplicable("a cluster has no bill of its own"),
    "everything-is-tagged": CloudCheck(data.everything_is_tagged),
    "account-baseline": OnlyLive("audit log, encryption at rest and users of the cluster"),
}
"""Answer by check; those that need the stack file alone are in `automation.audit.evaluation`."""
OTHER: tuple[OtherControl, ...] = ()
"""Known controls that no check answers."""
