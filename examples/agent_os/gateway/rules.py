"""Replies of the local model, by rule. Pure: the same conversation gives the same reply on every machine.

It replaces a real model when there is no key. Like a model it calls tools and reports their results, and it knows the past
only from the conversation that it receives.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant", "tool"]

NAME_STATEMENT = re.compile(r"\bmy name is\s+([^\W\d_][\w'-]*)", re.IGNORECASE)
NAME_QUESTION = re.compile(r"\b(what(?:'s| is) my name|who am i)\b", re.IGNORECASE)
MEMORY_STATEMENT = re.compile(r"\bremember that\s+(.+)", re.IGNORECASE | re.DOTALL)
MEMORY_QUESTION = re.compile(r"\bwhat do you (?:remember|know) about me\b", re.IGNORECASE)
MEMORIES = re.compile(r"<memories_from_previous_interactions>(.*?)</memories_from_previous_interactions>", re.DOTALL)
NOTE = re.compile(r"^\s*(?:take a )?note\s*:\s*(.+)", re.IGNORECASE | re.DOTALL)
ORDER = re.compile(r"\b(A-\d{4})\b", re.IGNORECASE)
SUM = re.compile(r"(?:calculate|compute|what is|how much is)\s+([-+*/%().\d\s]*\d[-+*/%().\d\s]*)", re.IGNORECASE)
TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Turn:
    """Message of the conversation; `tool` is the name of the tool when it is a tool's result."""

    role: Role
    text: str
    tool: str | None = None


@dataclass(frozen=True)
class Say:
    """Reply as text."""

    text: str


@dataclass(frozen=True)
class Call:
    """Reply that calls a tool."""

    tool: str
    arguments: Mapping[str, str]


Reply = Say | Call
Rule = Callable[[str, Sequence[Turn]], Reply | None]


def reply(turns: Sequence[Turn], tools: Collection[str]) -> Reply:
    """Reply to the last turn of a conversation; only tools of the list are called."""
    last = turns[-1] if turns else Turn("user", "")
    if last.role == "tool":
        return Say(last.text)
    if "add_memory" in tools:  # a call of Agno's memory manager: the message is the memory to keep
        return Call("add_memory", {"memory": last.text})
    for rule in RULES:
        found = rule(last.text, turns)
        if isinstance(found, Say) or (found is not None and found.tool in tools):
            return found
    return Say(
        f'You said: "{last.text.strip()}". I am the local model; I know names, orders, sums, notes and memories.'
    )


def count_tokens(*texts: str) -> int:
    """Number of words and punctuation marks, which approximates a tokenizer and is the same everywhere."""
    return sum(len(TOKEN.findall(text)) for text in texts)


def _name_statement(text: str, _: Sequence[Turn]) -> Reply | None:
    found = NAME_STATEMENT.search(text)
    return Say(f"Nice to meet you, {found[1]}.") if found else None


def _name_question(text: str, turns: Sequence[Turn]) -> Reply | None:
    if not NAME_QUESTION.search(text):
        return None
    names = [found[1] for turn in turns if turn.role == "user" and (found := NAME_STATEMENT.search(turn.text))]
    return Say(f"Your name is {names[-1]}." if names else "I do not know your name yet.")


def _memory_statement(text: str, _: Sequence[Turn]) -> Reply | None:
    found = MEMORY_STATEMENT.search(text)
    return Call("update_user_memory", {"task": found[1].strip()}) if found else None


def _memory_question(text: str, turns: Sequence[Turn]) -> Reply | None:
    if not MEMORY_QUESTION.search(text):
        return None
    kept = [found[1] for turn in turns if turn.role == "system" and (found := MEMORIES.search(turn.text))]
    facts = [line.removeprefix("- ").strip() for block in kept for line in block.strip().splitlines()]
    return Say(f"I remember: {'; '.join(facts)}." if facts else "I remember nothing about you yet.")


def _note(text: str, _: Sequence[Turn]) -> Reply | None:
    found = NOTE.search(text)
    return Call("take_note", {"text": found[1].strip()}) if found else None


def _order(text: str, _: Sequence[Turn]) -> Reply | None:
    found = ORDER.search(text)
    return Call("look_up_order", {"number": found[1].upper()}) if found else None


def _sum(text: str, _: Sequence[Turn]) -> Reply | None:
    found = SUM.search(text)
    return Call("calculate", {"expression": found[1].strip()}) if found else None


RULES: tuple[Rule, ...] = (_note, _memory_statement, _memory_question, _name_statement, _name_question, _order, _sum)
"""Rules in order; the first that has a reply is used."""
