"""Arithmetic, orders and digests of notes in the example's tool service and worker."""

from operator import mul

import pytest

from examples.agent_os.tools.arithmetic import value
from examples.agent_os.tools.orders import find
from examples.agent_os.worker.digests import DIMENSIONS, embedding, summary


@pytest.mark.parametrize(
    ("expression", "result"),
    [("17 * 23", 391), (" (1 + 2) ** 3 ", 27), ("-7 % 3", 2), ("1 / 4", 0.25), ("2 ** -1", 0.5), ("9 ** 0.5", 3)],
)
def test_an_expression_has_its_value(expression: str, result: float) -> None:
    assert value(expression) == pytest.approx(result)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')", "(1).real", "x + 1", "[1]", "True + 1", "1 if 1 else 2", "'a' * 9",
        "9 ** 9 ** 9", "(-8) ** 0.5", "1 / 0", "10 ** 64 * 10 ** 64 * 1e308", "", "1 +", "(" * 150, "1" * 201,
    ],
)  # fmt: skip
def test_an_invalid_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        value(expression)


def test_an_order_is_found_by_its_number_in_any_spelling() -> None:
    found = find(" a-1001 ")
    assert found is not None
    assert found.status == "shipped"
    assert find("A-9999") is None


def test_a_summary_is_the_first_sentence_cut_to_twelve_words() -> None:
    assert summary("Buy milk. And bread.") == "Buy milk."
    assert summary("one two three four five six seven eight nine ten eleven twelve thirteen").endswith("twelve ...")


def test_similar_notes_have_similar_embeddings() -> None:
    milk, bread, taxes = embedding("buy milk today"), embedding("buy bread today"), embedding("file the annual return")
    assert sum(map(mul, milk, bread)) > sum(map(mul, milk, taxes))


def test_an_embedding_has_length_one() -> None:
    numbers = embedding("Buy milk")
    assert len(numbers) == DIMENSIONS
    assert sum(number * number for number in numbers) == pytest.approx(1)
    assert embedding("...") == [0.0] * DIMENSIONS
