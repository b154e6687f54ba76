"""Security checks on AWS with the controls that ask the same. Pure.

Controls: AWS Foundational Security Best Practices (such as RDS.2) and rules of checkov (such as CKV_AWS_16).
"""

from providers.aws.audit import access, data, hardening, network
from providers.contract.audit import CloudAudit, CloudCheck, OnlyLive
from providers.contract.audit_requirements import OtherControl, hardened

AUDIT: CloudAudit = {
    "rights-name-actions": CloudCheck(access.rights_name_actions, ("IAM.1", "IAM.21", "CKV_AWS_286", "CKV_AWS_287", "CKV_AWS_288", "CKV_AWS_289", "CKV_AWS_290", "CKV_AWS_107", "CKV_AWS_108", "CKV_AWS_109", "CKV_AWS_110", "CKV_AWS_111")),
    "rights-name-resources": CloudCheck(access.rights_name_resources, ("CKV_AWS_355", "CKV_AWS_356", "KMS.1", "KMS.2")),
    "own-identity-per-service": CloudCheck(access.own_identity_per_service, ("CKV_AWS_249",)),
    "trust-is-narrow": CloudCheck(access.trust_is_narrow, ("CKV_AWS_60", "CKV_AWS_61")),
    "no-lasting-keys": CloudCheck(access.no_lasting_keys),
    "pass-role-and-run": CloudCheck(access.pass_role_and_run),
    "keys-rotate": CloudCheck(access.keys_rotate, ("KMS.4", "CKV_AWS_7")),
    "secrets-rotate": CloudCheck(access.secrets_rotate, ("SecretsManager.1", "CKV2_AWS_57", "SecretsManager.4")),
    "permission-changes-are-watched": CloudCheck(access.permission_changes_are_watched),
    "only-the-entry-is-open": CloudCheck(network.only_the_entry_is_open, ("EC2.18", "EC2.19", "CKV_AWS_260", "ECS.2", "CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_333")),
    "plain-http-only-redirects": CloudCheck(network.plain_http_only_redirects, ("ELB.1", "CKV_AWS_2", "CKV2_AWS_20")),
    "tls-of-today": CloudCheck(network.tls_of_today, ("ELB.17", "CKV_AWS_103")),
    "inside-is-encrypted": CloudCheck(network.inside_is_encrypted, ("CKV_AWS_378",)),
    "filters-and-defaults-are-closed": CloudCheck(network.filters_and_defaults_are_closed, ("EC2.2", "EC2.21", "CKV_AWS_352", "CKV_AWS_231", "CKV2_AWS_12"), "read the network ACLs, default groups and default ACL of the existing VPC: its owner decides them"),
    "data-stores-are-private": CloudCheck(network.data_stores_are_private, ("RDS.2", "RDS.46", "CKV_AWS_17")),
    "data-has-no-way-out": CloudCheck(network.data_has_no_way_out, in_existing_network="read the routes of the existing database subnets; the update refuses one to an internet gateway"),
    "flow-is-logged": CloudCheck(network.flow_is_logged, ("EC2.6", "CKV2_AWS_11")),
    "attacks-are-filtered-and-logged": CloudCheck(network.attacks_are_filtered_and_logged, ("WAF.10", "WAF.11", "WAF.12", "ELB.16", "CKV2_AWS_28", "CKV_AWS_91", "ELB.5", "CKV2_AWS_31")),
    "odd-traffic-is-watched": CloudCheck(network.odd_traffic_is_watched),
    "denied-flows-are-watched": CloudCheck(network.denied_flows_are_watched),
    "network-is-hardened": hardened(hardening.NETWORK, (hardening.registry_has_endpoints, ("EC2.55", "EC2.56"))),
    "stored-data-has-our-key": CloudCheck(access.stored_data_has_our_key, ("CKV_AWS_16", "CKV_AWS_136", "CKV_AWS_145", "CKV_AWS_149", "CKV_AWS_158", "CKV_AWS_26", "CKV_AWS_29", "CKV_AWS_166", "S3.17", "CKV_AWS_19", "CKV_AWS_191", "ECR.5", "SNS.1")),
    "data-links-need-tls": CloudCheck(data.data_links_need_tls, ("RDS.38", "S3.5", "CKV2_AWS_69", "ElastiCache.5", "CKV_AWS_30")),
    "objects-are-private": CloudCheck(data.objects_are_private, ("CKV_AWS_53", "CKV2_AWS_6", "S3.2", "S3.3", "S3.8", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56")),
    "backups-are-kept": CloudCheck(data.backups_are_kept, ("RDS.11", "Backup.1", "CKV_AWS_133", "ElastiCache.1", "CKV_AWS_134")),
    "backups-leave-the-region": CloudCheck(data.backups_leave_the_region, ("CKV_AWS_144",)),
    "deletion-is-guarded": CloudCheck(data.deletion_is_guarded, ("RDS.8", "CKV_AWS_293")),
    "versions-are-kept": CloudCheck(data.versions_are_kept, ("S3.14", "CKV_AWS_21")),
    "access-is-logged": CloudCheck(data.access_is_logged, ("CKV_AWS_18", "S3.9")),
    "logs-live-long-enough": CloudCheck(data.logs_live_long_enough, ("CloudWatch.16", "CKV_AWS_66", "CKV_AWS_338")),
    "stores-are-hardened": hardened(
        hardening.STORES, (hardening.policies_are_private, ("KMS.5", "SNS.4")), (hardening.statements_are_logged, ("CKV2_AWS_30",)),
        (hardening.events_notify, ("RDS.20",)), (hardening.buckets_are_managed, ("S3.13", "CKV2_AWS_61", "CKV2_AWS_62")),
    ),
    "no-secret-in-plain": CloudCheck(access.no_secret_in_plain, ("ECS.8",)),
    "images-are-scanned": CloudCheck(data.images_are_scanned, ("ECR.1", "ECR.2", "CKV_AWS_51", "CKV_AWS_163"), in_existing_registry="read scans and tag mutability of the existing repositories: their owner decides them"),
    "containers-are-confined": CloudCheck(data.containers_are_confined, ("ECS.4", "ECS.5", "ECS.20", "CKV_AWS_336")),
    "services-are-hardened": hardened(
        hardening.SERVICES, (hardening.images_expire, ("ECR.3",)), (hardening.containers_are_logged, ("ECS.9", "CKV_AWS_334")),
        (hardening.alarms_notify, ("CloudWatch.15", "CloudWatch.17")),
    ),
    "zones-at-least-two": CloudCheck(data.zones_at_least_two, ("RDS.5", "CKV2_AWS_50", "CKV_AWS_157")),
    "minor-updates-are-taken": CloudCheck(data.minor_updates_are_taken, ("RDS.13", "CKV_AWS_226", "ElastiCache.2")),
    "alarms-reach-people": CloudCheck(data.alarms_reach_people),
    "money-is-watched": CloudCheck(data.money_is_watched),
    "everything-is-tagged": CloudCheck(data.everything_is_tagged),
    "account-baseline": OnlyLive("CloudTrail, GuardDuty, Config and Security Hub of the account", ("CloudTrail.1", "GuardDuty.1", "Config.1")),
}  # fmt: skip
"""Answer by check; those that need the stack file alone are in `automation.audit.evaluation`."""
OTHER: tuple[OtherControl, ...] = (
    OtherControl("a setting of the account, which every stack in it shares: Security Hub shows it", ("S3.1", "CloudTrail.2", "CloudTrail.4", "CloudTrail.5")),
    OtherControl("only a running account shows whether a secret was rotated or used, or a key is about to be deleted", ("SecretsManager.2", "SecretsManager.3", "KMS.3")),
    OtherControl("the public zone of the domain is not the stack's", ("Route53.2", "CKV2_AWS_38", "CKV2_AWS_39")),
    OtherControl("no shell can be opened in a container (ECS.20), so there is no session to log", ("CKV_AWS_223", "CKV_AWS_224")),
    OtherControl("the stack has no task set, no cluster of Aurora and no security group of EC2-Classic", ("ECS.16", "RDS.19", "RDS.22")),
    OtherControl("parameter groups change by updates of the stack only", ("RDS.21",)),
    OtherControl("no service calls the API of EC2", ("EC2.10",)),
    OtherControl("automated backups with point-in-time recovery and `recovery.mode` take the place of a plan of AWS Backup", ("RDS.26",)),
    OtherControl("a relation between resources; the comparison with checkov reads it, and it passes there", ("CKV2_AWS_5", "CKV2_AWS_19")),
)  # fmt: skip
"""Known controls that no check answers, with the reason; most of them have another owner."""
