"""Questions of `audit --live`, asked with the AWS CLI of an account that moto simulates.

Needs the AWS CLI and moto's server (`pip install "moto[server]" awscli`), on PATH or in `.cache/tools/moto/bin`, where `.ci/tools`
installs them.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from botocore.session import Session

from automation.audit.evaluation import LiveAnswers
from automation.audit.live import ask
from automation.shell import LocalShell
from tests.contract.test_live_audit import ACCOUNTS, INSTANCE, deployed
from tests.planning import ROOT

pytestmark = pytest.mark.long(reason="needs the AWS CLI and a simulated account")

PATH = os.pathsep.join((str(ROOT / ".cache" / "tools" / "moto" / "bin"), os.environ.get("PATH", "")))
REGION, START_SECONDS = "us-west-2", 300
DATABASE, BUCKET, LOGS = "prod-database-x", "prod-storage-x", "logs-x"
ABSENT = ("CloudTrail trails of every region", "GuardDuty detectors", "recorders of AWS Config", "Security Hub")


class Account:
    """Simulated account at an address of this host."""

    def __init__(self, address: str, home: Path) -> None:
        self.address, self.home = address, home

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables by which the AWS CLI and botocore find the account."""
        keys = {"AWS_ACCESS_KEY_ID": "simulated", "AWS_SECRET_ACCESS_KEY": "simulated"}
        return {"PATH": PATH, "HOME": str(self.home), "AWS_ENDPOINT_URL": self.address, "AWS_REGION": REGION, **keys}

    def call(self, service: str, operation: str, **arguments: object) -> None:
        """Call an operation of a service, such as `create_trail`."""
        client = Session().create_client(
            service,
            region_name=REGION,
            endpoint_url=self.address,
            aws_access_key_id="simulated",
            aws_secret_access_key="simulated",  # no account has it
        )
        getattr(client, operation)(**arguments)

    def answers(self) -> LiveAnswers:
        """Return the answers to the questions about the stack with a database and a bucket."""
        return ask(deployed("aws"), LocalShell(environment=self.environment), LiveAnswers())


def program(name: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None or (name == "aws" and subprocess.run([found, "--version"], check=False).returncode):
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Return a simulated account of the ID that the stack names."""
    program("aws")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    account = Account(f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("home"))
    environment = {**os.environ, "MOTO_ACCOUNT_ID": ACCOUNTS["aws"]}
    command = [program("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(account.address)
            yield account
        finally:
            process.terminate()


def _wait(address: str) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        with suppress(URLError, ConnectionError):
            urlopen(f"{address}/moto-api/", timeout=5).close()  # noqa: S310  # an address of this host
            return
        assert time.monotonic() < end, f"moto has not answered within {START_SECONDS} s"
        time.sleep(0.2)


@pytest.fixture
def account(server: Account) -> Account:
    """Return the account without resources."""
    urlopen(Request(f"{server.address}/moto-api/reset", method="POST"), timeout=60).close()  # noqa: S310
    return server


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
    answers = account.answers()
    assert answers.unanswered == ()
    assert failed(answers) == []
    assert {"account-baseline", "data-stores-are-private", "objects-are-private"} <= answers.evidence.keys()


def test_what_the_account_lacks_fails(account: Account) -> None:
    create_stack(account, PubliclyAccessible=True, DeletionProtection=False)
    answers = account.answers()
    assert answers.unanswered == ()
    assert {name for check, name in failed(answers) if check == "account-baseline"} == set(ABSENT)
    others = {check for check, _ in failed(answers)} - {"account-baseline"}
    assert others == {"data-stores-are-private", "deletion-is-guarded", "objects-are-private"}


def test_a_deleted_database_is_no_answer(account: Account) -> None:
    create_baseline(account)
    problems = [error.problem for error in account.answers().unanswered]
    assert len(problems) == 2
    assert "rds describe-db-instances" in problems[0] and "get-public-access-block" in problems[1]
