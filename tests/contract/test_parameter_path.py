"""A setting takes a short way from the program to the resource that it configures."""

import inspect
from pathlib import Path

import pytest

from providers.contract.spec import Autoscaling
from tests.planning import ROOT, fresh_recordings, plan, production

PROGRAM = str(ROOT / "components" / "program.py")
MAX_FILES = 7
SKIPPED = (str(ROOT / "tests"), str(ROOT / ".venv"))


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_a_scaling_target_passes_at_most_seven_files(cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    paths: list[tuple[str, ...]] = []

    def recording(model: Autoscaling, name: str) -> object:
        if name == "cpu_percent":
            paths.append(_files_since_program())
        return object.__getattribute__(model, name)

    monkeypatch.setattr(Autoscaling, "__getattribute__", recording, raising=False)
    with fresh_recordings():
        plan(production(cloud=cloud))
    declared = [path for path in paths if any(f"providers/{cloud}/compute" in file for file in path)]
    assert declared
    longest = max(declared, key=len)
    assert len(longest) <= MAX_FILES, longest


def _files_since_program() -> tuple[str, ...]:
    """Files of this repository on the stack, from the program to the reader of the value, each once."""
    files: list[str] = []
    frame = inspect.currentframe()
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(str(ROOT)) and not name.startswith(SKIPPED):
            files.append(str(Path(name).relative_to(ROOT)))
        if name == PROGRAM:
            break
        frame = frame.f_back
    return tuple(dict.fromkeys(reversed(files)))
