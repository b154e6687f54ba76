"""All measurements of docs/benchmarks.md in one run.

    python -m benchmarks [--write]

The load of the machine is read once, before the first measurement: later ones would count those before them. With `--write`
nothing is measured on a machine that is too busy to write.
"""

import sys
from collections.abc import Callable, Sequence

from benchmarks import critical_path, engine, entry, failover, program, rollout
from benchmarks.measure import load, too_busy, write_section
from tests.engine.project import missing_engine
from tests.engine.rollout_cloud import SERVICE_TYPES

Report = Callable[[Sequence[str]], tuple[str, bool]]
REPORTS: tuple[tuple[str, str, Report, Sequence[str]], ...] = (
    (critical_path.TITLE, "benchmarks.critical_path", critical_path.report, list(critical_path.REQUIRED)),
    (entry.TITLE, "benchmarks.entry", entry.report, entry.MODES),
    (program.TITLE, "benchmarks.program", program.report, program.CLOUDS),
    (rollout.TITLE, "benchmarks.rollout", rollout.report, list(SERVICE_TYPES)),
    (failover.TITLE, "benchmarks.failover", failover.report, list(failover.CLOUDS)),
    (engine.TITLE, "benchmarks.engine", engine.report, engine.CLOUDS),
)
"""Title, module, report and clouds (or modes) of each section, the shortest measurement first."""


def main(arguments: Sequence[str]) -> int:
    """Print every report, and write it with `--write`; return 1 if one exceeds a bound, 2 if it cannot be measured."""
    load_before, write = load(), "--write" in arguments
    unable = missing_engine() or (too_busy(load_before) if write else None)
    if unable:
        print(unable, file=sys.stderr)
        return 2
    print(f"load {load_before:.2f}", flush=True)
    holds = True
    for title, module, report, clouds in REPORTS:
        text, within = report(clouds)
        print(f"\n## {title}\n\n{text}", flush=True)
        if write:
            write_section(title, f"python -m {module} --write", text, load_before)
        holds = holds and within
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
