"""Answers of the clouds that pass by themselves, such as a role that has not propagated yet, and waiting for them.

Clouds replicate roles, keys and metrics after they have reported their creation, so the first update of an account can
fail although nothing is wrong. An update that fails with such answers alone is repeated until each failed resource has
had the time that its answer needs. Imports no SDK.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from automation.deploy.classification import INTERRUPTED, Evidence
from automation.deploy.errors import DeploymentFailed
from automation.deploy.events import Event
from automation.deploy.results import Clock
from automation.urn import Urn
from providers.contract.diagnostics import listed

MAX_MINUTES = 15
PAUSES_SECONDS = (15.0, 30.0, 60.0)
"""Time before the second, the third and every later attempt."""
MONITOR_ENDED = "Resource monitor has terminated, shutting down"
"""Error that follows from another one."""


@dataclass(frozen=True, kw_only=True)
class DelayedAnswer:
    """Error of one cloud that passes by itself; `minutes` is the longest time that a resource waits for it."""

    cloud: str
    pattern: str
    waiting_for: str
    source: str
    minutes: int = MAX_MINUTES

    def matches(self, text: str) -> bool:
        """Return whether an error text contains this answer."""
        return re.search(self.pattern, text, re.DOTALL) is not None


DELAYED_ANSWERS = (
    DelayedAnswer(
        cloud="aws",
        pattern=r"[Uu]nable to assume (?:the role|the service linked role|the configured|given IAM role|role)|cannot be assumed"
        r"|not authorized to assume|must allow AWS EventBridge Scheduler to assume|invalid role|Role is not valid",
        waiting_for="a new IAM role",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency, "
        "hashicorp/terraform#4375, hashicorp/terraform-provider-aws#38538, hashicorp/terraform-provider-aws#29323, "
        "aws/aws-sdk-js-v3#6494",
        minutes=5,
    ),
    DelayedAnswer(
        cloud="aws",
        pattern=r"[Ii]nvalid principals?\b",
        waiting_for="a new IAM role to be accepted in policies",
        source="hashicorp/terraform-provider-aws#14449, hashicorp/terraform-provider-aws#42933",
        minutes=5,
    ),
    DelayedAnswer(
        cloud="aws",
        pattern=r"specified KMS [Kk]ey does not exist or is not allowed to be used",
        waiting_for="the policy of a new KMS key",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html, "
        "https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency",
        minutes=5,
    ),
    DelayedAnswer(
        cloud="aws",
        pattern=r"UnsupportedCertificate|CertificateNotFound",
        waiting_for="the certificate to be issued",
        source="hashicorp/terraform-provider-aws#26245, hashicorp/terraform#20587",
    ),
    DelayedAnswer(
        cloud="gcp",
        pattern=r"Cannot find metric\(s\) that match type|metric referenced by the provided filter is unknown",
        waiting_for="new log-based metrics",
        source="hashicorp/terraform-provider-google#11102, GoogleCloudPlatform/cloud-foundation-fabric#3739",
    ),
    DelayedAnswer(
        cloud="gcp",
        pattern=r"[Ss]ervice account \S+ does not exist|INVALID_ARGUMENT: .*?gserviceaccount\.com does not exist",
        waiting_for="a service agent of Google Cloud",
        source="hashicorp/terraform-provider-google#7611, hashicorp/terraform-provider-google#10310",
    ),
    DelayedAnswer(
        cloud="gcp",
        pattern=r"Permission denied on Cloud KMS key|cloudkms\.cryptoKeyVersions\.useTo(?:Encrypt|Decrypt)'? denied"
        r"|[Kk]MS key.*?not (?:been )?authorized",
        waiting_for="the permission to use a new key",
        source="hashicorp/terraform-provider-google#17333, hashicorp/terraform-provider-google#11913, "
        "https://cloud.google.com/iam/docs/access-change-propagation",
    ),
    DelayedAnswer(
        cloud="gcp",
        pattern=r"Permission denied on secret: \S+ for Revision service account",
        waiting_for="the permission to read a secret",
        source="hashicorp/terraform-provider-google#9441, terraform-google-modules/terraform-docs-samples#168, "
        "https://cloud.google.com/iam/docs/access-change-propagation",
    ),
    DelayedAnswer(
        cloud="gcp",
        pattern=r"wait a few minutes for the action to propagate",
        waiting_for="an API that was just enabled",
        source="hashicorp/terraform-provider-google#3198, https://cloud.google.com/service-usage/docs/enable-disable",
        minutes=5,
    ),
    DelayedAnswer(
        cloud="gcp",
        pattern=r"does not have permission[^\n]*propagat|propagation[^\n]*(?:retry|try again)|not yet propagated",
        waiting_for="a new role of an account",
        source="hashicorp/terraform-provider-google#22521, https://cloud.google.com/iam/docs/access-change-propagation",
    ),
    DelayedAnswer(
        cloud="gcp",
        pattern=r"peering operation in progress",
        waiting_for="another operation on the network's peering",
        source="https://cloud.google.com/vpc/docs/using-vpc-peering#troubleshooting",
    ),
    DelayedAnswer(
        cloud="azure",
        pattern=r"[Uu]nable to get value using Managed identity|unable to fetch secret|KeyVaultAuthenticationFailure",
        waiting_for="the role on the key vault",
        source="microsoft/azure-container-apps#1174, microsoft/azure-container-apps#1159, Azure/bicep#16601",
    ),
    DelayedAnswer(
        cloud="azure",
        pattern=r"PrincipalNotFound|does not exist in the directory",
        waiting_for="a new identity in Microsoft Entra ID",
        source="https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---assigning-a-role-to-a-new-"
        "principal-sometimes-fails, Azure/avdaccelerator#99",
    ),
    DelayedAnswer(
        cloud="azure",
        pattern=r"unable to pull image using Managed identity|azurecr\.io\S*:? UNAUTHORIZED: authentication required",
        waiting_for="the role on the registry",
        source="microsoft/azure-container-apps#836, microsoft/azure-container-apps#816, kubernetes/kubernetes#92326",
    ),
    DelayedAnswer(
        cloud="azure",
        pattern=r"please observe propagation time|wait several minutes for role assignments to become effective"
        r"|AuthorizationPermissionMismatch",
        waiting_for="a new role assignment",
        source="hashicorp/terraform-provider-azurerm#23927, Azure/terraform-azurerm-avm-res-keyvault-vault#78, "
        "https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-"
        "not-being-detected",
    ),
    DelayedAnswer(
        cloud="azure",
        pattern=r"AnotherOperationInProgress|ReferencedResourceNotProvisioned|\bRetryableError\b",
        waiting_for="another operation on the network",
        source="https://learn.microsoft.com/azure/networking/troubleshoot-failed-state, "
        "https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors",
    ),
    # an update that replaces several networks deletes their containers in the chain of one of them, and the other networks
    # at the same time; a container has more time to end than the provider waits
    DelayedAnswer(
        cloud="docker",
        pattern=r"timeout while waiting for state to become 'removed'",
        waiting_for="containers to end and to leave their networks",
        source="https://github.com/kreuzwerker/terraform-provider-docker/blob/master/internal/provider/resource_docker_network_funcs.go "
        "(30 s), https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step_generator.go",
        minutes=5,
    ),
)
"""Every answer that an update waits for. A missing permission of the user is none of these: the update stops at once."""


def delayed_answers(events: Sequence[Event], cloud: str) -> Mapping[Urn, DelayedAnswer]:
    """Return the answer to wait for by failed resource; empty when the operation failed for another reason too."""
    evidence = Evidence("", events=events)
    causes = [error for error in evidence.errors if error.text != MONITOR_ENDED]
    failed = {step.urn for step in evidence.failed_steps}
    known = [answer for answer in DELAYED_ANSWERS if answer.cloud == cloud]
    answers: dict[Urn, DelayedAnswer] = {}
    for error in causes:
        answer = next((answer for answer in known if answer.matches(error.text)), None)
        if answer is None or not error.urn:
            return {}
        answers[error.urn] = answer
    return answers if failed <= answers.keys() else {}


@dataclass
class Patience:
    """Waits of one update: when each resource first failed, and the number of attempts."""

    cloud: str
    clock: Clock
    report: Callable[[str], object]
    attempts: int = 1
    first_failures: dict[Urn, float] = field(default_factory=dict[Urn, float])

    def wait(self, failure: DeploymentFailed, events: Sequence[Event]) -> None:
        """Wait before the next attempt; raises the failure when waiting does not help or has taken too long."""
        answers = delayed_answers(events, self.cloud)
        if failure.kind in INTERRUPTED or not answers:
            raise failure
        now = self.clock.seconds()
        overdue = [urn for urn, answer in answers.items()
                   if now - self.first_failures.setdefault(urn, now) >= answer.minutes * 60]  # fmt: skip
        if overdue:
            minutes = max(answers[urn].minutes for urn in overdue)
            fix = f"the cloud has given this answer for {minutes} minutes, and it usually passes sooner: {failure.fix}"
            raise failure.with_fix(fix)
        pause = PAUSES_SECONDS[min(self.attempts, len(PAUSES_SECONDS)) - 1]
        self.attempts += 1
        waiting_for = listed(dict.fromkeys(answer.waiting_for for answer in answers.values()), "and")
        names = ", ".join(_names(answers))
        self.report(f"waiting for {waiting_for} ({names}); attempt {self.attempts} in {pause:g} s")
        self.clock.sleep(pause)


def _names(urns: Mapping[Urn, DelayedAnswer], shown: int = 3) -> Iterator[str]:
    """Yield the first logical names, and the number of others."""
    yield from (urn.name for urn in list(urns)[:shown])
    if len(urns) > shown:
        yield f"{len(urns) - shown} more"
