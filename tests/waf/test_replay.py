"""Ordinary prompts pass the WAF of every cloud, and attacks elsewhere do not: replayed with the OWASP core rule set."""

import pytest

from tests.waf.decisions import DECISIONS, docker, planned
from tests.waf.replay import detect, message_forms, missing
from tests.waf.traffic import ATTACKS, PROMPTS, RUNS, attacks_outside_bodies, prompts

pytestmark = [
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
    pytest.mark.long(reason="needs the OWASP rules"),
]


def test_there_are_a_hundred_prompts_in_five_languages() -> None:
    texts = [text for language in PROMPTS.values() for text in language]
    assert len(texts) == len(set(texts)) >= 100
    assert len(PROMPTS) == 5 and all(len(language) >= 5 for language in PROMPTS.values())


def test_more_than_half_of_the_prompts_match_the_rules_in_every_form() -> None:
    """Without tuning these would be blocked; so the following tests would see rules that inspect them."""
    matched = [bool(detect(sent).body) for sent in prompts(RUNS)]
    assert sum(matched) > len(matched) / 2
    assert not any(detect(sent).outside for sent in prompts(RUNS))


@pytest.mark.parametrize("cloud", DECISIONS)
@pytest.mark.parametrize(
    "path", [RUNS, f"{RUNS}/8d2f/continue", "/teams/support/runs", "/workflows/a/runs?stream=true"]
)
def test_no_prompt_is_blocked_where_agents_take_them(cloud: str, path: str) -> None:
    blocked = [sent for sent in prompts(path) if DECISIONS[cloud](planned(cloud), sent, detect(sent))]
    assert blocked == []


@pytest.mark.parametrize("cloud", DECISIONS)
def test_attacks_in_query_path_and_headers_of_a_run_are_blocked(cloud: str) -> None:
    passed = [sent for sent in attacks_outside_bodies() if not DECISIONS[cloud](planned(cloud), sent, detect(sent))]
    assert passed == []
    assert len(attacks_outside_bodies()) >= 30


@pytest.mark.parametrize("cloud", DECISIONS)
def test_attacks_in_bodies_of_other_paths_are_blocked(cloud: str) -> None:
    sent = [
        each for text in ATTACKS["body"] for path in ("/sessions", "/agents/x") for each in message_forms(path, text)
    ]
    assert [each for each in sent if not DECISIONS[cloud](planned(cloud), each, detect(each))] == []


@pytest.mark.parametrize("cloud", [cloud for cloud in DECISIONS if cloud != "azure-gateway"])
def test_counting_blocks_nothing(cloud: str) -> None:
    plan = planned(cloud, mode="count")
    assert not any(DECISIONS[cloud](plan, sent, detect(sent)) for sent in attacks_outside_bodies())


@pytest.mark.parametrize("cloud", DECISIONS)
def test_paths_of_prompts_can_be_named(cloud: str) -> None:
    plan = planned(cloud, prompts=("/ask",))
    (text,) = [text for text in PROMPTS["en"] if text.startswith("How do I UNION ALL SELECT")]
    blocked = {
        path: [DECISIONS[cloud](plan, sent, detect(sent)) for sent in message_forms(path, text)]
        for path in ("/ask", RUNS)
    }
    assert blocked == {"/ask": [False] * 3, RUNS: [True] * 3}


def test_docker_inspects_no_body() -> None:
    (sent, *_) = prompts(RUNS)
    assert not docker(planned("docker"), sent, detect(sent))
