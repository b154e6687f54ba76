"""Page with a chat with the assistant in the browser."""

import os
from uuid import uuid4

import httpx
import streamlit as st

TIMEOUT = httpx.Timeout(90, connect=3)


def ask(message: str, session_id: str) -> str:
    """Return the assistant's answer, or a sentence with the reason why there is none."""
    key = os.environ.get("OS_SECURITY_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    question = {"message": message, "session_id": session_id, "user_id": f"page:{session_id}"}
    try:
        response = httpx.post(f"{os.environ['GATEWAY_URL']}/chat", json=question, headers=headers, timeout=TIMEOUT)
        response.raise_for_status()
    except httpx.HTTPStatusError as error:
        return f"The assistant answered {error.response.status_code}; please try again."
    except httpx.HTTPError:
        return "The assistant cannot be reached; please try again."
    return str(response.json()["answer"])


def page() -> None:
    """Show the conversation and send the next message; the session is part of the address and survives a reload."""
    st.set_page_config(page_title="Assistant")
    st.title("Assistant")
    session_id = st.query_params.setdefault("session", uuid4().hex) or uuid4().hex
    st.query_params["session"] = session_id
    said: list[tuple[str, str]] = st.session_state.setdefault("said", [])
    for role, text in said:
        st.chat_message(role).write(text)
    if message := st.chat_input("Say something"):
        said.append(("user", message))
        st.chat_message("user").write(message)
        answer = ask(message, session_id)
        said.append(("assistant", answer))
        st.chat_message("assistant").write(answer)


page()
