"""The agent system of the example, run for real: processes, PostgreSQL and Redis on loopback, no container."""

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.local.agent_os import Answer, System, missing
from tests.local.openai import ANSWER, provider

WHY_NOT = missing()
pytestmark = [pytest.mark.skipif(WHY_NOT is not None, reason=WHY_NOT or ""), pytest.mark.xdist_group("agent_os")]

ALL = ("postgres", "redis", "tools", "gateway", "worker")
SWEEP_SECONDS = 2


@pytest.fixture(scope="module")
def whole() -> Iterator[System]:
    system = System(environment={"SWEEP_SECONDS": str(SWEEP_SECONDS)})
    try:
        system.make_database()
        yield system
    finally:
        system.close()


@pytest.fixture
def system(whole: System) -> System:
    whole.start(*(name for name in ALL if name not in whole.processes))
    whole.wait_healthy("tools")
    whole.wait_healthy("gateway")
    return whole


def chat(system: System, message: str, session: str, user: str | None = None) -> Answer:
    return system.ask("/chat", {"message": message, "session_id": session, "user_id": user})


def said(system: System, message: str, session: str, user: str | None = None) -> str:
    answer = chat(system, message, session, user)
    assert answer.status == 200, f"{answer}\n{system.log('gateway')}"
    return answer.body["answer"]


def eventually(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.2)


def new() -> str:
    return uuid4().hex


def test_a_chat_is_answered_without_a_key(system: System) -> None:
    answer = chat(system, "My name is Ada.", new())
    assert (answer.status, answer.body["answer"]) == (200, "Nice to meet you, Ada.")
    assert answer.body["model"] == "local-rules"


def test_a_conversation_is_remembered_after_every_process_was_restarted(system: System) -> None:
    session = new()
    said(system, "Hello, my name is Grace.", session)
    system.stop("worker", "gateway", "tools", "redis")
    system.stop("postgres", sig=signal.SIGINT)
    system.start(*ALL)
    system.wait_healthy()
    assert said(system, "What is my name?", session) == "Your name is Grace."
    assert said(system, "What is my name?", new()) == "You have not told me your name."


def test_what_shall_be_remembered_is_known_in_the_users_next_session_and_to_nobody_else(system: System) -> None:
    said(system, "Please remember that I like tea", new(), user="ada")
    assert said(system, "What do you know about me?", new(), user="ada") == "I remember: I like tea."
    assert said(system, "What do you know about me?", new(), user="eve") == "I remember nothing about you yet."


def test_what_one_stranger_tells_no_other_stranger_hears(system: System) -> None:
    said(system, "Remember that my password is on the fridge", new())
    assert said(system, "What do you know about me?", new()) == "I remember nothing about you yet."


def test_nobody_continues_the_session_of_another_user(system: System) -> None:
    session = new()
    said(system, "My name is Ada", session, user="ada")
    assert chat(system, "What is my name?", session, user="eve").status == 404


def test_the_tokens_of_an_answer_stand_in_the_metrics(system: System) -> None:
    series = (
        'agent_tokens_total{kind="input",model="local-rules"}',
        'agent_tokens_total{kind="output",model="local-rules"}',
    )
    before = [system.metric(name) for name in series]
    answer = chat(system, "My name is Ada.", new()).body
    after = [system.metric(name) for name in series]
    assert answer["input_tokens"] > 0
    assert [int(now - then) for now, then in zip(after, before, strict=True)] == [
        answer["input_tokens"],
        answer["output_tokens"],
    ]


def test_runs_sessions_and_model_calls_are_counted(system: System) -> None:
    series = (
        'agent_runs_total{agent="assistant"}',
        'agent_sessions_total{agent="assistant"}',
        'agent_model_calls_total{model="local-rules",outcome="answered"}',
    )
    before = [system.metric(name) for name in series]
    session = new()
    said(system, "My name is Ada.", session)
    said(system, "What is 6 * 7?", session)
    assert [system.metric(name) - then for name, then in zip(series, before, strict=True)] == [2, 1, 3]


def test_the_tool_service_is_called(system: System) -> None:
    found, done = 'tool_calls_total{outcome="found",tool="orders"}', 'tool_calls_total{outcome="done",tool="calculate"}'
    before = system.metric(found, "tools"), system.metric(done, "tools")
    assert said(system, "Where is order A-1003?", new()) == "Order A-1003 is delivered: 5 items, 240.35 USD."
    assert said(system, "What is 17 * 23?", new()) == "17 * 23 = 391"
    assert (system.metric(found, "tools"), system.metric(done, "tools")) == (before[0] + 1, before[1] + 1)


def test_without_the_tool_service_the_answer_says_so(system: System) -> None:
    system.stop("tools")
    assert said(system, "What is 17 * 23?", new()).startswith("The tool service cannot be reached")


def test_requests_are_timed_under_the_name_that_the_alarm_rules_read(system: System) -> None:
    labels = '{http_request_method="POST",http_response_status_code="200",http_route="/chat"}'
    before = system.metric(f"http_server_request_duration_seconds_count{labels}")
    said(system, "Hello", new())
    assert system.metric(f"http_server_request_duration_seconds_count{labels}") == before + 1
    assert system.metric("process_resident_memory_bytes") > 0


