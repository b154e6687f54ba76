"""The engine's failures as sentences: each recognised by the text that the real engine or a provider gave."""

import pytest

from automation.deploy.classification import Evidence, classify
from automation.deploy.errors import (
    CLOUD_PATTERNS,
    PROGRAM_PATTERNS,
    STACK_PATTERNS,
    UNREACHABLE_BACKEND,
    DeploymentFailed,
    Failure,
)
from automation.deploy.events import EngineMessage, Event, StepFailed
from tests.automation.happening import recorded, step, urn_of

LOCK = """error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.
  file:///state/.pulumi/locks/organization/agent-platform/prod/6041.json?no_tmp_dir=true: created by maria@ci-7 (pid 20334) at 2026-11-21T11:13:43Z"""
REFUSED_KEY = 'error: performing HTTP request: Get "https://127.0.0.1:1/api/user": dial tcp 127.0.0.1:1: connect: connection refused'
NO_HOST = 'error: read ".pulumi/meta.yaml": blob (code=Unknown): operation error S3: GetObject, request send failed, Get "https://state.s3.amazonaws.com/": dial tcp: lookup state.s3.amazonaws.com: no such host'
BROKEN = """error: The Pulumi CLI encountered a snapshot integrity error. This is a bug!
Error:             snapshot integrity failure; refusing to use it: resource urn:x refers to unknown provider urn:y"""

BEFORE_ANYTHING = [
    ("error: getting stack configuration: get stack secrets manager: incorrect passphrase", Failure.WRONG_PASSPHRASE),
    (
        "error: getting stack configuration: get stack secrets manager: passphrase must be set with "
        "PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
        Failure.NO_PASSPHRASE,
    ),
    (LOCK, Failure.LOCKED),
    ("error: [409] Conflict: Another update is currently in progress.", Failure.LOCKED),
    ("error: failed to load checkpoint: place 1: unexpected end of JSON input", Failure.DAMAGED),
    ("error: place 1: unexpected end of JSON input", Failure.DAMAGED),
    ("error: failed to load checkpoint: EOF", Failure.DAMAGED),
    ("error: EOF", Failure.DAMAGED),
    ("error: resource 'bad' missing required 'type' field", Failure.DAMAGED),
    (BROKEN, Failure.DAMAGED),
    ("error: no stack named 'prod' found", Failure.NO_STACK),
    ("error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", Failure.NOT_LOGGED_IN),
    (
        "error: missing google credentials: unable to find gcp credentials: google: could not find default credentials",
        Failure.NOT_LOGGED_IN,
    ),
    (
        'error: unable to open state directory "file:///nowhere": stat /nowhere: no such file or directory',
        Failure.NO_BACKEND,
    ),
    ('error: unable to open bucket "azblob://state": azureblob: Options.AccountName is required', Failure.NO_BACKEND),
    (REFUSED_KEY, Failure.UNREACHABLE),
    (NO_HOST, Failure.UNREACHABLE),
]
OF_A_RESOURCE = [
    ("AWS account ID not allowed: 999900001111", Failure.OTHER_ACCOUNT),
    ('Code="SubscriptionNotFound" Message="The subscription \'x\' could not be found."', Failure.OTHER_ACCOUNT),
    ("googleapi: Error 403: USER_PROJECT_DENIED", Failure.OTHER_ACCOUNT),
    ("No valid credential sources found. Please see the provider's documentation.", Failure.NO_CREDENTIALS),
    ("google: could not find default credentials.", Failure.NO_CREDENTIALS),
    (
        "unable to build authorizer: could not configure AzureCli Authorizer: please run 'az login'",
        Failure.NO_CREDENTIALS,
    ),
    ("operation error RDS: CreateDBInstance, api error AccessDenied: not authorized", Failure.NO_RIGHT),
    ("googleapi: Error 403: Permission 'run.services.create' denied, forbidden", Failure.NO_RIGHT),
    ('Code="AuthorizationFailed" Message="The client does not have authorization"', Failure.NO_RIGHT),
    ("api error VpcLimitExceeded: The maximum number of VPCs has been reached.", Failure.QUOTA),
    ("googleapi: Error 429: RESOURCE_EXHAUSTED", Failure.QUOTA),
    ("dial tcp: lookup rds.us-west-2.amazonaws.com: no such host", Failure.OFFLINE),
    ("error reading from server: connection reset by peer", Failure.OFFLINE),
    ('resource "urn:x" cannot be deleted\nbecause it is protected. To unprotect the resource', Failure.PROTECTED),
    (
        "api error InvalidParameterCombination: Cannot delete protected DB Instance, DeletionProtection",
        Failure.PROTECTED,
    ),
    (
        "no resource plugin 'pulumi-resource-aws' found in the workspace at version v7.51.1 or on your $PATH",
        Failure.NO_PLUGIN,
    ),
    (
        "Could not automatically download and install resource plugin 'pulumi-resource-aws' at version v7.51.1, install",
        Failure.NO_PLUGIN,
    ),
    ("the instance class is not offered in this zone", Failure.RESOURCE),
]
CRASH = """Program failed with an unhandled exception:
Traceback (most recent call last):
  File "/app/__main__.py", line 45, in <module>
    raise ValueError("boom")
ValueError: boom"""
INVOKE = """Program failed with an unhandled exception:
Traceback (most recent call last):
  File "/app/providers/aws/network/subnets.py", line 9, in zones
Exception: invoke of aws:index/getAvailabilityZones:getAvailabilityZones failed: invocation of \
aws:index/getAvailabilityZones:getAvailabilityZones returned an error: AWS account ID not allowed: 999900001111"""


