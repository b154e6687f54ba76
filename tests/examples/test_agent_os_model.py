"""Rules, token count and price table of the example's local model."""

import pytest

from examples.agent_os.gateway.pricing import PRICES, Usage, cost_usd, read_prices
from examples.agent_os.gateway.rules import Call, Reply, Say, Turn, count_tokens, reply

TOOLS = ("look_up_order", "calculate", "take_note", "update_user_memory")


def reply_to(*messages: str, tools: tuple[str, ...] = TOOLS) -> Reply:
    return reply([Turn("user", message) for message in messages], tools)


def test_a_name_comes_from_the_conversation_only() -> None:
    assert reply_to("Hello, my name is Ada.", "What is my name?") == Say("Your name is Ada.")
    assert reply_to("What's my name?") == Say("I do not know your name yet.")


def test_the_last_stated_name_is_used() -> None:
    assert reply_to("My name is Ada", "No, my name is Grace", "Who am I?") == Say("Your name is Grace.")


def test_a_name_in_an_answer_is_not_the_name_of_the_user() -> None:
    turns = [Turn("assistant", "My name is Robot"), Turn("user", "What is my name?")]
    assert reply(turns, TOOLS) == Say("I do not know your name yet.")


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("Where is order a-1001?", Call("look_up_order", {"number": "A-1001"})),
        ("What is 17 * 23?", Call("calculate", {"expression": "17 * 23"})),
        ("calculate (1 + 2) ** 3", Call("calculate", {"expression": "(1 + 2) ** 3"})),
        ("Note: buy milk", Call("take_note", {"text": "buy milk"})),
        ("Remember that I like tea", Call("update_user_memory", {"task": "I like tea"})),
    ],
)
def test_a_tool_is_called_for_its_task(message: str, call: Call) -> None:
    assert reply_to(message) == call


def test_a_tool_that_is_not_offered_is_not_called() -> None:
    assert isinstance(reply_to("What is 17 * 23?", tools=()), Say)


def test_the_result_of_a_tool_is_reported() -> None:
    turns = [Turn("user", "What is 6 * 7?"), Turn("assistant", ""), Turn("tool", "6 * 7 = 42", "calculate")]
    assert reply(turns, TOOLS) == Say("6 * 7 = 42")


def test_memories_are_read_from_the_system_message() -> None:
    kept = (
        "<memories_from_previous_interactions>\n- I like tea\n- I live in Bern\n</memories_from_previous_interactions>"
    )
    turns = [Turn("system", kept), Turn("user", "What do you know about me?")]
    assert reply(turns, TOOLS) == Say("I remember: I like tea; I live in Bern.")


def test_an_empty_conversation_has_a_reply() -> None:
    assert isinstance(reply([], TOOLS), Say)


def test_tokens_are_words_and_punctuation_marks() -> None:
    assert count_tokens("Hello, world!", "What's up?") == 9
    assert count_tokens("") == 0


def test_the_cost_of_a_call_is_that_of_its_tokens() -> None:
    assert cost_usd("gpt-4.1-mini", Usage(input=1_000_000, output=1_000_000)) == pytest.approx(2.00)


def test_cached_input_has_a_separate_price() -> None:
    assert cost_usd("gpt-4.1-mini", Usage(input=1_000_000, output=0, cached=1_000_000)) == pytest.approx(0.10)


def test_the_cost_of_a_model_without_a_price_is_unknown() -> None:
    assert cost_usd("a-new-model", Usage(10, 10)) is None
    assert cost_usd("local-rules", Usage(10, 10)) == 0


def test_prices_are_added_and_replaced_by_a_variable() -> None:
    prices = read_prices('{"a-new-model": [1, 2, 0.5], "gpt-5": [3, 4, 1]}')
    assert cost_usd("a-new-model", Usage(1_000_000, 1_000_000), prices) == pytest.approx(3)
    assert prices["gpt-5"].input_usd == 3
    assert prices["gpt-4o"] == PRICES["gpt-4o"]
    assert read_prices(None) is PRICES


@pytest.mark.parametrize(
    "text", ["gpt-5: 3", "[1]", '{"m": 1}', '{"m": [1, 2]}', '{"m": [1, -2, 0]}', '{"m": [1, true, 0]}']
)
def test_invalid_prices_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="MODEL_PRICES"):
        read_prices(text)
