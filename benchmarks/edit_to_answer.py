"""Time from a saved edit to the first answer of the new code, in a `dev` session that is running.

    python -m benchmarks.edit_to_answer FILE URL [--edits 10] [--rest-seconds 1] [--header 'Authorization: Bearer ...']

FILE has the text `answer = "..."` or `"answer": "..."`, and URL answers with it. The text is restored at the end. Each time is
printed with the load of the machine.
"""

import argparse
import os
import re
import ssl
import statistics
import time
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path

ANSWER = re.compile(r'(answer"?(?: =|:) f?")([^"]*)(")')
EDITS = 10
POLL_SECONDS, REST_SECONDS, TIMEOUT_SECONDS = 0.02, 1.0, 60.0
Headers = Mapping[str, str]


def answer(url: str, headers: Headers) -> str:
    """Return the text of an answer; empty without one."""
    context = ssl.create_default_context()
    # the entry's certificate is signed by the stack's own authority
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310  # the user's URL
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=context) as response:  # noqa: S310
            return response.read().decode()
    except (OSError, HTTPException):
        return ""


def edit_seconds(path: Path, url: str, text: str, headers: Headers) -> float:
    """Return the seconds from the save to the first answer with the new text."""
    path.write_text(ANSWER.sub(rf"\g<1>{text}\g<3>", path.read_text(encoding="utf-8")), encoding="utf-8")
    saved = time.monotonic()
    while text not in answer(url, headers):
        if time.monotonic() - saved > TIMEOUT_SECONDS:
            raise SystemExit(f"{url} does not answer with the edit after {TIMEOUT_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - saved


def main() -> None:
    """Print each time, and the median and the longest."""
    options = _options()
    path, (name, _, value) = Path(options.file), options.header.partition(": ")
    original = path.read_text(encoding="utf-8")
    if not ANSWER.search(original):
        raise SystemExit(f'{path} has no text such as "answer": "..."')
    seconds: list[float] = []
    try:
        for number in range(options.edits):
            text = f"edit {number} at {time.time():.0f}"
            seconds.append(edit_seconds(path, options.url, text, {name: value} if name else {}))
            print(f"{seconds[-1]:.2f} s (load {os.getloadavg()[0]:.1f})", flush=True)
            time.sleep(options.rest_seconds)
    finally:
        path.write_text(original, encoding="utf-8")
    print(f"{len(seconds)} edits: median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("url")
    parser.add_argument("--edits", type=int, default=EDITS)
    parser.add_argument("--rest-seconds", type=float, default=REST_SECONDS)
    parser.add_argument("--header", default="")
    return parser.parse_args()


if __name__ == "__main__":
    main()
