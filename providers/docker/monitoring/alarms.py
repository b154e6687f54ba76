"""Alert rules of Docker in addition to the shared ones: verified backups and service level objectives. Pure."""

import json
from collections.abc import Iterator

from providers.contract.alarms import AlarmRules
from providers.contract.prometheus import SECONDS_WITHOUT_BACKUP
from providers.contract.prometheus_alerts import RuleDocument, alert, slo_rules
from providers.contract.spec import Platform
from providers.docker.context import keeps_backups

AGE_SERIES = "backup_verified_age_seconds"
VERIFIED_SERIES = "backup_verified_timestamp_seconds"
FAILED_SERIES = "backup_verification_failed"
FIRST_DRILL_SECONDS = 3600
"""Time that a new stack has for its first dump, upload and drill."""


def docker_rules_document(spec: Platform, rules: AlarmRules) -> str:
    """Rules file in JSON, which is YAML; its group is declared even when it is empty."""
    documents = [*_backup_rules(spec), *slo_rules(spec, rules)]
    return json.dumps({"groups": [{"name": "docker", "rules": documents}]}, indent=2)


def _backup_rules(spec: Platform) -> Iterator[RuleDocument]:
    """Rules on the age of the last verified backup, which Prometheus computes so that it grows without drills."""
    if not keeps_backups(spec):
        return
    yield {"record": AGE_SERIES, "expr": f"time() - max({VERIFIED_SERIES})"}
    if spec.recovery.drill is None:  # otherwise the rule table has an alarm with the age of the drill
        yield alert(
            name="backup-not-verified",
            expr=f"{AGE_SERIES} > {SECONDS_WITHOUT_BACKUP} or absent({VERIFIED_SERIES})",
            for_seconds=FIRST_DRILL_SECONDS,
            severity="critical",
            subject="database",
            summary="no backup of the last day could be restored",
        )
    yield alert(
        name="backup-verification-failed",
        expr=f"max({FAILED_SERIES}) > 0",
        for_seconds=0,
        severity="critical",
        subject="database",
        summary="the newest backup of the database cannot be restored",
    )