def told(said: str) -> DeploymentFailed:
    """The failure of a command that ended with that on standard error before anything happened."""
    return classify(Evidence("prod", said))


def failing(text: str, operation: str = "create") -> list[Event]:
    """The events of a resource that a provider refused with that text."""
    urn = urn_of("aws:rds/instance:Instance", "prod-database")
    return [
        EngineMessage(1.0, "error", text, urn),
        StepFailed(2.0, step(operation)),
        EngineMessage(3.0, "error", "update failed"),
    ]


def refused(text: str, operation: str = "create") -> DeploymentFailed:
    return classify(Evidence("prod", "error: update failed", failing(text, operation)))


@pytest.mark.parametrize(("said", "kind"), BEFORE_ANYTHING)
def test_what_the_engine_says_before_anything_happens_is_recognised(said: str, kind: Failure) -> None:
    assert told(said).kind is kind


@pytest.mark.parametrize(("text", "kind"), OF_A_RESOURCE)
def test_what_a_provider_says_of_a_resource_is_recognised(text: str, kind: Failure) -> None:
    assert refused(text).kind is kind


def test_every_row_of_the_table_is_recognised_by_some_text_of_these_tests() -> None:
    kinds = {kind for _, kind in (*BEFORE_ANYTHING, *OF_A_RESOURCE)}
    kinds |= {Failure.NO_ENVIRONMENT, Failure.PROGRAM}
    assert {row.kind for row in (*STACK_PATTERNS, *CLOUD_PATTERNS, *PROGRAM_PATTERNS, UNREACHABLE_BACKEND)} <= kinds


@pytest.mark.parametrize(("said", "kind"), BEFORE_ANYTHING)
def test_every_failure_is_one_line_that_names_the_stack_and_ends_in_a_full_stop(said: str, kind: Failure) -> None:
    text = str(told(said))
    assert text.startswith("prod: ") and text.endswith(".") and "\n" not in text and not text.endswith("..")


def test_a_lock_names_who_holds_it_since_when_and_what_to_do() -> None:
    assert str(told(LOCK)) == (
        "prod: an update by maria@ci-7 (process 20334) holds the stack since 2026-11-21T11:13:43Z; wait until it ends, "
        "or, when that process is gone, run `agent-platform cancel prod`."
    )


