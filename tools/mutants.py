"""Plant one-line faults and check that the tests catch them: `python -m tools.mutants [NAME ...]` or `make mutants`.

`tests/mutants.toml` lists the faults. Each is applied to a copy of the checkout, so the working tree is never changed, and
the tests that it names must fail. A mutant that may survive has the reason in `survives`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LIST = ROOT / "tests" / "mutants.toml"
COPIED = (
    "__main__.py",
    "Pulumi.yaml",
    "pyproject.toml",
    "automation",
    "components",
    "providers",
    "tests",
    "tools",
    "docs",
)
TIMEOUT_SECONDS = 600
TESTS_FAILED = 1
"""Exit code of pytest for failed tests; other codes are errors of the run."""
TIMED_OUT = -1


@dataclass(frozen=True)
class Mutant:
    """One-line fault; `before` must occur exactly once in the file."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]
    survives: str = ""
    """Reason why no test can catch it; empty when one must."""


@dataclass(frozen=True)
class MutantResult:
    """Result of one mutant."""

    mutant: Mutant
    caught: bool
    detail: str

    @property
    def expected(self) -> bool:
        """True when a mutant was caught, or survived with a reason."""
        return self.caught or bool(self.mutant.survives)


def load_mutants(path: Path = LIST) -> list[Mutant]:
    """Read the list of mutants."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]
    return [_mutant(entry) for entry in entries]


def _mutant(entry: Mapping[str, Any]) -> Mutant:
    texts = (entry[key] for key in ("name", "file", "before", "after"))
    return Mutant(*texts, tests=tuple(entry["tests"]), survives=entry.get("survives", ""))


def mutated(mutant: Mutant, root: Path = ROOT) -> str:
    """Return the text of the file with the fault; raises ValueError unless `before` occurs exactly once."""
    text = (root / mutant.file).read_text(encoding="utf-8")
    if text.count(mutant.before) != 1:
        raise ValueError(f"{mutant.name}: {mutant.before!r} occurs {text.count(mutant.before)} times in {mutant.file}")
    return text.replace(mutant.before, mutant.after)


def baseline_failure(mutants: Iterable[Mutant]) -> str:
    """Run all tests of the mutants without a fault; return the first failure, or an empty text."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    with tempfile.TemporaryDirectory() as folder:
        _copy(Path(folder))
        code, detail = _pytest(Path(folder), tests)
    return detail if code else ""


def run(mutant: Mutant) -> MutantResult:
    """Run the tests of a mutant in a copy of the checkout."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        _copy(copy)
        (copy / mutant.file).write_text(mutated(mutant), encoding="utf-8")
        code, detail = _pytest(copy, mutant.tests)
    return MutantResult(mutant, code == TESTS_FAILED, detail)


def _pytest(folder: Path, tests: Iterable[str]) -> tuple[int, str]:
    """Exit code of pytest in a folder, and the first failure."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    try:
        process = subprocess.run(  # noqa: S603  # pytest on a copy of this checkout
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return TIMED_OUT, f"no result after {TIMEOUT_SECONDS} s"
    failures = (line for line in process.stdout.splitlines() if line.startswith(("FAILED", "ERROR")))
    return process.returncode, next(failures, f"exit code {process.returncode}")


def _copy(folder: Path) -> None:
    for name in (
        *COPIED,
        *(path.name for path in ROOT.glob("*.md")),
        *(path.name for path in ROOT.glob("Pulumi.*.yaml")),
    ):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copy(source, folder / name)


def selected(names: Iterable[str]) -> list[Mutant]:
    """Mutants by name; all without names."""
    requested = set(names)
    return [mutant for mutant in load_mutants() if not requested or mutant.name in requested]


def main() -> int:
    """Run the mutants and print a line for each; 1 when one survives without a reason."""
    mutants = selected(sys.argv[1:])
    failure = baseline_failure(mutants)
    if failure:
        print(f"the tests fail without a fault: {failure}")
        return 1
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        results = list(pool.map(run, mutants))
    for result in results:
        state = "caught" if result.caught else "survived"
        print(f"{state:8} {result.mutant.name:45} {result.mutant.survives or result.detail}")
    caught = sum(result.caught for result in results)
    print(f"{caught} of {len(results)} caught")
    return 0 if all(result.expected for result in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
