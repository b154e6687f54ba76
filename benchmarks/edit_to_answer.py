"""Time from a saved edit to the first answer of the new code, in a `dev` session that is running.

    python -m benchmarks.edit_to_answer FILE URL [EDITS]

FILE has the text `answer = "..."` or `"answer": "..."`, and URL answers with it. The text is restored at the end.
"""

import re
import ssl
import statistics
import sys
import time
import urllib.request
from http.client import HTTPException
from pathlib import Path

ANSWER = re.compile(r'(answer"?(?: =|:) f?")([^"]*)(")')
EDITS = 10
POLL_SECONDS, REST_SECONDS, TIMEOUT_SECONDS = 0.02, 1.0, 60.0


def answer(url: str) -> str:
    """Return the text of an answer; empty without one."""
    context = ssl.create_default_context()
    # the entry's certificate is signed by the stack's own authority
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS, context=context) as response:  # noqa: S310  # the user's URL
            return response.read().decode()
    except (OSError, HTTPException):
        return ""


def edit_seconds(path: Path, url: str, text: str) -> float:
    """Return the seconds from the save to the first answer with the new text."""
    path.write_text(ANSWER.sub(rf"\g<1>{text}\g<3>", path.read_text(encoding="utf-8")), encoding="utf-8")
    saved = time.monotonic()
    while text not in answer(url):
        if time.monotonic() - saved > TIMEOUT_SECONDS:
            raise SystemExit(f"{url} does not answer with the edit after {TIMEOUT_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - saved


def main(arguments: list[str]) -> None:
    """Print the median and the longest time."""
    path, url = Path(arguments[0]), arguments[1]
    edits = int(arguments[2]) if len(arguments) > 2 else EDITS
    original = path.read_text(encoding="utf-8")
    if not ANSWER.search(original):
        raise SystemExit(f'{path} has no text such as "answer": "..."')
    seconds: list[float] = []
    try:
        for number in range(edits):
            seconds.append(edit_seconds(path, url, f"edit {number} at {time.time():.0f}"))
            time.sleep(REST_SECONDS)
    finally:
        path.write_text(original, encoding="utf-8")
    print(f"{edits} edits: median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