def test_other_credentials_name_the_account_they_are_for() -> None:
    assert "(they are for 999900001111)" in refused("AWS account ID not allowed: 999900001111").problem


def test_a_refused_resource_is_told_with_what_should_have_been_done_to_it() -> None:
    assert refused("the instance class is not offered in this zone").problem == (
        "prod: it was not possible to create prod-database (rds:Instance): "
        "the instance class is not offered in this zone"
    )


def test_a_recorded_failure_is_told() -> None:
    failure = classify(Evidence("trial", "error: update failed", recorded("fail")))
    assert failure.problem == "trial: a quota of the account does not allow to update trial-compute-web (ecs:Service)"


def test_a_provider_that_answers_a_question_of_the_program_is_heard() -> None:
    failure = classify(Evidence("prod", "", [EngineMessage(1.0, "error", INVOKE)]))
    assert failure.kind is Failure.OTHER_ACCOUNT


def test_a_question_that_is_refused_is_told_by_its_name() -> None:
    text = INVOKE.replace("AWS account ID not allowed: 999900001111", "UnauthorizedOperation")
    failure = classify(Evidence("prod", "", [EngineMessage(1.0, "error", text)]))
    assert failure.problem == "prod: the credentials have no right to ask getAvailabilityZones"


def test_a_crash_of_the_program_is_told_by_its_last_line() -> None:
    failure = classify(Evidence("prod", "", [EngineMessage(1.0, "error", CRASH)]))
    assert (failure.kind, failure.problem) == (Failure.PROGRAM, "prod: the program failed: ValueError: boom")


def test_a_program_without_its_packages_is_told_what_to_install() -> None:
    text = CRASH.replace("ValueError: boom", "ModuleNotFoundError: No module named 'pulumi_aws'")
    failure = classify(Evidence("prod", "", [EngineMessage(1.0, "error", text)]))
    assert failure.problem == "prod: the program's Python environment has no pulumi_aws"


def test_the_first_ctrl_c_is_a_clean_end() -> None:
    failure = classify(Evidence("prod", "error: update failed", [], interrupted=1))
    assert failure.kind is Failure.CANCELLED
    assert failure.problem == "prod: cancelled; what was under way was finished and stands in the state"


def test_a_resource_that_ctrl_c_broke_off_is_named() -> None:
    failure = classify(Evidence("prod", "", failing("create was cancelled"), interrupted=1))
    assert failure.problem == (
        "prod: cancelled while it was about to create prod-database (rds:Instance); "
        "what was done before stands in the state"
    )
    assert "recover prod" in failure.fix


@pytest.mark.parametrize("killed", [False, True])
def test_the_second_ctrl_c_says_that_recover_is_next(killed: bool) -> None:
    failure = classify(Evidence("prod", "error: update cancelled", [], interrupted=2, killed=killed))
    assert failure.kind is Failure.KILLED
    assert failure.fix == "run `agent-platform recover prod`"


def test_an_update_that_somebody_else_cancelled_is_told_as_cancelled() -> None:
    assert classify(Evidence("prod", "error: update canceled", [])).kind is Failure.CANCELLED


def test_what_nothing_recognises_is_told_by_its_first_line() -> None:
    failure = told("error: a thing nobody has seen\nand more of it")
    assert str(failure) == "prod: the engine failed: a thing nobody has seen; run again with --verbose."


def test_a_long_line_is_cut() -> None:
    assert len(told("error: " + "x" * 900).problem) < 300


def test_what_the_engine_said_stays_for_whoever_asks() -> None:
    assert told("error: a thing nobody has seen\nand more of it").log.endswith("and more of it")


def test_an_engine_that_says_nothing_is_told_so() -> None:
    assert told("").problem == "prod: the engine failed: it did not say why"


def test_a_network_error_after_the_beginning_is_not_the_backends() -> None:
    events = failing("dial tcp: i/o timeout", "update")
    assert classify(Evidence("prod", REFUSED_KEY, events)).kind is Failure.OFFLINE
