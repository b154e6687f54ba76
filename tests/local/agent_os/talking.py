"""How a test talks to the assistant."""

from uuid import uuid4

from tests.local.agent_os.system import Answer, System


def chat(system: System, message: str, session: str, user: str | None = None) -> Answer:
    """One message to the gateway's `/chat`."""
    return system.ask("/chat", {"message": message, "session_id": session, "user_id": user})


def said(system: System, message: str, session: str, user: str | None = None) -> str:
    """The assistant's words; fails when there are none."""
    answer = chat(system, message, session, user)
    assert answer.status == 200, f"{answer}\n{system.log('gateway')}"
    return answer.body["answer"]


def new() -> str:
    """A session that nobody had before."""
    return uuid4().hex
