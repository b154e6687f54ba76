"""Policies of the pack: one for each check of `agent-platform audit`. Importing this module starts nothing."""

from datetime import date

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
    policy,
)
from pulumi_policy.proxy import UnknownValueError

from automation.audit.policy import ACCEPTED, examine
from components.configuration import PLATFORM_KEY
from providers.contract.audit import CHECKS, Check
from providers.contract.audit import Severity as CheckSeverity

PACK = "agent-platform"
LEVELS = {
    CheckSeverity.CRITICAL: EnforcementLevel.MANDATORY,
    CheckSeverity.HIGH: EnforcementLevel.MANDATORY,
    CheckSeverity.MEDIUM: EnforcementLevel.ADVISORY,
    CheckSeverity.LOW: EnforcementLevel.ADVISORY,
}
"""Enforcement level by severity, where the configuration of the pack has none."""
ACCEPTED_SCHEMA = {
    "type": "object",
    "description": "Reason for which a failure is accepted, by logical name of the resource, or by * for all.",
    "additionalProperties": {"type": "string", "minLength": 1},
}


class StackConfiguration:
    """Configuration of the stack that the engine sends before it analyzes resources."""

    platform: str | None = None
    """JSON text of the platform; the secrets beside it are not kept."""


class ConfiguredServicer(policy._PolicyAnalyzerServicer):  # noqa: SLF001  # no public way to read the configuration
    """Server of the pack that also keeps the platform of the stack, which pulumi-policy 1.21 drops."""

    def ConfigureStack(self, request, context):
        """Keep the platform of the stack's configuration."""
        StackConfiguration.platform = dict(request.config).get(PLATFORM_KEY)
        return super().ConfigureStack(request, context)


def install() -> None:
    """Let packs of this process keep the configuration of the stack."""
    policy._PolicyAnalyzerServicer = ConfiguredServicer  # noqa: SLF001


def policies() -> list[Policy]:
    """Return a policy for each check, in the order of the audit."""
    return [_policy(check) for check in CHECKS]


def _policy(check: Check) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        found = examine(
            check, args.resources, StackConfiguration.platform, args.get_config(), UnknownValueError, date.today()
        )
        if found.not_applicable:
            args.not_applicable(found.not_applicable)
        for each in found.violations:
            report_violation(each.message, each.urn or None)

    return StackValidationPolicy(
        name=check.id,
        description=f"{check.title}.",
        validate=validate,
        enforcement_level=LEVELS[check.severity],
        config_schema=PolicyConfigSchema(properties={ACCEPTED: ACCEPTED_SCHEMA}),
        display_name=check.title,
        severity=Severity(check.severity.value),
        tags=[check.group],
        remediation_steps=f"{check.remediation[:1].upper()}{check.remediation[1:]}.",
    )
