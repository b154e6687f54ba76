"""Answers of the clouds that pass by themselves: which texts are recognised, and how long an update waits."""

from collections.abc import Sequence

import pytest

from automation.deploy.errors import DeploymentFailed, Failure
from automation.deploy.events import EngineMessage, Event, StepFailed
from automation.deploy.results import Clock
from automation.deploy.retries import DELAYED_ANSWERS, MAX_MINUTES, Patience, delayed_answers
from tests.automation.event_fixtures import step, urn_of

TOKEN = "aws:ecs/service:Service"  # a type
TEXTS = (
    ("aws", "creating ECS Service (web): InvalidParameterException: ECS was unable to assume the role "
     "'arn:aws:iam::111122223333:role/web' that was provided for this task", "a new IAM role"),
    ("aws", "creating Service: ServerException: Unable to assume the service linked role. Please verify that the ECS service "
     "linked role exists", "a new IAM role"),
    ("aws", "creating Flow Log (vpc-1): InvalidParameter: Unable to assume given IAM role: 'arn:aws:iam::1:role/flow'", "a new IAM role"),
    ("aws", "creating EventBridge Scheduler Schedule: ValidationException: The execution role you provide must allow AWS "
     "EventBridge Scheduler to assume the role.", "a new IAM role"),
    ("aws", "MalformedPolicyDocumentException: Policy contains a statement with one or more invalid principals.",
     "a new IAM role to be accepted in policies"),
    ("aws", "creating CloudWatch Logs Log Group: InvalidParameterException: The specified KMS Key does not exist or is not "
     "allowed to be used with Arn", "the policy of a new KMS key"),
    ("aws", "creating ELBv2 Listener: UnsupportedCertificate: The certificate 'arn:aws:acm:us-west-2:1:certificate/2' must "
     "have a fully-qualified domain name, a supported signature", "the certificate to be issued"),
    ("gcp", "Error creating AlertPolicy: googleapi: Error 404: Cannot find metric(s) that match type = "
     "\"logging.googleapis.com/user/x\". If a metric was created recently, it could take up to 10 minutes to become "
     "available. Please try again soon.", "new log-based metrics"),
    ("gcp", "Error setting IAM policy: googleapi: Error 400: Service account "
     "service-1@gcp-sa-artifactregistry.iam.gserviceaccount.com does not exist., badRequest",
     "a service agent of Google Cloud"),
    ("gcp", "Error code 7, message: Permission denied on Cloud KMS key. Please ensure your Artifact Registry service account "
     "has been authorized to use the configured key.", "the permission to use a new key"),
    ("gcp", "Error waiting to create Service: Error code 13, message: Revision 'web-00001-8m6' is not ready and cannot serve "
     "traffic. spec.template.spec.containers[0].env[1].value_from.secret_key_ref.name: Permission denied on secret: "
     "projects/1/secrets/prod-url/versions/1 for Revision service account web@acme.iam.gserviceaccount.com. The service account "
     "used must be granted the 'Secret Manager Secret Accessor' role", "the permission to read a secret"),
    ("gcp", "googleapi: Error 403: Cloud SQL Admin API has not been used in project 1 before or it is disabled. If you "
     "enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.",
     "an API that was just enabled"),
    ("gcp", "googleapi: Error 403: the caller does not have permission; it may take minutes to propagate",
     "a new role of an account"),
    ("gcp", "googleapi: Error 400: There is a peering operation in progress on the local or peer network. Try again later.",
     "another operation on the network's peering"),
    ("azure", "Field 'configuration.secrets' is invalid with details: 'Invalid value: \"openai\": Unable to get value using "
     "Managed identity /subscriptions/1 for secret openai.'", "the role on the key vault"),
    ("azure", "Code=\"KeyVaultAuthenticationFailure\" Message=\"The operation failed because of authentication issue on the "
     "keyvault.", "the role on the key vault"),
    ("azure", "Code=\"PrincipalNotFound\" Message=\"Principal 1 does not exist in the directory 2.\"",
     "a new identity in Microsoft Entra ID"),
    ("azure", "Field 'template.containers.web.image' is invalid with details: 'Invalid value: \"x\": unable to pull image "
     "using Managed identity /subscriptions/1 for registry x.azurecr.io'", "the role on the registry"),
    ("azure", "'Invalid value: \"x.azurecr.io/web:1\": GET https:?x.azurecr.io: UNAUTHORIZED: authentication required'",
     "the role on the registry"),
    ("azure", "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role "
     "definitions were changed recently, please observe propagation time.", "a new role assignment"),
    ("azure", "Code=\"AnotherOperationInProgress\" Message=\"Another operation on this or dependent resource is in "
     "progress.\"", "another operation on the network"),
    ("docker", "sdk-v2/provider2.go:571: sdk.helper_schema: timeout while waiting for state to become 'removed' (last state: "
     "'pending', timeout: 30s): provider=docker@5.2.0", "containers to end and to leave their networks"),
)  # fmt: skip
METRIC = next(text for _, text, waiting_for in TEXTS if waiting_for == "new log-based metrics")
GENUINE = (
    ("aws", "api error AccessDenied: User is not authorized to perform: rds:CreateDBInstance"),
    ("gcp", "googleapi: Error 403: Permission 'run.services.create' denied, forbidden"),
    ("azure", "AuthorizationFailed: The client does not have authorization to perform action. If access was recently granted, "
     "please refresh your credentials."),
)  # fmt: skip
"""Missing permissions of the user, for which no update may wait."""


