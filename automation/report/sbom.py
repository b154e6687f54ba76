"""Software bill of materials of this package in CycloneDX 1.6, from the metadata of the installed distributions.

Only distributions that the package and the SDK of one cloud need are part of it, each once, in alphabetical order, without
a time or a random number: the same installation has the same document.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from uuid import NAMESPACE_URL, uuid5

from components.configuration import PROJECT
from providers.contract.diagnostics import ConfigError, InvalidConfiguration

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
LICENSE = "License :: OSI Approved :: "


def sbom(cloud: str) -> Mapping[str, object]:
    """Return the document for the SDK of one cloud; raises InvalidConfiguration when the package is not installed."""
    try:
        root = distribution(PROJECT)
    except PackageNotFoundError:
        problem = "the package is not installed, so its components are not known"
        raise InvalidConfiguration([ConfigError("--bundle", problem, "run `pip install -e .` in its folder")]) from None
    found: dict[str, Distribution] = {}
    edges: dict[str, tuple[str, ...]] = {}
    _collect(root, cloud, found, edges)
    own = found.pop(_normal(PROJECT))
    components = [_component(name, found[name]) for name in sorted(found)]
    names = " ".join(str(each["purl"]) for each in components)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{PROJECT}@{own.version} {names}')}",
        "version": 1,
        "metadata": {"component": {**_component(PROJECT, own), "type": "application"}},
        "components": components,
        "dependencies": [
            {
                "ref": _ref(name, {**found, _normal(PROJECT): own}),
                "dependsOn": [_ref(each, found) for each in edges[name]],
            }
            for name in sorted(edges)
        ],
    }


def _collect(
    package: Distribution, extra: str, found: dict[str, Distribution], edges: dict[str, tuple[str, ...]]
) -> None:
    """Add a distribution and what it needs; of optional requirements only those of `extra`, and only what is installed."""
    name = _normal(package.metadata["Name"])
    if name in found:
        return
    found[name] = package
    needed = {_normal(each): each for each in _requirements(package, extra)}
    installed = {each: one for each, original in needed.items() if (one := _installed(original)) is not None}
    edges[name] = tuple(sorted(installed))
    for one in installed.values():
        _collect(one, "", found, edges)


def _requirements(package: Distribution, extra: str) -> Iterator[str]:
    for requirement in package.requires or ():
        optional = EXTRA.search(requirement)
        match = NAME.match(requirement)
        if match is not None and (optional is None or optional[1] == extra):
            yield match[0]


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        # a requirement of another system or Python
        return None


def _normal(name: str) -> str:
    """Return the name as PyPI compares it: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _purl(name: str, package: Distribution) -> str:
    return f"pkg:pypi/{_normal(name)}@{package.version}"


def _ref(name: str, found: Mapping[str, Distribution]) -> str:
    return _purl(name, found[name])


def _component(name: str, package: Distribution) -> dict[str, object]:
    purl = _purl(name, package)
    described = {"type": "library", "bom-ref": purl, "name": _normal(name), "version": package.version, "purl": purl}
    licence = _licence(package)
    return {**described, **({"licenses": [licence]} if licence else {})}


def _licence(package: Distribution) -> Mapping[str, object] | None:
    """Return the licence as an SPDX expression, or the name of its classifier; None when the metadata has neither."""
    if "License-Expression" in package.metadata:
        return {"expression": package.metadata["License-Expression"]}
    classifiers = package.metadata.get_all("Classifier") or []
    names = [each.removeprefix(LICENSE) for each in classifiers if each.startswith(LICENSE)]
    return {"license": {"name": names[0]}} if names else None
