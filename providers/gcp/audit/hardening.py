"""Settings that the CIS benchmark of Google Cloud and checkov list one by one. Pure."""

from collections.abc import Iterator

from providers.contract.audit import AuditSite, CheckEvidence, is_true, state
from providers.contract.audit_requirements import Requirement, not_equal, settings_of

EVERYBODY = ("allUsers", "allAuthenticatedUsers")
DEFAULT_ACCOUNTS = ("-compute@developer.gserviceaccount.com", "@appspot.gserviceaccount.com")
DATABASE_FLAGS = {
    "log_checkpoints": ("on",), "log_connections": ("on",), "log_disconnections": ("on",), "log_duration": ("on",),
    "log_error_verbosity": ("default", "terse"), "log_executor_stats": ("off",), "log_hostname": ("on",), "log_lock_waits": ("on",),
    "log_min_duration_statement": ("-1",), "log_min_error_statement": ("error", "warning", "notice", "info"),
    "log_min_messages": ("warning", "notice", "info"), "log_parser_stats": ("off",), "log_planner_stats": ("off",),
    "log_statement": ("ddl", "mod", "all"), "log_statement_stats": ("off",), "log_temp_files": ("0",),
}  # fmt: skip
"""Accepted values of each flag: CIS 6.2, and the rules of checkov on the same flags."""
FLAG_CONTROLS = (
    "CIS 6.2.1", "CIS 6.2.2", "CIS 6.2.3", "CIS 6.2.4", "CIS 6.2.5", "CIS 6.2.6", "CIS 6.2.7", "CKV_GCP_51", "CKV_GCP_52", "CKV_GCP_53",
    "CKV_GCP_54", "CKV_GCP_55", "CKV_GCP_56", "CKV_GCP_57", "CKV_GCP_108", "CKV_GCP_109", "CKV_GCP_111", "CKV2_GCP_13", "CKV2_GCP_14",
    "CKV2_GCP_15", "CKV2_GCP_16", "CKV2_GCP_17",
)  # fmt: skip

NETWORK: tuple[Requirement, ...] = (
    Requirement("compute:Subnetwork", "privateIpGoogleAccess", is_true, "APIs of Google are reached over the internet", ("CKV_GCP_74",)),
    Requirement("dns:Policy", "enableLogging", is_true, "queries of names leave no record", ("CIS 2.12",)),
)  # fmt: skip

STORES: tuple[Requirement, ...] = (
    Requirement("redis:Instance", "authEnabled", is_true, "accepts clients without a password", ("CKV_GCP_95",)),
    Requirement("kms:CryptoKeyIAMMember", "member", not_equal(*EVERYBODY), "everybody may use the key", ("CIS 1.9", "CKV_GCP_112", "CKV2_GCP_6", "CKV2_GCP_8")),
)  # fmt: skip


def statements_are_logged(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the flags of the database that decide what it logs."""
    for database in site.of_type("sql:DatabaseInstance"):
        values = settings_of(database, "settings", "databaseFlags")
        for name, accepted in DATABASE_FLAGS.items():
            passed = values.get(name) in accepted
            yield state(database, f"databaseFlags.{name}", values.get(name), passed, "less is logged than CIS 6.2 asks")


def buckets_keep_their_log_elsewhere(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the bucket of the usage log, which is none or another one."""
    for bucket in site.of_type("storage:Bucket"):
        target = bucket.value("logging", "logBucket")
        itself = target is not None and f" {bucket.name}>" in str(target)
        yield state(bucket, "logging.logBucket", target or "none", not itself, "logs to itself")


def default_accounts_have_no_role(site: AuditSite) -> Iterator[CheckEvidence]:
    """Yield the members of roles on the project, of which none is a default service account."""
    for member in site.of_type("projects:IAMMember"):
        name = str(member.value("member"))
        why = "a default account is that of every service without one"
        yield state(member, "member", name, not name.endswith(DEFAULT_ACCOUNTS), why)