def test_the_worker_digests_a_note_that_the_assistant_took(system: System) -> None:
    answer = said(system, "Note: Buy milk. And bread.", new())
    note = answer.removeprefix("Noted as ").removesuffix(".")
    eventually(lambda: system.ask(f"/notes/{note}").body["summary"] == "Buy milk.")
    assert len(system.ask(f"/notes/{note}").body["embedding"]) == 64


def test_a_note_whose_wake_up_was_lost_is_digested_all_the_same(system: System) -> None:
    system.stop("redis")
    taken = system.ask("/notes", {"text": "Nobody was told of this."})
    assert (taken.status, taken.body["worker_woken"]) == (202, False)
    system.start("redis")
    eventually(lambda: bool(system.ask(f"/notes/{taken.body['id']}").body["summary"]))


def test_a_chat_is_answered_while_redis_is_away(system: System) -> None:
    system.stop("redis")
    assert said(system, "My name is Ada", new()) == "Nice to meet you, Ada."


def test_a_gateway_that_starts_without_a_database_waits_for_it(system: System) -> None:
    system.stop("gateway")
    system.stop("postgres", sig=signal.SIGINT)
    system.start("gateway")
    system.wait_healthy(status=503)
    assert chat(system, "Hello", new()).status == 503
    system.start("postgres")
    system.wait_healthy()
    assert said(system, "My name is Ada", new()) == "Nice to meet you, Ada."


def test_a_gateway_that_loses_its_database_says_so_and_comes_back(system: System) -> None:
    session = new()
    said(system, "My name is Ada", session)
    system.stop("postgres", sig=signal.SIGQUIT)
    system.wait_healthy(status=503)
    answer = chat(system, "Hello", session)
    assert (answer.status, answer.body) == (503, {"detail": "the conversation could not be stored; ask again"})
    system.start("postgres")
    system.wait_healthy()
    assert said(system, "What is my name?", session) == "Your name is Ada."


def test_a_run_that_could_not_be_stored_is_not_acknowledged(system: System) -> None:
    system.sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'full'; END $$")
    system.sql("CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON ai.agno_runs EXECUTE FUNCTION refuse()")
    try:
        assert chat(system, "My name is Ada", new()).status == 503
        assert system.metric("agent_runs_unstored_total") >= 1
    finally:
        system.sql("DROP FUNCTION refuse() CASCADE")


def test_a_gateway_told_to_end_leaves_the_traffic_and_finishes_what_it_began(system: System) -> None:
    system.stop("gateway")
    system.start("gateway", LOCAL_MODEL_DELAY_SECONDS="3", DRAIN_SECONDS="1")
    system.wait_healthy()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(chat, system, "My name is Ada", new())
        time.sleep(0.5)
        ending = system.processes.pop("gateway")
        ending.terminate()
        system.wait_healthy(status=503, seconds=5)
        assert slow.result().status == 200
    assert ending.wait(timeout=10) in (0, -signal.SIGTERM)


def test_with_a_key_the_same_code_asks_the_real_model(system: System) -> None:
    system.stop("gateway")
    with provider() as openai:
        system.start(
            "gateway", OPENAI_API_KEY="a-key-for-the-test", OPENAI_BASE_URL=openai.url, OPENAI_MODEL="gpt-4.1-mini"
        )
        system.wait_healthy()
        answer = chat(system, "Who are you?", new())
        spent = system.metric('agent_model_cost_usd_total{model="gpt-4.1-mini"}')
        system.stop("gateway")
    assert (answer.status, answer.body["answer"], answer.body["model"]) == (200, ANSWER, "gpt-4.1-mini")
    assert openai.keys == ["a-key-for-the-test"]
    offered = {tool["function"]["name"] for tool in openai.requests[0]["tools"]}
    assert {"look_up_order", "calculate", "take_note", "update_user_memory"} <= offered
    assert spent == pytest.approx((1000 * 0.40 + 100 * 1.60) / 1_000_000)
    assert answer.body["cost_usd"] == pytest.approx(spent)


def test_a_provider_that_does_not_answer_gives_502_and_a_healthy_gateway(system: System) -> None:
    system.stop("gateway")
    system.start("gateway", OPENAI_API_KEY="a-key-for-the-test", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    system.wait_healthy()
    assert chat(system, "Hello", new()).status == 502
    assert system.metric('agent_model_calls_total{model="gpt-4.1-mini",outcome="failed"}') >= 1
    assert system.ask("/health").status == 200
    system.stop("gateway")


def test_more_than_one_process_a_copy_is_refused_in_words(system: System) -> None:
    system.stop("tools")
    system.start("tools", WEB_CONCURRENCY="2")
    assert system.processes.pop("tools").wait(timeout=20) == 1
    assert "WEB_CONCURRENCY is 2" in system.log("tools")


def test_the_page_shows_the_conversation(system: System) -> None:
    assert system.page("My name is Ada", "What is my name?") == [
        "My name is Ada",
        "Nice to meet you, Ada.",
        "What is my name?",
        "Your name is Ada.",
    ]


def test_a_key_of_the_gateway_is_asked_for_and_the_page_knows_it(system: System) -> None:
    system.stop("gateway")
    system.start("gateway", OS_SECURITY_KEY="a-key-for-the-test")
    system.wait_healthy()
    assert chat(system, "My name is Ada", new()).status == 401
    assert system.ask("/sessions").status == 401
    assert system.page("My name is Ada", OS_SECURITY_KEY="a-key-for-the-test")[-1] == "Nice to meet you, Ada."
    system.stop("gateway")
