"""Classification of failures by the error texts of the engine and of providers."""

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
from tests.automation.event_fixtures import recorded, step, urn_of

LOCK_ERROR = """error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.
  file:///state/.pulumi/locks/organization/agent-platform/prod/6041.json?no_tmp_dir=true: created by maria@ci-7 (pid 20334) at 2026-11-21T11:13:43Z"""
CONNECTION_REFUSED = 'error: performing HTTP request: Get "https://127.0.0.1:1/api/user": dial tcp 127.0.0.1:1: connect: connection refused'
NO_HOST = 'error: read ".pulumi/meta.yaml": blob (code=Unknown): operation error S3: GetObject, request send failed, Get "https://state.s3.amazonaws.com/": dial tcp: lookup state.s3.amazonaws.com: no such host'
BROKEN_SNAPSHOT = """error: The Pulumi CLI encountered a snapshot integrity error. This is a bug!
Error:             snapshot integrity failure; refusing to use it: resource urn:x refers to unknown provider urn:y"""

ENGINE_ERRORS = [
    ("error: getting stack configuration: get stack secrets manager: incorrect passphrase", Failure.WRONG_PASSPHRASE),
    (
        "error: getting stack configuration: get stack secrets manager: passphrase must be set with "
        "PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
        Failure.NO_PASSPHRASE,
    ),
    (LOCK_ERROR, Failure.LOCKED),
    ("error: [409] Conflict: Another update is currently in progress.", Failure.LOCKED),
    ("error: failed to load checkpoint: place 1: unexpected end of JSON input", Failure.DAMAGED),
    ("error: place 1: unexpected end of JSON input", Failure.DAMAGED),
    ("error: failed to load checkpoint: EOF", Failure.DAMAGED),
    ("error: EOF", Failure.DAMAGED),
    ("error: resource 'bad' missing required 'type' field", Failure.DAMAGED),
    (BROKEN_SNAPSHOT, Failure.DAMAGED),
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
    (
        "error: 2 errors occurred:\n\t* mkdir /state/.pulumi/locks: read-only file system\n\t* again",
        Failure.NO_BACKEND,
    ),
    ("error: open /state/.pulumi/meta.yaml: permission denied", Failure.NO_BACKEND),
    ("error: write /state/.pulumi/stacks/prod.json: no space left on device", Failure.NO_BACKEND),
    ('error: unable to open bucket "azblob://state": azureblob: Options.AccountName is required', Failure.NO_BACKEND),
    (CONNECTION_REFUSED, Failure.UNREACHABLE),
    (NO_HOST, Failure.UNREACHABLE),
]
PROVIDER_ERRORS = [
    ("AWS account ID not allowed: 999900001111", Failure.WRONG_ACCOUNT),
    ('Code="SubscriptionNotFound" Message="The subscription \'x\' could not be found."', Failure.WRONG_ACCOUNT),
    ("googleapi: Error 403: USER_PROJECT_DENIED", Failure.WRONG_ACCOUNT),
    ("No valid credential sources found. Please see the provider's documentation.", Failure.NO_CREDENTIALS),
    ("google: could not find default credentials.", Failure.NO_CREDENTIALS),
    (
        "unable to build authorizer: could not configure AzureCli Authorizer: please run 'az login'",
        Failure.NO_CREDENTIALS,
    ),
    ("operation error RDS: CreateDBInstance, api error AccessDenied: not authorized", Failure.NO_PERMISSION),
    ("googleapi: Error 403: Permission 'run.services.create' denied, forbidden", Failure.NO_PERMISSION),
    ('Code="AuthorizationFailed" Message="The client does not have authorization"', Failure.NO_PERMISSION),
    ("api error VpcLimitExceeded: The maximum number of VPCs has been reached.", Failure.QUOTA),
    ("googleapi: Error 429: RESOURCE_EXHAUSTED", Failure.QUOTA),
    ("dial tcp: lookup rds.us-west-2.amazonaws.com: no such host", Failure.OFFLINE),
    ("error reading from server: connection reset by peer", Failure.OFFLINE),
    ('resource "urn:x" cannot be deleted\nbecause it is protected. To unprotect the resource', Failure.PROTECTED),
    ('resource "urn:pulumi:prod::p::a:b:C::prod-entry" cannot be deleted\nbecause it is protected.', Failure.PROTECTED),
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
PROGRAM_ERROR = """Program failed with an unhandled exception:
Traceback (most recent call last):
  File "/app/__main__.py", line 45, in <module>
    raise ValueError("boom")
ValueError: boom"""
INVOKE_ERROR = """Program failed with an unhandled exception:
Traceback (most recent call last):
  File "/app/providers/aws/network/subnets.py", line 9, in zones
Exception: invoke of aws:index/getAvailabilityZones:getAvailabilityZones failed: invocation of \
aws:index/getAvailabilityZones:getAvailabilityZones returned an error: AWS account ID not allowed: 999900001111"""


def failure_before_changes(stderr: str) -> DeploymentFailed:
    """Return the failure of a command that ended with this standard error before it changed anything."""
    return classify(Evidence("prod", stderr))


def failed_step(text: str, operation: str = "create") -> list[Event]:
    """Return the events of a resource for which a provider returned an error."""
    urn = urn_of("aws:rds/instance:Instance", "prod-database")
    return [
        EngineMessage(1.0, "error", text, urn),
        StepFailed(2.0, step(operation)),
        EngineMessage(3.0, "error", "update failed"),
    ]


def provider_failure(text: str, operation: str = "create") -> DeploymentFailed:
    return classify(Evidence("prod", "error: update failed", failed_step(text, operation)))


def program_failure(text: str) -> DeploymentFailed:
    return classify(Evidence("prod", "", [EngineMessage(1.0, "error", text)]))


def test_the_cause_of_a_failed_program_is_no_warning_after_it() -> None:
    warning = "warning: using pulumi-language-python from $PATH at /a/pulumi-language-python expected /b/it"
    assert program_failure(f"{PROGRAM_ERROR}\n{warning}").problem == "the program failed: ValueError: boom"


@pytest.mark.parametrize(("stderr", "kind"), ENGINE_ERRORS)
def test_an_error_of_the_engine_has_its_kind(stderr: str, kind: Failure) -> None:
    assert failure_before_changes(stderr).kind is kind


@pytest.mark.parametrize(("text", "kind"), PROVIDER_ERRORS)
def test_an_error_of_a_provider_has_its_kind(text: str, kind: Failure) -> None:
    assert provider_failure(text).kind is kind


def test_every_pattern_matches_a_text_of_these_tests() -> None:
    kinds = {kind for _, kind in (*ENGINE_ERRORS, *PROVIDER_ERRORS)}
    kinds |= {Failure.NO_ENVIRONMENT, Failure.POLICY, Failure.PROGRAM}
    patterns = (*STACK_PATTERNS, *CLOUD_PATTERNS, *PROGRAM_PATTERNS, UNREACHABLE_BACKEND)
    assert {pattern.kind for pattern in patterns} <= kinds


@pytest.mark.parametrize(("stderr", "kind"), ENGINE_ERRORS)
def test_every_failure_is_one_line_with_the_stack_the_problem_and_the_fix(stderr: str, kind: Failure) -> None:
    failure = failure_before_changes(stderr)
    assert failure.stack == "prod"
    assert str(failure) == f"prod: {failure.problem}. {failure.fix[0].upper()}{failure.fix[1:]}."
    assert "\n" not in str(failure)


def test_a_lock_names_its_holder_and_the_fix() -> None:
    assert str(failure_before_changes(LOCK_ERROR)) == (
        "prod: an update by maria@ci-7 (process 20334) has held the lock since 2026-11-21T11:13:43Z. Wait until it ends; "
        "if that process no longer exists, run `agent-platform cancel prod`."
    )


def test_credentials_of_another_account_name_that_account() -> None:
    failure = provider_failure("AWS account ID not allowed: 999900001111")
    assert failure.problem.endswith("(current account: 999900001111)")


def test_an_unclassified_provider_error_names_the_action_and_the_resource() -> None:
    assert provider_failure("the instance class is not offered in this zone").problem == (
        "could not create prod-database (rds:Instance): the instance class is not offered in this zone"
    )


def test_a_recorded_failure_is_classified() -> None:
    failure = classify(Evidence("trial", "error: update failed", recorded("fail")))
    assert failure.problem == "a quota of the account is exhausted: cannot update trial-compute-web (ecs:Service)"


def test_an_error_of_a_provider_function_is_classified() -> None:
    assert program_failure(INVOKE_ERROR).kind is Failure.WRONG_ACCOUNT


def test_an_error_of_a_provider_function_names_the_function() -> None:
    failure = program_failure(INVOKE_ERROR.replace("AWS account ID not allowed: 999900001111", "UnauthorizedOperation"))
    assert failure.problem == "the credentials have no permission to call getAvailabilityZones"


@pytest.mark.parametrize("cause", ["no space left on device", "read-only file system", "permission denied"])
def test_a_state_that_cannot_be_saved_during_an_update_is_no_failure_of_the_program(cause: str) -> None:
    written = f'blob (key ".pulumi/stacks/agent-platform/prod.json") (code=Unknown): write /state/.pulumi/stacks/prod.json.tmp: {cause}'
    text = f"pre-step event returned an error: failed to save snapshot: An IO error occurred while writing the new snapshot file: {written}"
    failure = classify(Evidence("prod", "error: update failed", [EngineMessage(1.0, "error", text)]))
    assert failure.kind is Failure.NO_BACKEND
    assert failure.problem == failure_before_changes(f"error: write /state: {cause}").problem


def test_an_exception_of_the_program_is_reported_by_its_last_line() -> None:
    failure = program_failure(PROGRAM_ERROR)
    assert (failure.kind, failure.problem) == (Failure.PROGRAM, "the program failed: ValueError: boom")


def test_every_property_of_an_existing_network_that_does_not_fit_is_reported() -> None:
    lines = "network.existing.aws.vpc_id: one. Fix it.\nnetwork.existing.aws.public_subnet_ids: two. Fix it."
    error = f"providers.contract.diagnostics.InvalidConfiguration: {lines}\nwarning: a deprecation"
    failure = program_failure(PROGRAM_ERROR.replace("ValueError: boom", error))
    assert (failure.kind, failure.problem) == (Failure.PROGRAM, f"the existing network does not fit:\n{lines}")
    assert "docs/existing.md" in failure.fix


def test_a_missing_package_of_the_program_is_named() -> None:
    error = "ModuleNotFoundError: No module named 'pulumi_aws'"
    failure = program_failure(PROGRAM_ERROR.replace("ValueError: boom", error))
    assert failure.problem == "the Python environment of the program has no package pulumi_aws"


def test_the_first_interrupt_cancels_cleanly() -> None:
    failure = classify(Evidence("prod", "error: update failed", [], interrupts=1))
    assert failure.kind is Failure.CANCELLED
    assert (
        failure.problem == "cancelled during the update; running operations were completed and are saved in the state"
    )


@pytest.mark.parametrize("interrupts", [1, 2])
def test_an_interrupted_preview_has_changed_nothing(interrupts: int) -> None:
    evidence = Evidence("prod", "error: update cancelled", [], interrupts, operation="preview", read_only=True)
    assert str(classify(evidence)) == (
        "prod: cancelled during the preview; nothing was changed. Run the command again."
    )


def test_an_interrupted_resource_is_named() -> None:
    failure = classify(Evidence("prod", "", failed_step("create was cancelled"), interrupts=1))
    assert failure.problem == (
        "cancelled during create prod-database (rds:Instance); completed steps are saved in the state"
    )
    assert failure.fix == "run `agent-platform recover prod`, then retry"


@pytest.mark.parametrize("killed", [False, True])
def test_after_the_second_interrupt_the_fix_is_recover(killed: bool) -> None:
    failure = classify(Evidence("prod", "error: update cancelled", [], interrupts=2, killed=killed))
    assert failure.kind is Failure.KILLED
    assert failure.fix == "run `agent-platform recover prod`"


def test_an_update_that_another_user_cancelled_is_cancelled() -> None:
    assert classify(Evidence("prod", "error: update canceled", [])).kind is Failure.CANCELLED


def test_an_unclassified_failure_quotes_the_first_line() -> None:
    failure = failure_before_changes("error: a new kind of error\nwith a second line")
    assert failure.kind is Failure.UNKNOWN
    assert failure.problem == "the engine failed: a new kind of error"
    assert failure.log.endswith("with a second line")


def test_a_long_line_is_cut() -> None:
    assert len(failure_before_changes("error: " + "x" * 900).problem) < 300


def test_an_engine_without_output_is_reported() -> None:
    assert failure_before_changes("").problem == "the engine failed: no error message"


def test_a_network_error_during_an_update_is_not_one_of_the_backend() -> None:
    events = failed_step("dial tcp: i/o timeout", "update")
    assert classify(Evidence("prod", CONNECTION_REFUSED, events)).kind is Failure.OFFLINE
