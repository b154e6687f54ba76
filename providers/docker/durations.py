"""Seconds in the words of Go, in which Docker tells health checks back. Pure.

Docker gives `60s` back as `1m0s`; written any other way, every update would take the container for a changed one.
"""


def go_duration(seconds: int) -> str:
    """`30s`, `1m0s`, `1h0m0s`: what Go's `Duration.String` makes of whole seconds."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}h{minutes}m{left}s"
    return f"{minutes}m{left}s" if minutes else f"{left}s"
