"""Changes of permissions in the audit log of the project: the entries that are counted, and the series that count them. Pure.

Admin Activity audit logs are always recorded, and free (Cloud Logging documentation, "Cloud Audit Logs overview"). A metric of log
entries has the monitored resource of each entry, and a query of PromQL selects one type of resource at a time.
"""

AUDITED = (
    "project", "iam_role", "service_account", "gcs_bucket", "audited_resource", "cloudkms_cryptokey", "cloudkms_keyring",
    "cloud_run_revision", "gce_backend_service",
)  # fmt: skip
"""Types of the resources whose permissions the platform uses; `audited_resource` has secrets, repositories and identity pools."""
CALLS = (
    r"(SetIamPolicy|SetIAMPolicy|setIamPolicy|setIamPermissions|(Create|Update|Delete|Undelete)Role"
    r"|(Create|Upload)ServiceAccountKey|(Create|Update)WorkloadIdentityPoolProvider)$"
)
"""Ends of the names of the calls that give or take a right: IAM documentation, "IAM API audit logging", and of each service."""
PERMISSION_FILTER = (
    f'log_id("cloudaudit.googleapis.com/activity") AND protoPayload.methodName=~"{CALLS}" '
    f"AND NOT protoPayload.status.code>0 AND resource.type=({' OR '.join(AUDITED)})"
)
"""Filter of successful changes; a call that failed has the code of its error."""


def changes_query(metric: str, window_seconds: int) -> str:
    """Return the PromQL of the changes that `metric` has counted in a window, over all types of resources."""
    counted = (f'increase({metric}{{monitored_resource="{kind}"}}[{window_seconds}s])' for kind in AUDITED)
    return f"sum({' or '.join(counted)})"


def changes_series(metric: str) -> str:
    """Return the filter of the time series of `metric`, over all types of resources."""
    kinds = ", ".join(f'"{kind}"' for kind in AUDITED)
    return f'resource.type=one_of({kinds}) AND metric.type="{metric}"'
