"""Behaviour of the services while all of them are healthy."""

import signal

import pytest

from tests.local.agent_os.chats import answer_text, chat, new_session
from tests.local.agent_os.conftest import ALL
from tests.local.agent_os.fake_openai import ANSWER, provider
from tests.local.agent_os.system import System
from tests.local.poll import eventually

pytestmark = [
    pytest.mark.xdist_group("agent_os"),
    pytest.mark.long(reason="runs the services of the example, PostgreSQL and Redis"),
]

CALL = 'gen_ai_operation_name="chat",gen_ai_provider_name="local",gen_ai_request_model="local-rules"'
GEN_AI = f'{CALL},gen_ai_token_modality="text"'


def test_a_chat_is_answered_without_a_key(system: System) -> None:
    answer = chat(system, "My name is Ada.", new_session())
    assert (answer.status, answer.body["answer"]) == (200, "Nice to meet you, Ada.")
    assert answer.body["model"] == "local-rules"


def test_a_conversation_is_remembered_after_every_process_was_restarted(system: System) -> None:
    session = new_session()
    answer_text(system, "Hello, my name is Grace.", session)
    system.stop("worker", "gateway", "tools", "redis")
    system.stop("postgres", sig=signal.SIGINT)
    system.start(*ALL)
    system.wait_healthy()
    assert answer_text(system, "What is my name?", session) == "Your name is Grace."
    assert answer_text(system, "What is my name?", new_session()) == "I do not know your name yet."


def test_a_memory_is_available_in_the_next_session_of_its_user_only(system: System) -> None:
    answer_text(system, "Please remember that I like tea", new_session(), user="ada")
    assert answer_text(system, "What do you know about me?", new_session(), user="ada") == "I remember: I like tea."
    assert (
        answer_text(system, "What do you know about me?", new_session(), user="eve")
        == "I remember nothing about you yet."
    )


def test_users_without_an_id_do_not_share_memories(system: System) -> None:
    answer_text(system, "Remember that my password is on the fridge", new_session())
    assert answer_text(system, "What do you know about me?", new_session()) == "I remember nothing about you yet."


def test_a_user_cannot_continue_the_session_of_another_user(system: System) -> None:
    session = new_session()
    answer_text(system, "My name is Ada", session, user="ada")
    assert chat(system, "What is my name?", session, user="eve").status == 404


def test_the_tokens_of_an_answer_are_counted_in_the_metrics(system: System) -> None:
    series = (
        'agent_tokens_total{kind="input",model="local-rules"}',
        'agent_tokens_total{kind="output",model="local-rules"}',
        *(f"gen_ai_client_inference_usage_{kind}_tokens_total{{{GEN_AI}}}" for kind in ("input", "output")),
        *(f'gen_ai_client_token_usage_sum{{{CALL},gen_ai_token_type="{kind}"}}' for kind in ("input", "output")),
    )
    before = [system.metric(name) for name in series]
    answer = chat(system, "My name is Ada.", new_session()).body
    after = [system.metric(name) for name in series]
    assert answer["input_tokens"] > 0
    counted = [int(now - then) for now, then in zip(after, before, strict=True)]
    assert counted == [answer["input_tokens"], answer["output_tokens"]] * 3


def test_runs_sessions_and_model_calls_are_counted(system: System) -> None:
    series = (
        'agent_runs_total{agent="assistant"}',
        'agent_sessions_total{agent="assistant"}',
        'agent_model_calls_total{model="local-rules",outcome="answered"}',
    )
    before = [system.metric(name) for name in series]
    session = new_session()
    answer_text(system, "My name is Ada.", session)
    answer_text(system, "What is 6 * 7?", session)
    assert [system.metric(name) - then for name, then in zip(series, before, strict=True)] == [2, 1, 3]


def test_the_tool_service_is_called(system: System) -> None:
    found, done = 'tool_calls_total{outcome="found",tool="orders"}', 'tool_calls_total{outcome="done",tool="calculate"}'
    before = system.metric(found, "tools"), system.metric(done, "tools")
    assert (
        answer_text(system, "Where is order A-1003?", new_session())
        == "Order A-1003 is delivered: 5 items, 240.35 USD."
    )
    assert answer_text(system, "What is 17 * 23?", new_session()) == "17 * 23 = 391"
    assert (system.metric(found, "tools"), system.metric(done, "tools")) == (before[0] + 1, before[1] + 1)


def test_requests_are_measured_under_the_name_that_the_alarm_rules_read(system: System) -> None:
    labels = '{http_request_method="POST",http_response_status_code="200",http_route="/chat"}'
    series = f"http_server_request_duration_seconds_count{labels}"
    before = system.metric(series)
    answer_text(system, "Hello", new_session())
    # The middleware counts a request after its answer was sent.
    eventually(lambda: system.metric(series) > before)
    assert system.metric("process_resident_memory_bytes") > 0


def test_the_worker_digests_a_note_of_the_assistant(system: System) -> None:
    answer = answer_text(system, "Note: Buy milk. And bread.", new_session())
    note = answer.removeprefix("Noted as ").removesuffix(".")
    eventually(lambda: system.ask(f"/notes/{note}").body["summary"] == "Buy milk.")
    assert len(system.ask(f"/notes/{note}").body["embedding"]) == 64


def test_with_a_key_the_same_code_calls_the_real_model(system: System) -> None:
    system.stop("gateway")
    with provider() as openai:
        system.start(
            "gateway", OPENAI_API_KEY="a-key-for-the-test", OPENAI_BASE_URL=openai.url, OPENAI_MODEL="gpt-4.1-mini"
        )
        system.wait_healthy()
        answer = chat(system, "Who are you?", new_session())
        spent = system.metric('agent_model_cost_usd_total{model="gpt-4.1-mini"}')
        system.stop("gateway")
    assert (answer.status, answer.body["answer"], answer.body["model"]) == (200, ANSWER, "gpt-4.1-mini")
    assert openai.keys == ["a-key-for-the-test"]
    offered = {tool["function"]["name"] for tool in openai.requests[0]["tools"]}
    assert {"look_up_order", "calculate", "take_note", "update_user_memory"} <= offered
    assert spent == pytest.approx((1000 * 0.40 + 100 * 1.60) / 1_000_000)
    assert answer.body["cost_usd"] == pytest.approx(spent)


def test_the_page_shows_the_conversation(system: System) -> None:
    assert system.page("My name is Ada", "What is my name?") == [
        "My name is Ada",
        "Nice to meet you, Ada.",
        "What is my name?",
        "Your name is Ada.",
    ]


def test_the_gateway_requires_its_key_and_the_page_sends_it(system: System) -> None:
    system.stop("gateway")
    system.start("gateway", OS_SECURITY_KEY="a-key-for-the-test")
    system.wait_healthy()
    assert chat(system, "My name is Ada", new_session()).status == 401
    assert system.ask("/sessions").status == 401
    assert system.page("My name is Ada", OS_SECURITY_KEY="a-key-for-the-test")[-1] == "Nice to meet you, Ada."
    system.stop("gateway")
