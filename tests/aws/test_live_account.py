"""Questions of `audit --live`, asked with the AWS CLI of an account that moto simulates."""

import pytest

from automation.audit.evaluation import LiveAnswers
from automation.audit.live import ask
from automation.shell import LocalShell
from tests.aws.simulated_account import REGION, Account
from tests.contract.test_live_audit import ACCOUNTS, INSTANCE, deployed

pytestmark = pytest.mark.long(reason="needs the AWS CLI and a simulated account")

DATABASE, BUCKET, LOGS = "prod-database-x", "prod-storage-x", "logs-x"
ABSENT = ("CloudTrail trails of every region", "GuardDuty detectors", "recorders of AWS Config", "Security Hub")


def answers_of(account: Account) -> LiveAnswers:
    """Return the answers to the questions about the stack with a database and a bucket."""
    return ask(deployed("aws"), LocalShell(environment=account.environment), LiveAnswers())


def create_stack(account: Account, **changes: object) -> None:
    """Create database and bucket as the stack declares them, with changed settings of the database."""
    size = {"DBInstanceClass": "db.r7g.large", "AllocatedStorage": 100, "Engine": "postgres"}
    login = {"MasterUsername": "platform", "MasterUserPassword": "simulated-password"}
    settings = {**INSTANCE, **changes}
    account.call("rds", "create_db_instance", DBInstanceIdentifier=DATABASE, **size, **login, **settings)
    account.call("s3", "create_bucket", Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})


def create_baseline(account: Account) -> None:
    """Create what the account of a stack should have: trail, detector, recorder and hub."""
    account.call("s3", "create_bucket", Bucket=LOGS, CreateBucketConfiguration={"LocationConstraint": REGION})
    account.call("cloudtrail", "create_trail", Name="all", S3BucketName=LOGS, IsMultiRegionTrail=True)
    account.call("guardduty", "create_detector", Enable=True)
    role = f"arn:aws:iam::{ACCOUNTS['aws']}:role/config"
    account.call("config", "put_configuration_recorder", ConfigurationRecorder={"name": "all", "roleARN": role})
    account.call("config", "put_delivery_channel", DeliveryChannel={"name": "all", "s3BucketName": LOGS})
    account.call("config", "start_configuration_recorder", ConfigurationRecorderName="all")
    account.call("securityhub", "enable_security_hub")


def failed(answers: LiveAnswers) -> list[tuple[str, str]]:
    return [(check, each.property) for check, found in answers.evidence.items() for each in found if not each.passed]


def test_an_account_with_its_baseline_passes(account: Account) -> None:
    create_stack(account)
    create_baseline(account)
    block = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    account.call("s3", "put_public_access_block", Bucket=BUCKET, PublicAccessBlockConfiguration=block)
    answers = answers_of(account)
    assert answers.unanswered == ()
    assert failed(answers) == []
    assert {"account-baseline", "data-stores-are-private", "objects-are-private"} <= answers.evidence.keys()


def test_what_the_account_lacks_fails(account: Account) -> None:
    create_stack(account, PubliclyAccessible=True, DeletionProtection=False)
    answers = answers_of(account)
    assert answers.unanswered == ()
    assert {name for check, name in failed(answers) if check == "account-baseline"} == set(ABSENT)
    others = {check for check, _ in failed(answers)} - {"account-baseline"}
    assert others == {"data-stores-are-private", "deletion-is-guarded", "objects-are-private"}


def test_a_deleted_database_is_no_answer(account: Account) -> None:
    create_baseline(account)
    problems = [error.problem for error in answers_of(account).unanswered]
    assert len(problems) == 2
    assert "rds describe-db-instances" in problems[0] and "get-public-access-block" in problems[1]
