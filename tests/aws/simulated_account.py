"""Account of AWS that moto simulates, with the AWS CLI.

Needs the AWS CLI and moto's server (`pip install "moto[server]" awscli`), on PATH or in `.cache/tools/moto/bin`, where `.ci/tools`
installs them.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from tests.planning import ROOT

PATH = os.pathsep.join((str(ROOT / ".cache" / "tools" / "moto" / "bin"), os.environ.get("PATH", "")))
ACCOUNT, REGION, START_SECONDS = "111122223333", "us-west-2", 300


class Account:
    """Simulated account at an address of this host."""

    def __init__(self, address: str, home: Path) -> None:
        self.address, self.home = address, home

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables by which the AWS CLI and botocore find the account."""
        keys = {"AWS_ACCESS_KEY_ID": "simulated", "AWS_SECRET_ACCESS_KEY": "simulated"}
        return {"PATH": PATH, "HOME": str(self.home), "AWS_ENDPOINT_URL": self.address, "AWS_REGION": REGION, **keys}

    def call(self, service: str, operation: str, **arguments: object) -> Mapping[str, object]:
        """Return the answer of an operation of a service, such as `create_trail`."""
        from botocore.session import Session  # other tests of this folder do not need it

        client = Session().create_client(
            service,
            region_name=REGION,
            endpoint_url=self.address,
            aws_access_key_id="simulated",
            aws_secret_access_key="simulated",  # no account has it
        )
        answer: Mapping[str, object] = getattr(client, operation)(**arguments)
        return answer

    def reset(self) -> None:
        """Remove every resource."""
        urlopen(Request(f"{self.address}/moto-api/reset", method="POST"), timeout=60).close()  # noqa: S310


def program(name: str) -> str:
    """Return the path of a program; skips the test where it is missing."""
    found = shutil.which(name, path=PATH)
    if found is None or (name == "aws" and subprocess.run([found, "--version"], check=False).returncode):
        pytest.skip(f"{name} is not installed")
    return found


@contextmanager
def simulated_account(home: Path) -> Generator[Account]:
    """Yield a simulated account of the ID that the stack names; skips the test where a program is missing."""
    program("aws")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    account = Account(f"http://127.0.0.1:{port}", home)
    environment = {**os.environ, "MOTO_ACCOUNT_ID": ACCOUNT}
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
