"""The cloud's credentials: whether there are any, and whether they are the stack's account, project or subscription."""

from automation.engine.case import Case, account_of
from automation.engine.cloud_queries import Fields
from automation.engine.credentials import CLOUDS, credentials_found
from automation.engine.error_text import Trouble
from automation.engine.findings import Finding, allowed, refused, unknown
from automation.stack.document import Stack

IDENTITY = "identity"


def credentials(case: Case, stack: Stack) -> Finding:
    """Credentials of some kind are there; costs no engine and no network."""
    subject, cloud = "credentials", CLOUDS.get(stack.spec.cloud)
    if cloud is None:
        return allowed(subject, f"{stack.spec.cloud} needs none")
    found = credentials_found(stack.spec.cloud, case.environment, case.home)
    if found.complete:
        return allowed(subject, f"here: {', '.join(found.complete)}")
    if found.halves:
        told = ", ".join(f"{given} is set and {missing} is not" for given, missing in found.halves)
        return refused(subject, told, f"set both, or run `{cloud.login}`")
    return unknown(
        subject, "none in the environment or in one's home", f"run `{cloud.login}`, unless the machine has a role"
    )


def identity(case: Case, stack: Stack) -> Finding:
    """Whoever deploys acts in the account, project or subscription that the stack file names, and in no other."""
    subject, name = "identity", stack.spec.cloud
    cloud = CLOUDS.get(name)
    if cloud is None:
        return allowed(subject, f"{name} has no accounts")
    answer = case.answers.given.get(IDENTITY)
    if answer is None:
        return _unasked(subject, case, name, case.answers.trouble(IDENTITY))
    wanted, tenant = account_of(stack.spec)
    for key, expected in (("account", wanted), ("tenant", tenant)):
        seen = str(answer.get(key, ""))
        if expected and seen.lower() != expected.lower():
            told = f"the credentials act in {key} {seen or '(none)'}, and the stack file says {expected}"
            return refused(
                subject, told, f"take credentials of {expected}, or correct the block {name} of the stack file"
            )
    return _seen(subject, case, wanted, answer)


def _unasked(subject: str, case: Case, cloud: str, trouble: Trouble) -> Finding:
    if case.engine is None:
        return unknown(subject, "the CLI, which asks, is missing", "install the CLI first")
    advice = (
        f"{trouble.advice} (`{CLOUDS[cloud].login}`)" if trouble.kind in ("credentials", "expired") else trouble.advice
    )
    say = refused if trouble.final else unknown
    return say(subject, f"asked {cloud} who is there: {trouble.told}", advice)


def _seen(subject: str, case: Case, account: str, answer: Fields) -> Finding:
    """Azure repeats the subscription that it is set to, so it is asked for a list as well."""
    listed = case.answers.given.get("subscriptions", {})
    if listed.get("seen") == 0.0 and listed.get("whole") == 1.0:
        told = f"the login does not see the subscription {account}"
        return refused(subject, told, "log in to its directory, or ask for a role on it")
    return allowed(subject, f"{answer.get('principal', '')} acts in {account}")
