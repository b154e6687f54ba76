"""Architecture rules: import directions, no cycles, SDK-free modules, sizes of files and functions, docstrings."""

import ast
import statistics
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from providers import AVAILABLE
from tools.imports import cycles, import_graph
from tools.metrics import SMALL_LINES, cast_count, function_lines, is_marker, line_count, tree

ROOT = Path(__file__).parent.parent
FOLDERS = ("agent_platform", "automation", "components", "providers", "benchmarks", "tools", "tests")
MAX_CASTS = 60
MAX_SMALL_SHARE = 0.25
SOURCES = [ROOT / "__main__.py", *(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))]
CODE = [path for path in SOURCES if "tests" not in path.parts]
SDKS = {
    "aws": "pulumi_aws",
    "gcp": "pulumi_gcp",
    "azure": "pulumi_azure_native",
    "docker": "pulumi_docker",
    "kubernetes": "pulumi_kubernetes",
}
PURE = (
    "limits",
    "naming",
    "context",
    "resource_traits",
    "import_ids",
    "network/cidr",
    "network/limits",
    "compute/limits",
    "monitoring/limits",
    "base/limits",
    "entry/limits",
    "compute/sizes",
    "compute/health",
    "database/sizes",
    "database/parameters",
    "cache/sizes",
    "network/flows",
)


@cache
def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def names(paths: Iterable[Path]) -> list[str]:
    """Return files as a failed test shows them; a rule has one test, because thousands of tests take a minute."""
    return [str(path.relative_to(ROOT)) for path in paths]


def test_the_contract_imports_no_cloud() -> None:
    above = (*(f"providers.{cloud}" for cloud in SDKS), "components", "automation")
    paths = sorted((ROOT / "providers" / "contract").rglob("*.py"))
    assert paths
    assert not names(path for path in paths if any(name.split(".")[0] in SDKS.values() for name in imports(path)))
    assert not names(path for path in paths if any(name.startswith(above) for name in imports(path)))


@pytest.mark.parametrize("cloud", AVAILABLE)
def test_a_cloud_imports_only_itself_and_the_contract(cloud: str) -> None:
    others = tuple(f"providers.{other}" for other in SDKS if other != cloud)
    sdks = {sdk for other, sdk in SDKS.items() if other != cloud}
    for path in (ROOT / "providers" / cloud).rglob("*.py"):
        bad = {name for name in imports(path) if name.startswith(("components", "automation", *others))}
        bad |= {name for name in imports(path) if name.split(".")[0] in sdks}
        assert not bad, f"{path.name} imports {bad}"


def test_neutral_code_imports_no_cloud() -> None:
    above = (*(f"providers.{cloud}" for cloud in SDKS), "automation", *SDKS.values())
    paths = sorted((ROOT / "components").rglob("*.py"))
    assert paths
    assert not names(path for path in paths if any(name.startswith(above) for name in imports(path)))


@pytest.mark.parametrize("cloud", AVAILABLE)
@pytest.mark.parametrize("module", PURE)
def test_pure_modules_import_no_sdk(cloud: str, module: str) -> None:
    path = ROOT / "providers" / cloud / f"{module}.py"
    if path.exists():
        assert not {name for name in imports(path) if name.split(".")[0].startswith("pulumi")}, path


def test_every_module_has_a_docstring() -> None:
    assert not names(path for path in SOURCES if tree(path).body and not ast.get_docstring(tree(path)))


def test_files_stay_under_400_lines() -> None:
    assert not names(path for path in SOURCES if line_count(path) > 400)


def test_functions_stay_under_60_lines() -> None:
    long = {path: [lines for lines in function_lines([path]) if lines > 60] for path in SOURCES}
    assert not names(path for path, lines in long.items() if lines)


def test_nine_of_ten_functions_have_at_most_34_lines() -> None:
    lengths = function_lines(CODE)
    assert statistics.quantiles(lengths, n=10)[-1] <= 34


def test_the_program_stays_short() -> None:
    assert len((ROOT / "__main__.py").read_text(encoding="utf-8").splitlines()) <= 30


def test_no_file_contains_a_machine_path() -> None:
    words = ("/wo" + "rk/", "../sha" + "red")
    for path in (*SOURCES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert not [word for word in words if word in text], path


def test_there_is_no_import_cycle() -> None:
    assert cycles(import_graph(CODE, ROOT)) == []


def test_a_small_module_is_the_exception() -> None:
    modules = [path for path in CODE if not is_marker(path)]
    small = [path for path in modules if line_count(path) < SMALL_LINES]
    assert len(small) <= MAX_SMALL_SHARE * len(modules), sorted(str(path.relative_to(ROOT)) for path in small)


def test_casts_are_rare() -> None:
    assert cast_count(CODE) < MAX_CASTS
