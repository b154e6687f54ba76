"""Behaviour of the services while one of them is unavailable, and during a shutdown."""

import signal
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.local.agent_os.chats import answer_text, chat, new_session
from tests.local.agent_os.system import System
from tests.local.poll import eventually

pytestmark = [
    pytest.mark.xdist_group("agent_os"),
    pytest.mark.long(reason="runs the services of the example, PostgreSQL and Redis"),
]


def test_without_the_tool_service_the_answer_says_so(system: System) -> None:
    system.stop("tools")
    assert answer_text(system, "What is 17 * 23?", new_session()).startswith("The tool service cannot be reached")


def test_a_note_is_digested_when_its_message_was_lost(system: System) -> None:
    system.stop("redis")
    taken = system.ask("/notes", {"text": "The message for this note is lost."})
    assert (taken.status, taken.body["worker_woken"]) == (202, False)
    system.start("redis")
    eventually(lambda: bool(system.ask(f"/notes/{taken.body['id']}").body["summary"]))


def test_a_chat_is_answered_while_redis_is_unavailable(system: System) -> None:
    system.stop("redis")
    assert answer_text(system, "My name is Ada", new_session()) == "Nice to meet you, Ada."


def test_a_gateway_that_starts_without_a_database_waits_for_it(system: System) -> None:
    system.stop("gateway")
    system.stop("postgres", sig=signal.SIGINT)
    system.start("gateway")
    system.wait_healthy(status=503)
    assert chat(system, "Hello", new_session()).status == 503
    system.start("postgres")
    system.wait_healthy()
    assert answer_text(system, "My name is Ada", new_session()) == "Nice to meet you, Ada."


def test_a_gateway_that_loses_its_database_is_unhealthy_until_it_is_back(system: System) -> None:
    session = new_session()
    answer_text(system, "My name is Ada", session)
    system.stop("postgres", sig=signal.SIGQUIT)
    system.wait_healthy(status=503)
    answer = chat(system, "Hello", session)
    assert (answer.status, answer.body) == (503, {"detail": "the conversation could not be stored; ask again"})
    system.start("postgres")
    system.wait_healthy()
    assert answer_text(system, "What is my name?", session) == "Your name is Ada."


def test_a_run_that_could_not_be_stored_is_not_acknowledged(system: System) -> None:
    system.sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'full'; END $$")
    system.sql("CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON ai.agno_runs EXECUTE FUNCTION refuse()")
    try:
        assert chat(system, "My name is Ada", new_session()).status == 503
        assert system.metric("agent_runs_unstored_total") >= 1
    finally:
        system.sql("DROP FUNCTION refuse() CASCADE")


def test_a_gateway_that_shuts_down_leaves_the_traffic_and_finishes_its_requests(system: System) -> None:
    system.stop("gateway")
    system.start("gateway", LOCAL_MODEL_DELAY_SECONDS="3", DRAIN_SECONDS="1")
    system.wait_healthy()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(chat, system, "My name is Ada", new_session())
        time.sleep(0.5)
        ending = system.processes.pop("gateway")
        ending.terminate()
        system.wait_healthy(status=503, seconds=5)
        assert slow.result().status == 200
    assert ending.wait(timeout=10) in (0, -signal.SIGTERM)


@pytest.mark.parametrize(("variables", "whole"), [({}, True), ({"GRACE_SECONDS": "1"}, False)])
def test_a_request_may_take_as_long_as_the_platform_waits_and_no_longer_than_a_limit_of_its_own(
    system: System, variables: Mapping[str, str], whole: bool
) -> None:
    seconds = "30" if whole else "10"
    system.stop("gateway")
    system.start("gateway", LOCAL_MODEL_DELAY_SECONDS=seconds, DRAIN_SECONDS="0", **variables)
    system.wait_healthy()
    with ThreadPoolExecutor(1) as pool:
        message = {"message": "My name is Ada", "session_id": new_session()}
        slow = pool.submit(system.ask, "/chat", message, seconds=60)
        time.sleep(1)
        ending = system.processes.pop("gateway")
        ending.terminate()
        assert (slow.result().status == 200) == whole
    assert ending.wait(timeout=10) in (0, -signal.SIGTERM)


def test_a_provider_that_does_not_answer_gives_502_and_a_healthy_gateway(system: System) -> None:
    system.stop("gateway")
    system.start("gateway", OPENAI_API_KEY="a-key-for-the-test", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    system.wait_healthy()
    assert chat(system, "Hello", new_session()).status == 502
    assert system.metric('agent_model_calls_total{model="gpt-4.1-mini",outcome="failed"}') >= 1
    assert system.ask("/health").status == 200
    system.stop("gateway")


def test_more_than_one_process_per_replica_is_refused(system: System) -> None:
    system.stop("tools")
    system.start("tools", WEB_CONCURRENCY="2")
    assert system.processes.pop("tools").wait(timeout=20) == 1
    assert "WEB_CONCURRENCY is 2" in system.log("tools")
