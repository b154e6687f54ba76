"""Settings that public frameworks list one by one, as rows of a table: the input, the test, and the ids that ask for it. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from providers.contract.audit import AuditSite, CheckEvidence, CheckRun, CloudCheck, Test, require
from providers.contract.declaration import DeclaredResource
from providers.contract.json_data import is_list, is_mapping


@dataclass(frozen=True)
class Requirement:
    """Input that every resource of a short type has, given by its dotted path, and what follows without it."""

    type: str
    path: str
    test: Test
    why: str
    controls: tuple[str, ...]


@dataclass(frozen=True)
class OtherControl:
    """Controls that no check answers, and the reason."""

    reason: str
    controls: tuple[str, ...]


def hardened(rows: Iterable[Requirement], *more: tuple[CheckRun, tuple[str, ...]]) -> CloudCheck:
    """Return the answer of a table of requirements, and of functions with the ids that each of them answers."""
    rows = tuple(rows)

    def run(site: AuditSite) -> Iterator[CheckEvidence]:
        for row in rows:
            yield from require(site.of_type(row.type), row.path, row.test, row.why)
        for function, _ in more:
            yield from function(site)

    ids = [*(each for row in rows for each in row.controls), *(each for _, controls in more for each in controls)]
    return CloudCheck(run, tuple(dict.fromkeys(ids)))


def each_has(site: AuditSite, kind: str, owned: str, why: str) -> Iterator[CheckEvidence]:
    """Yield evidence that there are as many resources of `owned`, which belong to one of `kind` each, as of that."""
    owners, number = site.of_type(kind), len(site.of_type(owned))
    if owners:
        passed = number >= len(owners)
        yield CheckEvidence("", owned, f"{number} of {len(owners)}", passed, "" if passed else why)


def settings_of(resource: DeclaredResource, *path: str) -> dict[str, object]:
    """Return a list of names and values as a mapping."""
    return {str(each.get("name")): each.get("value") for each in resource.items(*path)}


def not_equal(*refused: object) -> Test:
    """Return a test for anything but some values."""
    return lambda value: value not in refused


def contains(text: str) -> Test:
    """Return a test for a value with a text anywhere in it."""
    return lambda value: text in str(value)


def has_items(minimum: int) -> Test:
    """Return a test for a list of at least `minimum` items."""
    return lambda value: is_list(value) and len(value) >= minimum


def admits_everybody(statement: object) -> bool:
    """Return whether a statement of a policy names every principal without a condition."""
    if not is_mapping(statement) or statement.get("Condition") or statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal")
    names = principal.get("AWS") if is_mapping(principal) else principal
    return names == "*" or (is_list(names) and "*" in names)
