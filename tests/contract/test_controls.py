"""Public controls: each one that is known is answered by checks, or listed with the reason why none answers it."""

from collections import Counter
from pathlib import Path

import pytest

from automation.audit.document import CLOUDS as AUDITED
from automation.audit.document import answer_of
from providers import other_controls
from providers.contract.audit import CHECK_IDS, NotApplicable

FOLDER = Path(__file__).parent / "controls"
CLOUDS = tuple(file.stem for file in sorted(FOLDER.glob("*.txt")))
"""Each file has the ids that apply to a cloud, one in a line."""


def known(cloud: str) -> list[str]:
    return (FOLDER / f"{cloud}.txt").read_text(encoding="utf-8").split("\n")[:-1]


def answered(cloud: str) -> list[str]:
    answers = [answer_of(cloud, check) for check in CHECK_IDS]
    return [each for answer in answers if not isinstance(answer, NotApplicable) for each in answer.controls]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_known_control_is_in_exactly_one_class(cloud: str) -> None:
    others = [each for other in other_controls(cloud) for each in other.controls]
    classes = Counter([*answered(cloud), *others])
    assert set(known(cloud)) == set(classes), sorted(set(known(cloud)) ^ set(classes))
    assert not [each for each, number in classes.items() if number > 1]


def test_every_cloud_with_checks_has_a_list() -> None:
    assert set(CLOUDS) == set(AUDITED)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_list_has_no_control_twice(cloud: str) -> None:
    assert len(known(cloud)) == len(set(known(cloud)))
