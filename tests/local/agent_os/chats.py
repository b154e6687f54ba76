"""Requests to the assistant."""

from uuid import uuid4

from tests.local.agent_os.system import Answer, System


def chat(system: System, message: str, session: str, user: str | None = None) -> Answer:
    """Send a message to the gateway's `/chat`."""
    return system.ask("/chat", {"message": message, "session_id": session, "user_id": user})


def answer_text(system: System, message: str, session: str, user: str | None = None) -> str:
    """Text of the assistant's answer; fails without one."""
    answer = chat(system, message, session, user)
    assert answer.status == 200, f"{answer}\n{system.log('gateway')}"
    return answer.body["answer"]


def new_session() -> str:
    """Id of a new session."""
    return uuid4().hex
