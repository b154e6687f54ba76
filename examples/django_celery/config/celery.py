"""Celery application with its queue in the platform's cache."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("config", broker=os.environ.get("REDIS_URL"))


@app.task
def answer(question: str) -> str:
    """Answer a question later."""
    return f"You asked: {question}"
