"""Smoke test of a new revision by a one-off container inside the cloud, where this machine does not reach the revision. Pure.

The container has curl and runs `smoke_script`: it requests the address until the expected status comes, because an address
of a new revision may need a moment, and prints the last status when it does not.
"""

from collections.abc import Mapping

from providers.contract.spec import Service

CURL_VERSION = "8.11.1"
"""Version of the official image of curl (github.com/curl/curl-container), which has a shell."""
ATTEMPTS = 12
PAUSE_SECONDS = 5
REQUEST_SECONDS = 30
NO_ANSWER = "000"
"""Status that curl prints without an answer: curl(1), `--write-out`."""
NO_HEADER = ":"


def is_requested(service: Service, path: str, expect_status: int) -> bool:
    """Return whether a request is that of `rollout.smoke`, and not `health.path`, which the cloud has tested by itself."""
    smoke = service.rollout.smoke
    return smoke is not None and (path, expect_status) == (smoke.path, smoke.expect_status)


def smoke_variables(url: str, expect_status: int) -> Mapping[str, str]:
    """Return the variables that `smoke_script` reads."""
    return {"SMOKE_URL": url, "SMOKE_STATUS": str(expect_status)}


def smoke_script(header_command: str = NO_HEADER) -> str:
    """Return the shell script of the container; `header_command` prints a header, which is piped and never an argument."""
    request = (
        f"curl --silent --output /dev/null --max-time {REQUEST_SECONDS} --write-out '%{{http_code}}' "
        '--header @- "$SMOKE_URL"'
    )
    return "\n".join(
        (
            "attempt=1",
            f"while [ $attempt -le {ATTEMPTS} ]; do",
            f"  status=$({{ {header_command}; }} | {request})",
            '  [ "$status" = "$SMOKE_STATUS" ] && exit 0',
            f"  attempt=$((attempt + 1)); sleep {PAUSE_SECONDS}",
            "done",
            'echo "smoke-status $status"; exit 1',
        )
    )


def smoke_failure(path: str, expect_status: int, output: str) -> str:
    """Return why a request failed, from the output of the script."""
    words = output.split()
    at = [number for number, word in enumerate(words[:-1]) if word == "smoke-status"]
    status = words[at[-1] + 1] if at else NO_ANSWER
    return wrong_status(path, expect_status, "" if status == NO_ANSWER else status)


def wrong_status(path: str, expect_status: int, status: str) -> str:
    """Return the failure of a request with another status than the expected one, which is empty without an answer."""
    return f"{path} answered {status}, not {expect_status}" if status else f"{path} was not answered"
