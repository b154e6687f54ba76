"""What the local model answers, by rule. Pure: the same conversation gives the same reply on every machine.

It stands in for a real model where there is no key. It does what an agent does and nothing clever: it calls tools,
passes their results on, and knows of the past only what stands in the conversation that it is given.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant", "tool"]

NAME_TOLD = re.compile(r"\bmy name is\s+([^\W\d_][\w'-]*)", re.IGNORECASE)
NAME_ASKED = re.compile(r"\b(what(?:'s| is) my name|who am i)\b", re.IGNORECASE)
MEMORY_TOLD = re.compile(r"\bremember that\s+(.+)", re.IGNORECASE | re.DOTALL)
MEMORY_ASKED = re.compile(r"\bwhat do you (?:remember|know) about me\b", re.IGNORECASE)
MEMORIES = re.compile(r"<memories_from_previous_interactions>(.*?)</memories_from_previous_interactions>", re.DOTALL)
NOTE = re.compile(r"^\s*(?:take a )?note\s*:\s*(.+)", re.IGNORECASE | re.DOTALL)
ORDER = re.compile(r"\b(A-\d{4})\b", re.IGNORECASE)
SUM = re.compile(r"(?:calculate|compute|what is|how much is)\s+([-+*/%().\d\s]*\d[-+*/%().\d\s]*)", re.IGNORECASE)
TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Turn:
    """One message of the conversation; `tool` names the tool whose result it is."""

    role: Role
    text: str
    tool: str | None = None


@dataclass(frozen=True)
class Say:
    """A reply in words."""

    text: str


@dataclass(frozen=True)
class Call:
    """A reply that asks for a tool."""

    tool: str
    arguments: Mapping[str, str]


Reply = Say | Call
Rule = Callable[[str, Sequence[Turn]], Reply | None]


def reply(turns: Sequence[Turn], tools: Collection[str]) -> Reply:
    """The reply to a conversation, of which the last turn is answered; only tools of the list are called."""
    last = turns[-1] if turns else Turn("user", "")
    if last.role == "tool":
        return Say(last.text)
    if "add_memory" in tools:  # asked by Agno's memory manager: the message is what shall be kept
        return Call("add_memory", {"memory": last.text})
    for rule in RULES:
        found = rule(last.text, turns)
        if isinstance(found, Say) or (found is not None and found.tool in tools):
            return found
    return Say(
        f'You said: "{last.text.strip()}". I am the local model; I know names, orders, sums, notes and memories.'
    )


def count_tokens(*texts: str) -> int:
    """Words and punctuation marks: near enough to a real tokeniser, and the same everywhere."""
    return sum(len(TOKEN.findall(text)) for text in texts)


def _name_told(text: str, _: Sequence[Turn]) -> Reply | None:
    found = NAME_TOLD.search(text)
    return Say(f"Nice to meet you, {found[1]}.") if found else None


def _name_asked(text: str, turns: Sequence[Turn]) -> Reply | None:
    if not NAME_ASKED.search(text):
        return None
    told = [found[1] for turn in turns if turn.role == "user" and (found := NAME_TOLD.search(turn.text))]
    return Say(f"Your name is {told[-1]}." if told else "You have not told me your name.")


def _memory_told(text: str, _: Sequence[Turn]) -> Reply | None:
    found = MEMORY_TOLD.search(text)
    return Call("update_user_memory", {"task": found[1].strip()}) if found else None


def _memory_asked(text: str, turns: Sequence[Turn]) -> Reply | None:
    if not MEMORY_ASKED.search(text):
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


RULES: tuple[Rule, ...] = (_note, _memory_told, _memory_asked, _name_told, _name_asked, _order, _sum)
"""Asked in this order; the first that knows an answer gives it."""
