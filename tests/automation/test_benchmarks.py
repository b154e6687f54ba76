"""One run of all measurements: what is written, with which load, and when nothing is measured."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import __main__ as every
from benchmarks import measure

TITLES = [
    "Longest deploy chain",
    "Entry with authentication and limits",
    "Cold plan compared with the baseline",
    "Steps of rollouts",
    "Failover",
    "Under the real engine",
]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that is written by reports of one line, the last of which exceeds its bound, on a quiet machine."""
    monkeypatch.setattr(measure, "FILE", tmp_path / "benchmarks.md")
    monkeypatch.setattr(every, "missing_engine", lambda: None)
    monkeypatch.setattr(every, "load", lambda: 0.5)
    last = every.REPORTS[-1][0]

    def report_of(title: str) -> every.Report:
        def report(clouds: Sequence[str]) -> tuple[str, bool]:
            return f"{title} on {' '.join(clouds)}", title != last

        return report

    reports = tuple((title, module, report_of(title), clouds) for title, module, _, clouds in every.REPORTS)
    monkeypatch.setattr(every, "REPORTS", reports)
    return tmp_path / "benchmarks.md"


def test_one_run_writes_every_section_with_one_load(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert every.main(["--write"]) == 1
    text = written.read_text(encoding="utf-8")
    assert re.findall("^## (.*)$", text, re.MULTILINE) == TITLES
    assert re.findall(r"load (\S+),", text) == ["0.50"] * len(TITLES)
    printed = capsys.readouterr().out
    assert all(f"{title} on " in text and f"{title} on " in printed for title in TITLES)


def test_without_write_the_reports_are_printed_alone(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    every.main([])
    assert "Steps of rollouts on " in capsys.readouterr().out
    assert not written.exists()


@pytest.mark.parametrize(("busy", "no_engine"), [(measure.MAX_LOAD + 0.1, None), (0.5, "no engine")])
def test_nothing_is_measured_that_cannot_be_written(
    written: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    busy: float,
    no_engine: str | None,
) -> None:
    monkeypatch.setattr(every, "load", lambda: busy)
    monkeypatch.setattr(every, "missing_engine", lambda: no_engine)
    assert every.main(["--write"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert (no_engine or "the load was 1.60, above 1.5") in output.err
    assert not written.exists()
