"""Clouds, loaded by name: only the SDK of the chosen cloud is imported."""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from providers.contract.diagnostics import ConfigError, InvalidConfiguration
from providers.contract.import_ids import ImportTable
from providers.contract.resource_traits import ResourceTraits
from providers.sdk_modules import import_by_file

if TYPE_CHECKING:
    # these modules import the Pulumi SDK, which reading a stack file does not need
    from providers.contract.adapter import AnyCloud
    from providers.contract.audit import CloudAudit
    from providers.contract.audit_requirements import OtherControl
    from providers.contract.cli import CloudCli
    from providers.contract.cost import CloudCost
    from providers.contract.drill import DrillControl
    from providers.contract.failover import FailoverControl
    from providers.contract.limits import CloudLimits
    from providers.contract.live_audit import CloudLiveAudit
    from providers.contract.preflight import HostChecks
    from providers.contract.recovery_plan import CloudRecovery
    from providers.contract.release import ReleaseControl
    from providers.contract.report import CloudFacts
    from providers.contract.rollout import RolloutControl
    from providers.contract.spec import CloudName
    from providers.contract.tag_search import TagSearch

AVAILABLE: "tuple[CloudName, ...]" = ("aws", "gcp", "azure", "docker", "kubernetes")
"""Clouds with an adapter."""
REPOSITORY = "git+https://github.com/acme/agent-platform"
"""Address from which pip installs this package: the package of its name on PyPI is another project."""
SDK_PREFIX = "pulumi_"
"""Prefix of the modules of all cloud SDKs."""


def cloud(name: str) -> "AnyCloud":
    """Return the adapter of a cloud; imports its SDK and raises InvalidConfiguration when it is not installed."""
    import_by_file()
    try:
        return import_module(f"{__name__}.{name}.adapter").CLOUD
    except ModuleNotFoundError as missing:
        if not (missing.name or "").startswith(SDK_PREFIX):
            raise
        problem = f"the SDK of {name} is not installed ({missing})"
        raise InvalidConfiguration([ConfigError("cloud", problem, f"run `{install_command(name)}`")]) from None


def install_command(name: str) -> str:
    """Return the command that installs this package with the SDK of a cloud."""
    return f"pip install 'agent-platform[{name}] @ {REPOSITORY}'"


def limits(name: str) -> "CloudLimits":
    """Return the settings that a cloud refuses or adjusts; imports no SDK."""
    return import_module(f"{__name__}.{name}.limits").LIMITS


def resource_traits(name: str) -> ResourceTraits:
    """Return a cloud's stateful types, service revisions and rotatable passwords; imports no SDK."""
    return import_module(f"{__name__}.{name}.resource_traits").RESOURCE_TRAITS


def import_table(name: str) -> ImportTable:
    """Return the import ids of a cloud's resources; imports no SDK."""
    return import_module(f"{__name__}.{name}.import_ids").IMPORT_TABLE


def tag_search(name: str) -> "TagSearch":
    """Return the search of a cloud for objects with a tag, by its command line; imports no SDK."""
    return import_module(f"{__name__}.{name}.tag_search").TAG_SEARCH


def host_checks(name: str) -> "HostChecks":
    """Return the checks of the machine or cluster that a stack is deployed to; clouds have none."""
    # its module imports the spec, whose models pydantic builds at import
    from providers.contract.preflight import HostChecks

    if find_spec(f"{__name__}.{name}.preflight") is None:
        return HostChecks()
    return import_module(f"{__name__}.{name}.preflight.checks").HOST_CHECKS


def rollout_control(name: str) -> "RolloutControl":
    """Return the commands that control rollouts in steps on a cloud that has them; imports no SDK."""
    return import_module(f"{__name__}.{name}.compute.rollout").CONTROL


def release_control(name: str) -> "ReleaseControl":
    """Return the commands that run the release commands of services on a cloud; imports no SDK."""
    return import_module(f"{__name__}.{name}.jobs.release").RELEASES


def drill_control(name: str) -> "DrillControl | None":
    """Return the commands that run restore drills on a cloud and read their results; None where it refuses drills."""
    if find_spec(f"{__name__}.{name}.drill.control") is None:
        return None
    return import_module(f"{__name__}.{name}.drill.control").CONTROL


def failover_control(name: str) -> "FailoverControl | None":
    """Return the commands that move a stack between its regions; None where services run in one region alone."""
    if find_spec(f"{__name__}.{name}.recovery.control") is None:
        return None
    return import_module(f"{__name__}.{name}.recovery.control").CONTROL


def command_line(name: str) -> "CloudCli":
    """Return the commands of a cloud's own command line; imports no SDK."""
    return import_module(f"{__name__}.{name}.cli").CLI


def recovery(name: str) -> "CloudRecovery":
    """Return the promises and the commands of the recovery plan on a cloud; imports no SDK."""
    return import_module(f"{__name__}.{name}.recovery.plan").RECOVERY


def cost(name: str) -> "CloudCost | None":
    """Return the charges of a cloud's resources; None for a host or cluster, which has no price list. Imports no SDK."""
    if find_spec(f"{__name__}.{name}.cost") is None:
        return None
    return import_module(f"{__name__}.{name}.cost.charges").COST


def audit(name: str) -> "CloudAudit | None":
    """Return the security checks of a cloud's resources; None for Docker, which has none yet. Imports no SDK."""
    if find_spec(f"{__name__}.{name}.audit") is None:
        return None
    return import_module(f"{__name__}.{name}.audit.checks").AUDIT


def production_rules(name: str) -> "CloudAudit":
    """Return the checks that an override must not undo: those of the audit, or the hardening of a host without one."""
    answers = audit(name)
    return answers if answers is not None else import_module(f"{__name__}.{name}.base.hardening").HARDENING


def other_controls(name: str) -> "tuple[OtherControl, ...]":
    """Return the public controls that no check of a cloud answers, with the reasons; imports no SDK."""
    return import_module(f"providers.{name}.audit.checks").OTHER


def report_facts(name: str) -> "CloudFacts":
    """Return the readers of the facts that a report shows about a cloud's resources; imports no SDK."""
    return import_module(f"{__name__}.{name}.report").FACTS


def live_audit(name: str) -> "CloudLiveAudit | None":
    """Return the questions of the audit to a cloud's command line; None for Docker, which has none. Imports no SDK."""
    if find_spec(f"{__name__}.{name}.audit") is None:
        return None
    return import_module(f"{__name__}.{name}.audit.live").LIVE
