"""Size, structure and wording of the repository as one Markdown table: `python -m tools.metrics [FOLDER]`.

The rows are those of docs/metrics.md; `make metrics` prints them for the current checkout.
"""

import ast
import statistics
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from tools import wording
from tools.imports import cycles, import_graph

PROGRAM = ("__main__.py", "agent_platform", "automation", "benchmarks", "components", "providers")
SMALL_LINES = 70
Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(root: Path, names: tuple[str, ...]) -> list[Path]:
    """Python files under the named files and folders of a checkout."""
    files: list[Path] = []
    for name in names:
        path = root / name
        files += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return files


def is_marker(path: Path) -> bool:
    """True for an `__init__.py` with nothing but a docstring."""
    return path.name == "__init__.py" and len(tree(path).body) <= 1


@cache
def tree(path: Path) -> ast.Module:
    """Parsed source of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def line_count(path: Path) -> int:
    """Lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def percentiles(values: list[int]) -> str:
    """Median, 90th percentile and maximum."""
    return f"{statistics.median(values):.0f} / {statistics.quantiles(values, n=10)[-1]:.0f} / {max(values)}"


def functions(paths: list[Path]) -> Iterator[Function]:
    """Every function and method."""
    for path in paths:
        yield from (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def function_lines(paths: list[Path]) -> list[int]:
    """Lines of each function."""
    return [(node.end_lineno or node.lineno) - node.lineno + 1 for node in functions(paths)]


def cast_count(paths: list[Path]) -> int:
    """Calls of `typing.cast`."""
    calls = (node for path in paths for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
    return sum(isinstance(call.func, ast.Name) and call.func.id == "cast" for call in calls)


def ignore_count(paths: list[Path]) -> int:
    """Comments that switch off a rule of a tool."""
    marks = ("# noqa", "# type: ignore", "# pyrefly: ignore")
    return sum(path.read_text(encoding="utf-8").count(mark) for path in paths for mark in marks)


def type_checking_count(paths: list[Path]) -> int:
    """Blocks of imports for type checkers only."""
    return sum("\nif TYPE_CHECKING:" in path.read_text(encoding="utf-8") for path in paths)


def rows(root: Path) -> Iterator[tuple[str, str]]:
    """Label and value of each figure."""
    program = python_files(root, PROGRAM)
    tests = python_files(root, ("tests",))
    modules = [path for path in program if not is_marker(path)]
    sizes = [line_count(path) for path in modules]
    small = sum(size < SMALL_LINES for size in sizes)
    yield "program: files / lines", f"{len(program)} / {sum(line_count(path) for path in program)}"
    yield "modules (without docstring-only `__init__.py`)", str(len(modules))
    yield "lines of a module: median / 90th percentile / maximum", percentiles(sizes)
    yield f"modules below {SMALL_LINES} lines", f"{100 * small / len(sizes):.0f} %"
    yield "modules in automation/", str(sum("automation" in path.parts for path in modules))
    yield "lines of a function: median / 90th percentile / maximum", percentiles(function_lines(program))
    yield "calls of `cast(`", str(cast_count(program))
    yield "`noqa`, `type: ignore`", str(ignore_count(program))
    yield "`if TYPE_CHECKING` blocks", str(type_checking_count(program))
    yield "import cycles", str(len(cycles(import_graph(program, root))))
    yield "class names used twice", str(len(wording.shared_class_names(program)))
    yield "modules named by a participle", str(len(wording.participle_modules(program)))
    yield "docstrings that begin with a question word", str(len(wording.question_docstrings(program)))
    measures: dict[str, Callable[[list[Path]], Iterator[wording.Text]]] = {
        "docstrings": wording.docstrings,
        "messages": wording.messages,
        "comments": wording.comments,
    }
    for label, texts in measures.items():
        yield f"odd words per 1000 in {label}", f"{wording.measure(texts(program)).per_1000:.1f}"
    odd = wording.measure(wording.identifiers(program), "identifiers")
    yield "odd words per 1000 in identifiers", f"{odd.per_1000:.1f}"
    test_lines, program_lines = (sum(line_count(path) for path in paths) for paths in (tests, program))
    yield "lines of tests : program", f"{test_lines / program_lines:.2f}"


def main() -> None:
    """Print the table."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    sys.setrecursionlimit(10_000)
    print("| figure | value |\n|---|---|")
    for label, value in rows(root):
        print(f"| {label} | {value} |")


if __name__ == "__main__":
    main()
