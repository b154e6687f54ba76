"""Smallest agent that the platform runs: a health check, and one endpoint that answers."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI(title="hello")


class Question(BaseModel):
    """Question of a user."""

    message: str


@app.get("/health")
async def health() -> dict[str, str]:
    """Report that the agent can answer."""
    return {"status": "ok"}


@app.post("/ask")
async def ask(question: Question) -> dict[str, str]:
    """Answer a question."""
    return {"answer": f"You asked: {question.message}"}
