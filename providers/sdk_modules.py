"""Cloud SDKs imported by file: of a package such as `pulumi_aws.ec2`, only the files whose names a program uses.

The `__init__.py` of a service's package imports all of its files, 280 for `pulumi_gcp.compute`, of which a platform needs ten.
Here such a package loads the file of a name at its first use, `Vpc` from `vpc.py`, and the vendor's `__init__.py` when a name
has no file that can be told from it. Generated packages only: an `__init__.py` of any other form is run as it is.
"""

import re
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

SDKS = ("pulumi_aws", "pulumi_azure_native", "pulumi_gcp")
"""SDKs with so many files that their packages are imported by file."""
ENUMS, NESTED_INPUTS, OUTPUTS = "_enums", "_inputs", "outputs"
ARGUMENTS = re.compile(r"Args(Dict)?$")
VARIANTS = re.compile(r"^Awaitable|((Init)?Args(Dict)?|Result|_output)$")
"""Prefix and suffixes that a file adds to the name of its class or function, as in `VpcArgs`, `AwaitableGetVpcResult` and `get_vpc_output`."""
FILE_IMPORT = re.compile(r"from \.(\w+) import \*")
PLAIN_LINE = re.compile(
    r"(#.*|import builtins as _builtins|from \.\. import _utilities|import typing|from \. import outputs|)"
)
"""Lines of a generated `__init__.py` beside the imports of its files; they define nothing that a program uses."""


def import_by_file() -> None:
    """Import the packages of `SDKS` that are not loaded yet by file."""
    if not any(isinstance(finder, _SdkFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _SdkFinder())


def files_of(initializer: str) -> dict[str, str] | None:
    """Return the files of a package by `key_of` their name; None where its `__init__.py` does more than import them."""
    files: list[str] = []
    for line in initializer.splitlines():
        if file := FILE_IMPORT.fullmatch(line):
            files.append(file[1])
        elif not PLAIN_LINE.fullmatch(line):
            return None
    by_key = {key_of(file): file for file in files}
    return by_key if len(by_key) == len(files) else None


def key_of(name: str) -> str:
    """Return what the names of a file and of its class have in common: `urlmap` of `URLMap` and of `url_map`."""
    return name.replace("_", "").lower()


class _SdkFinder(MetaPathFinder):
    """Finder of the packages directly below an SDK."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        sdk, _, package = fullname.partition(".")
        if sdk not in SDKS or not package or "." in package:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.submodule_search_locations is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        spec.loader = _PackageLoader(fullname, spec.loader.path)
        return spec


class _PackageLoader(SourceFileLoader):
    """Loader of a package by file."""

    def exec_module(self, module: ModuleType) -> None:
        """Make `module` load its files when their names are used, or run its `__init__.py` if it is of another form."""
        files = files_of(self.get_source(module.__name__) or "")
        if files is None:
            super().exec_module(module)
        else:
            vars(module)["_files"] = files
            module.__class__ = PackageByFile

    def load_whole(self, package: ModuleType) -> None:
        """Run the vendor's `__init__.py`; files that are loaded already are not loaded again."""
        package.__class__ = ModuleType
        super().exec_module(package)


class PackageByFile(ModuleType):
    """Package of an SDK whose files are imported at the first use of one of their names."""

    _files: dict[str, str]
    """Files by `key_of` their name."""

    def __setattr__(self, name: str, value: object) -> None:
        """Take over the names of a file, as `from .file import *` does; the import system sets a file that it has loaded."""
        super().__setattr__(name, value)
        if isinstance(value, ModuleType) and name in self._files.values():
            vars(self).update({public: getattr(value, public) for public in value.__all__})

    def __getattr__(self, name: str) -> object:
        """Import the file of `name`; the whole package if there is none with it."""
        special = name.startswith("__") and name != "__all__"  # asked of any module by tools
        if special:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if name == OUTPUTS:  # imports itself by this name, so the package does not have it yet
            return import_module(f"{self.__name__}.{OUTPUTS}")
        for file in self.files_for(name):
            import_module(f"{self.__name__}.{file}")
            if name in vars(self):
                return vars(self)[name]
        self._load_whole()
        return getattr(self, name)

    def __dir__(self) -> Sequence[str]:
        """Return all names of the package, which loads it whole."""
        self._load_whole()
        return dir(self)

    def files_for(self, name: str) -> list[str]:
        """Return the files that may have a name, most likely first."""
        own = self._files.get(key_of(VARIANTS.sub("", name)))
        likely = [NESTED_INPUTS, own] if ARGUMENTS.search(name) else [own, ENUMS, NESTED_INPUTS]
        return [file for file in likely if file is not None and file in self._files.values()]

    def _load_whole(self) -> None:
        loader = self.__spec__.loader if self.__spec__ else None
        assert isinstance(loader, _PackageLoader)
        loader.load_whole(self)
