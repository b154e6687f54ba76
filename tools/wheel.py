"""Packages of the wheel: those of the repository below `agent_platform`, with the imports that name them changed.

In the repository they are top-level packages, which would collide with those of a program that installs the wheel. The change
is a prefix in import statements alone; modules that are imported by name have names relative to their own package.
"""

import ast
import shutil
from pathlib import Path

PACKAGE = "agent_platform"
BELOW = ("automation", "components", "providers")
LEFT_OUT = ("__pycache__",)


def write_packages(root: Path, target: Path) -> None:
    """Write the packages of the repository `root` into `target`, as the wheel has them."""
    for folder, destination in ((PACKAGE, target), *((name, target / name) for name in BELOW)):
        for path in sorted((root / folder).rglob("*")):
            if path.is_dir() or any(part in LEFT_OUT for part in path.parts):
                continue
            written = destination / path.relative_to(root / folder)
            written.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".py":
                written.write_text(below_package(path.read_text(encoding="utf-8")), encoding="utf-8")
            else:
                shutil.copy(path, written)


def below_package(source: str) -> str:
    """Return a module whose imports of the repository's packages have the package of the wheel before them.

    Raises ValueError for `import providers`, whose name in the module would change.
    """
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import) and any(_is_below(alias.name) for alias in node.names):
            raise ValueError(f"line {node.lineno}: use `from ... import ...` for packages of the repository")
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _is_below(node.module or ""):
            line = lines[node.lineno - 1]
            # columns of the syntax tree count bytes, and what is before an import is ASCII
            before, statement = line[: node.col_offset], line[node.col_offset :]
            lines[node.lineno - 1] = before + statement.replace("from ", f"from {PACKAGE}.", 1)
    return "".join(lines)


def _is_below(module: str) -> bool:
    return module.partition(".")[0] in BELOW