def failed(*errors: str, extra: str = "") -> list[Event]:
    """Return the events of an update in which a resource failed with each of the errors."""
    events: list[Event] = []
    for number, text in enumerate(errors):
        urn = urn_of(TOKEN, f"prod-web-{number}", "Compute")
        events += [EngineMessage(1.0, "error", text, urn), StepFailed(1.0, step("create", TOKEN, f"prod-web-{number}", "Compute"))]  # fmt: skip
    events.append(EngineMessage(2.0, "error", "update failed"))
    return [*events, EngineMessage(2.0, "error", extra)] if extra else events


class FakeTime:
    """Clock whose waits take no time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)

    @property
    def clock(self) -> Clock:
        return Clock(seconds=lambda: self.now, sleep=self.sleep)


@pytest.mark.parametrize(("cloud", "text", "waiting_for"), TEXTS, ids=lambda value: value[:25])
def test_a_delayed_answer_is_recognised_on_its_cloud_only(cloud: str, text: str, waiting_for: str) -> None:
    answers = delayed_answers(failed(text), cloud)
    assert [answer.waiting_for for answer in answers.values()] == [waiting_for]
    others = {"aws", "gcp", "azure", "docker"} - {cloud}
    assert not any(delayed_answers(failed(text), other) for other in others)


def test_every_delayed_answer_has_a_text_and_a_source() -> None:
    assert {(cloud, waiting_for) for cloud, _, waiting_for in TEXTS} == {
        (answer.cloud, answer.waiting_for) for answer in DELAYED_ANSWERS
    }
    assert all("http" in answer.source or "#" in answer.source for answer in DELAYED_ANSWERS)
    assert all(0 < answer.minutes <= MAX_MINUTES for answer in DELAYED_ANSWERS)


@pytest.mark.parametrize(("cloud", "text"), GENUINE, ids=["aws", "gcp", "azure"])
def test_a_missing_permission_is_not_waited_for(cloud: str, text: str) -> None:
    assert delayed_answers(failed(text), cloud) == {}


@pytest.mark.parametrize("extra", ["", "the program failed"], ids=["of a resource", "of the program"])
def test_another_error_beside_a_delayed_answer_stops_the_update(extra: str) -> None:
    delayed = TEXTS[0][1]
    events = failed(delayed, extra=extra) if extra else failed(delayed, "the quota of this account is used up")
    assert delayed_answers(events, "aws") == {}


def test_a_failed_resource_without_a_message_stops_the_update() -> None:
    events: Sequence[Event] = [*failed(TEXTS[0][1]), StepFailed(1.0, step("create", TOKEN, "prod-other", "Compute"))]
    assert delayed_answers(events, "aws") == {}


def test_waits_grow_and_end_after_the_time_of_the_answer() -> None:
    time, lines = FakeTime(), list[str]()
    patience = Patience("gcp", time.clock, lines.append)
    failure = DeploymentFailed(Failure.RESOURCE, "could not create it", "fix the cause")
    with pytest.raises(DeploymentFailed, match="has given this answer for 15 minutes"):
        for _ in range(100):
            patience.wait(failure, failed(METRIC))
    assert time.pauses[:4] == [15.0, 30.0, 60.0, 60.0]
    assert MAX_MINUTES * 60 <= time.now <= (MAX_MINUTES + 1) * 60
    assert lines[0] == "waiting for new log-based metrics (prod-web-0); attempt 2 in 15 s"


@pytest.mark.parametrize(("cloud", "text", "waiting_for"), TEXTS, ids=lambda value: value[:25])
def test_an_answer_that_does_not_pass_ends_the_update_with_a_sentence(cloud: str, text: str, waiting_for: str) -> None:
    time = FakeTime()
    patience = Patience(cloud, time.clock, lambda line: None)
    (answer,) = delayed_answers(failed(text), cloud).values()
    with pytest.raises(DeploymentFailed) as ended:
        for _ in range(100):
            patience.wait(DeploymentFailed(Failure.RESOURCE, "could not create it", "fix the cause"), failed(text))
    expected = (
        f"the cloud has given this answer for {answer.minutes} minutes, and it usually passes sooner: fix the cause"
    )
    assert ended.value.fix == expected
    assert answer.minutes * 60 <= time.now <= (answer.minutes + 1) * 60


def test_each_resource_has_its_own_time() -> None:
    time = FakeTime()
    patience = Patience("gcp", time.clock, lambda text: None)
    failure = DeploymentFailed(Failure.RESOURCE, "could not create it", "fix the cause")
    text = METRIC
    for _ in range(5):
        patience.wait(failure, failed(text))
    time.now = MAX_MINUTES * 60.0
    later = [event for event in failed("", text) if getattr(event, "text", "x") and "web-0" not in str(event)]
    patience.wait(failure, later)


def test_an_interrupted_update_is_not_repeated() -> None:
    patience = Patience("gcp", FakeTime().clock, lambda text: None)
    with pytest.raises(DeploymentFailed, match="cancelled"):
        patience.wait(DeploymentFailed(Failure.CANCELLED, "cancelled during the update"), failed(METRIC))
