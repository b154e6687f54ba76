"""SDK packages imported by file: which file has a name, and that nothing behaves differently from the vendor's package."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from providers import sdk_modules
from providers.sdk_modules import PackageByFile, files_of, import_by_file

ROOT = Path(__file__).parents[2]
NAMES = re.compile(r"^__all__ = \[(.*?)\]", re.DOTALL | re.MULTILINE)
FAKE_SDK = {
    "__init__": "from . import compute, config",
    "config/__init__": "import sys\nname = 'as it is'",
    "config/vars": "",
    "compute/__init__": """# generated
import builtins as _builtins
from .. import _utilities
import typing
from ._enums import *
from .get_disk import *
from .url_map import *
from .vpc import *
from ._inputs import *
from . import outputs
""",
    "compute/_enums": "__all__ = ['Tier']\nclass Tier: pass",
    "compute/_inputs": "__all__ = ['VpcRouteArgs']\nfrom ._enums import *\nclass VpcRouteArgs: pass",
    "compute/outputs": "__all__ = ['VpcRoute']\nfrom . import outputs\nclass VpcRoute: pass",
    "compute/get_disk": """__all__ = ['GetDiskResult', 'AwaitableGetDiskResult', 'get_disk', 'get_disk_output']
class GetDiskResult: pass
class AwaitableGetDiskResult: pass
def get_disk(): return 'disk'
def get_disk_output(): return 'disk'
""",
    "compute/url_map": "__all__ = ['URLMap', 'Odd']\nclass URLMap: pass\nclass Odd: pass",
    "compute/vpc": """__all__ = ['Vpc', 'VpcArgs']
from . import outputs
from ._inputs import *
class Vpc: pass
class VpcArgs: pass
""",
    "_utilities": "",
}


@pytest.fixture
def sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A small SDK of the vendor's form, which is found by file; its modules are removed afterwards."""
    for name, text in FAKE_SDK.items():
        file = tmp_path / "fake_sdk" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sdk_modules, "SDKS", ("fake_sdk",))
    import_by_file()
    yield "fake_sdk"
    for name in [name for name in sys.modules if name.partition(".")[0] == "fake_sdk"]:
        del sys.modules[name]


def compute(sdk: str) -> ModuleType:
    return importlib.import_module(f"{sdk}.compute")


def loaded_files(sdk: str) -> set[str]:
    prefix = f"{sdk}.compute."
    return {name.removeprefix(prefix) for name in sys.modules if name.startswith(prefix)}


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("Vpc", {"vpc", "outputs", "_inputs", "_enums"}),
        ("VpcArgs", {"vpc", "outputs", "_inputs", "_enums"}),
        ("VpcRouteArgs", {"_inputs", "_enums"}),
        ("Tier", {"_enums"}),
        ("URLMap", {"url_map"}),
        ("get_disk", {"get_disk"}),
        ("get_disk_output", {"get_disk"}),
        ("AwaitableGetDiskResult", {"get_disk"}),
        ("outputs", {"outputs"}),
    ],
)
def test_a_name_imports_its_own_file_alone(sdk: str, name: str, files: set[str]) -> None:
    package = compute(sdk)
    assert loaded_files(sdk) == set()
    assert getattr(package, name) is not None
    assert loaded_files(sdk) == files


def test_a_function_hides_the_file_of_the_same_name(sdk: str) -> None:
    package = compute(sdk)
    importlib.import_module(f"{sdk}.compute.get_disk")
    assert package.get_disk() == "disk"


def test_a_name_without_a_file_of_its_own_imports_the_package_as_the_vendor_does(sdk: str) -> None:
    package = compute(sdk)
    vpc = package.Vpc
    assert package.Odd.__name__ == "Odd"
    assert type(package) is ModuleType
    assert package.Vpc is vpc
    assert loaded_files(sdk) == {"_enums", "_inputs", "get_disk", "outputs", "url_map", "vpc"}


def test_an_unknown_name_is_an_attribute_error(sdk: str) -> None:
    with pytest.raises(AttributeError, match="Nothing"):
        _ = compute(sdk).Nothing


def test_a_question_of_a_tool_loads_nothing(sdk: str) -> None:
    package = compute(sdk)
    assert not hasattr(package, "__wrapped__")
    assert package.__doc__ is None
    assert loaded_files(sdk) == set()


def test_a_star_import_has_every_name(sdk: str) -> None:
    names: dict[str, object] = {}
    exec(f"from {sdk}.compute import *", names)  # noqa: S102  # a star import is not allowed inside a function
    assert {"Vpc", "VpcArgs", "URLMap", "Odd", "Tier", "get_disk", "VpcRouteArgs"} <= names.keys()


def test_a_listing_has_every_name(sdk: str) -> None:
    assert {"Vpc", "URLMap", "Odd", "Tier", "get_disk", "outputs"} <= set(dir(compute(sdk)))


def test_a_package_of_another_form_runs_as_it_is(sdk: str) -> None:
    config = importlib.import_module(f"{sdk}.config")
    assert config.name == "as it is"
    assert not isinstance(config, PackageByFile)


@pytest.mark.parametrize("line", ["import sys", "from .vpc import Vpc", "X = 1", "if typing.TYPE_CHECKING:"])
def test_an_initializer_that_does_more_than_import_files_is_not_read(line: str) -> None:
    assert files_of(f"from .vpc import *\n{line}\n") is None


def test_files_that_differ_in_underscores_alone_are_not_told_apart() -> None:
    assert files_of("from .url_map import *\nfrom .urlmap import *\n") is None


@pytest.mark.parametrize("sdk", sdk_modules.SDKS)
def test_each_name_of_a_package_in_use_is_taken_from_the_file_that_the_vendor_takes_it_from(sdk: str) -> None:
    packages = packages_in_use(sdk)
    assert len(packages) > 15
    for package in packages:
        folder = Path(str(importlib.import_module(package).__file__)).parent
        files = files_of((folder / "__init__.py").read_text(encoding="utf-8"))
        assert files is not None, package
        names = {file: names_of(folder / f"{file}.py") for file in files.values()}
        by_file = PackageByFile(package)
        vars(by_file)["_files"] = files
        vendors = {name: file for file, public in names.items() for name in public}
        ours = {name: next(file for file in by_file.files_for(name) if name in names[file]) for name in vendors}
        assert ours == vendors


def packages_in_use(sdk: str) -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "providers").rglob("*.py"))
    alias = sdk.removeprefix("pulumi_")
    return {f"{sdk}.{name}" for name in re.findall(rf"\b{alias}\.([a-z]\w+)\.[A-Z]", text)}


def names_of(file: Path) -> set[str]:
    listed = NAMES.search(file.read_text(encoding="utf-8"))
    assert listed is not None, file
    return set(re.findall(r"'(\w+)'", listed[1]))
