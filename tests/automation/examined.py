"""Cases for the doctor's checks: a small stack and answers that a test makes up; no engine, no cloud, no network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from automation.engine.case import Case, Run
from automation.engine.cloud_queries import Fields, QueryAnswers
from automation.engine.error_text import Trouble
from automation.engine.locate import EngineLocation
from automation.engine.run import Ran
from automation.plan.spec_keys import BASE
from automation.stack.document import Stack, stack_of
from automation.stack.keys import with_values
from components.configuration import PLATFORM_KEY

ENGINE = EngineLocation(Path("/opt/pulumi/bin/pulumi"), "v3.272.0")


def stack(cloud: str = "aws", changes: Mapping[str, object] | None = None, **others: object) -> Stack:
    """The stack `trial`; `others` are further keys of its configuration."""
    return stack_of("trial", {PLATFORM_KEY: with_values(BASE, {"cloud": cloud, **(changes or {})}), **others})


def case(folder: Path, **known: object) -> Case:
    """A case in which all is well, with `known` instead."""
    good = Case(
        name="trial",
        folder=folder,
        environment={},
        home=folder,
        stack=stack(),
        mistakes=(),
        engine=ENGINE,
        without_engine="",
        language_host="/opt/pulumi/bin/pulumi-language-python",
        run=running(Ran(0, "", "")),
        reachable=reaching(True),
    )
    return replace(good, **known)


def running(ran: Ran) -> Run:
    """A CLI that ends so, whatever it is asked."""

    def run(_arguments: Sequence[str], _seconds: float) -> Ran:
        return ran

    return run


def reaching(answer: bool, asked: list[str] | None = None) -> Callable[[str], bool]:
    """A network on which every download is there or none; notes in `asked` what was looked for."""

    def reach(url: str) -> bool:
        if asked is not None:
            asked.append(url)
        return answer

    return reach


def answers(trouble: Trouble | None = None, **given: Fields) -> QueryAnswers:
    """What a cloud answered by question; `trouble` is that of all others."""
    return QueryAnswers(given, {"": trouble} if trouble else {})
