"""Schedules of other tools in the five fields of cron. Pure.

Amazon EventBridge numbers the days of the week from 1 (Sunday) and adds a year:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html. Copilot accepts cron's five fields,
`@daily` and its like, and `@every 1h30m`: https://aws.github.io/copilot-cli/docs/manifest/scheduled-job/.
"""

import re

from automation.convert.applications import seconds

NICKNAMES = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
RATE_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


def from_event_bridge(expression: str) -> str | None:
    """Return the schedule of `cron(...)` or `rate(...)`; None for one that five fields cannot express."""
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression.strip())
    if rate:
        return every(int(rate[1]) * RATE_SECONDS[rate[2]])
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", expression.strip())
    if not cron or cron[6] != "*":
        return None
    minute, hour, day, month, weekday = (field.replace("?", "*") for field in cron.groups()[:5])
    if re.search(r"[LW#]", f"{day} {re.sub('[A-Z]{3}', '', weekday)}"):
        return None
    weekday = re.sub(r"(?<![/\d])\d", lambda match: str(int(match[0]) - 1), weekday)
    return " ".join((minute, hour, day, month, weekday))


def from_copilot(expression: str) -> str | None:
    """Return the schedule of a scheduled job; None for one that five fields cannot express."""
    text = expression.strip()
    if text in NICKNAMES:
        return NICKNAMES[text]
    if text.startswith(("cron(", "rate(")):
        return from_event_bridge(text)
    if len(text.split()) == 5:
        return text.replace("?", "*")
    length = seconds(text.removeprefix("@every ").strip()) if re.search(r"\d[hms]", text) else None
    return every(length) if length else None


def every(length_seconds: int) -> str | None:
    """Return the schedule of a fixed interval that divides an hour or a day; None for any other one."""
    minutes, rest = divmod(length_seconds, 60)
    if rest or minutes < 1:
        return None
    if minutes < 60:
        return f"*/{minutes} * * * *" if minutes > 1 and 60 % minutes == 0 else "* * * * *" if minutes == 1 else None
    hours, rest = divmod(minutes, 60)
    if rest or hours > 24 or 24 % hours:
        return None
    return "0 0 * * *" if hours == 24 else f"0 */{hours} * * *" if hours > 1 else "0 * * * *"
