"""Status of a recovery as lines and as JSON."""

from collections.abc import Iterator, Mapping

from automation.recovery.status import NewestBackup, RecoveryStatus

LABEL_WIDTH = 10
MINUTES = 120
HOURS = 48


def status_lines(status: RecoveryStatus) -> Iterator[str]:
    """Yield the lines of a status; what is not known is `unknown` with the reason."""
    place = f"{status.cloud} {status.home}".rstrip()
    yield f"{status.stack}  {place}, recovery.mode {status.mode}, {f'standby in {status.standby}' if status.standby else 'no standby'}"
    promises = [f"{failure}: RPO {one.rpo}, RTO {one.rto}" for failure, one in status.promises.items()]
    yield from _row("Promises", promises)
    yield from _row("Copies", _copies(status))
    yield from _row("Newest", [_newest(backup, status) for backup in status.backups] or ["no part has a backup"])
    yield from _row("Drill", [_newest(status.drill, status)])
    yield from _row("Regions", list(status.regions))


def status_json(status: RecoveryStatus) -> Mapping[str, object]:
    """Return a status as JSON data; null is unknown, with the reason beside it."""
    copies = None if status.copies is None else [vars(copy) for copy in status.copies]
    return {
        "stack": status.stack,
        "cloud": status.cloud,
        "mode": status.mode,
        "home": status.home,
        "standby": status.standby or None,
        "promises": {
            failure.value: {"rpoMinutes": one.rpo.minutes, "rtoMinutes": one.rto.minutes, "assumption": one.assumption}
            for failure, one in status.promises.items()
        },
        "copies": copies,
        "stateProblem": status.state_problem or None,
        "backups": [_backup_json(backup, status) for backup in status.backups],
        "drill": _backup_json(status.drill, status),
        "regions": list(status.regions),
        "time": status.time.isoformat(),
    }


def _row(label: str, lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"{label if number == 0 else '':<{LABEL_WIDTH}}{line}"


def _copies(status: RecoveryStatus) -> list[str]:
    if status.copies is None:
        return [f"unknown: {status.state_problem}"]
    names: dict[str, list[str]] = {}
    for copy in status.copies:
        names.setdefault(copy.meaning, []).append(copy.name)
    return [f"{meaning}: {', '.join(of)}" for meaning, of in names.items()] or ["none in the state"]


def _newest(backup: NewestBackup, status: RecoveryStatus) -> str:
    minutes = backup.age_minutes(status.time)
    if backup.time is None or minutes is None:
        return f"{backup.subject}: unknown: {backup.problem}"
    return f"{backup.subject}: {_age(minutes)} ago ({backup.time:%Y-%m-%d %H:%M} UTC)"


def _age(minutes: float) -> str:
    if minutes < MINUTES:
        return f"{minutes:.0f} min"
    hours = minutes / 60
    return f"{hours:.0f} h" if hours < HOURS else f"{hours / 24:.0f} days"


def _backup_json(backup: NewestBackup, status: RecoveryStatus) -> Mapping[str, object]:
    minutes = backup.age_minutes(status.time)
    return {
        "subject": backup.subject,
        "newest": backup.time.isoformat() if backup.time else None,
        "ageMinutes": None if minutes is None else round(minutes, 1),
        "problem": backup.problem or None,
    }
