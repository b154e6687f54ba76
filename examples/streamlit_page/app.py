"""Page that asks the API of examples/hello_agent; the platform sets API_URL, because the page lists `calls: [api]`."""

import os

import httpx
import streamlit as st

st.title("Ask the agent")
message = st.text_input("Question")
if message:
    answer = httpx.post(f"{os.environ['API_URL']}/ask", json={"message": message}, timeout=60)
    st.write(answer.raise_for_status().json()["answer"])
